//! `peering audit` and `peering audit collect`: clusters to facts.

use std::time::Duration;

use consul_peering::audit::{Facts, Options, judge};
use consul_peering::net::collect::{Collector, Target, collect};
use consul_peering::net::consul::{self, Client, Config};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Dev, Finished, Peering, fixture, guard};

pub const ACL_TOKEN: &str = "b1b1b1b1-0000-0000-0000-000000000001";

/// Two clusters of which west has peered with east.
pub struct Pair {
    east: Dev,
    west: Dev,
    _homes: [tempfile::TempDir; 2],
}

impl Pair {
    pub fn start() -> Self {
        let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let east = Dev::start(homes[0].path(), &[]);
        let west = Dev::start(homes[1].path(), &["-datacenter", "dc2", "-acl-token", ACL_TOKEN]);
        let pair = Self { east, west, _homes: homes };
        let token = pair.run(&["generate-token", "-context", "east", "-name", "to-west"]).shows_secrets();
        let token = token.run().status(0).stdout;
        guard(&token);
        let establish =
            ["establish", "-context", "west", "-name", "to-east", "-peering-token", "-", "-wait", "1m"];
        pair.run(&establish).stdin(token).run().status(0);
        pair
    }

    /// Returns the configuration with both contexts, and one of a cluster that does not exist. The ACL token of west is in
    /// `WEST_TOKEN`.
    pub fn contexts(&self) -> String {
        format!(
            "[contexts.east]\nhttp_addr = '{}'\nlabels = {{ env = 'prod' }}\n\
             [contexts.west]\nhttp_addr = '{}'\ntoken_env = 'WEST_TOKEN'\n\
             [contexts.gone]\nhttp_addr = '127.0.0.1:1'\n",
            self.east.url, self.west.url
        )
    }

    fn run(&self, arguments: &[&str]) -> Peering {
        let run =
            Peering::new().args(arguments).file("c.toml", self.contexts()).env("PEERING_CONFIG", "c.toml");
        run.env("WEST_TOKEN", ACL_TOKEN)
    }
}

fn json_of(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// Returns the status of each cluster in facts.
pub fn statuses(facts: &str) -> Vec<String> {
    let facts = facts.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let clusters = facts.filter(|fact| fact["kind"] == "cluster");
    clusters
        .map(|fact| format!("{} {}", fact["cluster"].as_str().unwrap(), fact["status"].as_str().unwrap()))
        .collect()
}

#[test]
fn an_audit_sees_both_ends_of_a_peering() {
    let pair = Pair::start();
    let run =
        pair.run(&["audit", "-context", "east,west", "-format", "json", "-facts", "f.jsonl"]).run().status(0);
    let report = json_of(&run);
    assert_eq!(report["status"], "ok", "{report}");
    assert_eq!(report["peerings"][0]["other_end"]["peering"], "to-east");
    // Collecting and judging in two steps is the same.
    let facts = std::fs::read_to_string(run.home.path().join("f.jsonl")).unwrap();
    let now = report["judged_at"].as_str().unwrap();
    let judged =
        Peering::new().args(["audit", "judge", "-", "-format", "json", "-now", now]).stdin(facts).run();
    assert_eq!(json_of(&judged.status(0)), report);
    // With one of the clusters only, chosen by its name or a label.
    let run = pair.run(&["audit", "-format", "json", "-label", "env=prod"]).run().status(0);
    assert_eq!(json_of(&run)["clusters"].as_array().unwrap().len(), 1);
    let run = pair.run(&["audit", "-format", "json", "-context", "west"]).run().status(0);
    assert_eq!(json_of(&run)["findings"][0]["check"], "peer-not-in-inventory");
}

#[test]
fn clusters_that_cannot_be_read_have_a_reason() {
    let pair = Pair::start();
    let run = pair.run(&["audit", "collect"]).run().status(1);
    assert_eq!(statuses(&run.stdout), ["east ok", "gone unreachable", "west ok"]);
    let run = pair.run(&["audit", "collect", "-out", "f.jsonl"]).env("WEST_TOKEN", "").run().status(1);
    let facts = std::fs::read_to_string(run.home.path().join("f.jsonl")).unwrap();
    assert!(facts.contains("the variable WEST_TOKEN (token_env) is not set"), "{facts}");
    let run =
        pair.run(&["audit", "-skip", "peer-not-in-inventory"]).env("WEST_TOKEN", "not-a-token-of-west").run();
    let run = run.status(1);
    assert!(run.stdout.starts_with("✗ 2 of 3 clusters could not be read.\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("✗ gone  dial tcp 127.0.0.1:1: connect: connection refused\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("✗ west  ACL not found\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("one-sided"), "the other end is unknown, not missing: {}", run.stdout);
}

#[test]
fn no_output_contains_an_acl_token() {
    let pair = Pair::start();
    for format in ["pretty", "json", "jsonl", "yaml", "sarif", "junit", "openmetrics"] {
        for token in [ACL_TOKEN, "5ec4e700-0000-0000-0000-000000000002"] {
            let audit = ["audit", "-format", format, "-facts", "f.jsonl", "-out", "o", "-log-level", "trace"];
            let run = pair.run(&audit).env("WEST_TOKEN", token).run();
            let file = |name: &str| std::fs::read_to_string(run.home.path().join(name)).unwrap();
            for text in [&run.stdout, &run.stderr, &file("f.jsonl"), &file("o")] {
                assert!(!text.contains(token), "{format}: {text}");
            }
            assert!(run.stderr.contains("Consul responded"), "the log has the requests: {}", run.stderr);
        }
    }
}

#[test]
fn a_shard_is_a_part_of_the_inventory() {
    let line = |number| json!({ "name": format!("c{number}"), "http_addr": "127.0.0.1:1" }).to_string();
    let inventory = (0..40).map(line).collect::<Vec<_>>().join("\n");
    let facts = |arguments: &[&str]| {
        let run = Peering::new().args(["audit", "collect", "-inventory", "-"]).args(arguments);
        run.stdin(inventory.clone()).run().stdout
    };
    let mut all: Vec<String> =
        (1..=3).flat_map(|index| statuses(&facts(&["-shard", &format!("{index}/3")]))).collect();
    let whole = statuses(&facts(&[]));
    assert_eq!(whole.len(), 40);
    all.sort();
    let mut sorted = whole;
    sorted.sort();
    assert_eq!(all, sorted);
    assert_eq!(statuses(&facts(&["-context", "c7,c9"])), ["c7 unreachable", "c9 unreachable"]);
}

#[test]
fn mistakes_in_an_inventory_are_named() {
    let error = |inventory: &str, arguments: &[&str]| {
        let run =
            Peering::new().args(["audit", "-inventory", "i"]).args(arguments).file("i", inventory).run();
        run.status(2).stderr
    };
    let twice = "{\"name\":\"a\",\"http_addr\":\"h\"}\n{\"name\":\"a\",\"http_addr\":\"i\"}\n";
    let mut all = String::new();
    for (inventory, arguments) in [
        (twice, &[][..]),
        ("{\"name\":\"a\",\"http_addr\":\"h\"}\n{\"name\":\"b\"}\n", &[]),
        ("{\"name\":\"a\",\"http_addr\":\"h\",\"token\":\"s3cr3t-of-a-cluster\"}\n", &[]),
        ("[contexts.a]\nhttp_addr = 'h'\ntoken = 's3cr3t-of-a-cluster'\n", &[]),
        ("[defaults]\nformat = 'json'\n", &[]),
        ("", &[]),
        ("[contexts.east]\nhttp_addr = 'h'\n", &["-context", "eat"]),
        ("[contexts.east]\nhttp_addr = 'h'\n", &["-label", "env=prod"]),
        ("[contexts.east]\nhttp_addr = 'h'\n", &["-shard", "4/3"]),
        ("[contexts.east]\nhttp_addr = 'h'\n", &["-label", "prod"]),
    ] {
        let error = error(inventory, arguments);
        assert!(!error.contains("s3cr3t"), "{error}");
        all += &format!("{inventory}{}\n{error}\n", arguments.join(" "));
    }
    insta::assert_snapshot!("mistakes_in_an_inventory", all);
}

/// The time at which the mesh was recorded.
fn recorded_at() -> jiff::Timestamp {
    "2026-11-27T17:57:20Z".parse().unwrap()
}

/// Serves the recorded answers of a cluster of the mesh. Its root is the CA that its peers have.
async fn recorded(cluster: &str, roots: &[(String, String)]) -> MockServer {
    let server = MockServer::start().await;
    let peerings =
        std::fs::read_to_string(fixture(&format!("audit/recorded/fleet-peerings-{cluster}.json"))).unwrap();
    let (_, root) = roots.iter().find(|(name, _)| name == cluster).unwrap();
    let trust_domain = consul_peering::certificate::Certificate::from_pem(root).unwrap();
    let number = cluster.trim_start_matches("dc");
    for (at, status, body) in [
        ("/v1/peerings", 200, peerings),
        (
            "/v1/connect/ca/roots",
            200,
            json!({ "TrustDomain": trust_domain.trust_domain(), "Roots": [{ "RootCert": root, "Active": true }] }).to_string(),
        ),
        ("/v1/internal/acl/authorize", 401, "ACL support disabled".to_owned()),
        ("/v1/agent/self", 200, json!({ "Config": { "Version": "1.23.0-dev", "Datacenter": cluster } }).to_string()),
        ("/v1/status/leader", 200, format!("\"127.0.0.{number}:8300\"")),
        (
            "/v1/catalog/service/consul",
            200,
            json!([{ "Address": format!("127.0.0.{number}"), "Datacenter": cluster, "ServiceMeta": { "grpc_tls_port": "8503" } }])
                .to_string(),
        ),
        ("/v1/internal/federation-states/mesh-gateways", 200, "{}".to_owned()),
    ] {
        let response = ResponseTemplate::new(status).set_body_string(body);
        Mock::given(path(at)).respond_with(response).mount(&server).await;
    }
    server
}

/// `UPDATE_FIXTURES=1` writes the facts, from which tests/it/audit.rs takes them.
#[tokio::test(flavor = "multi_thread")]
async fn recorded_answers_become_facts() {
    let clusters = ["dc31", "dc32", "dc33", "dc34"];
    let mut roots: Vec<(String, String)> = Vec::new();
    for cluster in clusters {
        let file = fixture(&format!("audit/recorded/fleet-peerings-{cluster}.json"));
        let peerings: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for peering in peerings.as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            roots.push((text(&peering["Remote"]["Datacenter"]), text(&peering["PeerCAPems"][0])));
        }
    }
    let mut targets = Vec::new();
    let mut servers = Vec::new();
    for cluster in clusters {
        let server = recorded(cluster, &roots).await;
        let options = consul::Options { http_addr: Some(server.uri()), ..consul::Options::default() };
        let config = Config::resolve(&options, |_| None).unwrap();
        targets
            .push(Target::new(cluster, || Client::over_network(config).map_err(|error| error.to_string())));
        servers.push(server);
    }
    let mut facts =
        collect(targets, &Collector { timeout: Duration::from_mins(1), ..Collector::new(recorded_at) }).await;
    for cluster in &mut facts.clusters {
        // How long it took, and the clock of this machine.
        (cluster.elapsed_ms, cluster.clock_skew_ms) = (42, Some(-400));
    }
    let report = judge(&facts, &[], &Options::new(recorded_at()));
    assert_eq!(report.findings, []);
    let file = fixture("audit/mesh.jsonl");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(&file, facts.to_lines()).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(facts.to_lines(), text);
    let mut read = Facts::default();
    read.read_lines("mesh.jsonl", text.as_bytes()).unwrap();
    assert_eq!(read.to_lines(), text);
}
