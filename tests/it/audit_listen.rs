//! `peering audit -listen`: the last result over HTTP.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A running `peering audit -listen`.
pub struct Listening {
    child: Child,
    pub address: String,
    home: tempfile::TempDir,
}

impl Listening {
    /// Starts it on a free port with the inventory of one cluster.
    pub fn start(http_addr: &str, arguments: &[&str]) -> Self {
        Self::start_with(arguments, |home| {
            let inventory = format!("[contexts.east]\nhttp_addr = '{http_addr}'\n");
            std::fs::write(home.join("i.toml"), inventory).unwrap();
            Vec::new()
        })
    }

    /// Starts it on a free port. `prepare` writes the inventory `i.toml` into its directory, and returns its variables.
    pub fn start_with(
        arguments: &[&str],
        prepare: impl FnOnce(&Path) -> Vec<(&'static str, &'static str)>,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let variables = prepare(home.path());
        let mut child = Command::new(env!("CARGO_BIN_EXE_peering"))
            .args(["audit", "-inventory", "i.toml", "-listen", "127.0.0.1:0"].iter().chain(arguments))
            .env_clear()
            .env("HOME", home.path())
            .envs(variables)
            .current_dir(home.path())
            .stdout(Stdio::piped())
            .stderr(File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Listening on http://").unwrap_or_else(|| panic!("{line:?}"));
        Self { address: address.to_owned(), child, home }
    }

    /// Returns its standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// Returns its command line, as other users see it.
    pub fn command_line(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/cmdline", self.child.id())).unwrap().replace('\0', " ")
    }

    /// Returns the status and the whole response.
    fn request(&self, head: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: {}", self.address))
    }

    /// Waits until the first audit has finished.
    pub fn wait(&self) {
        let start = Instant::now();
        while self.get("/metrics").0 == 503 {
            assert!(start.elapsed() < Duration::from_mins(1), "no result");
        }
    }

    /// Interrupts it, and returns its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn consul() -> MockServer {
    let server = MockServer::start().await;
    for (at, status, body) in [
        ("/v1/connect/ca/roots", 200, "{\"TrustDomain\":\"x.consul\",\"Roots\":[]}"),
        ("/v1/internal/acl/authorize", 401, "ACL support disabled"),
        ("/v1/peerings", 200, "[]"),
    ] {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_string(body))
            .mount(&server)
            .await;
    }
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(404)).with_priority(9).mount(&server).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn scrapes_get_the_last_result_and_ask_consul_nothing() {
    let consul = consul().await;
    let uri = consul.uri();
    let listening = tokio::task::spawn_blocking(move || {
        let listening = Listening::start(&uri, &["-every", "24h"]);
        listening.wait();
        listening
    });
    let listening = listening.await.unwrap();
    let requests = consul.received_requests().await.unwrap().len();
    let listening = tokio::task::spawn_blocking(move || {
        for _ in 0..20 {
            let (status, metrics) = listening.get("/metrics");
            assert_eq!(status, 200);
            assert!(
                metrics
                    .contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n")
            );
            assert!(
                metrics.contains("\npeering_audit_cluster_up{cluster=\"east\"} 1\n")
                    && metrics.ends_with("# EOF\n")
            );
            assert!(
                listening
                    .get("/facts")
                    .1
                    .contains("\r\n\r\n{\"kind\":\"cluster\",\"version\":1,\"cluster\":\"east\"")
            );
            assert!(listening.get("/healthz").1.ends_with("\r\n\r\nok\n"));
        }
        listening
    });
    let listening = listening.await.unwrap();
    assert_eq!(consul.received_requests().await.unwrap().len(), requests);
    assert_eq!(listening.interrupt(), Some(0));
}

#[test]
fn only_requests_to_loopback_are_answered() {
    let listening = Listening::start("127.0.0.1:1", &[]);
    listening.wait();
    for head in [
        "GET /facts HTTP/1.1\r\nHost: evil.example",
        "GET /facts HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example",
        "GET /facts HTTP/1.1\r\nX: y",
    ] {
        let (status, text) = listening.request(head);
        // A request without a host is invalid.
        assert!([400, 403].contains(&status) && !text.contains("cluster"), "{head}: {text}");
    }
    assert_eq!(listening.request("POST /facts HTTP/1.1\r\nHost: localhost").0, 405);
    assert_eq!(listening.get("/nothing").0, 404);
    assert!(listening.get("/metrics").1.contains("peering_audit_cluster_up{cluster=\"east\"} 0\n"));
    assert_eq!(listening.get("/healthz").0, 200, "the collector is healthy although a cluster is not");
}

#[test]
fn a_result_is_replaced_by_the_next_one() {
    let listening = Listening::start("127.0.0.1:1", &["-every", "1s"]);
    listening.wait();
    let finished_at = || {
        let (_, metrics) = listening.get("/metrics");
        let line =
            metrics.lines().find(|line| line.starts_with("peering_audit_last_success")).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse::<i64>().unwrap()
    };
    let (first, start) = (finished_at(), Instant::now());
    while finished_at() == first {
        assert!(start.elapsed() < Duration::from_mins(1), "no second result");
    }
}
