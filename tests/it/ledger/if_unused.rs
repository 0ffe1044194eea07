//! `-if-unused`: every state in which a name can be, and what is done then.

use std::path::PathBuf;

use insta::assert_snapshot;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{recorded, run};
use crate::peering::{Finished, Peering, token_json};

/// A Consul whose peering `west` is in a state, or is not there.
async fn consul(state: Option<&str>, token: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token }));
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(answer).mount(&server).await;
    let peering = match state {
        None => ResponseTemplate::new(404).set_body_string("Peering not found for \"west\""),
        Some("refused") => ResponseTemplate::new(403).set_body_string("Permission denied"),
        Some("slow") => ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(30)),
        Some(state) => ResponseTemplate::new(200).set_body_json(json!({
            "ID": token_json(token)["PeerID"], "Name": "west", "State": state,
        })),
    };
    Mock::given(method("GET")).and(path("/v1/peering/west")).respond_with(peering).mount(&server).await;
    server
}

fn generate(server: &MockServer, what: &str) -> Peering {
    Peering::new(["generate-token", "-name=west", "-if-unused", what])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets()
}

/// What the ledger knows before: the state of the peering at each generating (`""`: it was not looked at).
async fn remembered(states: &[&str], token: &str) -> Finished {
    let mut finished = run(Peering::new(["history"])).await;
    for state in states {
        let known = match *state {
            "" => None,
            "NONE" => Some(consul(None, token).await),
            state => Some(consul(Some(state), token).await),
        };
        let (server, what) = match known {
            Some(server) => (server, "keep"),
            None => (consul(None, token).await, "replace"),
        };
        finished = run(generate(&server, what).after(finished)).await.status(0);
    }
    finished
}

#[tokio::test(flavor = "multi_thread")]
async fn keep_and_fail_decide_on_what_can_be_known() {
    let token = recorded("one-server");
    let mut told = String::new();
    for (name, state, ledger, generates) in [
        ("never seen", None, &[][..], true),
        ("unused token", Some("PENDING"), &[""], false),
        ("unused token that the ledger does not know", Some("PENDING"), &[], false),
        ("active", Some("ACTIVE"), &["NONE"], true),
        ("active, and nobody looked when its one token was generated", Some("ACTIVE"), &[""], true),
        ("active, by a token that replaced an unused one", Some("ACTIVE"), &["", "NONE"], true),
        ("active, and the ledger knows nothing", Some("ACTIVE"), &[], true),
        ("active, with an unused token", Some("ACTIVE"), &["NONE", "ACTIVE"], false),
        ("active, with an unused token that replaced one", Some("ACTIVE"), &["NONE", "ACTIVE", ""], false),
        ("active, and who knows by which token", Some("ACTIVE"), &["", ""], false),
        ("failing, with an unused token", Some("FAILING"), &["NONE", "ACTIVE"], false),
        ("deleted", None, &["NONE"], true),
        ("not to be looked at, with a token in the ledger", Some("refused"), &["NONE"], false),
        ("not to be looked at", Some("refused"), &[], true),
        ("establishing: the dialer's side", Some("ESTABLISHING"), &[], true),
    ] {
        for (what, status) in [("keep", 3), ("fail", 1)] {
            let before = remembered(ledger, &token).await;
            let server = consul(state, &token).await;
            let finished = run(generate(&server, what).after(before)).await;
            let expected = if generates { (0, format!("{token}\n")) } else { (status, String::new()) };
            assert_eq!((finished.status, finished.stdout), expected, "{name}, {what}: {}", finished.stderr);
            let requests = server.received_requests().await.unwrap();
            let posts = requests.iter().filter(|request| request.method.as_str() == "POST").count();
            assert_eq!(posts, usize::from(generates), "{name}, {what}");
            if what == "keep" {
                told += &format!("# {name}\n{}", finished.stderr);
            }
        }
    }
    insta::with_settings!({filters => vec![
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by .* on .*\.", "TIME by USER on HOST."),
    ]}, { assert_snapshot!("if_unused", told) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_whose_tokens_can_never_work_gets_none_from_keep_or_fail() {
    let token = recorded("one-server");
    let mut told = String::new();
    for state in ["TERMINATED", "DELETING"] {
        let server = consul(Some(state), &token).await;
        for what in ["keep", "fail"] {
            let finished = run(generate(&server, what)).await.status(1);
            assert_eq!(finished.stdout, "");
            told += &format!("# {state}, {what}\n{}", finished.stderr);
        }
        let replaced = run(generate(&server, "replace")).await;
        let replaced = replaced.expect(0, &format!("{token}\n"), "");
        drop(replaced);
        let inspected = run(generate(&server, "replace").more(&["-inspect"])).await.status(0);
        let warning = inspected.stderr.lines().skip_while(|line| !line.starts_with("Warning"));
        told += &format!("# {state}, -inspect\n{}\n", warning.collect::<Vec<_>>().join("\n"));
    }
    assert_snapshot!("stillborn", told);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_makes_consuls_one_request_and_no_other() {
    let token = recorded("one-server");
    let before = remembered(&["", ""], &token).await;
    let server = consul(Some("PENDING"), &token).await;
    let peering =
        Peering::new(["generate-token", "-name=west"]).env("CONSUL_HTTP_ADDR", &server.uri()).shows_secrets();
    run(peering.after(before)).await.expect(0, &format!("{token}\n"), "");
    let requests: Vec<String> =
        server.received_requests().await.unwrap().iter().map(|request| request.method.to_string()).collect();
    assert_eq!(requests, ["POST"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_takes_too_long_is_a_note_after_a_second() {
    let token = recorded("one-server");
    let server = consul(Some("slow"), &token).await;
    let started = std::time::Instant::now();
    let finished = run(generate(&server, "keep")).await.status(0);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(finished.stdout, format!("{token}\n"));
    assert!(
        finished.stderr.starts_with("Note: could not look at the peering: no answer within 1 s\n"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_damaged_ledger_is_a_note_and_not_an_error() {
    let peering =
        |what: &[&str]| Peering::new(["generate-token", "-http-addr=embedded", "-name=west"]).more(what);
    let first = peering(&[]).shows_secrets().run().status(0);
    let state: PathBuf = first.home.path().join("state");
    for file in ["ledger.sqlite3-wal", "ledger.sqlite3-shm"] {
        let _ = std::fs::remove_file(state.join(file));
    }
    std::fs::write(state.join("ledger.sqlite3"), "no database at all, only words".repeat(99)).unwrap();
    let kept = peering(&["-if-unused=keep"]).after(first).run().status(3);
    assert!(kept.stderr.starts_with("Note: could not look into the ledger: "), "{}", kept.stderr);
    assert!(kept.stderr.contains("PENDING"), "{}", kept.stderr);
}

#[test]
fn the_embedded_acceptor_plays_a_name_from_never_seen_to_deleted() {
    let generate = |what: &str| {
        Peering::new(["generate-token", "-http-addr=embedded", "-name=west", "-if-unused", what])
            .shows_secrets()
    };
    let first = generate("keep").run().status(0);
    let kept = generate("keep").after(first).run().status(3);
    let failed = generate("fail").after(kept).run().status(1);
    assert_eq!(failed.stdout, "");
    let replaced = generate("replace").after(failed).run().status(0);
    let history = Peering::new(["history", "-format=json"]).after(replaced).run();
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(records["records"].as_array().unwrap().len(), 2);
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let settings = consul_peering::acceptor::Settings::new(move || now);
    let acceptor =
        consul_peering::acceptor::Acceptor::open(&history.home.path().join("state"), settings).unwrap();
    super::ask(&acceptor, "DELETE", "/v1/peering/west", "");
    let anew = generate("keep").after(history).run().status(0);
    let history = Peering::new(["history", "-format=json"]).after(anew).run();
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(records["records"][0]["standing"]["verdict"], "orphaned");
    assert_eq!(records["records"][2]["standing"]["verdict"], "newest");
}
