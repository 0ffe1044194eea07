//! `stale` against embedded acceptors over real sockets.

use serde_json::{Value, json};

use crate::peering::{Dev, Peering, guard, token_json};

/// An acceptor, a dialer, and the directory for the ledger of the commands.
struct Clusters {
    home: tempfile::TempDir,
    acceptor: Dev,
    dialer: Dev,
    homes: [tempfile::TempDir; 2],
}

impl Clusters {
    fn new() -> Self {
        let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        Self {
            home: tempfile::tempdir().unwrap(),
            acceptor: Dev::start(homes[0].path(), &[]),
            dialer: Dev::start(homes[1].path(), &["-datacenter", "dc2"]),
            homes,
        }
    }

    fn at_acceptor(&self, arguments: &[&str]) -> Peering {
        Peering::new()
            .args(arguments)
            .env("CONSUL_HTTP_ADDR", &self.acceptor.url)
            .env("PEERING_STATE_DIR", self.home.path().join("state").to_str().unwrap())
    }

    fn run(&self, arguments: &[&str]) -> crate::peering::Finished {
        self.at_acceptor(arguments).run()
    }

    fn generate(&self) -> String {
        let run = self.at_acceptor(&["generate-token", "-name", "west"]).shows_secrets().run().status(0);
        let token = run.stdout.trim().to_owned();
        guard(&token);
        token
    }

    /// Establishes the peering through the HTTP API of the dialer. Returns the status.
    fn establish(&self, token: &str) -> u16 {
        call(
            "POST",
            &self.dialer.url,
            "/v1/peering/establish",
            &json!({ "PeerName": "east", "PeeringToken": token }),
        )
    }

    fn delete(&self) {
        assert_eq!(call("DELETE", &self.acceptor.url, "/v1/peering/west", &Value::Null), 200);
    }

    /// Returns the verdict, certainty and exit code with the given sources.
    fn verdict(&self, token: &str, sources: &[&str]) -> (String, Option<String>, i32) {
        let arguments: Vec<&str> =
            ["stale", token, "-format", "json"].into_iter().chain(sources.iter().copied()).collect();
        let finished = self.run(&arguments);
        let output: Value =
            serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr));
        let assessment = &output["tokens"][0];
        (
            assessment["verdict"].as_str().unwrap().to_owned(),
            assessment["certainty"].as_str().map(str::to_owned),
            finished.status,
        )
    }
}

/// Sends one request. Returns the status.
fn call(method: &str, url: &str, path: &str, body: &Value) -> u16 {
    use std::io::{Read, Write};
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

fn is(verdict: &str, certainty: &str, status: i32) -> (String, Option<String>, i32) {
    (verdict.to_owned(), Some(certainty.to_owned()), status)
}

#[test]
fn verdicts_follow_the_token_through_its_stages_and_checking_does_not_use_it() {
    let clusters = Clusters::new();
    let first = clusters.generate();
    // With the ledger and the probes the token is likely current. A snapshot proves it.
    assert_eq!(clusters.verdict(&first, &["-name", "west", "-probe"]), is("current", "likely", 0));
    assert_eq!(clusters.verdict(&first, &["-snapshot", "live"]), is("current", "proven", 0));
    assert_eq!(clusters.verdict(&first, &["-name", "west", "-probe", "-require", "proven"]).2, 3);

    let second = clusters.generate();
    assert_eq!(token_json(&first)["PeerID"], token_json(&second)["PeerID"]);
    assert_eq!(clusters.verdict(&first, &["-name", "west", "-probe"]), is("superseded", "proven", 1));
    assert_eq!(
        clusters.verdict(&first, &["-ledger", "off", "-snapshot", "live"]),
        is("superseded", "proven", 1)
    );
    assert_eq!(clusters.verdict(&second, &["-name", "west", "-probe"]), is("current", "likely", 0));

    // After all these checks, the token can still establish the peering.
    for _ in 0..3 {
        clusters.verdict(&second, &["-name", "west", "-probe", "-snapshot", "live"]);
    }
    assert_eq!(clusters.establish(&first), 403);
    assert_eq!(clusters.establish(&second), 200);
    assert_eq!(clusters.verdict(&second, &["-probe"]), is("spent", "proven", 1));
    assert_eq!(clusters.verdict(&second, &["-ledger", "off", "-snapshot", "live"]), is("spent", "proven", 1));

    clusters.delete();
    assert_eq!(clusters.verdict(&second, &["-probe", "-ledger", "off"]), is("orphaned", "proven", 1));
    let third = clusters.generate();
    assert_ne!(token_json(&third)["PeerID"], token_json(&second)["PeerID"]);
    assert_eq!(clusters.verdict(&second, &["-name", "west"]), is("orphaned", "proven", 1));
    assert_eq!(clusters.verdict(&third, &["-name", "west", "-probe"]), is("current", "likely", 0));
}

#[test]
fn offline_without_a_ledger_the_verdict_is_undetermined() {
    let clusters = Clusters::new();
    let token = clusters.generate();
    assert_eq!(
        clusters.verdict(&token, &["-offline", "-ledger", "off"]),
        ("undetermined".to_owned(), None, 3)
    );
}

#[test]
fn a_404_from_another_cluster_proves_nothing() {
    let clusters = Clusters::new();
    let token = clusters.generate();
    let dialer = clusters.dialer.url.clone();
    let sources = ["-name", "west", "-ledger", "off", "-http-addr", &dialer];
    assert_eq!(clusters.verdict(&token, &sources), ("undetermined".to_owned(), None, 3));
}

#[test]
fn if_unused_queries_the_acceptor_for_an_unused_secret() {
    let clusters = Clusters::new();
    let token = clusters.generate();
    let keep = ["generate-token", "-name", "west", "-if-unused=keep"];
    let kept = clusters.run(&keep).status(3);
    assert_eq!(kept.stdout, "");
    assert_eq!(clusters.run(&["generate-token", "-name", "west", "-if-unused=fail"]).status, 1);
    assert_eq!(clusters.establish(&token), 200, "checking does not use the token");
    let next = clusters.at_acceptor(&keep).shows_secrets().run().status(0);
    assert_ne!(next.stdout, "", "the token was used, so a new one invalidates nothing: {}", next.stderr);
}

#[test]
fn a_failed_request_may_invalidate_the_unused_token_and_is_recorded() {
    for (fault, expected, statuses, if_unused, text) in [
        (
            "generate-no-gateway",
            is("superseded", "proven", 1),
            ["superseded", "no_token"],
            1,
            "an earlier unused token for west no longer works",
        ),
        (
            "generate-cut",
            ("undetermined".to_owned(), None, 3),
            ["undetermined", "no_token"],
            3,
            "an earlier unused token for west may no longer work",
        ),
    ] {
        let clusters = Clusters::new();
        let token = clusters.generate();
        let Clusters { home, acceptor, dialer, homes } = clusters;
        acceptor.interrupt();
        let acceptor = Dev::start(homes[0].path(), &["-fault", fault]);
        let clusters = Clusters { home, acceptor, dialer, homes };
        let failed = clusters.run(&["generate-token", "-name", "west"]).status(1);
        assert_eq!(failed.stdout, "");
        assert!(failed.stderr.contains(text), "{}", failed.stderr);
        assert!(failed.stderr.contains("then generate again"), "{}", failed.stderr);
        assert_eq!(clusters.verdict(&token, &["-offline"]), expected, "{fault}");
        let history = clusters.run(&["history", "-format", "json"]).status(0);
        let history: Value = serde_json::from_str(&history.stdout).unwrap();
        let shown: Vec<&str> =
            history["records"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(shown, statuses, "{fault}");
        clusters.run(&["ledger", "verify"]).status(0);
        // After the certain loss, another token invalidates nothing. Here its request fails again.
        clusters.run(&["generate-token", "-name", "west", "-if-unused=keep"]).status(if_unused);
    }
}
