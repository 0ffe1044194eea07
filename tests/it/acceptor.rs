//! The embedded acceptor against recordings of a real Consul, and under several processes at once.

use std::path::Path;

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Settings};
use http::{Request, Response};
use insta::assert_snapshot;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::peering::{Peering, fixture, guard, token_json};

/// One request that a real Consul answered.
#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: Asked,
    response: Answered,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    path: String,
    headers: std::collections::BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Answered {
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: String,
}

/// What must be set up for a recording to apply.
#[derive(Clone, Copy, PartialEq)]
enum World {
    /// Everything on, nothing denied.
    Open,
    /// `connect.enabled = false`
    NoConnect,
    /// `peering.enabled = false`
    NoPeering,
    /// gRPC without TLS.
    NoGrpcTls,
    /// An ACL token is demanded.
    Denying,
}

/// Why a recording says nothing about this acceptor, by the start of its name; anything else must be replayed.
const NOT_APPLICABLE: &[(&str, &str)] = &[
    ("establish-peering-disabled", "replayed with peering off"),
    ("establish-superseded-token", "needs the other cluster"),
    ("establish-ok", "needs the other cluster"),
    ("establish-used-token", "needs the other cluster"),
    ("establish-same-cluster", "is another cluster's token; tests/it/peerstream.rs"),
    ("establish-name-is-acceptor", "needs a name that was dialed; tests/it/peerstream.rs"),
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
    ("generate-kill", "has two roots, for the CA was rotated"),
    ("read-dialer", "needs the other cluster"),
    ("list-dialer", "needs the other cluster"),
    ("read-acceptor", "shows a stream"),
    ("read-with-services", "shows a stream"),
    ("read-after-rotation", "shows a stream"),
    ("read-old-peering", "shows a stream"),
    ("read-deleting", "shows a peering that was used"),
    ("list-two", "shows a stream"),
    ("rotate", "the CA is not rotated"),
    ("roots-after", "the CA is not rotated"),
    ("ca-config", "the CA is not rotated"),
    ("ca-roots-agent", "there is no agent's own cache of roots"),
    ("catalog", "there are no services"),
    ("status-leader", "names its own address"),
    ("agent-version", "is not answered"),
    ("exported-services", "there are no services"),
    ("acl-exported-services", "there are no services"),
    ("mesh", "there is no mesh"),
    ("config-mesh", "there is no mesh"),
    ("three-servers", "there is one server"),
    ("acl-token-self", "there are no tokens to ask about"),
];

fn recordings() -> Vec<Exchange> {
    serde_json::from_slice(&std::fs::read(fixture("consul/http.json")).unwrap()).unwrap()
}

/// The world that a recording was made in.
fn world(name: &str) -> World {
    match name {
        "generate-connect-disabled" => World::NoConnect,
        name if name.ends_with("peering-disabled") => World::NoPeering,
        "generate-no-grpc-tls" | "generate-no-grpc" => World::NoGrpcTls,
        name if name.starts_with("acl-") => World::Denying,
        _ => World::Open,
    }
}

fn open(directory: &Path, world: World) -> Acceptor {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut settings = Settings::new(move || now);
    settings.node = "c".to_owned();
    match world {
        World::Open => {}
        World::NoConnect => settings.connect = false,
        World::NoPeering => settings.peering = false,
        World::NoGrpcTls => settings.grpc_tls = false,
        World::Denying => settings.acl_token = Some("11111111-2222-3333-4444-555555555555".into()),
    }
    Acceptor::open(directory, settings).unwrap()
}

fn ask(acceptor: &Acceptor, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path).body(Bytes::copy_from_slice(body.as_bytes()));
    acceptor.answer(&request.unwrap())
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn generate(acceptor: &Acceptor, name: &str) -> Value {
    let answer = ask(acceptor, "POST", "/v1/peering/token", &json!({ "PeerName": name }).to_string());
    let token = json_of(&answer)["PeeringToken"].as_str().unwrap().to_owned();
    guard(&token);
    token_json(&token)
}

/// Values that differ between any two clusters become their kind; what stays must be the same.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), field_shape(key, value))).collect()
        }
        Value::Array(items) => items.iter().map(shape).collect(),
        other => other.clone(),
    }
}

/// Fields that say which cluster it is, and when.
const DIFFERENT: &[&str] = &[
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
        (key, Value::String(text)) if DIFFERENT.contains(&key) && !text.is_empty() => {
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
fn every_recorded_answer_that_applies_is_given_again() {
    let mut replayed = 0;
    let mut differences = Vec::new();
    for exchange in recordings() {
        let name = &exchange.name;
        if NOT_APPLICABLE.iter().any(|(start, _)| name.starts_with(start)) && world(name) != World::NoPeering
        {
            continue;
        }
        // Consul knows many ACL tokens, this acceptor one: the others are unknown to it.
        let token = exchange.request.headers.get("X-Consul-Token").map(String::as_str);
        let known = [
            None,
            Some("11111111-2222-3333-4444-555555555555"),
            Some("deadbeef-0000-0000-0000-000000000000"),
        ];
        if world(name) == World::Denying && !known.contains(&token) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let acceptor = open(folder.path(), world(name));
        if exchange.response.status == 200 && exchange.request.method == "GET" {
            let id = exchange.request.path.strip_prefix("/v1/peering/");
            id.map(|name| generate(&open(folder.path(), World::Open), name));
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
    assert_eq!(replayed, 86, "a recording more or less is replayed than before");
}

/// Status, headers that say something, and body; what differs, in words.
fn differences_of(exchange: &Exchange, response: &Response<Bytes>) -> Vec<String> {
    let (name, there) = (&exchange.name, &exchange.response);
    let mut differences = Vec::new();
    let mut compare = |what: &str, here: String, there: String| {
        if here != there {
            differences.push(format!("{name}: {what} is {here}, recorded is {there}"));
        }
    };
    compare("status", response.status().as_u16().to_string(), there.status.to_string());
    for header in ["Content-Type", "Allow"] {
        let here = response.headers().get(header).map(|value| value.to_str().unwrap().to_owned());
        compare(header, format!("{here:?}"), format!("{:?}", there.headers.get(header).cloned()));
    }
    if there.headers["Content-Type"] == "application/json" && response.status() == 200 {
        let recorded: Value = serde_json::from_str(&there.body).unwrap();
        let (here, recorded) = comparable(&exchange.request.path, &json_of(response), &recorded);
        compare("body", here.to_string(), recorded.to_string());
    } else {
        compare("body", String::from_utf8(response.body().to_vec()).unwrap(), there.body.clone());
    }
    differences
}

fn comparable(path: &str, here: &Value, there: &Value) -> (Value, Value) {
    match path {
        // A real agent tells a thousand things; what is told here, it tells too.
        "/v1/agent/self" => (shape(here), shape(&only_keys_of(there, here))),
        // Other peerings live there than here.
        "/v1/peerings" if there.as_array().is_some_and(|list| !list.is_empty()) => {
            (here.is_array().into(), there.is_array().into())
        }
        _ => (shape(here), shape(there)),
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
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path(), World::Open);
    let (first, second) = (generate(&acceptor, "west"), generate(&acceptor, "west"));
    assert_eq!(first["PeerID"], second["PeerID"]);
    assert_eq!(first["CA"], second["CA"]);
    assert_ne!(first["EstablishmentSecret"], second["EstablishmentSecret"]);
    assert_ne!(generate(&acceptor, "east")["PeerID"], first["PeerID"]);
}

#[test]
fn a_name_that_was_deleted_gets_another_peer_id() {
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path(), World::Open);
    let first = generate(&acceptor, "west");
    assert_eq!(ask(&acceptor, "DELETE", "/v1/peering/west", "").status(), 200);
    assert_eq!(ask(&acceptor, "GET", "/v1/peering/west", "").status(), 404);
    assert_ne!(generate(&acceptor, "west")["PeerID"], first["PeerID"]);
}

#[test]
fn metadata_is_that_of_the_first_time_as_in_consul() {
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path(), World::Open);
    for meta in [json!({"a": "b"}), json!({"c": "d"}), json!(null)] {
        let body = json!({ "PeerName": "west", "Meta": meta }).to_string();
        assert_eq!(ask(&acceptor, "POST", "/v1/peering/token", &body).status(), 200);
        assert_eq!(json_of(&ask(&acceptor, "GET", "/v1/peering/west", ""))["Meta"], json!({"a": "b"}));
    }
}

#[test]
fn its_state_outlives_it_and_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let first = generate(&open(&state, World::Open), "west");
    let second = generate(&open(&state, World::Open), "west");
    assert_eq!(first["PeerID"], second["PeerID"]);
    assert_eq!(first["ServerName"], second["ServerName"]);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    for entry in std::fs::read_dir(&state).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_state_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), World::Open));
    let database = rusqlite::Connection::open(folder.path().join("acceptor.sqlite3")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let error = Acceptor::open(folder.path(), Settings::new(move || now)).err().unwrap().to_string();
    assert!(error.ends_with("has version 99; this tool knows up to 3"), "{error}");
}

#[test]
fn its_tokens_are_accepted_by_consuls_rules_and_hold_a_root_like_consuls() {
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path(), World::Open);
    let answer = ask(&acceptor, "POST", "/v1/peering/token", r#"{"PeerName":"west"}"#);
    let token = json_of(&answer)["PeeringToken"].as_str().unwrap().to_owned();
    guard(&token);
    assert!(consul_peering::lint::Acceptance::of_text(token.as_bytes()).accepted);
    let shown = Peering::new(["inspect", "-now=2026-11-24", "-format=json", &token]).run().status(0);
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
fn processes_at_once_end_with_one_cluster_and_lose_no_peering() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let runs: Vec<_> = (0..16)
        .map(|number| {
            let state = state.display().to_string();
            std::thread::spawn(move || {
                let name = format!("peer-{}", number / 2);
                Peering::new(["generate-token", "-http-addr=embedded", "-name", &name])
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
    let acceptor = open(&state, World::Open);
    let listed = json_of(&ask(&acceptor, "GET", "/v1/peerings", ""));
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|peering| &peering["ID"]).collect();
    assert_eq!(ids.len(), 8);
    assert!(tokens.iter().all(|token| ids.contains(&&token["PeerID"])));
}

#[test]
fn dev_serves_the_same_state_over_http_until_it_is_interrupted() {
    let home = tempfile::tempdir().unwrap();
    let dev = crate::peering::Dev::start(home.path(), &[]);
    let generated = Peering::new(["generate-token", "-name", "west", "-http-addr", &dev.url])
        .shows_secrets()
        .run()
        .status(0);
    let served = token_json(&generated.stdout);
    let embedded = Peering::new(["generate-token", "-name", "west", "-http-addr", "embedded"])
        .env("PEERING_STATE_DIR", home.path().join("state").to_str().unwrap())
        .shows_secrets()
        .run()
        .status(0);
    assert_eq!(token_json(&embedded.stdout)["PeerID"], served["PeerID"]);
    let (status, stderr) = dev.interrupt();
    assert_eq!(status, 0, "{stderr}");
}

#[test]
fn dev_demands_its_acl_token_and_listens_on_loopback_only() {
    let home = tempfile::tempdir().unwrap();
    let dev = crate::peering::Dev::start(home.path(), &["-acl-token", "open-sesame"]);
    let run = |token: &str| {
        Peering::new(["generate-token", "-name", "west", "-http-addr", &dev.url, "-token", token])
            .shows_secrets()
            .run()
    };
    run("open-sesame").status(0);
    let refused = [run("").stderr, run("other").stderr].concat();
    assert_snapshot!("dev_acl", refused);
    dev.interrupt();
    Peering::new(["dev", "-listen", "192.0.2.1:8500"]).run().expect(
        2,
        "",
        "Error: cannot listen on 192.0.2.1:8500: peering dev is not secure and listens on loopback only\n  \
         Fix: use an address such as 127.0.0.1:8500\n",
    );
}
