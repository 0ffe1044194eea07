//! Addresses that lead to several servers, and mesh gateways.

use super::*;

fn follower_at(address: &str, path: &str, servers: usize) -> AddressTrace {
    let mut trace = AddressTrace { path: path.to_owned(), servers, connections: 12, ..follower() };
    address.clone_into(&mut trace.address);
    if let StepResult::Ok { value, .. } = &mut trace.peering_exists {
        value.leader = Some("10.0.0.3:8502".to_owned());
    }
    trace
}

#[test]
fn a_new_token_is_advised_only_if_each_address_is_one_server() {
    let one = || follower_at("10.0.0.1:8503", "ServerAddresses[0]", 1);
    for (traces, expected) in [
        (vec![one()], "generate a token: it contains all of them"),
        (vec![one(), follower_at("10.0.0.2:8503", "ServerAddresses[1]", 1)], "generate a token"),
        // The leader may be at the address that does not answer.
        (vec![one(), tcp(TcpFailure::Refused)], "Make the other addresses of the token reachable"),
        (vec![follower_at("10.0.0.1:8503", "ServerAddresses[0]", 2)], "don't generate one"),
        (vec![follower_at("lb.example.com:8503", "ServerAddresses[0]", 1)], "don't generate one"),
        (vec![follower_at("10.0.0.1:8443", "ServerAddresses[0]", 1)], "don't generate one"),
        (vec![follower_at("10.0.0.1:8503", "ManualServerAddresses[0]", 1)], "don't generate one"),
        (vec![one(), follower_at("10.0.0.1:8443", "ServerAddresses[1]", 2)], "don't generate one"),
    ] {
        let diagnosis = diagnose_addresses(traces);
        let cause = diagnosis.causes.iter().find(|cause| cause.name == "peer-is-follower").unwrap();
        assert!(cause.remedy.contains(expected), "{}", cause.remedy);
        assert!(cause.remedy.contains("the leader 10.0.0.3:8502"), "{}", cause.remedy);
        assert!(diagnosis.fails(Severity::Error));
    }
}

/// Returns the trace through the dialer's gateway.
fn gateway(trace: AddressTrace) -> AddressTrace {
    let address = "10.0.0.8:8443".to_owned();
    AddressTrace { address, dialed: false, is_gateway: true, ..trace }
}

fn diagnose_through(traces: Vec<AddressTrace>, peerings: Vec<Entry>) -> Diagnosis {
    let token = a_token();
    let dialer = DialerView {
        through_mesh_gateways: Some(true),
        mesh_gateways: vec!["10.0.0.8:8443".to_owned()],
        peerings: Some(peerings),
        ..DialerView::default()
    };
    diagnose(Inputs { token: Some(&token), dialer: Observed::Value(dialer), ..inputs(observed(traces)) })
}

/// What a failed establish leaves.
fn left() -> Vec<Entry> {
    vec![Entry {
        name: "east".to_owned(),
        id: "own-id".to_owned(),
        peer_id: Some("the-peering".to_owned()),
        state: PeeringState::Pending,
        last_heartbeat: None,
        has_remote: false,
    }]
}

/// Which causes there are, the first that blocks, and its certainty.
#[test]
fn the_path_through_the_dialers_gateway_counts() {
    let works = || good("10.0.0.1:8503");
    let reset = || tls(TlsFault::Reset);
    let silent = || tcp(TcpFailure::TimedOut);
    let refused = || tcp(TcpFailure::Refused);
    for (direct, through, peerings, expected) in [
        (vec![silent()], works(), vec![], None),
        (vec![silent(), works()], works(), vec![], None),
        // Consul gives its gateway the route when it stores the peering.
        (vec![silent(), works()], reset(), vec![], None),
        (
            vec![silent(), works()],
            reset(),
            left(),
            Some(("unresponsive-address-first", CauseCertainty::Likely)),
        ),
        (
            vec![silent(), works()],
            refused(),
            vec![],
            Some(("unresponsive-address-first", CauseCertainty::Likely)),
        ),
        (vec![works()], refused(), vec![], None),
        (vec![silent()], reset(), vec![], Some(("dial-timeout", CauseCertainty::Possible))),
        (vec![refused()], reset(), left(), Some(("dial-refused", CauseCertainty::Likely))),
        (vec![reset()], reset(), left(), Some(("connection-reset", CauseCertainty::Likely))),
    ] {
        let diagnosis = diagnose_through([direct, vec![gateway(through)]].concat(), peerings);
        let first = diagnosis.causes.first().filter(|cause| cause.severity == Severity::Error);
        assert_eq!(first.map(|cause| (cause.name, cause.certainty)), expected, "{:#?}", diagnosis.causes);
    }
}

#[test]
fn a_gateway_of_the_dialer_that_is_down_is_not_the_acceptors_server() {
    let diagnosis = diagnose_through(vec![good("10.0.0.1:8503"), gateway(tcp(TcpFailure::Refused))], vec![]);
    let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
    assert!(names.contains(&"dialer-gateway-unreachable") && !names.contains(&"dial-refused"), "{names:?}");
}

#[test]
fn the_remedy_for_a_gateways_address_is_about_the_gateway() {
    let refused = AddressTrace { address: "10.0.0.9:8443".to_owned(), ..tcp(TcpFailure::Refused) };
    for (trace, is_gateway) in [(refused, true), (tcp(TcpFailure::Refused), false)] {
        let diagnosis = diagnose_addresses(vec![trace]);
        assert_eq!(diagnosis.causes[0].name, "dial-refused");
        assert_eq!(diagnosis.causes[0].remedy.contains("the acceptor's gateway"), is_gateway);
    }
}

#[test]
fn an_unrecognized_name_is_never_certain() {
    let text = "tls: unrecognized name";
    let alert = TlsFault::Alert { alert: "unrecognized name".to_owned(), presented: None };
    let mut inputs = inputs(observed(vec![tls(alert)]));
    inputs.error = Some(explain::explain(text));
    let diagnosis = diagnose(inputs);
    assert_eq!(diagnosis.causes[0].name, "server-name-refused");
    assert_eq!(diagnosis.causes[0].evidence.len(), 2);
    assert_eq!(diagnosis.causes[0].certainty, CauseCertainty::Likely);
}

#[test]
fn only_this_hosts_own_address_leads_to_the_dialing_host() {
    for (ip, expected) in
        [("127.0.0.1", "address-loopback"), ("::1", "address-loopback"), ("127.0.0.11", "dial-refused")]
    {
        let ip: IpAddr = ip.parse().unwrap();
        let trace = AddressTrace { dns: ok(vec![ip]), ..tcp(TcpFailure::Refused) };
        assert_eq!(diagnose_addresses(vec![trace]).causes[0].name, expected, "{ip}");
    }
}
