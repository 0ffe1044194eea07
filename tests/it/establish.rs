//! `peering establish` with tokens from files, `-check` and hints; `-watch` of `list` and `read`.

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Dev, Finished, Peering, recorded_tokens};

async fn run(peering: Peering) -> Finished {
    tokio::task::spawn_blocking(|| peering.run()).await.unwrap()
}

fn establish(token: &str) -> Peering {
    Peering::new().args(["establish", "-name", "east", "-peering-token", token])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_a_file_or_standard_input_is_sent_without_its_surroundings() {
    let (_, text) = recorded_tokens().swap_remove(0);
    let token = text.trim();
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/peering/establish"))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(&server)
        .await;
    let answer = json!({ "PeeringToken": token }).to_string();
    for (peering, stderr) in [
        (establish(token), ""),
        (establish("@east.token").file("east.token", format!("{token}\r\n")), ""),
        (establish("east.token").file("east.token", format!("{token}\n")), ""),
        (establish("-").stdin(format!("\n {token}\n\n")), ""),
        (
            establish("@answer").file("answer", answer),
            "Note: read the token in an API response from @answer\n",
        ),
    ] {
        let finished = run(peering.env("CONSUL_HTTP_ADDR", &server.uri())).await;
        finished.expect(0, "Successfully established peering connection with east\n", stderr);
    }
    let bodies: Vec<Value> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(bodies, vec![json!({ "PeerName": "east", "PeeringToken": token }); 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_no_request_is_sent() {
    let server = MockServer::start().await;
    let absent = "Error: cannot read @nothing: no such file or directory\n  \
                  Likely cause: the name is misspelled, or relative to a different directory\n  \
                  Fix: check the path with ls\n";
    for (peering, error) in [
        (establish(""), "Missing the required -peering-token flag\n"),
        (establish("@nothing"), absent),
        (establish("@empty").file("empty", "\n"), "Error: no token in @empty: it is empty\n"),
        (establish("-"), "Error: no token in -: it is empty\n"),
        (establish("@binary").file("binary", [0xff, 0xfe]), "Error: the token in @binary is not UTF-8\n"),
    ] {
        run(peering.env("CONSUL_HTTP_ADDR", &server.uri())).await.expect(1, "", error);
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consul_error_is_shown_and_the_token_is_not() {
    let (_, text) = recorded_tokens().swap_remove(0);
    let server = MockServer::start().await;
    let refusal = "a new peering token must be generated: invalid peering establishment secret";
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(403).set_body_string(refusal))
        .mount(&server)
        .await;
    run(establish(text.trim()).env("CONSUL_HTTP_ADDR", &server.uri())).await.expect(
        1,
        "",
        &format!("Error establishing peering for east: Unexpected response code: 403 ({refusal})\n"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_embedded_acceptors_can_be_peered() {
    tokio::task::spawn_blocking(|| {
        let (west, east) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let acceptor = Dev::start(west.path(), &[]);
        let dialer = Dev::start(east.path(), &["-datacenter", "dc2"]);
        let at = |dev: &Dev, words: &[&str]| Peering::new().args(words).env("CONSUL_HTTP_ADDR", &dev.url);
        let generated = at(&acceptor, &["generate-token", "-name", "east"]).shows_secrets().run().status(0);
        crate::peering::guard(&generated.stdout);
        let words = ["establish", "-name", "west", "-peering-token", "-", "-meta", "env=test"];
        let established = "Successfully established peering connection with west\n";
        at(&dialer, &words).stdin(generated.stdout.clone()).stdout(established).status(0);
        let error = "Error establishing peering for west: Unexpected response code: 403 (a new peering token must be \
                     generated: invalid peering establishment secret)\n";
        at(&dialer, &words).stdin(generated.stdout).stderr(error).status(1);
        let read = at(&dialer, &["read", "-name", "west"]).run().status(0);
        assert!(read.stdout.starts_with("Name:         west\n"), "{}", read.stdout);
        assert!(read.stdout.contains("Meta:\n    env=test\n"), "{}", read.stdout);
        let list = at(&acceptor, &["list", "-format", "json"]).run().status(0);
        let list: Value = serde_json::from_str(&list.stdout).unwrap();
        assert_eq!(list[0]["Name"], "east");
        at(&acceptor, &["exported-services", "-name", "east"]).stdout("\n").status(0);
        let deleted = "Successfully submitted peering connection, east, for deletion\n";
        at(&acceptor, &["delete", "-name", "east"]).stdout(deleted).status(0);
        at(&acceptor, &["read", "-name", "east"]).stderr("No peering with name east found.\n").status(1);
        at(&acceptor, &["list"]).stdout("There are no peering connections.\n").status(0);
    })
    .await
    .unwrap();
}

#[test]
fn the_embedded_address_supports_list_and_delete() {
    let embedded = |words: &[&str], earlier: Option<Finished>| {
        let run = Peering::new().args(words).args(["-http-addr=embedded"]).shows_secrets();
        match earlier {
            Some(earlier) => run.after(earlier).run(),
            None => run.run(),
        }
    };
    let generated =
        embedded(&["generate-token", "-name", "west", "-meta", "b=2", "-meta", "a=1"], None).status(0);
    let listed = embedded(&["list"], Some(generated)).expect(
        0,
        "Name  State    Imported Svcs  Exported Svcs  Meta\nwest  PENDING  0              0              a=1,b=2\n",
        "",
    );
    embedded(&["delete", "-name", "west"], Some(listed)).status(0);
}

/// An accepting and a dialing cluster, and a token.
struct Pair {
    acceptor: Dev,
    dialer: Dev,
    token: String,
    _homes: [tempfile::TempDir; 2],
}

impl Pair {
    fn start(acceptor_arguments: &[&str]) -> Self {
        let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let acceptor = Dev::start(homes[0].path(), acceptor_arguments);
        let dialer = Dev::start(homes[1].path(), &["-datacenter", "dc2"]);
        let generate = Peering::new().args(["generate-token", "-name", "east", "-http-addr", &acceptor.url]);
        let token = generate.shows_secrets().run().status(0).stdout;
        crate::peering::guard(&token);
        Self { acceptor, dialer, token, _homes: homes }
    }

    fn establish(&self, more: &[&str]) -> Peering {
        establish("-").args(["-http-addr", &self.dialer.url]).args(more).stdin(self.token.clone())
    }

    /// Waits until both clusters have an open stream: `establish` returns before that.
    fn wait_until_active(&self) {
        for cluster in [&self.acceptor, &self.dialer] {
            let mut states = std::iter::repeat_with(|| state(cluster)).take(1000);
            assert!(states.any(|state| state == "ACTIVE"), "{} stays {}", cluster.url, state(cluster));
        }
    }

    fn dialed(&self) -> bool {
        Peering::new().args(["read", "-name", "east", "-http-addr", &self.dialer.url]).run().status == 0
    }
}

/// Returns the state of a cluster's only peering.
fn state(cluster: &Dev) -> Value {
    let run = Peering::new().args(["list", "-format", "json", "-http-addr", &cluster.url]).run();
    let peerings: Value = serde_json::from_str(&run.stdout).unwrap();
    peerings[0]["State"].clone()
}

#[test]
fn check_does_not_send_a_token_that_cannot_work() {
    let pair = Pair::start(&["-fault", "expired-leaf"]);
    let run = pair.establish(&["-check"]).run().status(1);
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("Most likely: The server's certificate, or a CA above it, has expired."),
        "{}",
        run.stderr
    );
    let end = "\nNothing was sent, and the token was not used. To establish anyway, add -force.\n";
    assert!(run.stderr.ends_with(end), "{}", run.stderr);
    assert!(!pair.dialed(), "a peering was written");

    let run = pair.establish(&["-check", "-force"]).run().status(1);
    assert!(
        run.stderr.contains("Most likely: The server's certificate, or a CA above it, has expired."),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("Nothing was sent"), "{}", run.stderr);
    assert!(run.stderr.contains("Error establishing peering for east: "), "{}", run.stderr);
    assert!(pair.dialed(), "it was not sent");
}

#[test]
fn check_prints_nothing_if_the_token_can_work() {
    let pair = Pair::start(&[]);
    pair.establish(&["-check"]).stdout("Successfully established peering connection with east\n").status(0);
    pair.wait_until_active();
    // The token is used up now, and -check finds that without sending it. The peering works, so nothing is wrong.
    let run = pair.establish(&["-check"]).run().status(0);
    assert!(run.stderr.contains("The peering works and needs no token"), "{}", run.stderr);
    assert!(run.stderr.contains("Nothing was sent, and the token was not used."), "{}", run.stderr);
    for cluster in [&pair.acceptor, &pair.dialer] {
        assert_eq!(state(cluster), "ACTIVE");
    }
}

#[test]
fn a_hint_appears_on_terminals_only() {
    let pair = Pair::start(&[]);
    pair.establish(&[]).run().status(0);
    let error = "Error establishing peering for east: Unexpected response code: 403 (a new peering token must be \
                  generated: invalid peering establishment secret)\n";
    pair.establish(&[]).stderr(error).status(1);
    let run = pair.establish(&[]).on_terminal().run().status(1);
    let hint = run.stderr.strip_prefix(error).unwrap_or_else(|| panic!("{}", run.stderr));
    insta::assert_snapshot!(
        "a_hint_after_a_failed_establish",
        hint.replace(&pair.dialer.url, "http://127.0.0.1:PORT")
    );
}

/// A running `-watch` and its output.
struct Watching {
    child: std::process::Child,
    lines: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
}

impl Watching {
    fn start(words: &[&str], url: &str) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_peering"))
            .args(words)
            .env_clear()
            .env("CONSUL_HTTP_ADDR", url)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        let line = self.lines.next().unwrap().unwrap();
        crate::peering::shows_no_secret(&line, "a line of -watch");
        line
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watch_prints_changes_only() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let at =
        |words: &[&str]| Peering::new().args(words).env("CONSUL_HTTP_ADDR", &dev.url).shows_secrets().run();
    let mut list = Watching::start(&["list", "-watch"], &dev.url);
    assert_eq!(list.next(), "There are no peering connections.");
    at(&["generate-token", "-name", "west"]).status(0);
    assert_eq!(list.next(), "Name  State    Imported Svcs  Exported Svcs  Meta");
    assert_eq!(list.next(), "west  PENDING  0              0              ");
    let mut read = Watching::start(&["read", "-name", "west", "-watch", "-format", "json"], &dev.url);
    assert!(read.next().contains("\"State\":\"PENDING\""));
    at(&["delete", "-name", "west"]).status(0);
    assert_eq!(list.next(), "There are no peering connections.");
    assert_eq!(read.next(), "null");
    // The peering is created again.
    at(&["generate-token", "-name", "west"]).status(0);
    assert!(read.next().contains("\"State\":\"PENDING\""));
    // A failure of the first query is an error, as without -watch.
    at(&["read", "-name", "none", "-watch"]).expect(1, "", "No peering with name none found.\n");
    let refused = Peering::new().args(["list", "-watch", "-http-addr", "http://127.0.0.1:1"]).run().status(1);
    assert!(refused.stderr.contains("connection refused"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_sends_the_index_and_continues_after_an_error() {
    let server = MockServer::start().await;
    let answer = |index: &str, body: Value| {
        ResponseTemplate::new(200).insert_header("X-Consul-Index", index).set_body_json(body)
    };
    let peering = |state: &str| json!([{ "Name": "west", "ID": "1", "State": state }]);
    let mut heard = peering("PENDING");
    heard[0]["StreamStatus"] = json!({ "LastHeartbeat": "2026-11-25T12:00:00Z" });
    for (response, times) in [
        (answer("7", peering("PENDING")), 1),
        // Only a time changes.
        (answer("7", heard), 1),
        (ResponseTemplate::new(500).set_body_string("No cluster leader"), 1),
        (answer("9", peering("ACTIVE")), 100),
    ] {
        Mock::given(path("/v1/peerings")).respond_with(response).up_to_n_times(times).mount(&server).await;
    }
    let url = server.uri();
    let lines = tokio::task::spawn_blocking(move || {
        let mut list = Watching::start(&["list", "-watch", "-format=json"], &url);
        [list.next(), list.next()]
    });
    let lines = lines.await.unwrap();
    assert!(lines[0].contains("PENDING") && lines[1].contains("ACTIVE"), "{lines:?}");
    let asked = server.received_requests().await.unwrap();
    let queries: Vec<_> =
        asked.iter().take(4).map(|request| request.url.query().map(str::to_owned)).collect();
    let after_7 = Some("index=7&wait=10s".to_owned());
    assert_eq!(queries, [None, after_7.clone(), after_7, None]);
}
