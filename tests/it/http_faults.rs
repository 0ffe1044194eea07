//! Faulty HTTP APIs: each causes a clear error or no harm, and no secret is sent to the wrong host.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::peering::{Finished, Peering};
use crate::transport::{Pki, https};

const ACL_TOKEN: &str = "2f6f7d0a-0000-4000-8000-00000000a11c";

/// The behavior of a server on each connection.
#[derive(Clone)]
enum Behavior {
    /// Sends this and closes the connection.
    Send(Vec<u8>),
    /// Sends this one byte at a time.
    Drip(Vec<u8>),
    /// Sends this and resets the connection.
    Reset(Vec<u8>),
    /// Sends this without end.
    Flood(&'static [u8]),
    /// Sends this, and then nothing.
    Half(&'static [u8]),
    /// Sends nothing.
    Hang,
}

/// Starts a server; returns its URL and the bytes that it receives.
async fn server(behavior: Behavior) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, behavior.clone(), Arc::clone(&keeps)));
        }
    });
    (url, sent)
}

async fn serve(mut stream: TcpStream, behavior: Behavior, sent: Arc<Mutex<Vec<u8>>>) {
    let mut read = [0; 8192];
    let count = stream.read(&mut read).await.unwrap_or(0);
    sent.lock().unwrap().extend_from_slice(&read[..count]);
    match behavior {
        // The client may close the connection early.
        Behavior::Send(bytes) => drop(stream.write_all(&bytes).await),
        Behavior::Drip(bytes) => {
            let _ = stream.set_nodelay(true);
            for byte in bytes {
                let _ = stream.write_all(&[byte]).await;
                tokio::task::yield_now().await;
            }
        }
        Behavior::Reset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.set_zero_linger();
            return;
        }
        Behavior::Flood(bytes) => {
            while stream.write_all(bytes).await.is_ok() {}
            return;
        }
        Behavior::Half(bytes) => {
            let _ = stream.write_all(bytes).await;
            while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
            return;
        }
        Behavior::Hang => {
            while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
            return;
        }
    }
    let _ = stream.shutdown().await;
    while stream.read(&mut read).await.is_ok_and(|count| count > 0) {}
}

async fn run(peering: Peering) -> Finished {
    tokio::task::spawn_blocking(|| peering.run()).await.unwrap()
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len())
        .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn faults() -> Vec<(&'static str, Behavior)> {
    let sends = |bytes: &[u8]| Behavior::Send(bytes.to_vec());
    let mut garbage_after_head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec();
    garbage_after_head.extend([0xff; 64]);
    let huge_head = format!("HTTP/1.1 200 OK\r\nX-Huge: {}\r\n\r\n[]", "x".repeat(1 << 20));
    let many_heads = format!("HTTP/1.1 200 OK\r\n{}\r\n[]", "X-Many: 1\r\n".repeat(5000));
    // In an unknown field of a valid peering, so that only the depth is wrong.
    let deep = r#"[{"ID":"1","Name":"x","State":"PENDING","CreateIndex":1,"ModifyIndex":1,"Zzz":DEEP}]"#;
    let deep = deep.replace("DEEP", &("[".repeat(100_000) + &"]".repeat(100_000)));
    let long = [b"[\"".to_vec(), vec![b'x'; 17 << 20], b"\"]".to_vec()].concat();
    vec![
        ("drips", Behavior::Drip(answer("200 OK", b"[]"))),
        ("wrong content type", Behavior::Send(answer("200 OK\r\nContent-Type: text/html", b"[]"))),
        ("closes at once", sends(b"")),
        ("resets at once", Behavior::Reset(Vec::new())),
        (
            "resets in the middle",
            Behavior::Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[".to_vec()),
        ),
        ("closes in the middle", sends(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")),
        ("garbage", sends(&[0x16, 3, 1, 0xff, 0xff, 0, 1, 2, 3])),
        ("garbage in a chunk header", Behavior::Send(garbage_after_head)),
        ("another protocol", sends(b"220 mail.example.com ESMTP\r\n")),
        (
            "a page",
            Behavior::Send(answer("200 OK\r\nContent-Type: text/html", b"<html><body>Log in</body></html>")),
        ),
        ("not JSON", Behavior::Send(answer("200 OK", b"all is well"))),
        ("an empty response", Behavior::Send(answer("200 OK", b""))),
        ("invalid UTF-8", Behavior::Send(answer("200 OK", &[b'[', b'"', 0xff, 0xfe, b'"', b']']))),
        ("unexpected JSON", Behavior::Send(answer("200 OK", b"{\"Name\":\"west\"}"))),
        ("JSON too deep", Behavior::Send(answer("200 OK", deep.as_bytes()))),
        ("too long a response", Behavior::Send(answer("200 OK", &long))),
        ("too long a header", sends(huge_head.as_bytes())),
        ("too many headers", sends(many_heads.as_bytes())),
        ("an invalid status", sends(b"HTTP/1.1 9999 What\r\nContent-Length: 2\r\n\r\n[]")),
        (
            "a redirect to an unreachable address",
            Behavior::Send(answer("302 Found\r\nLocation: http://127.0.0.1:1/", b"")),
        ),
        (
            "a redirect to another protocol",
            Behavior::Send(answer("302 Found\r\nLocation: file:///etc/passwd", b"")),
        ),
        ("a redirect without a location", Behavior::Send(answer("302 Found", b""))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_a_clear_error() {
    let mut table = String::new();
    for (name, behavior) in faults() {
        let (url, _) = server(behavior).await;
        let run = run(Peering::new().args(["list", "-http-addr", &url, "-token", ACL_TOKEN])).await;
        assert!(!run.stderr.contains(ACL_TOKEN) && !run.stdout.contains(ACL_TOKEN), "{name}");
        assert_eq!(run.status == 0, run.stderr.is_empty(), "{name}: {}", run.stderr);
        let port = url.rsplit_once(':').unwrap().1.to_owned();
        let output = format!("{}{}", run.stdout, run.stderr).replace(&port, "PORT");
        table.push_str(&format!("{name}: {}\n  {}\n", run.status, output.trim_end()));
    }
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+->", "127.0.0.1:OWN->");
    settings.bind(|| insta::assert_snapshot!("http_faults", table));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acl_token_and_the_password_do_not_follow_a_redirect() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let (other, sent_to_other) = server(Behavior::Send(answer("200 OK", b"[]"))).await;
        let head = format!("{status}\r\nLocation: {other}/v1/peerings");
        let (consul, sent) = server(Behavior::Send(answer(&head, b""))).await;
        let list = Peering::new().args(["list", "-http-addr", &consul, "-token", ACL_TOKEN]);
        run(list.env("CONSUL_HTTP_AUTH", "user:password")).await.status(0);
        let text = |bytes: &Mutex<Vec<u8>>| String::from_utf8_lossy(&bytes.lock().unwrap()).to_lowercase();
        assert!(text(&sent).contains(ACL_TOKEN) && text(&sent).contains("authorization: basic"), "{status}");
        let followed = text(&sent_to_other);
        assert!(followed.starts_with("get /v1/peerings"), "{status}: {followed}");
        assert!(!followed.contains(ACL_TOKEN) && !followed.contains("authorization"), "{status}: {followed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirect_loops_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let head = format!("307 Temporary Redirect\r\nLocation: {url}/v1/peerings");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Behavior::Send(answer(&head, b"")), Arc::default()));
        }
    });
    let run = run(Peering::new().args(["list", "-http-addr", &url])).await.status(1);
    assert!(run.stderr.ends_with("stopped after 10 redirects\n"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_api_does_not_block_diagnose() {
    let (url, _) = server(Behavior::Hang).await;
    let token = std::fs::read_to_string(crate::peering::fixture("tokens/one-server.txt")).unwrap();
    let diagnose =
        Peering::new().args(["diagnose", "-", "-http-addr", &url, "-timeout", "300ms", "-ledger=off"]);
    let run = run(diagnose.stdin(token)).await.status(1);
    assert!(run.stdout.contains("agent-not-consul"), "{}", run.stdout);
    assert!(run.stdout.contains("did not respond within 0.3 s"), "{}", run.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_ends_at_its_timeout() {
    const BODY: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (name, behavior) in [
        ("silence", Behavior::Hang),
        ("informational responses", Behavior::Flood(b"HTTP/1.1 103 Early Hints\r\n\r\n")),
        ("no end of the body", Behavior::Half(BODY)),
    ] {
        let (url, _) = server(behavior).await;
        let list = Peering::new().args(["list", "-http-addr", &url]).env("PEERING_HTTP_TIMEOUT", "1s");
        let error = format!("Error listing peerings: {url} did not respond within 1 s\n");
        let run = run(list).await;
        assert_eq!((run.status, run.stderr), (1, error), "{name}");
    }
    for invalid in ["0s", "3601s", "1m", "-1s", "5"] {
        let list = Peering::new().args(["list"]).env("PEERING_HTTP_TIMEOUT", invalid);
        let run = run(list).await.status(1);
        assert!(run.stderr.contains("between 1s and 3600s"), "{invalid}: {}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_1_is_rejected() {
    // A ServerHello of TLS 1.1: its version, a random, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let mut hello = vec![0x03, 0x02];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    let mut record = vec![0x16, 0x03, 0x02, 0, 42, 0x02, 0, 0, 38];
    record.extend(hello);
    let (url, _) = server(Behavior::Send(record)).await;
    let run =
        run(Peering::new().args(["list", "-http-addr", &url.replace("http:", "https:")])).await.status(1);
    assert!(run.stderr.contains("tls: "), "{}", run.stderr);
    insta::assert_snapshot!("an_old_tls", run.stderr.split("tls: ").nth(1).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn turning_verification_off_warns_on_a_terminal() {
    let pki = Pki::of(&["localhost"]);
    let listed = async |skip: bool, terminal: bool| {
        let (port, _served) = https(&pki, false, "[]").await;
        let list = Peering::new().args(["list", "-http-addr", &format!("https://localhost:{port}")]);
        let list = if skip { list.env("CONSUL_HTTP_SSL_VERIFY", "false") } else { list };
        run(if terminal { list.on_terminal() } else { list }).await
    };
    let run = listed(false, false).await.status(1);
    assert!(run.stderr.contains("certificate signed by unknown authority"), "{}", run.stderr);
    listed(true, false).await.expect(0, "There are no peering connections.\n", "");
    let warning = "Warning: CONSUL_HTTP_SSL_VERIFY is false: anyone on the network path can impersonate Consul and read the ACL token\n";
    listed(true, true).await.expect(0, "There are no peering connections.\n", warning);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_shows_requests_but_no_secret() {
    let (url, _) = server(Behavior::Send(answer("200 OK", b"[]"))).await;
    let list = |level: &str| {
        Peering::new()
            .args(["list", "-http-addr", &url, "-token", ACL_TOKEN, "-log-level", level])
            .env("CONSUL_HTTP_AUTH", "user:pass-word")
    };
    run(list("off")).await.expect(0, "There are no peering connections.\n", "");
    for level in ["info", "debug", "trace"] {
        let run = run(list(level)).await.status(0);
        assert!(run.stderr.contains("INFO Consul responded method=GET"), "{}", run.stderr);
        assert!(run.stderr.contains("/v1/peerings status=200 bytes=2"), "{}", run.stderr);
        assert!(!run.stderr.contains(ACL_TOKEN) && !run.stderr.contains("pass-word"), "{}", run.stderr);
    }
    let generate =
        Peering::new().args(["generate-token", "-name", "west", "-http-addr=embedded", "-log-level=trace"]);
    let run = run(generate.shows_secrets()).await.status(0);
    assert!(run.stderr.contains("added a record to the ledger name=\"west\""), "{}", run.stderr);
    let secret = crate::peering::token_json(&run.stdout)["EstablishmentSecret"].as_str().unwrap().to_owned();
    assert!(!run.stderr.contains(&secret), "{}", run.stderr);
}
