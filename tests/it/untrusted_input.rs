//! Malicious answers, ledgers and tokens, and secrets in the wrong place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tokio::net::TcpListener;
use wiremock::matchers::{any, method, path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Finished, Peering, fixture, token_json};

fn token() -> String {
    std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap().trim().to_owned()
}

async fn run(run: Peering) -> Finished {
    tokio::task::spawn_blocking(|| run.run()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_repeats_the_request_shows_no_secret() {
    let server = MockServer::start().await;
    let output = format!("no: acl-token-of-mine, user:open-sesame, {}, {}", token(), "x ".repeat(50_000));
    Mock::given(any()).respond_with(ResponseTemplate::new(500).set_body_string(output)).mount(&server).await;
    for arguments in [
        &["list"][..],
        &["read", "-name", "west"],
        &["establish", "-name", "west", "-peering-token", &token()],
        &["stale", "@token", "-name", "west", "-long"],
        &["diagnose", "@token", "-timeout", "300ms", "-long"],
    ] {
        let finished = run(Peering::new()
            .args(arguments)
            .file("token", token())
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .env("CONSUL_HTTP_TOKEN", "acl-token-of-mine")
            .env("CONSUL_HTTP_AUTH", "user:open-sesame"))
        .await;
        let output = finished.stdout + &finished.stderr;
        let words = output.split_whitespace().take(200).collect::<Vec<_>>().join(" ");
        assert!(words.contains("<secret>, user:<secret>, <token>"), "{arguments:?}: {words}");
        assert!(output.len() < 256 * 1024, "{arguments:?}: {} bytes", output.len());
    }
}

#[test]
fn an_error_about_a_misplaced_token_does_not_repeat_it() {
    let token = token();
    let at = format!("@{token}");
    for arguments in [
        &["inspect", &at][..],
        &[&token],
        &["history", &token],
        &["ledger", &token],
        &["help", &token],
        &["completions", &token],
        &["diff", &token, &token, &token],
        &["validate", &token, "-only", &token],
        &["validate", &token, "-now", &token],
        &["validate", &token, "-format", &token],
        &["inspect", &token, "-field", &token],
        &["list", "-token-file", &token],
        &["generate-token", "-name", &token, "-http-addr", "127.0.0.1:1"],
        &["stale", &token, "-nope"],
    ] {
        let finished = Peering::new().args(arguments).run();
        assert_ne!(finished.status, 0, "{}", arguments[0]);
        assert!(!finished.stderr.contains(&token[20..80]), "{}: {}", arguments[0], finished.stderr);
    }
    let finished = Peering::new().args(["inspect", &at]).run();
    assert!(finished.stderr.contains("remove the @ if this is a token"), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_with_many_addresses_makes_few_connections() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut json = token_json(&token());
    json["ServerAddresses"] = vec![address; 1000].into();
    let flood = BASE64_STANDARD.encode(json.to_string());
    json["PeerID"] = "another".into();
    let other = BASE64_STANDARD.encode(json.to_string());
    for arguments in [
        &["stale", "@flood", "-probe", "-long", "-http-addr", "127.0.0.1:1"][..],
        // The limit is that of the run, not of a token.
        &["stale", "@flood", "@other", "@flood", "@other", "-probe", "-long", "-http-addr", "127.0.0.1:1"],
        &["diagnose", "@flood", "-long", "-http-addr", "127.0.0.1:1"],
    ] {
        connections.store(0, Ordering::SeqCst);
        let files = Peering::new().file("flood", &flood).file("other", &other);
        let finished = run(files.args(arguments)).await;
        // A server that closes a connection is dialed again, within the limit of a run.
        let connections = connections.load(Ordering::SeqCst);
        assert!(connections <= 512, "{arguments:?}: {connections} connections: {}", finished.stdout);
        assert!(finished.stdout.len() < 200_000, "{arguments:?}: {} bytes", finished.stdout.len());
        assert!(finished.stdout.contains("more"), "{arguments:?}: {}", finished.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_ledger_in_the_kv_loses_no_token() {
    let stored = |value: &serde_json::Value| BASE64_STANDARD.encode(value.to_string());
    let pair = |key: &str, value: &serde_json::Value| {
        json!([{
            "Key": key, "Value": stored(value), "ModifyIndex": 1, "CreateIndex": 1, "LockIndex": 0, "Flags": 0,
        }])
    };
    let last = json!({ "version": 2, "number": u64::MAX, "hash": "00" });
    let record = json!({ "version": 2, "record": {}, "hash": "00" });
    let keys =
        ["peering/ledger/records/18446744073709551615", "other/application/+5", "peering/ledger/records/+7"];
    let server = MockServer::start().await;
    let answers = |body: serde_json::Value| ResponseTemplate::new(200).set_body_json(body);
    let answer = json!({ "PeeringToken": token() });
    Mock::given(path("/v1/peering/token")).respond_with(answers(answer)).mount(&server).await;
    Mock::given(path("/v1/kv/peering/ledger/last"))
        .and(method("GET"))
        .respond_with(answers(pair("peering/ledger/last", &last)))
        .mount(&server)
        .await;
    Mock::given(path("/v1/kv/peering/ledger/records/"))
        .and(method("GET"))
        .respond_with(answers(json!(keys)))
        .mount(&server)
        .await;
    Mock::given(path_regex("^/v1/kv/"))
        .and(method("PUT"))
        .respond_with(answers(json!(true)))
        .mount(&server)
        .await;
    let request = json!({ "version": 2, "record": {
        "recorded_at": "2026-11-24T09:00:00Z", "name": "west", "partition": "", "datacenter": null, "trust_domain": null,
        "peer_id": "", "server_name": "", "addresses": [], "tls": false, "roots": [], "secret_sha256": null,
        "token_sha256": "", "user": "ann", "host": "here", "origin": "unanswered",
    } });
    let first = "peering/ledger/records/000000000001";
    Mock::given(path(format!("/v1/kv/{first}")))
        .and(method("GET"))
        .respond_with(answers(pair(first, &request)))
        .mount(&server)
        .await;
    Mock::given(any()).respond_with(answers(pair(keys[1], &record))).mount(&server).await;
    let peering = |words: &[&str]| {
        Peering::new().args(words).args(["-ledger", "consul"]).env("CONSUL_HTTP_ADDR", &server.uri())
    };
    let generated = run(peering(&["generate-token", "-name", "west"]).shows_secrets()).await;
    generated.expect(0, &format!("{}\n", token()), "");
    let written = server.received_requests().await.unwrap();
    let put = written.iter().filter(|request| request.method == "PUT").map(|request| request.url.path());
    let record = format!("/v1/kv/{first}");
    // Before the request, and after the answer.
    assert_eq!(put.filter(|path| *path == record).count(), 2);
    run(peering(&["history"])).await.expect(0, "The ledger has no records\n", "");
}

/// Without `key:read`, Consul returns an empty list of keys, but denies a single key.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_without_read_permission_is_not_empty() {
    let server = MockServer::start().await;
    let denied =
        ResponseTemplate::new(403).set_body_string("Permission denied: token lacks permission 'key:read'");
    Mock::given(path("/v1/kv/peering/ledger/last")).respond_with(denied).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let history =
        Peering::new().args(["history", "-ledger", "consul"]).env("CONSUL_HTTP_ADDR", &server.uri());
    let finished = run(history).await.status(2);
    assert!(finished.stderr.contains("403 (Permission denied: "), "{}", finished.stderr);
}
