//! A peering that is diagnosed by its name, without a token.

use super::*;

const NAME: &str = "west";

/// A peering of this cluster whose last message arrived `silence` seconds ago.
fn inputs_of(
    role: PeeringRole,
    state: PeeringState,
    silence: Option<i64>,
    connectivity: Observed<Connectivity>,
) -> Inputs<'static> {
    let last_heartbeat = silence.map(|seconds| NOW - jiff::SignedDuration::from_secs(seconds));
    let peer_id = (role == PeeringRole::Dialer).then(|| "the-peering".to_owned());
    let peering = DiagnosedPeering {
        name: NAME.to_owned(),
        id: "own-id".to_owned(),
        role,
        state: state.name().to_owned(),
        last_heard_at: last_heartbeat,
        peer_datacenter: Some("dc2".to_owned()),
        peer_id: peer_id.clone(),
        server_name: None,
        addresses: Vec::new(),
    };
    let has_remote = silence.is_some();
    let entry =
        Entry { name: NAME.to_owned(), id: "own-id".to_owned(), peer_id, state, last_heartbeat, has_remote };
    let view = DialerView { peerings: Some(vec![entry]), ..DialerView::default() };
    Inputs { peering: Some(peering), dialer: Observed::Value(view), ..inputs(connectivity) }
}

fn dialer(state: PeeringState, silence: Option<i64>, trace: AddressTrace) -> Diagnosis {
    diagnose(inputs_of(PeeringRole::Dialer, state, silence, observed(vec![trace])))
}

fn acceptor(state: PeeringState, silence: Option<i64>) -> Diagnosis {
    let reason = "this cluster is the acceptor".to_owned();
    diagnose(inputs_of(PeeringRole::Acceptor, state, silence, Observed::NotChecked(reason)))
}

fn first(diagnosis: &Diagnosis) -> (Option<&'static str>, DiagnosisStatus) {
    (diagnosis.main_cause().map(|cause| cause.name), diagnosis.status)
}

fn answering(code: &str, message: &str) -> AddressTrace {
    AddressTrace { peering_exists: ok(status(code, message)), ..good("10.0.0.1:8503") }
}

#[test]
fn each_state_at_the_dialer_leads_to_its_cause() {
    use DiagnosisStatus::{Blocked, Ok, Warning};
    use PeeringState::{Active, Deleting, Establishing, Failing, Pending, Terminated};
    let good = || good("10.0.0.1:8503");
    let refused = || tcp(TcpFailure::Refused);
    for (state, silence, trace, expected) in [
        (Active, Some(2), good(), (None, Ok)),
        // The dialing servers reach the acceptor, whatever this host observes.
        (Active, Some(20), refused(), (None, Warning)),
        // A frozen acceptor: two heartbeats are missing.
        (Active, Some(40), refused(), (Some("dial-refused"), Blocked)),
        (Active, Some(40), good(), (None, Ok)),
        (Active, Some(500), good(), (Some("no-heartbeat"), Blocked)),
        (Active, None, good(), (Some("no-heartbeat"), Blocked)),
        (Active, Some(500), refused(), (Some("dial-refused"), Blocked)),
        (Failing, Some(500), good(), (Some("state-failing"), Blocked)),
        (Failing, Some(500), refused(), (Some("dial-refused"), Blocked)),
        (Establishing, None, refused(), (Some("dial-refused"), Blocked)),
        (Pending, None, refused(), (Some("dial-refused"), Blocked)),
        (Pending, None, good(), (Some("left-by-failed-establish"), Blocked)),
        (Terminated, Some(500), refused(), (Some("state-terminated"), Blocked)),
        (Deleting, Some(500), good(), (Some("state-deleting"), Blocked)),
    ] {
        let shown = format!("{state:?} {silence:?} {:?}", trace.tcp);
        assert_eq!(first(&dialer(state, silence, trace)), expected, "{shown}");
    }
}

#[test]
fn a_broken_peering_needs_no_new_token() {
    let diagnosis = dialer(PeeringState::Failing, Some(500), tcp(TcpFailure::Refused));
    let cause = diagnosis.main_cause().unwrap();
    assert!(cause.remedy.contains("You do not need a new token"), "{}", cause.remedy);
    assert!(!cause.next.as_deref().unwrap_or_default().contains("generate-token"), "{:?}", cause.next);
    let next = dialer(PeeringState::Failing, Some(500), good("10.0.0.1:8503"));
    let next = next.main_cause().unwrap().next.clone();
    assert_eq!(next.as_deref(), Some("ssh DIALING_SERVER peering diagnose -name west"));
}

#[test]
fn a_peering_that_the_acceptor_does_not_have_is_to_be_deleted() {
    for (code, message, expected) in [
        ("InvalidArgument", "initial subscription for unknown PeerID: the-peering", "peer-id-unknown"),
        ("Aborted", "peering is marked as deleted: the-peering", "peering-deleted"),
    ] {
        let diagnosis = dialer(PeeringState::Failing, Some(500), answering(code, message));
        let cause = diagnosis.main_cause().unwrap();
        assert_eq!((cause.name, cause.next.as_deref()), (expected, Some("peering delete -name west")));
        assert!(!cause.remedy.contains("do not need"), "{}", cause.remedy);
    }
}

#[test]
fn each_state_at_the_acceptor_leads_to_its_cause_and_to_the_dialer() {
    use PeeringState::{Active, Deleting, Failing, Pending, Terminated};
    for (state, silence, expected, asks_dialer) in [
        (Active, Some(2), None, false),
        (Active, Some(500), Some("no-heartbeat"), true),
        (Failing, Some(500), Some("state-failing"), true),
        // It was established, and the acceptor restarted.
        (Pending, Some(500), Some("state-failing"), true),
        (Pending, None, Some("state-pending"), false),
        (Terminated, Some(500), Some("state-terminated"), false),
        (Deleting, Some(500), Some("state-deleting"), false),
    ] {
        let shown = format!("{state:?} {silence:?}");
        let diagnosis = acceptor(state, silence);
        let cause = diagnosis.main_cause();
        assert_eq!(cause.map(|cause| cause.name), expected, "{shown}");
        let remedy = cause.map(|cause| cause.remedy.as_str()).unwrap_or_default();
        assert_eq!(remedy.contains("the dialing cluster (dc2) opens the connection"), asks_dialer, "{shown}");
    }
}

#[test]
fn the_acceptor_reports_whether_the_newest_token_is_unused() {
    let recorded = Some("1969-12-31T23:00:00Z".parse().unwrap());
    for (newest_token, expected) in [
        (
            Observed::Value(recorded),
            "the newest token in the ledger was recorded on 1969-12-31 23:00:00 UTC and is unused",
        ),
        (Observed::Value(None), "the ledger contains no token of this peering"),
        (Observed::Failed("it is locked".to_owned()), "the ledger was not checked: it is locked"),
    ] {
        let connectivity = Observed::NotChecked(String::new());
        let inputs = inputs_of(PeeringRole::Acceptor, PeeringState::Pending, None, connectivity);
        let diagnosis = diagnose(Inputs { newest_token, ..inputs });
        let evidence = &diagnosis.main_cause().unwrap().evidence;
        let ledger = evidence.iter().find(|it| it.source == CauseSource::Ledger).unwrap();
        assert_eq!(ledger.message, expected);
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let inputs = inputs_of(PeeringRole::Dialer, PeeringState::Active, Some(2), Observed::default());
    let diagnosis = diagnose(Inputs { peering: None, name: Some("wset"), ..inputs });
    let cause = diagnosis.main_cause().unwrap();
    assert_eq!(cause.name, "peering-not-found");
    assert_eq!(cause.evidence[0].message, "the Consul at  does not have \"wset\": it has only \"west\"");
}
