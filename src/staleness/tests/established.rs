//! A peering that is or was established needs no token, whatever the verdict on the token.

use super::*;
use crate::render::pretty::{Detail, Screen};

/// The token was used, and a newer one was generated: the ledger has both.
fn superseded(view: ConsulView) -> (Token, Evidence) {
    let (used, newer) = (case("twice", 0), case("twice", 1));
    let ledger = Observed::Value(vec![record("twice", &used, 1), record("twice", &newer, 20)]);
    (used, Evidence { ledger, ..api("twice", view) })
}

fn peering(token: &Token, side: Side, state: &str, has_remote: bool) -> ConsulView {
    let (id, peer_id) = match side {
        Side::Acceptor => (token.peer_id.clone(), None),
        Side::Dialer => ("the dialer's own ID".to_owned(), Some(token.peer_id.clone())),
    };
    let state = PeeringState::from_name(state);
    let entry = Entry { id, name: "east".to_owned(), state, peer_id, last_heartbeat: None, has_remote };
    ConsulView { trust_domain: None, ..acceptor(Named::Found(entry)) }
}

#[test]
fn an_established_peering_needs_no_token_although_a_newer_one_was_generated() {
    for (side, state, has_remote, needs_token, expected) in [
        (Side::Dialer, "ACTIVE", true, false, "is ACTIVE: it works and needs no token."),
        (Side::Dialer, "FAILING", true, false, "you do not need a new token; it reconnects by itself"),
        (Side::Dialer, "ESTABLISHING", true, false, "it is connecting and needs no token."),
        (Side::Dialer, "PENDING", true, true, "it is not established."),
        (Side::Dialer, "TERMINATED", true, true, "it is not established."),
        (Side::Acceptor, "ACTIVE", true, false, "it works and needs no token."),
        (Side::Acceptor, "FAILING", true, false, "you do not need a new token; it reconnects by itself"),
        (Side::Acceptor, "PENDING", true, false, "you do not need a new token; it reconnects by itself"),
        (Side::Acceptor, "PENDING", false, true, "it is not established."),
    ] {
        let (token, evidence) = superseded(peering(&case("twice", 0), side, state, has_remote));
        let assessment = assess("argument", &token, &evidence);
        let case = format!("{side:?} {state} {has_remote}: {assessment:#?}");
        assert_eq!(
            (assessment.verdict, assessment.certainty),
            (Verdict::Superseded, Some(Certainty::Proven)),
            "{case}"
        );
        let reported = assessment.peering.as_ref().unwrap();
        assert_eq!((reported.side, reported.state.as_str()), (side, state), "{case}");
        assert_eq!(reported.needs_token, needs_token, "{case}");
        assert!(reported.summary.contains(expected), "{case}");
        assert_eq!(assessment.remedy.contains("generate-token"), needs_token, "{case}");
        let now = "2026-11-27T00:00:00Z".parse().unwrap();
        let screen =
            Screen { width: 200, ascii: false, detail: Detail::Normal, hints: true, now, aliases: None };
        let page = crate::render::pretty::staleness(&Staleness::new(vec![assessment], &[]), &screen);
        assert_eq!(page.lines().next().unwrap().contains("The peering \"east\" is"), !needs_token, "{page}");
    }
}

#[test]
fn a_dialer_needs_a_token_if_the_acceptor_no_longer_has_the_peering() {
    let token = case("used", 0);
    for (state, needs_token) in [("FAILING", true), ("ACTIVE", false)] {
        let gone = answer(Code::InvalidArgument, "initial subscription for unknown PeerID: x");
        let evidence = Evidence {
            peering_exists: Observed::Value(gone),
            ..api("east", peering(&token, Side::Dialer, state, true))
        };
        let assessment = assess("argument", &token, &evidence);
        assert_eq!(assessment.verdict, Verdict::Orphaned, "{assessment:#?}");
        assert_eq!(assessment.peering.unwrap().needs_token, needs_token, "{state}");
    }
}

#[test]
fn a_peering_that_is_pending_after_a_restart_was_used() {
    for (recording, was_used) in [("never-used", false), ("pending-after-restart", true)] {
        let body = fixture(&format!("live/http-read-acceptor-{recording}.json"));
        let token = Token { peer_id: body["ID"].as_str().unwrap().to_owned(), ..case("used", 0) };
        let view = acceptor(Named::Found(entry(&body.to_string())));
        let ledger = Observed::Value(vec![record("used", &token, 1)]);
        let assessment = assess("argument", &token, &Evidence { ledger, ..api("used", view) });
        let expected = if was_used { Verdict::Spent } else { Verdict::Undetermined };
        assert_eq!(assessment.verdict, expected, "{recording}: {assessment:#?}");
        assert_eq!(assessment.peering.unwrap().needs_token, !was_used, "{recording}");
    }
}

/// The acceptor stays PENDING without a remote until the stream opens.
#[test]
fn between_the_use_and_the_stream_the_peering_needs_no_token() {
    let token = case("used", 0);
    let at_acceptor = || peering(&token, Side::Acceptor, "PENDING", false);
    // The acceptor's servers report that the token was used.
    let answers = |code, message: &str| Evidence {
        peering_exists: Observed::Value(answer(Code::PermissionDenied, "invalid peering stream secret")),
        unused_secret: Observed::Value(answer(code, message)),
        ..api("east", at_acceptor())
    };
    let used = "invalid establishment secret: peering was already established";
    let assessment = assess("argument", &token, &answers(Code::Internal, used));
    assert_eq!(assessment.verdict, Verdict::Spent, "{assessment:#?}");
    assert!(!assessment.peering.as_ref().unwrap().needs_token, "{assessment:#?}");
    assert!(!assessment.remedy.contains("generate-token"), "{}", assessment.remedy);
    let unused = "invalid peering establishment secret";
    let assessment = assess("argument", &token, &answers(Code::PermissionDenied, unused));
    assert!(assessment.peering.unwrap().needs_token);

    // One Consul that is both ends reports the dialer's state.
    for (state, side) in
        [("ESTABLISHING", Side::Dialer), ("ACTIVE", Side::Dialer), ("PENDING", Side::Acceptor)]
    {
        let mut view = at_acceptor();
        let Some(Named::Found(dialer)) = peering(&token, Side::Dialer, state, false).named else {
            unreachable!()
        };
        view.listed = Some(vec![dialer]);
        let assessment = assess("argument", &token, &api("east", view));
        let reported = assessment.peering.unwrap();
        assert_eq!((reported.side, reported.needs_token), (side, side == Side::Acceptor), "{state}");
    }
}
