//! No ACL token of a cluster appears anywhere but in the requests to that cluster.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::audit_listen::Listening;
use crate::peering::{Finished, Peering};

/// An ACL token, and where the program gets it.
struct Secret {
    /// The name of its cluster.
    cluster: &'static str,
    token: &'static str,
}

/// One for each way to give an ACL token.
const SECRETS: [Secret; 5] = [
    Secret { cluster: "file", token: "a1a1a1a1-5ec4-e700-0000-000000000001" },
    Secret { cluster: "variable", token: "a1a1a1a1-5ec4-e700-0000-000000000002" },
    Secret { cluster: "command", token: "a1a1a1a1-5ec4-e700-0000-000000000003" },
    Secret { cluster: "hub", token: "a1a1a1a1-5ec4-e700-0000-000000000004" },
    Secret { cluster: "config", token: "a1a1a1a1-5ec4-e700-0000-000000000005" },
];

/// What the program showed, by place, with a text that shows that it was really captured.
struct Place {
    name: &'static str,
    text: String,
    contains: &'static str,
}

/// A Consul that repeats the ACL token in every error, as a careless proxy may.
async fn consul() -> MockServer {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let token = request.headers.get("x-consul-token").map_or("none", |token| token.to_str().unwrap());
        match request.url.path() {
            path if path.ends_with("/v1/connect/ca/roots") => {
                ResponseTemplate::new(200).set_body_string("{\"TrustDomain\":\"x.consul\",\"Roots\":[]}")
            }
            path if path.contains("/v1/kv/") && path.ends_with('/') => ResponseTemplate::new(404),
            path => {
                ResponseTemplate::new(500).set_body_string(format!("{path}: rpc error with token {token}"))
            }
        }
    };
    Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    server
}

/// The files of a run: contexts with a reference to each ACL token, and a command that prints one and records the command lines
/// of itself and of the program that started it.
fn files(uri: &str) -> Vec<(&'static str, String)> {
    let [file, variable, command, hub, _] = &SECRETS;
    let mut contexts = String::new();
    for (secret, reference) in [
        (file, "token_file = 'file.acl'"),
        (variable, "token_env = 'ACL_OF_VARIABLE'"),
        (command, "token_command = ['./print-token', 'of', 'command']"),
    ] {
        let cluster = secret.cluster;
        writeln!(contexts, "[contexts.{cluster}]\nhttp_addr = '{uri}/{cluster}'\n{reference}").unwrap();
    }
    let print = "#!/bin/sh\n\
                 for process in $$ $PPID; do tr '\\0' ' ' < /proc/$process/cmdline; echo; done >> command-lines\n\
                 cat command.acl\n";
    vec![
        ("c.toml", contexts),
        ("file.acl", file.token.to_owned()),
        ("command.acl", command.token.to_owned()),
        ("hub.acl", hub.token.to_owned()),
        ("print-token", print.to_owned()),
    ]
}

fn run(uri: &str, arguments: &[&str]) -> Finished {
    let mut run = Peering::new().args(arguments).env("PEERING_CONFIG", "c.toml").env("PATH", "/usr/bin:/bin");
    run = run.env("ACL_OF_VARIABLE", SECRETS[1].token);
    for (name, text) in files(uri) {
        run = run.file(name, text);
    }
    let script = run.home().join("print-token");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    run.run()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_place_contains_an_acl_token() {
    let consul = consul().await;
    let uri = consul.uri();
    let places = tokio::task::spawn_blocking(move || places(&uri)).await.unwrap();
    for Place { name, text, contains } in &places {
        assert!(text.contains(contains), "{name} was captured: {text}");
        for secret in &SECRETS {
            assert!(
                !text.contains(secret.token),
                "{name} contains the ACL token of {}: {text}",
                secret.cluster
            );
        }
    }
    // Each cluster got its own.
    let requests = consul.received_requests().await.unwrap();
    for secret in &SECRETS[..4] {
        let is_own = |request: &&Request| request.url.path().starts_with(&format!("/{}/", secret.cluster));
        let own: Vec<_> = requests.iter().filter(is_own).collect();
        assert!(!own.is_empty(), "{}", secret.cluster);
        for request in own {
            assert_eq!(request.headers["x-consul-token"], secret.token, "{}", request.url);
        }
    }
}

fn places(uri: &str) -> Vec<Place> {
    let place = |name, text: &str, contains| Place { name, text: text.to_owned(), contains };
    let file = |run: &Finished, name: &str| fs::read_to_string(run.home.path().join(name)).unwrap();
    let mut places = Vec::new();

    let collected = run(uri, &["audit", "collect", "-log-level", "trace"]);
    places.push(place("facts on standard output", &collected.stdout, "rpc error with token"));
    places.push(place("log at trace", &collected.stderr, "Consul responded"));
    places.push(place("command lines", &file(&collected, "command-lines"), "audit collect"));
    places.push(place(
        "command line of token_command",
        &file(&collected, "command-lines"),
        "print-token of command",
    ));

    let audited = run(uri, &["audit", "-facts", "f.jsonl", "-out", "report", "-log-level", "debug"]);
    places.push(place("facts in a file", &file(&audited, "f.jsonl"), "rpc error with token"));
    places.push(place("report in a file", &file(&audited, "report"), "could not be read"));
    places.push(place("log at debug", &audited.stderr, "Consul responded"));
    for (name, format, contains) in [
        ("report as JSON", "json", "\"cluster-unreachable\""),
        ("report as SARIF", "sarif", "cluster-unreachable"),
        ("report as JUnit", "junit", "cluster-unreachable"),
        ("metrics", "openmetrics", "peering_audit_cluster_up"),
    ] {
        places.push(place(name, &run(uri, &["audit", "-format", format]).stdout, contains));
    }

    let hub = format!("{uri}/hub");
    let refused = ["audit", "collect", "-out", "consul-kv:a/b", "-http-addr", &hub, "-token-file", "hub.acl"];
    places.push(place("error of the hub", &run(uri, &refused).stderr, "rpc error with token"));
    let refused =
        ["audit", "collect", "-out", "consul-kv:a/b", "-http-addr", &hub, "-token", SECRETS[3].token];
    places.push(place("error of the hub with -token", &run(uri, &refused).stderr, "rpc error with token"));
    let mistake = format!("[contexts.config]\nhttp_addr = 'h'\ntoken = '{}'\n", SECRETS[4].token);
    let refused =
        Peering::new().args(["audit", "-inventory", "mistake.toml"]).file("mistake.toml", mistake).run();
    places.push(place("error of the inventory", &refused.stderr, "is a secret"));

    let listening = Listening::start_with(&["-log-level", "trace", "-every", "24h"], |home| {
        for (name, text) in files(uri) {
            fs::write(home.join(name), text).unwrap();
        }
        fs::set_permissions(home.join("print-token"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(home.join("c.toml"), home.join("i.toml")).unwrap();
        vec![("ACL_OF_VARIABLE", SECRETS[1].token), ("PATH", "/usr/bin:/bin")]
    });
    listening.wait();
    places.push(place("/facts", &listening.get("/facts").1, "rpc error with token"));
    places.push(place("/metrics", &listening.get("/metrics").1, "peering_audit_cluster_up"));
    places.push(place("/healthz", &listening.get("/healthz").1, "ok"));
    places.push(place("its command line", &listening.command_line(), "-listen"));
    places.push(place("its log", &listening.log(), "Consul responded"));
    places
}
