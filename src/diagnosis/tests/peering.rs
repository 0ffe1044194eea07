//! A peering that is diagnosed by its name, without a token.

use super::*;
use crate::certificate::Certificate;
use crate::token::decode;

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
        cas: Vec::new(),
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
        // The dialer connects again and again, and is ACTIVE for a moment each time.
        for (state, silence) in [
            (PeeringState::Failing, Some(500)),
            (PeeringState::Active, None),
            (PeeringState::Active, Some(2)),
            (PeeringState::Active, Some(500)),
        ] {
            let diagnosis = dialer(state, silence, answering(code, message));
            let cause = diagnosis.main_cause().unwrap();
            assert_eq!((cause.name, cause.next.as_deref()), (expected, Some("peering delete -name west")));
            assert!(!cause.remedy.contains("do not need"), "{}", cause.remedy);
            assert_eq!(diagnosis.status, DiagnosisStatus::Blocked);
        }
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

/// Returns a CA and a server certificate that it issued, as far as names show.
fn issued_by(name: &str) -> (Certificate, Certificate) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tokens/one-server.txt");
    let token = decode(&std::fs::read(path).unwrap()).unwrap().token;
    let ca = Certificate::from_pem(&token.ca.unwrap()[0]).unwrap();
    let ca = Certificate { subject: name.to_owned(), subject_key_id: Some(name.to_owned()), ..ca };
    let leaf = Certificate {
        issuer: name.to_owned(),
        authority_key_id: Some(name.to_owned()),
        subject: String::new(),
        ..ca.clone()
    };
    (ca, leaf)
}

#[test]
fn a_dialer_that_kept_the_ca_from_before_a_rotation_is_recognized() {
    use PeeringState::{Active, Failing};
    let ((old, cross_signed), (new, leaf)) = (issued_by("CN=old"), issued_by("CN=new"));
    let both = [new.clone(), old];
    for (state, cas, chain, expected) in [
        (Failing, &both[..], vec![leaf.clone()], Some("dialer-uses-old-ca")),
        // The new CA is cross-signed, so a dialer with the old one trusts it.
        (Failing, &both[..], vec![leaf.clone(), cross_signed], Some("state-failing")),
        // No rotation.
        (Failing, &both[..1], vec![leaf.clone()], Some("state-failing")),
        (Active, &both[..], vec![leaf], None),
    ] {
        let presented = Presented { chain, ..Presented::default() };
        let trace = AddressTrace { tls: ok(presented), ..good("10.0.0.1:8503") };
        let mut inputs = inputs_of(PeeringRole::Dialer, state.clone(), Some(20), observed(vec![trace]));
        inputs.peering.as_mut().unwrap().cas = cas.to_vec();
        assert_eq!(first(&diagnose(inputs)).0, expected, "{state:?}");
    }
}

#[test]
fn an_acceptor_that_answers_again_is_waited_for() {
    let diagnosis = dialer(PeeringState::Failing, Some(20), good("10.0.0.1:8503"));
    let cause = diagnosis.main_cause().unwrap();
    assert!(cause.summary.contains("The acceptor answers now"), "{}", cause.summary);
    assert!(cause.remedy.starts_with("Wait a minute"), "{}", cause.remedy);
}

#[test]
fn an_acceptor_with_another_port_needs_a_token() {
    let diagnosis = dialer(PeeringState::Failing, Some(500), tcp(TcpFailure::Refused));
    let remedy = &diagnosis.main_cause().unwrap().remedy;
    assert!(remedy.contains("You do not need a new token") && remedy.contains("address or port changed"));
}

#[test]
fn a_working_peering_whose_addresses_do_not_answer_is_not_just_fine() {
    let diagnosis = dialer(PeeringState::Active, Some(2), tcp(TcpFailure::TimedOut));
    assert_eq!(
        diagnosis.conclusion,
        "The peering \"west\" is ACTIVE, but its address does not work from this-host: 10.0.0.9:8503: the address does not \
         respond. If that is true for the dialing servers too, the peering fails within two minutes."
    );
}

#[test]
fn another_cluster_at_the_addresses_of_an_established_peering_is_a_rebuilt_acceptor() {
    let owner = CertificateOwner::AnotherConsul {
        trust_domain: Some("bbbb.consul".to_owned()),
        datacenter: Some("dc1".to_owned()),
    };
    let connectivity = observed(vec![untrusted(Distrust::WrongName, owner)]);
    let mut inputs = inputs_of(PeeringRole::Dialer, PeeringState::Failing, Some(500), connectivity);
    if let Observed::Value(view) = &mut inputs.dialer {
        view.trust_domain = Some("cccc.consul".to_owned());
    }
    assert_eq!(first(&diagnose(inputs)).0, Some("acceptor-rebuilt"));
}

#[test]
fn a_ca_that_was_rotated_while_the_stream_was_closed_needs_a_token() {
    for (owner, is_rotated) in [(CertificateOwner::Expected, true), (CertificateOwner::NotConsul, false)] {
        let trace = untrusted(Distrust::UnknownAuthority, owner);
        let diagnosis = dialer(PeeringState::Failing, Some(500), trace);
        let cause = diagnosis.main_cause().unwrap();
        assert_eq!(cause.name, "certificate-authority-unknown");
        assert_eq!(
            cause.summary.contains("rotated while the stream was closed"),
            is_rotated,
            "{}",
            cause.summary
        );
    }
}
