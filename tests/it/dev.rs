//! The servers of `peering dev` against web pages, slow clients and clients that never finish.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use consul_peering::acceptor;
use consul_peering::acceptor::{Acceptor, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peering::{Dev, Peering, guard};

/// Sends a request with these header lines, and returns the response.
fn ask(dev: &Dev, request_line: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(dev.url.trim_start_matches("http://")).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    String::from_utf8_lossy(&response).into_owned()
}

#[test]
fn a_web_page_of_another_site_can_neither_read_nor_change_anything() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let generated =
        Peering::new().args(["generate-token", "-name", "east", "-ledger=off", "-http-addr", &dev.url]);
    let token = generated.shows_secrets().run().status(0).stdout;
    guard(&token);
    let port = dev.url.rsplit_once(':').unwrap().1;
    let rebound = format!("Host: evil.example:{port}\r\n");
    let own = format!("Host: 127.0.0.1:{port}\r\n");
    let from = |origin: &str| format!("{own}Origin: {origin}\r\n");
    let establish = format!(r#"{{"PeerName":"x","PeeringToken":"{}"}}"#, token.trim());
    for (request_line, headers, body) in [
        ("GET /v1/snapshot", rebound.clone(), ""),
        ("GET /v1/peerings", format!("{rebound}{own}"), ""),
        ("GET http://evil.example/v1/peerings", own.clone(), ""),
        ("GET /v1/peerings", String::new(), ""),
        ("POST /v1/peering/token", from("https://evil.example"), r#"{"PeerName":"east"}"#),
        ("POST /v1/peering/token", from("null"), r#"{"PeerName":"east"}"#),
        ("POST /v1/peering/token", from("http://localhost.evil.example"), r#"{"PeerName":"east"}"#),
        ("POST /v1/peering/establish", from("https://evil.example"), &establish),
        ("DELETE /v1/peering/east", from("https://evil.example"), ""),
    ] {
        let response = ask(&dev, request_line, &headers, body);
        let is_refused = response.starts_with("HTTP/1.1 403 ") || response.starts_with("HTTP/1.1 400 ");
        assert!(is_refused, "{request_line} {headers}: {response}");
    }
    let response = ask(&dev, "GET /v1/snapshot", &rebound, "");
    assert!(response.ends_with("answers only requests to localhost, 127.0.0.1 and [::1]"), "{response}");
    for headers in [own.clone(), format!("Host: LOCALHOST:{port}\r\n"), from("http://localhost:3000")] {
        let response = ask(&dev, "GET /v1/peerings", &headers, "");
        assert!(response.starts_with("HTTP/1.1 200 ") && response.contains("\"east\""), "{response}");
    }
    // The token was not replaced.
    let establish =
        Peering::new().args(["establish", "-name", "west", "-peering-token", "-", "-http-addr=embedded"]);
    establish.stdin(token).run().status(0);
}

/// Interrupts `peering dev` while clients hold connections. It ends at some time, or the test fails after two minutes.
fn ends_although_held(hold: impl FnOnce(&Dev) -> Vec<TcpStream>, interrupts: usize) {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let held = hold(&dev);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(dev.interrupt_often(interrupts)));
    let (status, stderr) = receiver.recv_timeout(Duration::from_mins(2)).expect("dev ends");
    assert_eq!(status, 0, "{stderr}");
    drop(held);
}

fn connected(dev: &Dev, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(dev.url.trim_start_matches("http://")).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    stream
}

#[test]
fn an_interrupt_ends_dev_whatever_clients_hold() {
    for sent in [
        "",
        "GET /v1/peerings HTTP/1.1\r\nHost: local",
        "POST /v1/peering/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    ] {
        ends_although_held(|dev| vec![connected(dev, sent)], 1);
    }
}

#[test]
fn a_peering_that_is_being_established_does_not_hold_dev_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let elsewhere = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(elsewhere.path(), &[]);
    let generate = ["generate-token", "-name", "east", "-ledger=off", "-server-external-addresses", &address];
    let generated = Peering::new().args(generate).args(["-http-addr", &acceptor.url]).shows_secrets().run();
    let token = generated.status(0).stdout;
    guard(&token);
    let body = format!(r#"{{"PeerName":"west","PeeringToken":"{}"}}"#, token.trim());
    let request = format!(
        "POST /v1/peering/establish HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for interrupts in [1, 2] {
        let hold = |dev: &Dev| {
            let held = connected(dev, &request);
            // It is being established once it dials the address of the token.
            let (dialed, _) = silent.accept().unwrap();
            vec![held, dialed]
        };
        ends_although_held(hold, interrupts);
    }
}

/// Starts the HTTP server in this process.
async fn http_server(directory: &std::path::Path) -> SocketAddr {
    let listener = acceptor::listen(SocketAddr::from(([127, 0, 0, 1], 0)), None).await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = Arc::new(Acceptor::open(directory, Settings::new(jiff::Timestamp::now)).unwrap());
    tokio::spawn(acceptor::serve(listener, acceptor, std::future::pending()));
    address
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_is_disconnected() {
    let directory = tempfile::tempdir().unwrap();
    let address = http_server(directory.path()).await;
    // From here on, time passes only if nothing else can happen.
    tokio::time::pause();
    for (sent, response) in [
        ("GET /v1/peerings HTTP/1.1\r\nHost: local", ""),
        (
            "POST /v1/peering/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
            "HTTP/1.1 408 Request Timeout\r\n",
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        // The unread rest of a request may reset the connection.
        let _ = stream.read_to_end(&mut received).await;
        let received = String::from_utf8_lossy(&received);
        assert!(received.starts_with(response), "{sent}: {received}");
        assert_eq!(received.is_empty(), response.is_empty(), "{sent}: {received}");
    }
}
