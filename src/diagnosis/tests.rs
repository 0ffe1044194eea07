use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::*;
use crate::connectivity::*;
use crate::explain;
use crate::observed::Observed;
use crate::staleness::evidence::PeeringState;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn passed<T, F>(seen: T) -> Step<T, F> {
    Step::Passed { seen, elapsed: Duration::from_millis(1) }
}

fn failed<T, F>(fault: F) -> Step<T, F> {
    Step::Failed { fault, elapsed: Duration::from_millis(1) }
}

fn status(code: &str, message: &str) -> Status {
    Status { code: code.to_owned(), message: message.to_owned(), leader: None }
}

/// A way on which everything went well.
fn good(address: &str) -> Way {
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    Way {
        address: address.to_owned(),
        path: "ServerAddresses[0]".to_owned(),
        dialed: true,
        dns: passed(vec![ip]),
        tcp: passed(Connected { to: SocketAddr::new(ip, 8503), failed_before: Vec::new() }),
        tls: passed(Shown::default()),
        alpn: passed("h2".to_owned()),
        grpc: passed(Grpc::default()),
        peering_exists: passed(status("PermissionDenied", "invalid peering stream secret")),
        unused_secret: Step::NotAsked { because: "it was asked elsewhere".to_owned() },
    }
}

fn tcp(why: TcpWhy) -> Way {
    let try_ = TcpTry { to: SocketAddr::from(([10, 0, 0, 9], 8503)), why, elapsed: Duration::ZERO };
    Way {
        tcp: failed(TcpFault { tries: vec![try_] }),
        tls: Step::NotReached,
        alpn: Step::NotReached,
        grpc: Step::NotReached,
        peering_exists: Step::NotReached,
        unused_secret: Step::NotReached,
        ..good("10.0.0.9:8503")
    }
}

fn tls(fault: TlsFault) -> Way {
    Way { tcp: good("").tcp, tls: failed(fault), ..tcp(TcpWhy::Refused) }
}

fn untrusted(why: Distrust, whose: Whose) -> Way {
    let shown = Box::new(Shown { whose, ..Shown::default() });
    tls(TlsFault::Untrusted { why, go_says: "x509: …".to_owned(), shown })
}

fn grpc(fault: GrpcFault) -> Way {
    Way { alpn: good("").alpn, grpc: failed(fault), ..Way { tls: good("").tls, ..tls(TlsFault::CutOff) } }
}

fn answers(code: &str, message: &str) -> Way {
    Way { peering_exists: failed(GrpcFault::Status(status(code, message))), ..good("10.0.0.9:8503") }
}

fn known(reach: Observed<Reach>) -> Known<'static> {
    Known {
        now: NOW,
        name: Some("west"),
        given_as: None,
        http_addr: None,
        token: None,
        taken_out_of: None,
        report: None,
        reach,
        staleness: None,
        dialer: Observed::NotChecked("-offline was given".to_owned()),
        error: None,
    }
}

fn of(ways: Vec<Way>) -> Diagnosis {
    diagnose(known(Observed::Value(Reach { seen_from: "here".to_owned(), seen_at: None, ways, left_out: 0 })))
}

fn follower() -> Way {
    Way {
        peering_exists: passed(status(
            "FailedPrecondition",
            "cannot establish a peering stream on a follower node",
        )),
        ..good("10.0.0.9:8503")
    }
}

/// Every fault that a step can show, and the cause that it is.
fn faults() -> Vec<(Way, &'static str)> {
    let dns = |fault| Way { dns: failed(fault), tcp: Step::NotReached, ..tcp(TcpWhy::Refused) };
    let says = || "words".to_owned();
    let alert = |alert: &str| tls(TlsFault::Alert { alert: alert.to_owned(), shown: None });
    let other = Whose::AnotherConsul { trust_domain: None, datacenter: None };
    vec![
        (dns(DnsFault::Address { says: says() }), "address-invalid"),
        (dns(DnsFault::NoSuchHost), "no-such-host"),
        (dns(DnsFault::NoAddress), "no-such-host"),
        (dns(DnsFault::ResolverFailed { says: says() }), "resolver-failed"),
        (dns(DnsFault::TimedOut), "resolver-failed"),
        (tcp(TcpWhy::Refused), "dial-refused"),
        (tcp(TcpWhy::TimedOut), "dial-timeout"),
        (tcp(TcpWhy::Unreachable { says: says() }), "dial-no-route"),
        (tcp(TcpWhy::NotPermitted { says: says() }), "dial-not-permitted"),
        (tcp(TcpWhy::Reset), "connection-reset"),
        (tcp(TcpWhy::Other { says: says() }), "dial-unavailable"),
        (tls(TlsFault::NotTls { speaks: Some("HTTP/1".to_owned()) }), "not-a-tls-port"),
        (tls(TlsFault::NotTls { speaks: None }), "not-a-tls-port"),
        (tls(TlsFault::CutOff), "handshake-closed"),
        (tls(TlsFault::Reset), "connection-reset"),
        (tls(TlsFault::TimedOut), "server-unresponsive"),
        (alert("certificate required"), "client-certificate-required"),
        (alert("handshake failure"), "tls-version-mismatch"),
        (alert("unrecognized name"), "server-name-unrecognized"),
        (alert("internal error"), "tls-internal-error"),
        (alert("something new"), "handshake-failed"),
        (untrusted(Distrust::UnknownAuthority, Whose::Expected), "certificate-unknown-authority"),
        (untrusted(Distrust::WrongName, other), "certificate-from-another-cluster"),
        (untrusted(Distrust::WrongName, Whose::SomebodyElse), "certificate-name-mismatch"),
        (untrusted(Distrust::Expired, Whose::Expected), "certificate-expired"),
        (untrusted(Distrust::NotYetValid, Whose::Expected), "certificate-not-yet-valid"),
        (untrusted(Distrust::Unusable, Whose::Expected), "certificate-unusable"),
        (tls(TlsFault::Token { says: says() }), "certificate-unusable"),
        (tls(TlsFault::Other { says: says() }), "handshake-failed"),
        (Way { alpn: failed(AlpnFault { selected: None }), ..good("10.0.0.9:8503") }, "alpn-missing"),
        (grpc(GrpcFault::Http1), "http1-response"),
        (grpc(GrpcFault::NotGrpc { status: 502, content_type: None }), "proxy-response"),
        (grpc(GrpcFault::NotConsul { says: says() }), "not-consul-grpc"),
        (grpc(GrpcFault::TimedOut), "server-unresponsive"),
        (grpc(GrpcFault::CutOff { says: says() }), "connection-closing"),
        (
            Way { tls: Step::NotAsked { because: says() }, ..grpc(GrpcFault::CutOff { says: says() }) },
            "plaintext-to-tls-port",
        ),
        (answers("ResourceExhausted", "a new wording"), "rate-limited"),
        (answers("Internal", "a new wording"), "acceptor-internal-error"),
        (answers("Unavailable", "no healthy upstream"), "no-healthy-upstream"),
        (follower(), "server-is-follower"),
    ]
}

#[test]
fn every_fault_alone_is_its_own_cause_and_fails() {
    for (way, expected) in faults() {
        let diagnosis = of(vec![way]);
        let first = diagnosis.causes.first().map(|cause| cause.name);
        assert_eq!(first, Some(expected));
        assert!(diagnosis.fails(Severity::Error), "{expected}");
        assert!(!diagnosis.conclusion.is_empty() && !diagnosis.causes[0].remedy.is_empty(), "{expected}");
    }
}

#[test]
fn behind_a_good_address_a_bad_one_is_a_warning() {
    for (way, name) in faults() {
        let diagnosis = of(vec![good("10.0.0.1:8503"), way]);
        assert!(!diagnosis.fails(Severity::Error), "{name}: {:?}", diagnosis.causes);
        assert!(diagnosis.conclusion.starts_with("Nothing was found"), "{name}: {}", diagnosis.conclusion);
        let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
        assert!(name == "server-is-follower" || names == [name], "{names:?}");
    }
}

#[test]
fn before_a_good_address_only_silence_keeps_it_from_working() {
    for (way, name) in faults() {
        let diagnosis = of(vec![way, good("10.0.0.1:8503")]);
        let silent = ["dial-timeout", "server-unresponsive"].contains(&name);
        assert_eq!(diagnosis.fails(Severity::Error), silent, "{name}");
        if silent {
            assert_eq!(diagnosis.causes[0].name, "unresponsive-address-first");
        }
    }
}

#[test]
fn of_several_bad_addresses_the_first_leads() {
    let diagnosis = of(vec![tcp(TcpWhy::TimedOut), tls(TlsFault::CutOff)]);
    let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
    assert_eq!(names, ["dial-timeout", "handshake-closed"]);
}

#[test]
fn followers_alone_take_no_stream() {
    assert_eq!(of(vec![follower(), follower()]).causes[0].name, "server-is-follower");
    assert!(of(vec![follower(), good("10.0.0.1:8503")]).causes.is_empty());
}

#[test]
fn what_the_error_says_leads_when_nothing_is_seen() {
    let said = "1 error occurred:\n\t* failed to exchange peering secret through address \"10.0.0.9:8503\": rpc error: \
                code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
                10.0.0.9:8503: connect: connection refused\"\n\n";
    let mut facts = known(Observed::NotChecked("there is no token".to_owned()));
    facts.error = Some(explain::explain(said));
    let diagnosis = diagnose(facts);
    assert_eq!(diagnosis.causes[0].name, "dial-refused");
    assert_eq!(diagnosis.causes[0].addresses, ["10.0.0.9:8503"]);
    assert!(diagnosis.fails(Severity::Error));
}

#[test]
fn then_it_was_refused_and_now_it_answers() {
    let said = "failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = Unavailable desc = \
                connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection \
                refused\"";
    let reach =
        Reach { seen_from: "here".to_owned(), seen_at: None, ways: vec![good("10.0.0.1:8503")], left_out: 0 };
    let mut facts = known(Observed::Value(reach));
    facts.error = Some(explain::explain(said));
    let diagnosis = diagnose(facts);
    assert_eq!(diagnosis.causes[0].name, "dial-refused");
    assert!(!diagnosis.fails(Severity::Error));
    let lowered = diagnosis.causes[0].evidence.iter().find(|it| it.effect == Effect::Lowers).unwrap();
    assert_eq!(lowered.says, "it answers now, seen from here; the dialing servers may see otherwise");
}

#[test]
fn an_error_that_is_seen_again_weighs_more_than_either() {
    let mut facts = known(Observed::Value(Reach {
        seen_from: "here".to_owned(),
        seen_at: None,
        left_out: 0,
        ways: vec![tcp(TcpWhy::Refused)],
    }));
    facts.error = Some(explain::explain(
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
         10.0.0.9:8503: connect: connection refused\"",
    ));
    let diagnosis = diagnose(facts);
    assert_eq!(diagnosis.causes.len(), 1);
    assert_eq!(diagnosis.causes[0].certainty, Certainty::Certain);
}

/// A token of `dc1` in another cluster than the Consul at hand.
fn a_token() -> Token {
    Token {
        server_name: "server.dc1.peering.aaaa.consul".to_owned(),
        peer_id: "the-peering".to_owned(),
        ..Token::default()
    }
}

/// The first cause's name and whether it fails, when the way is good and the Consul at hand says this.
fn of_dialer(view: DialerView, token: &Token) -> (Option<&'static str>, bool) {
    let reach =
        Reach { seen_from: "here".to_owned(), seen_at: None, ways: vec![good("10.0.0.1:8503")], left_out: 0 };
    let facts = Known { token: Some(token), dialer: Observed::Value(view), ..known(Observed::Value(reach)) };
    let diagnosis = diagnose(facts);
    (diagnosis.causes.first().map(|cause| cause.name), diagnosis.fails(Severity::Error))
}

fn entry(name: &str, peer_id: Option<&str>, state: PeeringState) -> Entry {
    Entry {
        name: name.to_owned(),
        id: "own-id".to_owned(),
        peer_id: peer_id.map(str::to_owned),
        state,
        last_heartbeat: None,
    }
}

/// Never that of the peering that happens to have the name that was given.
#[test]
fn a_command_names_the_peering_that_it_is_about() {
    let token = a_token();
    let view = DialerView {
        peerings: Some(vec![
            entry("left", Some("the-peering"), PeeringState::Pending),
            entry("west", Some("healthy"), PeeringState::Active),
        ]),
        ..DialerView::default()
    };
    let facts = Known {
        token: Some(&token),
        dialer: Observed::Value(view),
        http_addr: Some("10.0.0.1:8500"),
        ..known(Observed::NotChecked(String::new()))
    };
    let causes = diagnose(facts).causes;
    let next = |name| causes.iter().find(|cause| cause.name == name).unwrap().next.as_deref();
    assert_eq!(next("left-by-failed-establish"), Some("peering delete -name left -http-addr 10.0.0.1:8500"));
    assert_eq!(next("name-in-use"), Some("peering read -name west -http-addr 10.0.0.1:8500"));
}

#[test]
fn an_error_that_is_of_another_token_is_not_an_unknown_one() {
    let mut facts = known(Observed::Value(Reach {
        seen_from: "here".to_owned(),
        seen_at: None,
        left_out: 0,
        ways: vec![good("10.0.0.1:8503")],
    }));
    let token = a_token();
    facts.token = Some(&token);
    facts.error = Some(explain::explain("dial tcp 10.9.9.9:8503: i/o timeout"));
    assert!(!diagnose(facts).conclusion.contains("not known"));
}

#[test]
fn what_the_dialer_says_leads_to_its_cause() {
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
        // A working peering would be written over.
        (with(entry("west", Some("another"), PeeringState::Active)), Some("name-in-use"), true),
        (with(entry("west", Some("another"), PeeringState::Failing)), Some("name-in-use"), false),
        (with(entry("west", ours, PeeringState::Pending)), Some("left-by-failed-establish"), false),
        (with(entry("west", ours, PeeringState::Active)), Some("already-established"), true),
        (with(entry("other", ours, PeeringState::Failing)), Some("state-failing"), true),
        (with(entry("other", ours, PeeringState::Terminated)), Some("state-terminated"), true),
    ];
    for (view, expected, fails) in table {
        let shown = format!("{view:?}");
        assert_eq!(of_dialer(view, &token), (expected, fails), "{shown}");
    }
}

#[test]
fn where_gateways_dial_what_is_seen_here_is_only_possible() {
    let reach =
        Reach { seen_from: "here".to_owned(), seen_at: None, ways: vec![tcp(TcpWhy::TimedOut)], left_out: 0 };
    let facts = Known {
        dialer: Observed::Value(DialerView { through_mesh_gateways: Some(true), ..DialerView::default() }),
        ..known(Observed::Value(reach))
    };
    let diagnosis = diagnose(facts);
    assert_eq!(
        (diagnosis.causes[0].name, diagnosis.causes[0].certainty),
        ("dial-timeout", Certainty::Possible)
    );
    assert_eq!(diagnosis.causes[1].name, "dials-through-mesh-gateways");
}

#[test]
fn a_secret_that_is_refused_while_another_is_unused_was_superseded() {
    let token = a_token();
    let holds = |code, message| {
        let way = Way { unused_secret: passed(status(code, message)), ..good("10.0.0.1:8503") };
        let reach = Reach { seen_from: "here".to_owned(), seen_at: None, ways: vec![way], left_out: 0 };
        let undetermined =
            crate::staleness::assess("token", &token, &crate::staleness::evidence::Evidence::default());
        let said = "a new peering token must be generated: invalid peering establishment secret";
        diagnose(Known {
            token: Some(&token),
            staleness: Some(undetermined),
            error: Some(explain::explain(said)),
            ..known(Observed::Value(reach))
        })
    };
    let diagnosis = holds("PermissionDenied", "invalid peering establishment secret");
    assert_eq!(diagnosis.causes[0].name, "token-superseded");
    assert!(diagnosis.fails(Severity::Error));
    assert_eq!(holds("Internal", "not known").causes[0].name, "secret-invalid");
}
