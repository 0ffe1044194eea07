//! The record of a request for a token: it is added before the request is sent, and finished when the answer arrives.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{history, verify};
use crate::peering::{Dev, Finished, Peering};

/// Generates a token for `west` with the embedded acceptor, and returns the run.
fn generated() -> Finished {
    Peering::new()
        .args(["generate-token", "-http-addr=embedded", "-name=west"])
        .shows_secrets()
        .run()
        .status(0)
}

/// Reads a request until its body is complete.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut bytes = [0; 4096];
    while !request.ends_with('}') {
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{request}");
        request.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    request
}

/// Starts a server that reads one request and responds with `response`. Returns its address.
fn server(response: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            read_request(&mut stream);
            let _ = stream.write_all(response.as_bytes());
        }
    });
    address
}

fn last(state: &Path) -> Value {
    history(state, &[]).pop().unwrap()
}

#[test]
fn a_process_that_is_killed_before_the_answer_leaves_an_unanswered_record() {
    let first = generated();
    let state = first.home.path().join("state");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_peering"))
        .args(["generate-token", "-name=west"])
        .env_clear()
        .env("CONSUL_HTTP_ADDR", listener.local_addr().unwrap().to_string())
        .env("PEERING_STATE_DIR", &state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    assert!(read_request(&mut stream).starts_with("POST /v1/peering/token"));
    child.kill().unwrap();
    child.wait().unwrap();

    let records = history(&state, &[]);
    assert_eq!((&records[1]["origin"], &records[1]["status"]), (&json!("unanswered"), &json!("no_token")));
    assert_eq!((&records[0]["status"], &records[0]["replaced_by"]), (&json!("undetermined"), &json!(2)));
    verify(&state, &[]).status(0);
    let stale =
        Peering::new().args(["stale", "-", "-http-addr=embedded", "-name=west"]).stdin(&*first.stdout);
    let stale = stale.after(first).run().status(3);
    assert!(stale.stdout.contains("Undetermined: the answer to a later request"), "{}", stale.stdout);
    // A later token decides again.
    let generate = ["generate-token", "-http-addr=embedded", "-name=west"];
    let _run = Peering::new().args(generate).shows_secrets().after(stale).run().status(0);
    assert_eq!(history(&state, &[])[0]["status"], "superseded");
}

/// A failed request and whether Consul may have received it.
#[test]
fn only_a_request_that_was_sent_stays_in_the_ledger() {
    let response = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let no_gateway =
        "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered";
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n";
    let http = |response: String| format!("http://{}", server(response));
    for (case, url, expected) in [
        ("connection refused", "http://127.0.0.1:1".to_owned(), None),
        ("no such host", "http://peering.invalid".to_owned(), None),
        ("not an HTTPS port", format!("https://{}", server_without_tls()), None),
        ("redirect to another host", http(redirect.to_owned()), None),
        ("refused", http(response("403 Forbidden", "Permission denied")), None),
        ("peering disabled", http(response("500 Internal Server Error", "peering is disabled")), None),
        ("no gateway", http(response("500 Internal Server Error", no_gateway)), Some("failed")),
        ("closed", http(String::new()), Some("unanswered")),
        ("half a response", http(response("200 OK", "{").replace("1\r\n", "9\r\n")), Some("unanswered")),
        ("not a token", http(response("200 OK", "{}")), Some("unanswered")),
        ("a proxy without an answer", http(response("504 Gateway Timeout", "")), Some("unanswered")),
    ] {
        let first = generated();
        let state = first.home.path().join("state");
        let run =
            Peering::new().args(["generate-token", "-name=west", "-http-addr", &url]).after(first).run();
        let run = run.status(1);
        assert_eq!(run.stderr.contains("no longer work"), expected.is_some(), "{case}: {}", run.stderr);
        let last = last(&state);
        let origin = expected.unwrap_or("generated");
        assert_eq!(last["origin"], origin, "{case}: {}", run.stderr);
        verify(&state, &[]).status(0);
    }
}

/// Starts a server that answers the TLS handshake like Go's HTTP server without TLS.
fn server_without_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
        }
    });
    address
}

#[test]
fn a_timeout_counts_as_sent_only_after_the_request_was_written() {
    // The TLS handshake never completes at the first, and the second reads the request.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    for (scheme, expected) in [("https", "generated"), ("http", "unanswered")] {
        let first = generated();
        let state = first.home.path().join("state");
        let url = format!("{scheme}://{address}");
        let run = Peering::new().args(["generate-token", "-name=west", "-http-addr", &url]);
        let run = run.env("PEERING_HTTP_TIMEOUT", "1s").after(first).run().status(1);
        assert_eq!(last(&state)["origin"], expected, "{scheme}: {}", run.stderr);
    }
}

#[test]
fn a_ledger_in_the_kv_keeps_a_request_without_an_answer() {
    let home = tempfile::tempdir().unwrap();
    let records = |url: &str| {
        let run = Peering::new().args(["history", "-ledger=consul", "-format=json", "-http-addr", url]).run();
        let history: Value = serde_json::from_str(&run.status(0).stdout).unwrap();
        let records = history["records"].as_array().unwrap().clone();
        records
            .into_iter()
            .map(|record| (record["number"].clone(), record["origin"].clone()))
            .collect::<Vec<_>>()
    };
    let generate = |dev: &Dev| {
        let run =
            Peering::new().args(["generate-token", "-name=west", "-ledger=consul", "-http-addr", &dev.url]);
        run.shows_secrets().run()
    };
    let dev = Dev::start(home.path(), &[]);
    generate(&dev).status(0);
    assert_eq!(records(&dev.url), [(json!(1), json!("generated"))]);
    drop(dev);
    let dev = Dev::start(home.path(), &["-fault", "generate-cut"]);
    generate(&dev).status(1);
    assert_eq!(records(&dev.url), [(json!(1), json!("generated")), (json!(2), json!("unanswered"))]);
    drop(dev);
    let dev = Dev::start(home.path(), &["-fault", "generate-no-gateway"]);
    generate(&dev).status(1);
    assert_eq!(records(&dev.url)[2], (json!(3), json!("failed")));
    let run = Peering::new().args(["ledger", "verify", "-ledger=consul", "-http-addr", &dev.url]).run();
    assert_eq!(run.status(0).stdout, "The ledger is intact (3 records)\n");
}
