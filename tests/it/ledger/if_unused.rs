//! `-if-unused` in each state of a peering.

use std::path::PathBuf;

use insta::assert_snapshot;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{recorded, run};
use crate::peering::{Dev, Finished, Peering, token_json};

/// A Consul whose peering `west` is in a state, or does not exist.
async fn consul(state: Option<&str>, token: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token }));
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(answer).mount(&server).await;
    let peering = match state {
        None => ResponseTemplate::new(404).set_body_string("Peering not found for \"west\""),
        Some("denied") => ResponseTemplate::new(403).set_body_string("Permission denied"),
        Some("slow") => ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(30)),
        Some(state) => ResponseTemplate::new(200).set_body_json(json!({
            "ID": token_json(token)["PeerID"], "Name": "west", "State": state,
        })),
    };
    Mock::given(method("GET")).and(path("/v1/peering/west")).respond_with(peering).mount(&server).await;
    server
}

fn generate(server: &MockServer, action: &str) -> Peering {
    Peering::new()
        .args(["generate-token", "-name=west", "-if-unused", action])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets()
}

/// Fills the ledger: one token for each state of the peering before it was generated (`""`: not checked).
async fn recorded_before(states: &[&str], token: &str) -> Finished {
    let mut finished = run(Peering::new().args(["history"])).await;
    for state in states {
        let checked = match *state {
            "" => None,
            "NONE" => Some(consul(None, token).await),
            state => Some(consul(Some(state), token).await),
        };
        let (server, action) = match checked {
            Some(server) => (server, "keep"),
            None => (consul(None, token).await, "replace"),
        };
        finished = run(generate(&server, action).after(finished)).await.status(0);
    }
    finished
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_and_fail_decide_by_the_peering_and_the_ledger() {
    let token = recorded("one-server");
    let mut output = String::new();
    for (name, state, ledger, generates) in [
        ("unknown name", None, &[][..], true),
        ("unused token", Some("PENDING"), &[""], false),
        ("unused token that is not in the ledger", Some("PENDING"), &[], false),
        ("active", Some("ACTIVE"), &["NONE"], true),
        (
            "active, and the peering was not checked when its only token was generated",
            Some("ACTIVE"),
            &[""],
            true,
        ),
        ("active, through a token that replaced an unused one", Some("ACTIVE"), &["", "NONE"], true),
        ("active, and the ledger is empty", Some("ACTIVE"), &[], false),
        ("active, with an unused token", Some("ACTIVE"), &["NONE", "ACTIVE"], false),
        ("active, with an unused token that replaced one", Some("ACTIVE"), &["NONE", "ACTIVE", ""], false),
        ("active, through an unknown token", Some("ACTIVE"), &["", ""], false),
        ("failing, with an unused token", Some("FAILING"), &["NONE", "ACTIVE"], false),
        ("deleted", None, &["NONE"], true),
        ("no permission to read it, with a token in the ledger", Some("denied"), &["NONE"], false),
        ("no permission to read it", Some("denied"), &[], true),
        ("establishing, on the dialer's side", Some("ESTABLISHING"), &[], true),
    ] {
        for (action, status) in [("keep", 3), ("fail", 1)] {
            let before = recorded_before(ledger, &token).await;
            let server = consul(state, &token).await;
            let finished = run(generate(&server, action).after(before)).await;
            let expected = if generates { (0, format!("{token}\n")) } else { (status, String::new()) };
            assert_eq!((finished.status, finished.stdout), expected, "{name}, {action}: {}", finished.stderr);
            let requests = server.received_requests().await.unwrap();
            let posts = requests.iter().filter(|request| request.url.path() == "/v1/peering/token").count();
            assert_eq!(posts, usize::from(generates), "{name}, {action}");
            if action == "keep" {
                output += &format!("# {name}\n{}", finished.stderr);
            }
        }
    }
    insta::with_settings!({filters => vec![
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by .* on .*\.", "TIME by USER on HOST."),
    ]}, { assert_snapshot!("if_unused", output) });
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_and_fail_generate_nothing_if_the_token_could_never_be_used() {
    let token = recorded("one-server");
    let mut output = String::new();
    for state in ["TERMINATED", "DELETING"] {
        let server = consul(Some(state), &token).await;
        for action in ["keep", "fail"] {
            let finished = run(generate(&server, action)).await.status(1);
            assert_eq!(finished.stdout, "");
            output += &format!("# {state}, {action}\n{}", finished.stderr);
        }
        let replaced = run(generate(&server, "replace")).await;
        let replaced = replaced.expect(0, &format!("{token}\n"), "");
        drop(replaced);
        let inspected = run(generate(&server, "replace").args(["-inspect"])).await.status(0);
        let warning = inspected.stderr.lines().skip_while(|line| !line.starts_with("Warning"));
        output += &format!("# {state}, -inspect\n{}\n", warning.collect::<Vec<_>>().join("\n"));
    }
    assert_snapshot!("unusable", output);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_makes_only_the_request_that_consul_makes() {
    let token = recorded("one-server");
    let before = recorded_before(&["", ""], &token).await;
    let server = consul(Some("PENDING"), &token).await;
    let peering = Peering::new()
        .args(["generate-token", "-name=west"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets();
    run(peering.after(before)).await.expect(0, &format!("{token}\n"), "");
    let requests: Vec<String> =
        server.received_requests().await.unwrap().iter().map(|request| request.method.to_string()).collect();
    assert_eq!(requests, ["POST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_causes_a_note_after_one_second() {
    let token = recorded("one-server");
    let server = consul(Some("slow"), &token).await;
    let started = std::time::Instant::now();
    let finished = run(generate(&server, "keep")).await.status(0);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(finished.stdout, format!("{token}\n"));
    assert!(
        finished.stderr.starts_with("Note: could not check the peering: no answer within 1 s\n"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_damaged_ledger_causes_a_note() {
    let peering = |more: &[&str]| {
        Peering::new().args(["generate-token", "-http-addr=embedded", "-name=west"]).args(more)
    };
    let first = peering(&[]).shows_secrets().run().status(0);
    let state: PathBuf = first.home.path().join("state");
    for file in ["ledger.sqlite3-wal", "ledger.sqlite3-shm"] {
        let _ = std::fs::remove_file(state.join(file));
    }
    std::fs::write(state.join("ledger.sqlite3"), "not a database, only text".repeat(99)).unwrap();
    let kept = peering(&["-if-unused=keep"]).after(first).run().status(3);
    assert!(kept.stderr.starts_with("Note: could not check the ledger: "), "{}", kept.stderr);
    assert!(kept.stderr.contains("PENDING"), "{}", kept.stderr);
}

#[test]
fn the_embedded_acceptor_goes_through_all_states_of_a_name() {
    let generate = |action: &str| {
        Peering::new()
            .args(["generate-token", "-http-addr=embedded", "-name=west", "-if-unused", action])
            .shows_secrets()
    };
    let first = generate("keep").run().status(0);
    let kept = generate("keep").after(first).run().status(3);
    let failed = generate("fail").after(kept).run().status(1);
    assert_eq!(failed.stdout, "");
    let replaced = generate("replace").after(failed).run().status(0);
    let history = Peering::new().args(["history", "-format=json"]).after(replaced).run();
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(records["records"].as_array().unwrap().len(), 2);
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let settings = consul_peering::acceptor::Settings::new(move || now);
    let acceptor =
        consul_peering::acceptor::Acceptor::open(&history.home.path().join("state"), settings).unwrap();
    super::ask(&acceptor, "DELETE", "/v1/peering/west", "");
    let recreated = generate("keep").after(history).run().status(0);
    let history = Peering::new().args(["history", "-format=json"]).after(recreated).run();
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(records["records"][0]["status"], "orphaned");
    assert_eq!(records["records"][2]["status"], "newest");
}

/// Without records, the acceptor's servers are asked: their addresses are in its catalog.
#[test]
fn an_empty_ledger_does_not_hide_an_unused_token_of_an_established_peering() {
    let home = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(home.path(), &[]);
    let at_acceptor =
        |words: &[&str]| Peering::new().args(words).args(["-http-addr", &acceptor.url]).shows_secrets();
    let generate = |more: &[&str]| at_acceptor(&["generate-token", "-name=west"]).args(more).run();
    let token = generate(&["-ledger=off"]).status(0).stdout;
    let other_home = tempfile::tempdir().unwrap();
    let dialer = Dev::start(other_home.path(), &[]);
    let establish =
        ["establish", "-name", "east", "-wait=60s", "-peering-token", "-", "-http-addr", &dialer.url];
    Peering::new().args(establish).stdin(token).run().status(0);
    let used = generate(&["-if-unused=keep"]).status(0);
    assert!(!used.stdout.is_empty());
    let kept = generate(&["-if-unused=keep"]).status(3);
    assert!(kept.stderr.contains("the acceptor has an unused secret for this peering"), "{}", kept.stderr);
}

#[test]
fn a_missing_permission_is_named_at_once() {
    let home = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(home.path(), &["-fault", "acl-denied"]);
    let words = ["generate-token", "-name=west", "-if-unused=keep", "-token=an-acl-token"];
    let denied = Peering::new().args(words).args(["-http-addr", &acceptor.url]).run().status(1);
    let note = "Note: could not check the peering: the ACL token has no peering:read\n";
    assert!(denied.stderr.starts_with(note), "{}", denied.stderr);
}
