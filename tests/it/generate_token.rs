//! `peering generate-token`: its requests to Consul, and that a generated token is never lost.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::json;
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Finished, Peering, fixture, guard, recorded_tokens};

/// A recorded token, which output may contain only where a test expects it.
fn token() -> String {
    let (_, token) = recorded_tokens().into_iter().find(|(name, _)| name == "one-server").unwrap();
    guard(&token);
    token.trim().to_owned()
}

fn response() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token() }))
}

/// A server that returns a token to every request.
async fn consul() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(response()).mount(&server).await;
    server
}

fn generate(server: &MockServer, arguments: &[&str]) -> Peering {
    Peering::new()
        .args(["generate-token", "-name", "west", "-ledger", "off"].iter().chain(arguments))
        .env("CONSUL_HTTP_ADDR", &server.uri())
        // `ledger.rs` tests the ledger.
        .env("PEERING_LEDGER", "off")
}

async fn run(run: Peering) -> Finished {
    tokio::task::spawn_blocking(|| run.run()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_flags_and_variables_are_sent_to_consul() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/proxied/v1/peering/token"))
        .and(query_param("ns", "team"))
        .and(query_param("partition", "a b"))
        .and(header("X-Consul-Token", "flag"))
        .and(header("Authorization", "Basic dXNlcjpwYXNzOndvcmQ="))
        .and(header("Content-Type", "application/json"))
        .and(body_json(json!({
            "PeerName": "west",
            "Partition": "a b",
            "Meta": {"env": "prod", "empty": "", "twice": "2"},
            "ServerExternalAddresses": ["lb.example.com:8503", "", "nonsense"],
        })))
        .respond_with(response())
        .expect(1)
        .mount(&server)
        .await;
    let finished = run(Peering::new()
        .args([
            "generate-token",
            "-name=west",
            "-meta",
            "env=prod",
            "-meta=empty=",
            "-meta=twice=1",
            "--meta",
            "twice=2",
            "-server-external-addresses",
            "lb.example.com:8503,,nonsense",
            "-partition",
            "a b",
            "-token=flag",
            "-http-addr",
            &format!("{}/proxied/", server.uri()),
        ])
        .env("CONSUL_HTTP_ADDR", "http://127.0.0.1:1")
        .env("CONSUL_HTTP_TOKEN", "variable")
        .env("CONSUL_HTTP_AUTH", "user:pass:word")
        .env("CONSUL_NAMESPACE", "team")
        .env("CONSUL_PARTITION", "other")
        .shows_secrets())
    .await;
    finished.expect(0, &format!("{}\n", token()), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acl_token_has_consuls_precedence() {
    let server = consul().await;
    for (arguments, variables, expected) in [
        (
            &["-token-file", "file", "-token", "flag"][..],
            &[("CONSUL_HTTP_TOKEN", "variable")][..],
            Some("file"),
        ),
        (&["-token-file", "empty", "-token", "flag"], &[], Some("flag")),
        (&["-token", "flag"], &[("CONSUL_HTTP_TOKEN_FILE", "file")], Some("flag")),
        (&[], &[("CONSUL_HTTP_TOKEN_FILE", "file"), ("CONSUL_HTTP_TOKEN", "variable")], Some("file")),
        (&[], &[("CONSUL_HTTP_TOKEN_FILE", "empty"), ("CONSUL_HTTP_TOKEN", "variable")], Some("variable")),
        (&[], &[("CONSUL_HTTP_TOKEN", "")], None),
    ] {
        let mut peering = generate(&server, arguments).file("file", " file \n").file("empty", "\n");
        for (name, value) in variables {
            peering = peering.env(name, value);
        }
        run(peering.shows_secrets()).await.status(0);
        let requests = server.received_requests().await.unwrap();
        let sent = requests.last().unwrap().headers.get("X-Consul-Token");
        assert_eq!(sent.map(|sent| sent.to_str().unwrap()), expected, "{arguments:?} {variables:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_does_not_follow_a_redirect_to_another_host() {
    let (elsewhere, server) = (consul().await, MockServer::start().await);
    let location = format!("{}/v1/peering/token", elsewhere.uri());
    Mock::given(any())
        .respond_with(ResponseTemplate::new(308).insert_header("Location", location.as_str()))
        .mount(&server)
        .await;
    let peering = generate(&server, &["-token", "secret-acl-token"]).env("CONSUL_HTTP_AUTH", "user:pass");
    let expected = format!(
        "Error generating peering token for west: Post \"{}/v1/peering/token\": the server redirects to another host, \
         {location}: the request body is not sent there\n",
        server.uri()
    );
    run(peering).await.expect(1, "", &expected);
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_limited() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(307).insert_header("Location", "/v1/peering/token"))
        .mount(&server)
        .await;
    let finished = run(generate(&server, &[])).await.status(1);
    assert!(finished.stderr.trim_end().ends_with("stopped after 10 redirects"), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_answer_is_described_but_not_shown() {
    let mut output = String::new();
    let truncated = format!("{{\"PeeringToken\":\"{}\"", token());
    for (name, body) in [
        ("an HTML page", "<html>Please log in</html>"),
        ("an empty body", ""),
        ("JSON of another shape", "{\"Token\":1}"),
        ("a truncated token", &truncated),
        ("plain text", "it works"),
    ] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
        let finished = run(generate(&server, &[])).await.status(1);
        output += &format!("# {name}\n{}", finished.stderr);
    }
    assert_snapshot!("invalid_answers", output);
}

#[tokio::test(flavor = "multi_thread")]
async fn out_writes_a_private_file_and_does_not_print_the_token() {
    let server = consul().await;
    let finished = run(generate(&server, &["-out", "west.token"])).await;
    let finished = finished.expect(0, "", "The token was written to west.token\n");
    let file = finished.home.path().join("west.token");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n", token()));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(files_in(finished.home.path()), ["west.token"], "the temporary file is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn out_overwrites_only_with_force_and_checks_before_generating() {
    let server = consul().await;
    let refused = run(generate(&server, &["-out", "west.token"]).file("west.token", "precious")).await;
    let refused = refused.expect(
        1,
        "",
        "Error: no token was generated: cannot write west.token: it exists\n  \
         Fix: use another file, or add -force to overwrite it\n",
    );
    assert_eq!(std::fs::read_to_string(refused.home.path().join("west.token")).unwrap(), "precious");
    assert!(server.received_requests().await.unwrap().is_empty());
    let forced = run(generate(&server, &["-out", "west.token", "-force"]).after(refused)).await.status(0);
    let file = forced.home.path().join("west.token");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{}\n", token()));
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unwritable_directory_is_an_error_before_generating() {
    let server = consul().await;
    // Root ignores permissions, but cannot create files in /proc either.
    for directory in ["absent", "/proc/self"] {
        let out = format!("{directory}/west.token");
        let finished = run(generate(&server, &["-out", &out])).await.status(1);
        let error = format!("Error: no token was generated: cannot write {out}: ");
        assert!(finished.stderr.starts_with(&error), "{}", finished.stderr);
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_full_disk_the_token_is_printed() {
    let server = consul().await;
    // A file size limit of zero acts like a full disk for this process only.
    let full = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let finished = run(generate(&server, &["-out", "west.token"]).through_shell(full).shows_secrets()).await;
    let finished = finished.expect(
        1,
        &format!("{}\n", token()),
        "Error: cannot write the token to west.token: file too large. The token was generated, and is printed to standard \
         output.\n",
    );
    assert_eq!(files_in(finished.home.path()), Vec::<String>::new(), "no partial file remains");
}

/// Checks that the last line of standard error names a private file with the token.
#[track_caller]
fn assert_saved_privately(finished: &Finished, start: &str) {
    let saved =
        finished.stderr.trim_end().strip_prefix(start).unwrap_or_else(|| panic!("{}", finished.stderr));
    assert!(Path::new(saved).starts_with(finished.home.path().join("state/tokens")), "{saved}");
    assert_eq!(std::fs::read_to_string(saved).unwrap(), format!("{}\n", token()));
    assert_eq!(mode(Path::new(saved)), 0o600);
    assert_eq!(mode(Path::new(saved).parent().unwrap()), 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_closed_or_full_standard_output_the_token_is_saved_privately() {
    let server = consul().await;
    for (broken, reason) in [
        ("exec \"$@\" >&-", "standard output is closed"),
        ("exec \"$@\" >/dev/full", "no space left on device"),
    ] {
        let finished = run(generate(&server, &[]).through_shell(broken)).await.status(1);
        let start = format!(
            "Error: cannot write the token to standard output: {reason}. The token was generated, and saved in "
        );
        assert_saved_privately(&finished, &start);
    }
}

/// A process cannot distinguish `>&-` from `<>/dev/null`, which Python's `subprocess.DEVNULL` opens.
#[test]
fn a_closed_standard_output_is_an_error_only_for_a_generated_token() {
    let text = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    for redirect in ["exec \"$@\" 1<>/dev/null", "exec \"$@\" >&-"] {
        for arguments in
            [&["inspect", "@token"][..], &["validate", "@token"], &["validate", "-batch", "token"]]
        {
            let run = Peering::new().args(arguments).file("token", &text).through_shell(redirect).run();
            run.expect(0, "", "");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_broken_pipe_the_token_is_saved_privately() {
    let server = consul().await;
    let finished = run(generate(&server, &[]).without_reader()).await.status(1);
    assert_saved_privately(
        &finished,
        "Error: cannot write the token to standard output: broken pipe. The token was generated, and saved in ",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_file_the_token_is_printed_to_standard_error() {
    let server = consul().await;
    let broken = "trap '' XFSZ; ulimit -f 0; exec \"$@\" >&-";
    let finished = run(generate(&server, &[]).through_shell(broken).shows_secrets()).await.status(1);
    assert!(finished.stderr.trim_end().ends_with(&token()), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_compact_line() {
    let server = consul().await;
    let finished = run(generate(&server, &["-format", "json"]).shows_secrets()).await;
    finished.expect(0, &format!("{{\"PeeringToken\":\"{}\"}}\n", token()), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn inspect_shows_the_generated_token_on_standard_error() {
    let server = consul().await;
    let finished = run(generate(&server, &["-inspect", "-out", "t"])).await.status(0);
    assert_eq!(finished.stdout, "");
    assert!(finished.stderr.contains("\n✓ Token for \""), "{}", finished.stderr);
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn files_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
