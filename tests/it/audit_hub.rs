//! Facts of an audit in the KV of a hub: `-out consul-kv:PREFIX/NAME` and `judge consul-kv:PREFIX`.

use crate::peering::{Dev, Finished, Peering};

const HUB_TOKEN: &str = "c2c2c2c2-0000-0000-0000-000000000001";
const EAST_TOKEN: &str = "b1b1b1b1-0000-0000-0000-000000000001";

/// A hub, and a cluster to audit. Each has an ACL token of its own.
struct Clusters {
    hub: Dev,
    east: Dev,
    _homes: [tempfile::TempDir; 2],
}

impl Clusters {
    fn start() -> Self {
        let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let hub = Dev::start(homes[0].path(), &["-acl-token", HUB_TOKEN]);
        let east = Dev::start(homes[1].path(), &["-acl-token", EAST_TOKEN]);
        Self { hub, east, _homes: homes }
    }

    /// A command with the contexts `east` and `hub`. Only `-inventory` and `-context` select the clusters of the audit.
    fn run(&self, arguments: &[&str]) -> Peering {
        let contexts = format!(
            "[contexts.east]\nhttp_addr = '{}'\ntoken_file = 'east.acl'\n\
             [contexts.hub]\nhttp_addr = '{}'\ntoken_file = 'hub.acl'\n",
            self.east.url, self.hub.url
        );
        let run = Peering::new().args(arguments).file("c.toml", contexts).env("PEERING_CONFIG", "c.toml");
        run.file("hub.acl", HUB_TOKEN).file("east.acl", EAST_TOKEN)
    }

    fn collect(&self, name: &str) -> Finished {
        let place = format!("consul-kv:peering/audit/{name}");
        self.run(&["audit", "collect", "-context", "east", "-hub", "hub", "-out", &place]).run()
    }
}

#[test]
fn facts_in_a_hub_are_judged_like_facts_in_a_file() {
    let clusters = Clusters::start();
    let collected = clusters.collect("east").status(0);
    assert_eq!((&*collected.stdout, &*collected.stderr), ("", ""));
    let now = "-now=2027-01-01";
    let hub = ["-http-addr", &clusters.hub.url, "-token-file", "hub.acl"];
    let judged = clusters
        .run(&["audit", "judge", "consul-kv:peering/audit", "-format=json", "-ledger=off", now])
        .args(hub)
        .run()
        .status(0);
    // As a value, the facts are a file of facts.
    let key = format!("{}/v1/kv/peering/audit/east?raw", clusters.hub.url);
    let value = http_get(&key, HUB_TOKEN);
    let from_file = Peering::new()
        .args(["audit", "judge", "-", "-format=json", "-ledger=off", now])
        .stdin(value)
        .run()
        .status(0);
    assert_eq!(judged.stdout, from_file.stdout);
    assert!(judged.stdout.contains("\"cluster\": \"east\""), "{}", judged.stdout);
    // An audit can write the facts too, and compare with those of the hub. The hub may also come from Consul's variables.
    let audit = ["audit", "-context", "east", "-facts", "consul-kv:peering/audit/east"];
    let audit = clusters.run(&audit).args(["-diff", "consul-kv:peering/audit"]);
    let audit = audit.env("CONSUL_HTTP_ADDR", &clusters.hub.url).env("CONSUL_HTTP_TOKEN", HUB_TOKEN);
    assert_eq!(audit.run().status(0).stdout, "✓ Nothing changed.\n");
}

#[test]
fn a_hub_is_checked_before_anything_is_collected() {
    let clusters = Clusters::start();
    let mut all = String::new();
    let out = "consul-kv:peering/audit/east";
    for (arguments, token) in [
        (&["audit", "collect", "-out", out, "-http-addr", "127.0.0.1:1"][..], ""),
        (&["audit", "collect", "-out", out, "-http-addr", &clusters.hub.url], ""),
        (
            &["audit", "collect", "-out", out, "-http-addr", &clusters.hub.url],
            "5ec4e700-0000-0000-0000-000000000002",
        ),
        (&["audit", "collect", "-out", out, "-hub", "hubb"], ""),
        (&["audit", "judge", "consul-kv:peering/audit", "-http-addr", &clusters.hub.url], ""),
        (&["audit", "judge", "consul-kv:peering/audit", "-hub", "hub"], ""),
        (&["audit", "judge", "consul-kv:peering/audit", "-http-addr", "127.0.0.1:1"], ""),
        (&["audit", "collect", "-http-addr", "127.0.0.1:1"], ""),
        (&["audit", "-hub", "hub"], ""),
        (&["audit", "judge", "facts.jsonl", "-out", out], ""),
        (&["audit", "collect", "-out", "consul-kv:"], ""),
        (&["audit", "collect", "-out", "consul-kv:east"], ""),
        (&["audit", "collect", "-out", "consul-kv:audit/"], ""),
        (&["audit", "collect", "-out", "consul-kv:/east"], ""),
        (&["audit", "collect", "-out", "consul-kv:audit//east"], ""),
        (&["audit", "collect", "-out", "consul-kv:audit/ "], ""),
        (&["audit", "collect", "-out", "consul-kv:audit/../vault"], ""),
        (&["audit", "judge", "consul-kv:"], ""),
        (&["audit", "judge", "consul-kv:/"], ""),
    ] {
        let run = clusters.run(arguments).env("CONSUL_HTTP_TOKEN", token).run().status(2);
        assert_eq!(run.stdout, "");
        all += &format!("{}\n{}\n", arguments.join(" "), run.stderr).replace(&clusters.hub.url, "http://HUB");
    }
    insta::assert_snapshot!("mistakes_with_a_hub", all);
    assert!(!clusters.collect("east").stderr.contains("newer"), "nothing was written");
}

#[test]
fn older_facts_do_not_replace_newer_ones() {
    let clusters = Clusters::start();
    clusters.collect("east").status(0);
    let url = format!("{}/v1/kv/peering/audit/east", clusters.hub.url);
    let newer =
        http_get(&format!("{url}?raw"), HUB_TOKEN).replace("\"observed_at\":\"20", "\"observed_at\":\"21");
    http_put(&url, HUB_TOKEN, &newer);
    let collected = clusters.collect("east").status(0);
    assert_eq!(collected.stderr, "consul-kv:peering/audit/east: the stored facts are newer and were kept\n");
    assert_eq!(http_get(&format!("{url}?raw"), HUB_TOKEN), newer);
}

#[test]
fn each_cluster_gets_its_own_acl_token_only() {
    let clusters = Clusters::start();
    let run = clusters.run(&["audit", "collect", "-out", "consul-kv:audit/all", "-log-level", "trace"]);
    let run = run.env("CONSUL_HTTP_ADDR", &clusters.hub.url).env("CONSUL_HTTP_TOKEN", HUB_TOKEN);
    let run = run.args(["-context", "east"]).run().status(0);
    let log = &run.stderr;
    assert!(log.contains("/v1/kv/audit/all") && log.contains("/v1/peerings"), "{log}");
    for token in [HUB_TOKEN, EAST_TOKEN] {
        assert!(!log.contains(token), "{log}");
    }
    let facts = http_get(&format!("{}/v1/kv/audit/all?raw", clusters.hub.url), HUB_TOKEN);
    assert!(facts.contains("\"status\":\"ok\"") && !facts.contains(EAST_TOKEN) && !facts.contains(HUB_TOKEN));
}

/// Sends a request to a Consul, and returns the body of its answer.
fn http(method: &str, url: &str, token: &str, body: &str) -> String {
    use std::io::{Read, Write};
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(authority).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} /{path} HTTP/1.1\r\nHost: {authority}\r\nX-Consul-Token: {token}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    body.to_owned()
}

fn http_get(url: &str, token: &str) -> String {
    http("GET", url, token, "")
}

fn http_put(url: &str, token: &str, body: &str) {
    assert_eq!(http("PUT", url, token, body), "true");
}
