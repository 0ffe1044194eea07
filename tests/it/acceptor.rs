//! The embedded acceptor against recordings of a real Consul, and under several processes at once.

use std::path::Path;

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Fault, Settings};
use http::{Request, Response};
use insta::assert_snapshot;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::peering::{Peering, fixture, guard, token_json};
use crate::served::Served;

/// A recorded request and the response of a real Consul.
#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: RecordedRequest,
    response: RecordedResponse,
}

#[derive(Deserialize)]
struct RecordedRequest {
    method: String,
    path: String,
    headers: std::collections::BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct RecordedResponse {
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
}

/// The settings of the Consul that a recording was made with.
#[derive(Clone, Copy, PartialEq)]
enum Setup {
    /// Every feature enabled, nothing denied.
    Default,
    /// `connect.enabled = false`
    NoConnect,
    /// `peering.enabled = false`
    NoPeering,
    /// gRPC without TLS.
    NoGrpcTls,
    /// An ACL token is required.
    DefaultDeny,
}

/// The recordings that cannot be replayed, by the start of their names, each with the reason. All others are replayed.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("establish-peering-disabled", "replayed with peering disabled"),
    ("establish-superseded-token", "needs the other cluster"),
    ("establish-ok", "needs the other cluster"),
    ("establish-used-token", "needs the other cluster"),
    ("establish-same-cluster", "needs a token of this cluster; see tests/it/peerstream.rs"),
    ("establish-name-is-acceptor", "needs a dialed name; see tests/it/peerstream.rs"),
    ("establish-wrapped-base64", "needs the other cluster"),
    ("establish-trailing-newline", "needs the other cluster"),
    ("establish-url-safe", "needs the other cluster"),
    ("establish-address-empty-host", "dials for three seconds"),
    ("establish-address-ipv6", "dials for three seconds"),
    ("establish-ca-null", "dials for three seconds"),
    ("establish-no-secret", "needs the other cluster"),
    ("establish-unknown-peer-id", "needs the other cluster"),
    ("establish-wrong-", "needs the other cluster"),
    ("establish-refused-port", "dials for three seconds"),
    ("establish-http-port", "needs the other cluster"),
    ("establish-no-such-host", "dials for three seconds"),
    ("establish-one-bad-one-good", "needs the other cluster"),
    ("establish-extra-field", "needs the other cluster"),
    ("establish-over-terminated", "needs the other cluster"),
    ("establish-token-from", "needs the other cluster"),
    ("establish-kill", "needs the other cluster"),
    ("orphan-establish", "needs the other cluster"),
    ("generate-kill", "has two roots because the CA was rotated"),
    ("read-dialer", "needs the other cluster"),
    ("list-dialer", "needs the other cluster"),
    ("read-acceptor", "shows a stream"),
    ("read-with-services", "shows a stream"),
    ("read-after-rotation", "shows a stream"),
    ("read-old-peering", "shows a stream"),
    ("read-deleting", "shows a used peering"),
    ("list-two", "shows a stream"),
    ("rotate", "the CA is not rotated"),
    ("roots-after", "the CA is not rotated"),
    ("ca-config", "the CA is not rotated"),
    ("ca-roots-agent", "the acceptor has no agent cache of roots"),
    ("catalog", "there are no services"),
    ("status-leader", "contains its own address"),
    ("agent-version", "the acceptor has no such endpoint"),
    ("exported-services", "there are no services"),
    ("acl-exported-services", "there are no services"),
    ("mesh", "there is no mesh"),
    ("config-mesh", "there is no mesh"),
    ("three-servers", "there is one server"),
    ("acl-token-self", "the acceptor has no ACL tokens to read"),
];

fn recordings() -> Vec<Exchange> {
    serde_json::from_slice(&std::fs::read(fixture("consul/http.json")).unwrap()).unwrap()
}

/// Returns the settings that a recording was made with.
fn setup(name: &str) -> Setup {
    match name {
        "generate-connect-disabled" => Setup::NoConnect,
        name if name.ends_with("peering-disabled") => Setup::NoPeering,
        "generate-no-grpc-tls" | "generate-no-grpc" => Setup::NoGrpcTls,
        name if name.starts_with("acl-") => Setup::DefaultDeny,
        _ => Setup::Default,
    }
}

fn open(directory: &Path, setup: Setup) -> Acceptor {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut settings = Settings::new(move || now);
    settings.node = "c".to_owned();
    match setup {
        Setup::Default => {}
        Setup::NoConnect => settings.connect = false,
        Setup::NoPeering => settings.peering = false,
        Setup::NoGrpcTls => settings.grpc_tls = false,
        Setup::DefaultDeny => settings.acl_token = Some("11111111-2222-3333-4444-555555555555".into()),
    }
    Acceptor::open(directory, settings).unwrap()
}

fn send(acceptor: &Acceptor, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path).body(Bytes::copy_from_slice(body.as_bytes()));
    acceptor.answer(&request.unwrap())
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn generate(acceptor: &Acceptor, name: &str) -> Value {
    let answer = send(acceptor, "POST", "/v1/peering/token", &json!({ "PeerName": name }).to_string());
    let token = json_of(&answer)["PeeringToken"].as_str().unwrap().to_owned();
    guard(&token);
    token_json(&token)
}

/// Replaces the values that differ between clusters. All others must be equal.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), field_shape(key, value))).collect()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}

/// The fields that differ between clusters.
const CLUSTER_FIELDS: &[&str] = &[
    "ID",
    "PeerID",
    "EstablishmentSecret",
    "ActiveRootID",
    "SigningKeyID",
    "RootCert",
    "ExternalTrustDomain",
    "NotBefore",
    "NotAfter",
    "Datacenter",
    "PrimaryDatacenter",
    "NodeName",
];

fn field_shape(key: &str, value: &Value) -> Value {
    match (key, value) {
        ("PeeringToken", Value::String(token)) => shape(&token_json(token)),
        ("CA", Value::Array(roots)) => roots.iter().map(|_| "<pem>").collect(),
        ("ServerAddresses", _) => json!("<addresses>"),
        ("ServerName" | "TrustDomain", Value::String(text)) => shape_of_uuids(text).into(),
        ("CreateIndex" | "ModifyIndex" | "SerialNumber", Value::Number(_)) => json!("<index>"),
        (key, Value::String(text)) if CLUSTER_FIELDS.contains(&key) && !text.is_empty() => {
            json!(format!("<{key}>"))
        }
        (_, value) => shape(value),
    }
}

fn shape_of_uuids(text: &str) -> String {
    let parts: Vec<&str> = text.split('.').collect();
    parts
        .iter()
        .map(|part| if part.len() == 36 { "<uuid>" } else { part })
        .collect::<Vec<_>>()
        .join(".")
        .replace("dc3", "dc1")
}

#[test]
fn responses_equal_those_of_a_real_consul() {
    let mut replayed = 0;
    let mut differences = Vec::new();
    for exchange in recordings() {
        let name = &exchange.name;
        if NOT_APPLICABLE.iter().any(|(start, _)| name.starts_with(start)) && setup(name) != Setup::NoPeering
        {
            continue;
        }
        // The acceptor has one ACL token; skip the recordings with other valid ones.
        let token = exchange.request.headers.get("X-Consul-Token").map(String::as_str);
        let tokens = [
            None,
            Some("11111111-2222-3333-4444-555555555555"),
            Some("deadbeef-0000-0000-0000-000000000000"),
        ];
        if setup(name) == Setup::DefaultDeny && !tokens.contains(&token) {
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let acceptor = open(directory.path(), setup(name));
        if exchange.response.status == 200 && exchange.request.method == "GET" {
            let id = exchange.request.path.strip_prefix("/v1/peering/");
            id.map(|name| generate(&open(directory.path(), Setup::Default), name));
        }
        let mut request =
            Request::builder().method(exchange.request.method.as_str()).uri(&exchange.request.path);
        for (header, value) in &exchange.request.headers {
            request = request.header(header, value);
        }
        let body = exchange.request.body.clone().unwrap_or_default();
        let response = acceptor.answer(&request.body(Bytes::from(body)).unwrap());
        differences.extend(differences_of(&exchange, &response));
        replayed += 1;
    }
    assert_eq!(differences, Vec::<String>::new());
    assert_eq!(replayed, 86, "the number of replayed recordings changed");
}

/// Compares status, headers and body, and describes the differences.
fn differences_of(exchange: &Exchange, response: &Response<Bytes>) -> Vec<String> {
    let (name, recorded) = (&exchange.name, &exchange.response);
    let mut differences = Vec::new();
    let mut compare = |what: &str, actual: String, expected: String| {
        if actual != expected {
            differences.push(format!("{name}: {what} is {actual}, recorded is {expected}"));
        }
    };
    compare("status", response.status().as_u16().to_string(), recorded.status.to_string());
    for header in ["Content-Type", "Allow"] {
        let actual = response.headers().get(header).map(|value| value.to_str().unwrap().to_owned());
        compare(header, format!("{actual:?}"), format!("{:?}", recorded.headers.get(header).cloned()));
    }
    if recorded.headers["Content-Type"] == "application/json" && response.status() == 200 {
        let expected: Value = serde_json::from_str(&recorded.body).unwrap();
        let (actual, expected) = comparable(&exchange.request.path, &json_of(response), &expected);
        compare("body", actual.to_string(), expected.to_string());
    } else {
        compare("body", String::from_utf8(response.body().to_vec()).unwrap(), recorded.body.clone());
    }
    differences
}

fn comparable(path: &str, actual: &Value, recorded: &Value) -> (Value, Value) {
    match path {
        // A real agent returns many more fields.
        "/v1/agent/self" => (shape(actual), shape(&only_keys_of(recorded, actual))),
        // The peerings differ.
        "/v1/peerings" if recorded.as_array().is_some_and(|list| !list.is_empty()) => {
            (actual.is_array().into(), recorded.is_array().into())
        }
        _ => (shape(actual), shape(recorded)),
    }
}

fn only_keys_of(value: &Value, model: &Value) -> Value {
    match (value, model) {
        (Value::Object(fields), Value::Object(wanted)) => wanted
            .iter()
            .filter_map(|(key, model)| Some((key.clone(), only_keys_of(fields.get(key)?, model))))
            .collect(),
        (value, _) => value.clone(),
    }
}

#[test]
fn generating_again_keeps_the_peer_id_and_replaces_the_secret() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path(), Setup::Default);
    let (first, second) = (generate(&acceptor, "west"), generate(&acceptor, "west"));
    assert_eq!(first["PeerID"], second["PeerID"]);
    assert_eq!(first["CA"], second["CA"]);
    assert_ne!(first["EstablishmentSecret"], second["EstablishmentSecret"]);
    assert_ne!(generate(&acceptor, "east")["PeerID"], first["PeerID"]);
}

#[test]
fn generating_a_deleted_name_creates_another_peer_id() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path(), Setup::Default);
    let first = generate(&acceptor, "west");
    assert_eq!(send(&acceptor, "DELETE", "/v1/peering/west", "").status(), 200);
    assert_eq!(send(&acceptor, "GET", "/v1/peering/west", "").status(), 404);
    assert_ne!(generate(&acceptor, "west")["PeerID"], first["PeerID"]);
}

#[test]
fn metadata_of_the_first_generate_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path(), Setup::Default);
    for meta in [json!({"a": "b"}), json!({"c": "d"}), json!(null)] {
        let body = json!({ "PeerName": "west", "Meta": meta }).to_string();
        assert_eq!(send(&acceptor, "POST", "/v1/peering/token", &body).status(), 200);
        assert_eq!(json_of(&send(&acceptor, "GET", "/v1/peering/west", ""))["Meta"], json!({"a": "b"}));
    }
}

#[test]
fn the_state_persists_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let first = generate(&open(&state, Setup::Default), "west");
    let second = generate(&open(&state, Setup::Default), "west");
    assert_eq!(first["PeerID"], second["PeerID"]);
    assert_eq!(first["ServerName"], second["ServerName"]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for entry in std::fs::read_dir(&state).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_state_of_a_newer_version_is_rejected() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path(), Setup::Default));
    let database = rusqlite::Connection::open(directory.path().join("acceptor.sqlite3")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let error = Acceptor::open(directory.path(), Settings::new(move || now)).err().unwrap().to_string();
    assert!(error.ends_with("has version 99; this tool supports up to 3"), "{error}");
}

#[test]
fn tokens_are_accepted_by_consul_and_contain_a_root_like_consuls() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path(), Setup::Default);
    let answer = send(&acceptor, "POST", "/v1/peering/token", r#"{"PeerName":"west"}"#);
    let token = json_of(&answer)["PeeringToken"].as_str().unwrap().to_owned();
    guard(&token);
    assert!(
        consul_peering::lint::Acceptance::of_text(
            token.as_bytes(),
            consul_peering::lint::Reference::default()
        )
        .accepted
    );
    let shown = Peering::new().args(["inspect", "-now=2026-11-24", "-format=json", &token]).run().status(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let root = &shown["tokens"][0]["certificates"][0];
    assert_eq!(root["key"], json!({ "algorithm": "EC P-256", "bits": 256 }));
    assert_eq!(root["self_signature"], "verified");
    assert_eq!(root["is_ca"], true);
    assert_eq!(root["key_usage"], json!(["digitalSignature", "keyCertSign", "cRLSign"]));
    assert_eq!(root["subject_key_id"], root["authority_key_id"]);
    assert_eq!(root["days_left"], 3650);
    let trust_domain = shown["tokens"][0]["trust_domain"].as_str().unwrap();
    assert_eq!(root["names"]["uris"], json!([format!("spiffe://{trust_domain}")]));
}

#[test]
fn concurrent_processes_share_one_cluster_and_lose_no_peering() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let runs: Vec<_> = (0..16)
        .map(|number| {
            let state = state.display().to_string();
            std::thread::spawn(move || {
                let name = format!("peer-{}", number / 2);
                Peering::new()
                    .args(["generate-token", "-http-addr=embedded", "-name", &name])
                    .env("PEERING_STATE_DIR", &state)
                    .shows_secrets()
                    .run()
                    .status(0)
                    .stdout
            })
        })
        .collect();
    let tokens: Vec<Value> = runs.into_iter().map(|run| token_json(&run.join().unwrap())).collect();
    for token in &tokens {
        assert_eq!(token["CA"], tokens[0]["CA"]);
        assert_eq!(token["ServerName"], tokens[0]["ServerName"]);
    }
    let acceptor = open(&state, Setup::Default);
    let listed = json_of(&send(&acceptor, "GET", "/v1/peerings", ""));
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|peering| &peering["ID"]).collect();
    assert_eq!(ids.len(), 8);
    assert!(tokens.iter().all(|token| ids.contains(&&token["PeerID"])));
}

#[test]
fn dev_serves_the_embedded_state_until_interrupted() {
    let home = tempfile::tempdir().unwrap();
    let dev = crate::peering::Dev::start(home.path(), &[]);
    let generated = Peering::new()
        .args(["generate-token", "-name", "west", "-http-addr", &dev.url])
        .shows_secrets()
        .run()
        .status(0);
    let served = token_json(&generated.stdout);
    let embedded = Peering::new()
        .args(["generate-token", "-name", "west", "-http-addr", "embedded"])
        .env("PEERING_STATE_DIR", home.path().join("state").to_str().unwrap())
        .shows_secrets()
        .run()
        .status(0);
    assert_eq!(token_json(&embedded.stdout)["PeerID"], served["PeerID"]);
    let (status, stderr) = dev.interrupt();
    assert_eq!(status, 0, "{stderr}");
}

#[test]
fn dev_requires_its_acl_token_and_a_loopback_address() {
    let home = tempfile::tempdir().unwrap();
    let dev = crate::peering::Dev::start(home.path(), &["-acl-token", "open-sesame"]);
    let run = |token: &str| {
        Peering::new()
            .args(["generate-token", "-name", "west", "-http-addr", &dev.url, "-token", token])
            .shows_secrets()
            .run()
    };
    run("open-sesame").status(0);
    let refused = [run("").stderr, run("other").stderr].concat();
    assert_snapshot!("dev_acl", refused);
    dev.interrupt();
    let error = "Error: cannot listen on 192.0.2.1:8500: peering dev is not secure and listens on loopback only\n  \
                 Fix: use an address such as 127.0.0.1:8500\n";
    Peering::new().args(["dev", "-listen", "192.0.2.1:8500"]).stderr(error).status(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_a_used_peering_is_pending_until_its_dialer_is_back() {
    let acceptor = Served::start(|_| {}).await;
    let dialer = Served::start(|settings| settings.datacenter = "dc2".to_owned()).await;
    assert_eq!(dialer.establish("west", &acceptor.generate("east").await).await.0, 200);
    acceptor.wait_for("east", "ACTIVE").await;
    dialer.wait_for("west", "ACTIVE").await;
    let (state, dialer_state) = (acceptor.stop(), dialer.stop());
    let acceptor = Served::over(state, |_| {}).await;
    let peering = acceptor.read("east").await;
    assert_eq!(peering["State"], "PENDING");
    assert_eq!(peering["Remote"]["Datacenter"], "dc2");
    assert_eq!(peering["StreamStatus"]["LastReceive"], Value::Null);
    // A peering that was never used has no remote datacenter.
    acceptor.generate("unused").await;
    assert_eq!(acceptor.read("unused").await["Remote"]["Datacenter"], "");
    // The dialer dials the address in its token, where nothing listens any more.
    let dialer = Served::over(dialer_state, |settings| settings.datacenter = "dc2".to_owned()).await;
    assert_eq!(dialer.read("west").await["State"], "ESTABLISHING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialer_reaches_the_leader_behind_the_address_of_several_servers() {
    let acceptor = Served::start(|settings| settings.fault = Fault::named("several-servers")).await;
    let dialer = Served::start(|_| {}).await;
    assert_eq!(dialer.establish("west", &acceptor.generate("east").await).await.0, 200);
    dialer.wait_for("west", "ACTIVE").await;
    acceptor.wait_for("east", "ACTIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_old_root_remains_listed_and_a_second_token_contains_the_new_one() {
    let acceptor = Served::start(|settings| settings.fault = Fault::named("rotated-ca")).await;
    let (first, second) = (acceptor.generate("east").await, acceptor.generate("east").await);
    let (_, roots) = acceptor.ask("GET", "/v1/connect/ca/roots", &Value::Null).await;
    let roots: Value = serde_json::from_str(&roots).unwrap();
    let active: Vec<_> = roots["Roots"].as_array().unwrap().iter().map(|root| &root["Active"]).collect();
    assert_eq!(active, [true, false]);
    assert_eq!(roots["ActiveRootID"], roots["Roots"][0]["ID"]);
    assert_eq!(token_json(&first)["CA"], json!([roots["Roots"][1]["RootCert"]]));
    assert_eq!(token_json(&second)["CA"], json!([roots["Roots"][0]["RootCert"]]));
    let dialer = Served::start(|_| {}).await;
    let (status, error) = dialer.establish("west", &first).await;
    assert!(status == 503 && error.contains("x509: certificate signed by unknown authority"), "{error}");
    assert_eq!(dialer.establish("west", &second).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_cluster_has_another_trust_domain_and_no_peerings() {
    let acceptor = Served::start(|settings| settings.fault = Fault::named("rebuilt")).await;
    let token = token_json(&acceptor.generate("east").await);
    let (_, peerings) = acceptor.ask("GET", "/v1/peerings", &Value::Null).await;
    assert_eq!(peerings, "[]");
    let (_, roots) = acceptor.ask("GET", "/v1/connect/ca/roots", &Value::Null).await;
    let roots: Value = serde_json::from_str(&roots).unwrap();
    assert_eq!(roots["Roots"].as_array().unwrap().len(), 1);
    assert!(!token["ServerName"].as_str().unwrap().contains(roots["TrustDomain"].as_str().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_quorum_nothing_can_be_read_or_changed() {
    let acceptor = Served::start(|settings| settings.fault = Fault::named("no-quorum")).await;
    acceptor.generate("east").await;
    for (method, path) in
        [("GET", "/v1/peerings"), ("DELETE", "/v1/peering/east"), ("GET", "/v1/connect/ca/roots")]
    {
        let answer = acceptor.ask(method, path, &Value::Null).await;
        assert_eq!(answer, (500, "No cluster leader".to_owned()), "{method} {path}");
    }
    assert_eq!(acceptor.ask("GET", "/v1/status/leader", &Value::Null).await, (200, "\"\"".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_generate_stores_its_secret() {
    let good = Served::start(|_| {}).await;
    let token = good.generate("east").await;
    let faulty = good.beside(|settings| settings.fault = Fault::named("generate-no-gateway")).await;
    let answer = faulty.ask("POST", "/v1/peering/token", &json!({ "PeerName": "east" })).await;
    let text =
        "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered";
    assert_eq!(answer, (500, text.to_owned()));
    let dialer = Served::start(|_| {}).await;
    let error = "a new peering token must be generated: invalid peering establishment secret";
    assert_eq!(dialer.establish("west", &token).await, (403, error.to_owned()));
}
