//! `stale` against embedded acceptors over real sockets: the histories that Consul has one message for.

use serde_json::{Value, json};

use crate::peering::{Dev, Peering, guard, token_json};

/// An acceptor, a dialer, and the folder that the commands keep their ledger in.
struct World {
    home: tempfile::TempDir,
    acceptor: Dev,
    dialer: Dev,
    _homes: [tempfile::TempDir; 2],
}

impl World {
    fn new() -> Self {
        let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        Self {
            home: tempfile::tempdir().unwrap(),
            acceptor: Dev::start(homes[0].path(), &[]),
            dialer: Dev::start(homes[1].path(), &["-datacenter", "dc2"]),
            _homes: homes,
        }
    }

    fn at_the_acceptor(&self, words: &[&str]) -> Peering {
        Peering::new(words)
            .env("CONSUL_HTTP_ADDR", &self.acceptor.url)
            .env("PEERING_STATE_DIR", self.home.path().join("state").to_str().unwrap())
    }

    fn run(&self, words: &[&str]) -> crate::peering::Finished {
        self.at_the_acceptor(words).run()
    }

    fn generate(&self) -> String {
        let run = self.at_the_acceptor(&["generate-token", "-name", "west"]).shows_secrets().run().status(0);
        let token = run.stdout.trim().to_owned();
        guard(&token);
        token
    }

    /// Establishes at the dialer, over its HTTP API; the status.
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

    /// Verdict, certainty and exit code by some sources.
    fn verdict(&self, token: &str, sources: &[&str]) -> (String, Option<String>, i32) {
        let words: Vec<&str> =
            ["stale", token, "-format", "json"].into_iter().chain(sources.iter().copied()).collect();
        let finished = self.run(&words);
        let shown: Value =
            serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr));
        let assessed = &shown["tokens"][0];
        (
            assessed["verdict"].as_str().unwrap().to_owned(),
            assessed["certainty"].as_str().map(str::to_owned),
            finished.status,
        )
    }
}

/// One request by hand; its status.
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
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn is(verdict: &str, certainty: &str, status: i32) -> (String, Option<String>, i32) {
    (verdict.to_owned(), Some(certainty.to_owned()), status)
}

#[test]
fn every_history_gets_its_verdict_and_no_look_spends_the_token() {
    let world = World::new();
    let first = world.generate();
    // The ledger alone cannot know whether it was used; with the probes it is likely the one; a snapshot proves it.
    assert_eq!(world.verdict(&first, &["-name", "west", "-probe"]), is("current", "likely", 0));
    assert_eq!(world.verdict(&first, &["-snapshot", "live"]), is("current", "proven", 0));
    assert_eq!(world.verdict(&first, &["-name", "west", "-probe", "-require", "proven"]).2, 3);

    let second = world.generate();
    assert_eq!(token_json(&first)["PeerID"], token_json(&second)["PeerID"]);
    assert_eq!(world.verdict(&first, &["-name", "west", "-probe"]), is("superseded", "proven", 1));
    assert_eq!(
        world.verdict(&first, &["-ledger", "off", "-snapshot", "live"]),
        is("superseded", "proven", 1)
    );
    assert_eq!(world.verdict(&second, &["-name", "west", "-probe"]), is("current", "likely", 0));

    // All those looks, and it still establishes.
    for _ in 0..3 {
        world.verdict(&second, &["-name", "west", "-probe", "-snapshot", "live"]);
    }
    assert_eq!(world.establish(&first), 403);
    assert_eq!(world.establish(&second), 200);
    assert_eq!(world.verdict(&second, &["-probe"]), is("spent", "proven", 1));
    assert_eq!(world.verdict(&second, &["-ledger", "off", "-snapshot", "live"]), is("spent", "proven", 1));

    world.delete();
    assert_eq!(world.verdict(&second, &["-probe", "-ledger", "off"]), is("orphaned", "proven", 1));
    let third = world.generate();
    assert_ne!(token_json(&third)["PeerID"], token_json(&second)["PeerID"]);
    assert_eq!(world.verdict(&second, &["-name", "west"]), is("orphaned", "proven", 1));
    assert_eq!(world.verdict(&third, &["-name", "west", "-probe"]), is("current", "likely", 0));
}

#[test]
fn offline_with_nothing_known_it_cannot_be_told() {
    let world = World::new();
    let token = world.generate();
    assert_eq!(world.verdict(&token, &["-offline", "-ledger", "off"]), ("undetermined".to_owned(), None, 3));
}

#[test]
fn another_clusters_404_proves_nothing() {
    let world = World::new();
    let token = world.generate();
    let dialer = world.dialer.url.clone();
    let words = ["-name", "west", "-ledger", "off", "-http-addr", &dialer];
    assert_eq!(world.verdict(&token, &words), ("undetermined".to_owned(), None, 3));
}

#[test]
fn if_unused_asks_the_acceptor_whether_the_token_is_unused() {
    let world = World::new();
    let token = world.generate();
    let keep = ["generate-token", "-name", "west", "-if-unused=keep"];
    let kept = world.run(&keep).status(3);
    assert_eq!(kept.stdout, "");
    assert_eq!(world.run(&["generate-token", "-name", "west", "-if-unused=fail"]).status, 1);
    assert_eq!(world.establish(&token), 200, "looking has not spent it");
    let next = world.at_the_acceptor(&keep).shows_secrets().run().status(0);
    assert_ne!(next.stdout, "", "it was used, so a new one hurts nobody: {}", next.stderr);
}
