//! `peering ui`: only the browser that opened the printed address sees anything, and a diagnosis appears step by step.

mod browser;
mod scripted;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::peering::shows_no_secret;
use scripted::{HOSTILE, consul};

const ACL_TOKEN: &str = "5eb8a7a1-0000-4a5e-8b1d-000000000042";

/// A running `peering ui`.
struct Ui {
    child: Child,
    address: String,
    token: String,
    home: tempfile::TempDir,
}

impl Ui {
    /// Starts it with one context.
    fn start(http_addr: &str) -> Self {
        let contexts = format!("[contexts.east]\nhttp_addr = '{http_addr}'\ntoken_env = 'EAST_TOKEN'\n");
        // No step times out on a busy machine.
        Self::of(&contexts, &["-timeout", "10m"])
    }

    /// Starts it with these contexts and options.
    fn of(contexts: &str, options: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("c.toml"), contexts).unwrap();
        let mut child = command(&home)
            .arg("ui")
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Open http://").unwrap_or_else(|| panic!("{line:?}"));
        let (address, token) = url.split_once("/#").unwrap();
        Self { address: address.to_owned(), token: token.to_owned(), child, home }
    }

    /// Returns the printed URL.
    fn url(&self) -> String {
        format!("http://{}/#{}", self.address, self.token)
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    /// Returns the status and the whole response.
    fn request(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = self.connect();
        write!(stream, "{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
            .unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(!response.contains(ACL_TOKEN), "the ACL token is in {response}");
        shows_no_secret(&response, head);
        (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
    }

    /// Returns a request's first lines, with this host.
    fn head(&self, request: &str, headers: &str) -> String {
        format!("{request} HTTP/1.1\r\nHost: {}{headers}", self.address)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        self.request(&self.head(&format!("GET {path}"), headers), "")
    }

    fn join(&self, token: &str, headers: &str) -> (u16, String) {
        self.request(&self.head("POST /session", headers), token)
    }

    /// Joins as a browser does, and returns the header with its cookie.
    fn cookie(&self) -> String {
        let origin = format!("\r\nOrigin: http://{}\r\nSec-Fetch-Site: same-origin", self.address);
        let (status, response) = self.join(&self.token, &origin);
        assert_eq!(status, 200, "{response}");
        let cookie = response.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
        format!("\r\nCookie: other=x; {}", cookie.split(';').next().unwrap())
    }

    /// Interrupts it, and returns its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Ui {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a command with the configuration, the ledger and the ACL tokens of a `peering ui`.
fn command(home: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peering"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("PEERING_CONFIG", "c.toml")
        .env("PEERING_STATE_DIR", home.path().join("state"))
        .env("EAST_TOKEN", ACL_TOKEN)
        .env("WEST_TOKEN", crate::audit_collect::ACL_TOKEN)
        .current_dir(home.path());
    command
}

/// Runs a test against a server whose Consul cannot be reached.
fn without_consul(test: impl FnOnce(&Ui)) {
    test(&Ui::start("127.0.0.1:1"));
}

#[test]
fn without_the_cookie_nothing_is_shown() {
    without_consul(|ui| {
        for path in [
            "/peerings",
            "/peering?key=0011223344556677",
            "/history",
            "/diagnose?key=0011223344556677",
            "/page",
            "/x",
        ] {
            for cookie in ["", "\r\nCookie: peering_ui=x", "\r\nCookie: x"] {
                let (status, response) = ui.get(path, cookie);
                assert!(status == 403 && !response.contains("east"), "{path} {cookie}: {response}");
            }
        }
        // The page that joins contains nothing of a cluster.
        let (status, start) = ui.get("/", "");
        assert!(status == 200 && !start.contains("east"), "{start}");
        let (status, peerings) = ui.get("/peerings", &ui.cookie());
        assert!(status == 200 && peerings.contains("east"), "{peerings}");
        for header in [
            "cache-control: no-store\r\n",
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
            "x-content-type-options: nosniff\r\n",
            "referrer-policy: no-referrer\r\n",
        ] {
            assert!(start.contains(header) && peerings.contains(header), "{header}: {peerings}");
        }
    });
}

#[test]
fn the_token_of_the_address_works_once() {
    without_consul(|ui| {
        let origin = format!("\r\nOrigin: http://{}", ui.address);
        for token in ["", "x", &ui.token[1..], &"x".repeat(1000)] {
            assert_eq!(ui.join(token, &origin).0, 403);
        }
        ui.cookie();
        assert_eq!(ui.join(&ui.token, &origin).0, 403);
    });
}

#[test]
fn a_foreign_host_is_refused() {
    without_consul(|ui| {
        let cookie = ui.cookie();
        let port = ui.address.rsplit(':').next().unwrap();
        for host in ["evil.example".to_owned(), format!("evil.example:{port}"), "127.0.0.1:1".to_owned()] {
            let (status, response) =
                ui.request(&format!("GET /peerings HTTP/1.1\r\nHost: {host}{cookie}"), "");
            assert!(status == 403 && !response.contains("east"), "{host}: {response}");
        }
        let both = format!("GET /peerings HTTP/1.1\r\nHost: {}\r\nHost: evil.example{cookie}", ui.address);
        assert_eq!(ui.request(&both, "").0, 403);
        assert_eq!(
            ui.request(&format!("GET /peerings HTTP/1.1\r\nHost: localhost:{port}{cookie}"), "").0,
            200
        );
    });
}

#[test]
fn a_foreign_origin_is_refused() {
    without_consul(|ui| {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost"] {
            assert_eq!(ui.join(&ui.token, &format!("\r\nOrigin: {origin}")).0, 403, "{origin}");
        }
        assert_eq!(ui.join(&ui.token, "").0, 403, "a browser sends the origin");
        // The token was not used up.
        let cookie = ui.cookie();
        let (status, response) = ui.get("/peerings", &format!("{cookie}\r\nOrigin: https://evil.example"));
        assert!(status == 403 && !response.contains("east"), "{response}");
    });
}

#[test]
fn a_cookie_that_another_site_makes_the_browser_send_is_refused() {
    without_consul(|ui| {
        let cookie = ui.cookie();
        for site in ["cross-site", "same-site", "x"] {
            let (status, response) = ui.get("/peerings", &format!("{cookie}\r\nSec-Fetch-Site: {site}"));
            assert!(status == 403 && !response.contains("east"), "{site}: {response}");
        }
        for site in ["same-origin", "none"] {
            assert_eq!(ui.get("/peerings", &format!("{cookie}\r\nSec-Fetch-Site: {site}")).0, 200, "{site}");
        }
    });
}

#[test]
fn nothing_can_be_changed() {
    without_consul(|ui| {
        let cookie = format!("{}\r\nOrigin: http://{}", ui.cookie(), ui.address);
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            assert_eq!(ui.request(&ui.head(&format!("{method} /peerings"), &cookie), "").0, 405, "{method}");
        }
    });
}

/// Returns the link on a page that starts like this.
fn link<'p>(page: &'p str, start: &str) -> &'p str {
    let from = page.find(start).unwrap_or_else(|| panic!("{start}: {page}"));
    page[from..].split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_text() {
    let consul = consul(HOSTILE, "127.0.0.1:1", None).await;
    let uri = consul.uri();
    let pages = tokio::task::spawn_blocking(move || {
        let ui = Ui::start(&uri);
        let cookie = ui.cookie();
        let overview = ui.get("/peerings", &cookie).1;
        let (status, detail) = ui.get(link(&overview, "/peering?"), &cookie);
        assert_eq!(status, 200, "{detail}");
        assert!(detail.contains("no peering of this end"), "{detail}");
        [overview, detail]
    });
    for page in pages.await.unwrap() {
        assert!(
            page.contains("&lt;script&gt;document.title='executed'&lt;/script&gt;&lt;img src=x"),
            "{page}"
        );
        assert!(page.contains(r"\u{202e}\u{7}'&amp;"), "{page}");
        assert!(!page.contains("<script>document") && !page.contains(['\u{202e}', '\u{7}']), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redacted_pages_contain_no_names() {
    let consul = consul("payments", "consul.acme.example:8503", None).await;
    let contexts = format!("[contexts.acme-1]\nhttp_addr = '{}'\n", consul.uri());
    let pages = tokio::task::spawn_blocking(move || {
        let ui = Ui::of(&contexts, &["-redact"]);
        let cookie = ui.cookie();
        let overview = ui.get("/peerings", &cookie).1;
        let (status, detail) = ui.get(link(&overview, "/peering?"), &cookie);
        assert_eq!(status, 200, "{detail}");
        let (status, events) = ui.get(link(&detail, "/diagnose?"), &cookie);
        assert_eq!(status, 200, "{events}");
        [overview, detail, events]
    });
    for page in pages.await.unwrap() {
        assert!(!page.contains("payments") && !page.contains("acme"), "{page}");
        assert!(page.contains("NAME-") || page.contains("CLUSTER-"), "{page}");
    }
}

/// Reads the next event of a stream: its name and its data.
fn event(stream: &mut impl BufRead) -> (String, Value) {
    let mut name = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(stream.read_line(&mut line).unwrap(), 0, "the stream ended");
        if let Some(event) = line.strip_prefix("event: ") {
            event.trim().clone_into(&mut name);
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (name, serde_json::from_str(data).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagnosis_appears_step_by_step() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let consul = consul("west", &listener.local_addr().unwrap().to_string(), None).await;
    let uri = consul.uri();
    let run = tokio::task::spawn_blocking(move || {
        let ui = Ui::start(&uri);
        let cookie = ui.cookie();
        let overview = ui.get("/peerings", &cookie).1;
        let detail = ui.get(link(&overview, "/peering?"), &cookie).1;
        let events = link(&detail, "/diagnose?");
        let mut stream = ui.connect();
        write!(stream, "{}\r\n\r\n", ui.head(&format!("GET {events}"), &cookie)).unwrap();
        let mut stream = BufReader::new(stream);
        // The server accepts the connection and says nothing, so the diagnosis waits.
        let (name, step) = event(&mut stream);
        assert_eq!(name, "step");
        assert!(step["text"].as_str().unwrap().contains("127.0.0.1:"), "{step}");
        let mut seen = vec![step["running"].clone()];
        let connection = listener.accept().unwrap();
        while seen.len() < 2 {
            let (name, step) = event(&mut stream);
            assert_eq!(name, "step", "a result before the server said anything: {step}");
            if !seen.contains(&step["running"]) {
                seen.push(step["running"].clone());
            }
        }
        drop((connection, listener));
        let text = loop {
            match event(&mut stream) {
                (name, data) if name == "result" => break data["html"].as_str().unwrap().to_owned(),
                _ => {}
            }
        };
        assert!(text.contains("FAILING") && !text.contains('\u{1b}'), "{text}");
        ui.interrupt()
    });
    assert_eq!(run.await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_ends_it_whatever_is_connected() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let consul = consul("west", &silent.local_addr().unwrap().to_string(), None).await;
    let uri = consul.uri();
    let run = tokio::task::spawn_blocking(move || {
        let ui = Ui::start(&uri);
        let cookie = ui.cookie();
        let idle = ui.connect();
        let mut half = ui.connect();
        write!(half, "GET / HTTP/1.1\r\nHo").unwrap();
        let mut live = ui.connect();
        let overview = ui.get("/peerings", &cookie).1;
        let events = link(&overview, "/peering?").replace("/peering?", "/diagnose?");
        write!(live, "{}\r\n\r\n", ui.head(&format!("GET {events}"), &cookie)).unwrap();
        let mut live = BufReader::new(live);
        event(&mut live);
        let exit = ui.interrupt();
        drop((idle, half, live));
        exit
    });
    assert_eq!(run.await.unwrap(), Some(0));
}
