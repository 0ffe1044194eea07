//! Causes in the dialer's view.

use super::*;

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
        http_addr: Some("10.0.0.1:8500"),
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
        (DialerView { peering_enabled: Some(false), ..view() }, Some("peering-disabled"), true),
        (
            DialerView { through_mesh_gateways: Some(true), ..view() },
            Some("dials-through-mesh-gateways"),
            false,
        ),
        (with(entry("west", None, PeeringState::Pending)), Some("name-taken-by-acceptor"), true),
        (with(entry("other", None, PeeringState::Pending)), None, false),
        // Establishing would overwrite a working peering.
        (with(entry("west", Some("another"), PeeringState::Active)), Some("name-in-use"), true),
        (with(entry("west", Some("another"), PeeringState::Failing)), Some("name-in-use"), false),
        (with(entry("west", ours, PeeringState::Pending)), Some("left-by-failed-establish"), false),
        (with(entry("west", ours, PeeringState::Active)), Some("already-established"), true),
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
    let inputs = Inputs {
        dialer: Observed::Value(DialerView { through_mesh_gateways: Some(true), ..DialerView::default() }),
        ..inputs(connectivity)
    };
    let diagnosis = diagnose(inputs);
    assert_eq!(
        (diagnosis.causes[0].name, diagnosis.causes[0].certainty),
        ("dial-timeout", CauseCertainty::Possible)
    );
    assert_eq!(diagnosis.causes[1].name, "dials-through-mesh-gateways");
}
