//! A token is current only if its CA certificates lead to those that the acceptor uses. The recordings are of Consul 2.1.

use super::*;
use crate::net::consul::CaRoots;

fn recorded(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/consul/ca-rotation").join(name)
}

fn unused_token() -> Token {
    token(std::fs::read_to_string(recorded("token.txt")).unwrap().trim())
}

#[test]
fn only_a_rotation_without_cross_signing_supersedes_an_unused_token() {
    let token = unused_token();
    for (rotation, expected) in [("crosssigned", Verdict::Current), ("forced", Verdict::Superseded)] {
        let roots = std::fs::read(recorded(&format!("{rotation}-roots.json"))).unwrap();
        let roots: CaRoots = serde_json::from_slice(&roots).unwrap();
        let entry = Entry {
            id: token.peer_id.clone(),
            name: "west".to_owned(),
            state: PeeringState::Pending,
            peer_id: None,
            last_heartbeat: None,
            has_remote: false,
        };
        let view = ConsulView { active_ca: roots.into_active_chain(), ..acceptor(Named::Found(entry)) };
        let peer_ids = [token.peer_id.clone()].into();
        let snapshot =
            crate::net::snapshot::read_file(&recorded(&format!("{rotation}.snap")), &peer_ids).unwrap();
        let snapshot = || Observed::Value(snapshot.of(&token.peer_id));
        let ledger = || Observed::Value(vec![record("west", &token, 1)]);
        for (sources, evidence) in [
            ("snapshot", Evidence { snapshot: snapshot(), ..Evidence::default() }),
            ("snapshot and API", Evidence { snapshot: snapshot(), ..api("west", view.clone()) }),
            ("API, ledger and probes", {
                Evidence { ledger: ledger(), consul: Observed::Value(view.clone()), ..exists(1000, UNUSED) }
            }),
        ] {
            let assessment = assess("argument", &token, &evidence);
            assert_eq!(assessment.verdict, expected, "{rotation}, {sources}: {assessment:#?}");
            assert_eq!(assessment.contradictions, [], "{rotation}, {sources}");
            if expected == Verdict::Superseded {
                assert_eq!(assessment.certainty, Some(Certainty::Proven), "{sources}");
                assert!(assessment.summary.contains("rotated its CA without cross-signing"), "{sources}");
                assert!(assessment.remedy.starts_with("Generate another token"), "{sources}");
            }
        }
    }
}

#[test]
fn the_active_root_of_the_live_recording_is_the_only_one_that_counts() {
    let recorded = fixture("live/http-roots-after-forced-rotation.json");
    let roots: CaRoots = serde_json::from_value(recorded.clone()).unwrap();
    let active = roots.into_active_chain();
    assert_eq!(active, [recorded["Roots"][0]["RootCert"].as_str().unwrap()]);
    for (place, trusted) in [(0, true), (1, false)] {
        let ca = recorded["Roots"][place]["RootCert"].as_str().unwrap().to_owned();
        let token = Token { ca: Some(vec![ca]), ..unused_token() };
        assert_eq!(ca::is_trusted(&token, &active), Some(trusted));
    }
}
