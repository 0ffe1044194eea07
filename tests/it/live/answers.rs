//! What follows from the recorded answers of Consul's HTTP API, sent by a server on loopback.

use std::time::Duration;

use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::gather::staleness::query_consul;
use consul_peering::observed::Observed;
use consul_peering::staleness::evidence::Evidence;
use consul_peering::staleness::{Assessment, Certainty, Side, Verdict, assess};
use consul_peering::token::{Token, decode};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::recorded;
use crate::peering::Peering;

fn recorded_json(file: &str) -> Value {
    serde_json::from_str(&recorded(file)).unwrap()
}

/// Starts a server that answers these paths, and returns a client of it.
async fn consul(answers: &[(&str, &Value)]) -> (MockServer, Client) {
    let server = MockServer::start().await;
    for (at, body) in answers {
        let response = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path(*at)).respond_with(response).mount(&server).await;
    }
    let options = Options { http_addr: Some(server.uri()), ..Options::default() };
    let client = Client::over_network(Config::resolve(&options, |_| None).unwrap()).unwrap();
    (server, client)
}

/// Assesses a token by the answers alone.
async fn assessed(client: &Client, name: Option<&str>, token: &Token) -> Assessment {
    let consul = query_consul(client, name, token, || "2026-11-27T18:00:00Z".parse().unwrap()).await;
    assert!(matches!(consul, Observed::Value(_)), "{consul:?}");
    assess("token", token, &Evidence { consul, ..Evidence::default() })
}

fn token_of(peer_id: &str) -> Token {
    let token = decode(recorded("token-through-mesh-gateway.txt").trim().as_bytes()).unwrap().token;
    Token { peer_id: peer_id.to_owned(), ..token }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn each_recorded_peering_shows_whether_it_needs_a_token() {
    let roots = json!({ "TrustDomain": "other.consul" });
    let mut count = 0;
    for file in [
        "http-peerings-acceptor-through-gateways.json",
        "http-peerings-dialer-through-gateways.json",
        "fleet-peerings-dc31.json",
        "fleet-peerings-dc32.json",
        "fleet-peerings-dc33.json",
        "fleet-peerings-dc34.json",
    ] {
        let peerings = recorded_json(file);
        let (_server, client) =
            consul(&[("/v1/connect/ca/roots", &roots), ("/v1/peerings", &peerings)]).await;
        for peering in peerings.as_array().unwrap() {
            let (side, peer_id) = match peering["PeerID"].as_str() {
                Some(peer_id) => (Side::Dialer, peer_id),
                None => (Side::Acceptor, text(&peering["ID"])),
            };
            let reported = assessed(&client, None, &token_of(peer_id)).await.peering.unwrap();
            // A dialer may have a peering under two names, of which one is ACTIVE.
            let is_same = |other: &&Value| other["PeerID"] == peering["PeerID"] && side == Side::Dialer;
            let is_active = peering["State"] == "ACTIVE"
                || peerings
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(is_same)
                    .any(|other| other["State"] == "ACTIVE");
            assert_eq!((reported.side, reported.needs_token), (side, !is_active), "{file}: {peering}");
            assert_eq!(reported.summary.contains("needs no token"), is_active, "{}", reported.summary);
            count += 1;
        }
    }
    assert!(count >= 40, "{count}");
}

#[tokio::test]
async fn a_pending_peering_was_used_only_if_it_knows_its_dialer() {
    let roots = json!({ "TrustDomain": "other.consul" });
    for (file, needs_token) in [
        ("http-read-acceptor-never-used.json", true),
        ("http-read-acceptor-through-gateway.json", true),
        ("http-read-acceptor-pending-after-restart.json", false),
    ] {
        let mut peering = recorded_json(file);
        // The recording has the number of certificates.
        if let Some(count) = peering["PeerCAPems"].as_u64() {
            peering["PeerCAPems"] = (0..count).map(|_| "a certificate").collect();
        }
        let name = text(&peering["Name"]);
        let at = format!("/v1/peering/{name}");
        let (_server, client) = consul(&[("/v1/connect/ca/roots", &roots), (&at, &peering)]).await;
        let assessment = assessed(&client, Some(name), &token_of(text(&peering["ID"]))).await;
        let reported = assessment.peering.unwrap();
        assert_eq!((reported.state.as_str(), reported.needs_token), ("PENDING", needs_token), "{file}");
        let evidence = &assessment.evidence[0].message;
        assert_eq!(evidence.contains("a token of it was used"), !needs_token, "{file}: {evidence}");
    }
}

#[tokio::test]
async fn a_token_with_the_root_from_before_the_forced_rotation_is_superseded() {
    let roots = recorded_json("http-roots-after-forced-rotation.json");
    let peering = recorded_json("http-read-acceptor-never-used.json");
    let name = text(&peering["Name"]);
    let at = format!("/v1/peering/{name}");
    let (_server, client) = consul(&[("/v1/connect/ca/roots", &roots), (&at, &peering)]).await;
    for root in roots["Roots"].as_array().unwrap() {
        let ca = Some(vec![text(&root["RootCert"]).to_owned()]);
        let token = Token { ca, ..token_of(text(&peering["ID"])) };
        let assessment = assessed(&client, Some(name), &token).await;
        let is_active = root["Active"].as_bool().unwrap();
        let expected = if is_active {
            (Verdict::Undetermined, None)
        } else {
            (Verdict::Superseded, Some(Certainty::Proven))
        };
        assert_eq!((assessment.verdict, assessment.certainty), expected, "{}", assessment.summary);
    }
}

#[tokio::test]
async fn the_gateways_of_the_dialer_are_reached_at_their_lan_addresses() {
    // The catalog has the same gateway as the list that the dialer is asked for.
    let catalog = recorded_json("http-catalog-mesh-gateway.json");
    let gateway = &catalog[0];
    let service = json!({
        "Address": gateway["ServiceAddress"],
        "Port": gateway["ServicePort"],
        "TaggedAddresses": gateway["ServiceTaggedAddresses"],
    });
    let gateways = json!({ "dc2h": [{ "Node": { "Address": gateway["Address"] }, "Service": service }] });
    let mesh = recorded_json("http-config-mesh.json");
    let agent = json!({ "Config": { "Datacenter": gateway["Datacenter"], "Version": "1.23.0" } });
    let peerings = recorded_json("http-peerings-dialer-through-gateways.json");
    let (_server, client) = consul(&[
        ("/v1/connect/ca/roots", &json!({ "TrustDomain": "other.consul" })),
        ("/v1/agent/self", &agent),
        ("/v1/config/mesh/mesh", &mesh),
        ("/v1/internal/federation-states/mesh-gateways", &gateways),
        ("/v1/peerings", &peerings),
    ])
    .await;
    let answers = client.dialer_answers(Duration::from_mins(1)).await.unwrap();
    assert_eq!(answers.through_mesh_gateways, Some(true));
    assert_eq!(answers.mesh_gateways, ["127.0.0.42:8443"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_failure_of_a_generate_invalidates_the_token_before_it() {
    let text = recorded("http-generate-no-gateway.txt");
    let body = text.split_once(" [500]").unwrap().0;
    let server = MockServer::start().await;
    let refused = ResponseTemplate::new(500).set_body_string(body);
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(refused).mount(&server).await;
    let url = server.uri();
    let run = tokio::task::spawn_blocking(move || {
        let first = Peering::new().args(["generate-token", "-http-addr=embedded", "-name=nogw"]);
        let first = first.shows_secrets().run().status(0);
        let token = first.stdout.clone();
        let failed = Peering::new().args(["generate-token", "-name=nogw", "-http-addr", &url]);
        let failed = failed.after(first).run().status(1);
        assert!(
            failed.stderr.contains("no longer works, and the new one was not returned"),
            "{}",
            failed.stderr
        );
        Peering::new().args(["stale", "-", "-offline", "-format=json"]).stdin(token).after(failed).run()
    });
    let stale: Value = serde_json::from_str(&run.await.unwrap().status(1).stdout).unwrap();
    assert_eq!(
        (&stale["verdict"], &stale["tokens"][0]["certainty"]),
        (&json!("superseded"), &json!("proven"))
    );
    for (file, expected) in [
        ("http-generate-no-gateway.txt", "no-mesh-gateway"),
        ("est-black-hole-first-through-gateway.txt", "establish-succeeded"),
        ("est-dialer-gateway-dead.txt", "establish-succeeded"),
    ] {
        let explained = consul_peering::explain(&recorded(file));
        assert_eq!(explained.first().map(|it| it.entry.name), Some(expected), "{file}");
    }
}
