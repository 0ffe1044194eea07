//! Answers of a cluster that is not the acceptor, or of none.

use super::*;

/// Returns what a Consul at `http://east:8500` reports about a token of another cluster.
fn other_cluster(listed: Vec<Entry>) -> ConsulView {
    ConsulView {
        address: "http://east:8500".to_owned(),
        trust_domain: Some("bbbb.consul".to_owned()),
        listed: Some(listed),
        ..ConsulView::default()
    }
}

#[test]
fn the_wrong_cluster_and_a_dead_one_come_first() {
    let token = case("fresh", 0);
    let tried = Entry {
        id: "own-id".to_owned(),
        name: "west".to_owned(),
        state: PeeringState::Pending,
        peer_id: Some(token.peer_id.clone()),
        last_heartbeat: None,
        has_remote: true,
    };
    let dead =
        "Get \"http://east:8500/v1/connect/ca/roots\": dial tcp 10.0.0.7:8500: connect: connection refused";
    for (consul, expected) in [
        (
            Observed::Value(other_cluster(vec![tried])),
            "http://east:8500 is the dialing cluster; ask the accepting one",
        ),
        (
            Observed::Value(other_cluster(Vec::new())),
            "http://east:8500 is not the accepting cluster, which generated the token; ask that one",
        ),
        (Observed::Failed(dead.to_owned()), "nothing listens on 10.0.0.7:8500; ask the accepting cluster"),
    ] {
        let assessment = assess("argument", &token, &Evidence { consul, ..Evidence::default() });
        assert_eq!(assessment.summary, format!("Undetermined: {expected}."));
        assert!(
            assessment.remedy.starts_with("Set -http-addr to the accepting cluster."),
            "{}",
            assessment.remedy
        );
    }
}

#[test]
fn a_rebuilt_acceptor_orphans_the_token_if_its_certificate_and_its_api_agree() {
    let token = case("fresh", 0);
    for (presented, expected) in [
        (Some("BBBB.consul"), (Verdict::Orphaned, Some(Certainty::Likely))),
        (Some("cccc.consul"), (Verdict::Undetermined, None)),
        (None, (Verdict::Undetermined, None)),
    ] {
        let evidence = Evidence {
            consul: Observed::Value(other_cluster(Vec::new())),
            presented_trust_domain: presented.map(str::to_owned),
            ..Evidence::default()
        };
        let assessment = assess("argument", &token, &evidence);
        assert_eq!((assessment.verdict, assessment.certainty), expected, "{presented:?}");
    }
}

#[test]
fn a_rate_limit_is_waited_for() {
    let token = case("fresh", 0);
    let limited =
        "rate limit exceeded for operation that can only be performed by the leader, try again later";
    for evidence in [
        probes(
            answer(Code::PermissionDenied, "invalid peering stream secret"),
            answer(Code::from_name("Unavailable"), limited),
        ),
        probes(answer(Code::from_name("ResourceExhausted"), limited), answer(Code::Ok, "")),
    ] {
        let assessment = assess("argument", &token, &evidence);
        assert_eq!(assessment.summary, "Undetermined: the acceptor rejects calls because of a rate limit.");
        assert!(assessment.remedy.starts_with("Wait, then run the command again."), "{}", assessment.remedy);
    }
}

#[test]
fn a_wrong_clock_comes_before_the_certificate_that_it_makes_invalid() {
    let token = case("fresh", 0);
    for (offset, is_blamed) in [(3600, true), (-3600, true), (5, false)] {
        let evidence = Evidence {
            consul: Observed::Value(ConsulView { clock_offset: Some(offset), ..other_cluster(Vec::new()) }),
            peering_exists: Observed::Failed(
                "10.0.0.1:8503: x509: certificate has expired or is not yet valid: …".to_owned(),
            ),
            ..Evidence::default()
        };
        let assessment = assess("argument", &token, &evidence);
        assert_eq!(assessment.warnings.len(), usize::from(is_blamed), "{offset}");
    }
}
