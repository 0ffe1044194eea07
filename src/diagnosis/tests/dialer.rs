//! Causes in the dialer's view.

use super::*;
use crate::staleness::{Certainty, Verdict};

/// Returns the first cause and whether it blocks, for a good address and this view of the dialer.
fn diagnose_dialer(view: DialerView, token: &Token) -> (Option<&'static str>, bool) {
    let connectivity = observed(vec![good("10.0.0.1:8503")]);
    let inputs = Inputs { token: Some(token), dialer: Observed::Value(view), ..inputs(connectivity) };
    let diagnosis = diagnose(inputs);
    (diagnosis.causes.first().map(|cause| cause.name), diagnosis.fails(Severity::Error))
}

fn entry(name: &str, peer_id: Option<&str>, state: PeeringState) -> Entry {
    Entry {
        name: name.to_owned(),
        id: "own-id".to_owned(),
        peer_id: peer_id.map(str::to_owned),
        state,
        last_heartbeat: None,
        has_remote: false,
    }
}

#[test]
fn the_next_command_names_the_affected_peering() {
    let token = a_token();
    let view = DialerView {
        peerings: Some(vec![
            entry("left", Some("the-peering"), PeeringState::Pending),
            entry("west", Some("healthy"), PeeringState::Active),
        ]),
        ..DialerView::default()
    };
    let inputs = Inputs {
        token: Some(&token),
        dialer: Observed::Value(view),
        cluster_flags: Some("-http-addr 10.0.0.1:8500"),
        ..inputs(Observed::NotChecked(String::new()))
    };
    let causes = diagnose(inputs).causes;
    let next = |name| causes.iter().find(|cause| cause.name == name).unwrap().next.as_deref();
    assert_eq!(next("left-by-failed-establish"), Some("peering delete -name left -http-addr 10.0.0.1:8500"));
    assert_eq!(next("name-in-use"), Some("peering read -name west -http-addr 10.0.0.1:8500"));
}

#[test]
fn each_view_of_the_dialer_leads_to_its_cause() {
    let view = || DialerView { trust_domain: Some("bbbb.consul".to_owned()), ..DialerView::default() };
    let with = |entry: Entry| DialerView { peerings: Some(vec![entry]), ..view() };
    let token = a_token();
    let ours = Some("the-peering");
    let table = [
        (view(), None, false),
        (DialerView { trust_domain: Some("aaaa.consul".to_owned()), ..view() }, Some("same-cluster"), true),
        // `xaaaa.consul` is another cluster.
        (DialerView { trust_domain: Some("aa.consul".to_owned()), ..view() }, None, false),
        (
            DialerView { may_write: Some(false), anonymous: true, ..view() },
            Some("permission-denied-anonymous"),
            true,
        ),
        (DialerView { may_write: Some(false), ..view() }, Some("permission-denied"), true),
        (DialerView { may_read: Some(false), may_write: Some(true), ..view() }, None, false),
        (DialerView { peering_enabled: Some(false), ..view() }, Some("peering-off"), true),
        (
            DialerView { through_mesh_gateways: Some(true), ..view() },
            Some("dials-through-mesh-gateways"),
            false,
        ),
        (with(entry("west", None, PeeringState::Pending)), Some("name-taken-by-acceptor"), true),
        (with(entry("other", None, PeeringState::Pending)), None, false),
        // Establishing would overwrite a working peering.
        (with(entry("west", Some("another"), PeeringState::Active)), Some("name-in-use"), true),
        (with(entry("west", Some("another"), PeeringState::Failing)), Some("name-in-use"), true),
        (with(entry("west", Some("another"), PeeringState::Establishing)), Some("name-in-use"), true),
        (with(entry("west", Some("another"), PeeringState::Pending)), Some("name-in-use"), false),
        (with(entry("west", ours, PeeringState::Pending)), Some("left-by-failed-establish"), false),
        (with(entry("west", ours, PeeringState::Active)), Some("already-established"), false),
        (with(entry("other", ours, PeeringState::Active)), Some("already-established"), false),
        (with(entry("other", ours, PeeringState::Establishing)), Some("state-establishing"), true),
        (with(entry("other", ours, PeeringState::Failing)), Some("state-failing"), true),
        (with(entry("other", ours, PeeringState::Terminated)), Some("state-terminated"), true),
    ];
    for (view, expected, fails) in table {
        let shown = format!("{view:?}");
        assert_eq!(diagnose_dialer(view, &token), (expected, fails), "{shown}");
    }
}

#[test]
fn if_mesh_gateways_dial_an_observed_cause_is_only_possible() {
    let connectivity = observed(vec![tcp(TcpFailure::TimedOut)]);
    let inputs =
        Inputs { dialer: Observed::Value(through_gateways(&["10.0.0.8:8443"])), ..inputs(connectivity) };
    let diagnosis = diagnose(inputs);
    assert_eq!(
        (diagnosis.causes[0].name, diagnosis.causes[0].certainty),
        ("dial-timeout", CauseCertainty::Possible)
    );
    assert_eq!(diagnosis.causes[1].name, "dials-through-mesh-gateways");
}

const SECRET_INVALID: &str = "a new peering token must be generated: invalid peering establishment secret";

/// Diagnoses a superseded token whose peering has a state at the dialer.
fn superseded(state: PeeringState, trace: AddressTrace, error: Option<&str>) -> Diagnosis {
    let token = a_token();
    let mut staleness =
        crate::staleness::assess("token", &token, &crate::staleness::evidence::Evidence::default());
    (staleness.verdict, staleness.certainty) = (Verdict::Superseded, Some(Certainty::Proven));
    staleness.remedy = "Generate another token.".to_owned();
    let peerings = Some(vec![entry("west", Some("the-peering"), state)]);
    diagnose(Inputs {
        token: Some(&token),
        staleness: Some(staleness),
        dialer: Observed::Value(DialerView { peerings, ..DialerView::default() }),
        error: error.map(explain::explain),
        ..inputs(observed(vec![trace]))
    })
}

#[test]
fn a_peering_that_works_needs_no_token_whatever_is_known_about_the_token() {
    let unreachable = || tcp(TcpFailure::Refused);
    for trace in [good("10.0.0.1:8503"), unreachable(), follower()] {
        for error in [None, Some(SECRET_INVALID), Some("dial tcp 10.0.0.9:8503: connect: connection refused")]
        {
            let diagnosis = superseded(PeeringState::Active, trace.clone(), error);
            assert!(
                diagnosis.conclusion.starts_with("The peering works and needs no token"),
                "{diagnosis:?}"
            );
            assert_eq!(diagnosis.causes[0].name, "already-established");
            assert!(!diagnosis.fails(Severity::Error), "{:?}", diagnosis.causes);
            assert!(diagnosis.causes.iter().all(|cause| !cause.name.starts_with("token-")));
        }
    }
}

#[test]
fn a_peering_that_was_up_needs_its_network_and_no_token() {
    let refused = || tcp(TcpFailure::Refused);
    let no_leader = || AddressTrace {
        peering_exists: ok(GrpcStatus {
            leader: Some(String::new()),
            ..status("FailedPrecondition", "cannot establish a peering stream on a follower node")
        }),
        ..good("10.0.0.9:8503")
    };
    for (state, trace, expected) in [
        (PeeringState::Failing, refused(), "dial-refused"),
        (PeeringState::Failing, tcp(TcpFailure::TimedOut), "dial-timeout"),
        (PeeringState::Establishing, refused(), "dial-refused"),
        (PeeringState::Failing, no_leader(), "no-leader"),
        (PeeringState::Failing, good("10.0.0.1:8503"), "state-failing"),
        (PeeringState::Establishing, good("10.0.0.1:8503"), "state-establishing"),
    ] {
        for error in [None, Some(SECRET_INVALID)] {
            let diagnosis = superseded(state.clone(), trace.clone(), error);
            assert_eq!(diagnosis.causes[0].name, expected);
            let conclusion = &diagnosis.conclusion;
            assert!(conclusion.contains("You do not need a new token"), "{conclusion}");
            assert!(!conclusion.to_lowercase().contains("generate"), "{conclusion}");
            assert!(diagnosis.fails(Severity::Error));
            assert!(diagnosis.causes.iter().all(|cause| !cause.name.starts_with("token-")));
        }
    }
}

#[test]
fn a_peering_that_the_acceptor_deleted_needs_a_token() {
    // The dialer is ACTIVE for a moment each time it connects.
    for state in [PeeringState::Failing, PeeringState::Active] {
        let gone = status("InvalidArgument", "initial subscription for unknown PeerID: the-peering");
        let gone = AddressTrace { peering_exists: ok(gone), ..good("10.0.0.9:8503") };
        let diagnosis = superseded(state, gone, None);
        assert_eq!(diagnosis.causes[0].name, "token-superseded");
        assert!(diagnosis.causes.iter().all(|cause| cause.name != "already-established"));
    }
}

#[test]
fn no_leader_in_the_error_comes_before_a_stale_token() {
    let error = "failed to exchange peering secret through address \"10.0.0.9:8503\": rpc error: code = Unknown desc = No \
                 cluster leader";
    let diagnosis = superseded(PeeringState::Pending, follower(), Some(error));
    assert_eq!(diagnosis.causes[0].name, "no-leader");
    assert!(!diagnosis.conclusion.to_lowercase().contains("generate"), "{}", diagnosis.conclusion);
}

#[test]
fn a_peering_without_contact_for_two_minutes_may_be_unhealthy() {
    let token = a_token();
    let second = |at: i64| Some(Timestamp::from_second(at).unwrap());
    for (last_heartbeat, is_named) in [(None, true), (second(-100), false), (second(-1000), true)] {
        let active = Entry { last_heartbeat, ..entry("west", Some("the-peering"), PeeringState::Active) };
        let view = DialerView { peerings: Some(vec![active]), ..DialerView::default() };
        let inputs =
            Inputs { token: Some(&token), dialer: Observed::Value(view), ..inputs(Observed::default()) };
        let causes = diagnose(inputs).causes;
        assert_eq!(causes.iter().any(|cause| cause.name == "no-heartbeat"), is_named);
    }
}

/// Returns the view of a dialer that dials through these mesh gateways.
fn through_gateways(gateways: &[&str]) -> DialerView {
    let mesh_gateways = gateways.iter().map(|&gateway| gateway.to_owned()).collect();
    DialerView { through_mesh_gateways: Some(true), mesh_gateways, ..DialerView::default() }
}

#[test]
fn the_path_through_the_dialers_gateway_counts_if_it_works() {
    let gateway = |trace| AddressTrace {
        dialed: false,
        is_gateway: true,
        address: "10.0.0.8:8443".to_owned(),
        ..trace
    };
    let reset = || gateway(tls(TlsFault::Reset));
    let of_acceptor = AddressTrace { address: "10.0.0.9:8443".to_owned(), ..tls(TlsFault::Reset) };
    let table = [
        // A silent first address does not matter if the gateway leads there.
        (vec![tcp(TcpFailure::TimedOut), good("10.0.0.2:8503"), gateway(good(""))], "dial-timeout", false),
        (vec![tcp(TcpFailure::Refused), gateway(good(""))], "dial-refused", false),
        // The dialer also dials directly.
        (vec![good("10.0.0.1:8503"), gateway(tcp(TcpFailure::Refused))], "dialer-gateway-unreachable", false),
        (vec![good("10.0.0.1:8503"), reset()], "dials-through-mesh-gateways", false),
        (vec![tcp(TcpFailure::Refused), reset()], "dial-refused", true),
        (vec![of_acceptor], "gateway-without-route", true),
    ];
    for (traces, expected, is_blocked) in table {
        let dialer = Observed::Value(through_gateways(&["10.0.0.8:8443"]));
        let diagnosis = diagnose(Inputs { dialer, ..inputs(observed(traces)) });
        let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
        assert!(names.contains(&expected), "{names:?}");
        assert_eq!(diagnosis.fails(Severity::Error), is_blocked, "{:?}", diagnosis.causes);
    }
}

#[test]
fn without_a_registered_gateway_the_dialer_dials_directly() {
    let dialer = Observed::Value(through_gateways(&[]));
    let diagnosis = diagnose(Inputs { dialer, ..inputs(observed(vec![tcp(TcpFailure::TimedOut)])) });
    assert_eq!(diagnosis.causes[0].certainty, CauseCertainty::Likely);
    let through = diagnosis.causes.iter().find(|cause| cause.name == "dials-through-mesh-gateways").unwrap();
    assert!(through.evidence[0].message.contains("no mesh gateway is registered"));
}

#[test]
fn different_clocks_come_before_the_certificate() {
    for (offset, expected) in [(3600, "clocks-differ"), (-3600, "clocks-differ"), (5, "certificate-expired")]
    {
        let trace = untrusted(Distrust::Expired, CertificateOwner::Expected);
        let dialer = Observed::Value(DialerView { clock_offset: Some(offset), ..DialerView::default() });
        let diagnosis = diagnose(Inputs { dialer, ..inputs(observed(vec![trace])) });
        assert_eq!(diagnosis.causes[0].name, expected);
    }
}

#[test]
fn a_rebuilt_acceptor_is_recognized_by_its_api_and_its_certificate() {
    let token = a_token();
    for (presented, expected) in
        [("BBBB.consul", "acceptor-rebuilt"), ("cccc.consul", "certificate-of-another-cluster")]
    {
        let trust_domain = Some(presented.to_owned());
        let owner = CertificateOwner::AnotherConsul { trust_domain, datacenter: Some("dc1".to_owned()) };
        let view = DialerView { trust_domain: Some("bbbb.consul".to_owned()), ..DialerView::default() };
        let connectivity = observed(vec![untrusted(Distrust::WrongName, owner)]);
        let dialer = Observed::Value(view);
        let inputs = Inputs { token: Some(&token), dialer, ..inputs(connectivity) };
        assert_eq!(diagnose(inputs).causes[0].name, expected);
    }
}

#[test]
fn an_acceptor_with_a_dialer_is_a_warning() {
    let token = a_token();
    let active = Entry { id: "the-peering".to_owned(), ..entry("east", None, PeeringState::Active) };
    let view = DialerView {
        trust_domain: Some("AAAA.consul".to_owned()),
        peerings: Some(vec![active]),
        ..DialerView::default()
    };
    let dialer = Observed::Value(view);
    let inputs = Inputs { token: Some(&token), dialer, ..inputs(Observed::default()) };
    let found: Vec<_> = diagnose(inputs).causes.iter().map(|cause| (cause.name, cause.severity)).collect();
    assert_eq!(found, [("same-cluster", Severity::Error), ("acceptor-has-dialer", Severity::Warning)]);
}

#[test]
fn a_rate_limit_on_the_exchange_blocks_the_establish() {
    let message =
        "rate limit exceeded for operation that can only be performed by the leader, try again later";
    for code in ["Unavailable", "ResourceExhausted"] {
        let trace = AddressTrace { unused_secret: ok(status(code, message)), ..good("10.0.0.1:8503") };
        let diagnosis = diagnose_addresses(vec![trace]);
        let cause = diagnosis.main_cause().unwrap();
        assert_eq!((cause.name, cause.severity), ("rate-limited", Severity::Error), "{code}");
    }
}

#[test]
fn a_cluster_that_peers_with_itself_has_a_peering_that_works() {
    let token = a_token();
    let active = entry("east", Some(&token.peer_id), PeeringState::Active);
    let view = DialerView {
        trust_domain: Some("aaaa.consul".to_owned()),
        peerings: Some(vec![active]),
        ..DialerView::default()
    };
    let inputs = Inputs {
        token: Some(&token),
        dialer: Observed::Value(view),
        ..inputs(observed(vec![good("10.0.0.1:8503")]))
    };
    assert_eq!(diagnose(inputs).main_cause().unwrap().name, "already-established");
}

#[test]
fn a_dead_cluster_comes_first_if_its_address_was_given() {
    let reason = "Get \"http://10.0.0.7:8500/v1/connect/ca/roots\": dial tcp 10.0.0.7:8500: connect: connection refused";
    let token = a_token();
    for (cluster_flags, traces, expected) in [
        (Some("-http-addr 10.0.0.7:8500"), vec![tcp(TcpFailure::Refused)], Some("agent-refused")),
        (Some("-http-addr 10.0.0.7:8500"), vec![good("10.0.0.1:8503")], Some("agent-refused")),
        (None, vec![tcp(TcpFailure::Refused)], Some("dial-refused")),
        (None, vec![good("10.0.0.1:8503")], None),
    ] {
        let dialer = Observed::Failed(reason.to_owned());
        let inputs = Inputs { token: Some(&token), cluster_flags, dialer, ..inputs(observed(traces)) };
        let diagnosis = diagnose(inputs);
        assert_eq!(diagnosis.main_cause().map(|cause| cause.name), expected, "{cluster_flags:?}");
        let names_address = diagnosis.conclusion.contains("othing listens on 10.0.0.7:8500");
        assert_eq!(names_address, expected != Some("dial-refused"), "{}", diagnosis.conclusion);
    }
}
