//! `diagnose` with what real clusters printed and answered (`fixtures/consul/live`).

mod answers;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Peering, fixture, token_json};

fn recorded(file: &str) -> String {
    std::fs::read_to_string(fixture("consul/live").join(file)).unwrap()
}

/// What establishing printed, and the cause.
const PRINTED: [(&str, &str); 17] = [
    // One message for four reasons.
    ("err-used.txt", "secret-invalid"),
    ("err-second-dialer.txt", "secret-invalid"),
    ("err-used-through-gateways.txt", "secret-invalid"),
    ("err-used-through-gateways2.txt", "secret-invalid"),
    ("err-superseded.txt", "secret-invalid"),
    ("err-deleted.txt", "secret-invalid"),
    ("err-stillborn.txt", "secret-invalid"),
    ("err-token-voided-by-failed-generate.txt", "secret-invalid"),
    ("err-stopped.txt", "dial-refused"),
    ("err-black-hole-first.txt", "dial-timeout"),
    ("err-new-cluster.txt", "certificate-of-another-cluster"),
    ("err-no-quorum.txt", "no-leader"),
    ("err-ca-rotated-without-cross-signing.txt", "certificate-authority-unknown"),
    ("err-peering-disabled.txt", "peering-off"),
    ("err-acceptor-peering-disabled.txt", "server-name-refused"),
    ("err-acceptor-gateway-down.txt", "dial-refused"),
    ("err-acceptor-mesh-entry-off.txt", "gateway-without-route"),
];

#[test]
fn each_recorded_error_leads_to_what_had_happened() {
    let both_stopped = ("err-dialer-gateway-dead-acceptor-stopped.txt", "dial-refused");
    for (file, expected) in PRINTED.into_iter().chain([both_stopped]) {
        let run = Peering::new().args(["diagnose", "-offline", "-format", "json", "-error", "-"]);
        let run = run.stdin(recorded(file)).run().status(1);
        let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap();
        let first = &diagnosis["causes"][0];
        let explained = consul_peering::explain(&recorded(file));
        assert_eq!(explained.first().map(|it| it.entry.name), Some(expected), "{file}");
        assert_eq!(first["name"], expected, "{file}");
        assert!(first["certainty"] != "certain", "{file}");
    }
    let tested = PRINTED.len() + 1;
    let files = std::fs::read_dir(fixture("consul/live")).unwrap();
    let errors =
        files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("err-"));
    assert_eq!(errors.count(), tested);
}

/// A dialer that answers with recorded peerings, and dials through a mesh gateway at an address.
async fn dialer(peerings: &Value, gateway: &str) -> MockServer {
    let server = MockServer::start().await;
    let (host, port) = gateway.rsplit_once(':').unwrap();
    let lan = json!({ "Address": host, "Port": port.parse::<u16>().unwrap() });
    let service = json!({ "Address": "10.9.9.9", "Port": 1, "TaggedAddresses": { "lan": lan, "wan": lan } });
    let gateways = json!({ "dc2h": [{ "Node": { "Address": "10.9.9.8" }, "Service": service }] });
    let mesh: Value = serde_json::from_str(&recorded("http-config-mesh.json")).unwrap();
    for (at, body) in [
        ("/v1/connect/ca/roots", json!({ "TrustDomain": "d902219b-beb6-fe70-7997-79992efeff4a.consul" })),
        ("/v1/agent/self", json!({ "Config": { "Datacenter": "dc2h", "Version": "1.23.0" } })),
        ("/v1/config/mesh/mesh", mesh),
        ("/v1/internal/federation-states/mesh-gateways", gateways),
        ("/v1/peerings", peerings.clone()),
    ] {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    server
}

/// Diagnoses the recorded token with another peer ID, at an address where nothing listens.
async fn diagnosed(peerings: &Value, peer_id: &str, name: &str, error: Option<&str>) -> (Value, i32) {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let mut token = token_json(&recorded("token-through-mesh-gateway.txt"));
    token["PeerID"] = peer_id.into();
    token["ServerAddresses"] = json!([closed]);
    let text = BASE64_STANDARD.encode(token.to_string());
    crate::peering::guard(&text);
    let server = dialer(peerings, &closed).await;
    let mut arguments = vec!["diagnose".to_owned(), "-".to_owned(), "-format=json".to_owned()];
    arguments.extend(["-http-addr".to_owned(), server.uri(), "-name".to_owned(), name.to_owned()]);
    arguments.extend(error.map(|error| format!("-error={error}")));
    let run = tokio::task::spawn_blocking(move || Peering::new().args(arguments).stdin(text).run());
    let run = run.await.unwrap();
    (serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.stderr)), run.status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_state_of_the_dialer_comes_before_the_token() {
    let through_gateways: Value =
        serde_json::from_str(&recorded("http-peerings-dialer-through-gateways.json")).unwrap();
    let establishing: Value =
        serde_json::from_str(&recorded("http-read-dialer-through-acceptor-gateway.json")).unwrap();
    let id_of = |name: &str| {
        let all = through_gateways.as_array().unwrap();
        all.iter().find(|it| it["Name"] == name).unwrap()["PeerID"].as_str().unwrap().to_owned()
    };
    let rejected = recorded("err-used-through-gateways.txt");
    let conclusion = |diagnosis: &Value| diagnosis["conclusion"].as_str().unwrap().to_owned();

    let (diagnosis, status) = diagnosed(&through_gateways, &id_of("g10"), "g10", Some(&rejected)).await;
    assert_eq!((&diagnosis["causes"][0]["name"], status), (&json!("already-established"), 0));
    assert!(conclusion(&diagnosis).contains("needs no token"), "{}", diagnosis["conclusion"]);

    let establishing_id = establishing["PeerID"].as_str().unwrap().to_owned();
    let (diagnosis, status) =
        diagnosed(&json!([establishing]), &establishing_id, "gd", Some(&rejected)).await;
    assert_eq!((&diagnosis["causes"][0]["name"], status), (&json!("dial-refused"), 1));
    assert!(conclusion(&diagnosis).contains("You do not need a new token"), "{}", diagnosis["conclusion"]);
    let gateway = diagnosis["connectivity"]["addresses"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&gateway["is_gateway"], &gateway["path"]),
        (&json!(true), &json!("mesh gateway of the dialer[0]"))
    );

    // A failed establish left it: it was never up.
    let (diagnosis, status) = diagnosed(&through_gateways, &id_of("g11"), "g11", None).await;
    assert!(!conclusion(&diagnosis).contains("need"), "{}", diagnosis["conclusion"]);
    assert_eq!(status, 1);

    // Establishing under the name of another peering would overwrite it.
    let (diagnosis, _) = diagnosed(&through_gateways, "another", "g10", None).await;
    let names: Vec<_> = diagnosis["causes"].as_array().unwrap().iter().map(|cause| &cause["name"]).collect();
    assert!(names.contains(&&json!("name-in-use")), "{names:?}");
}
