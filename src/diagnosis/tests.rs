mod clocks;
mod dialer;
mod paths;
mod peering;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::*;
use crate::connectivity::*;
use crate::explain;
use crate::lint::Reference;
use crate::observed::Observed;
use crate::staleness::evidence::PeeringState;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn ok<T, F>(value: T) -> StepResult<T, F> {
    StepResult::Ok { value, elapsed: Duration::from_millis(1) }
}

fn failed<T, F>(fault: F) -> StepResult<T, F> {
    StepResult::Failed { fault, elapsed: Duration::from_millis(1) }
}

fn status(code: &str, message: &str) -> GrpcStatus {
    GrpcStatus { code: code.to_owned(), message: message.to_owned(), leader: None }
}

/// Returns a trace in which every step succeeded.
fn good(address: &str) -> AddressTrace {
    let ip = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    AddressTrace {
        address: address.to_owned(),
        path: "ServerAddresses[0]".to_owned(),
        dialed: true,
        is_gateway: false,
        dns: ok(vec![ip]),
        tcp: ok(Connected { remote_address: SocketAddr::new(ip, 8503), failed_attempts: Vec::new() }),
        tls: ok(Presented::default()),
        alpn: ok("h2".to_owned()),
        grpc: ok(()),
        peering_exists: ok(status("PermissionDenied", "invalid peering stream secret")),
        unused_secret: StepResult::NotChecked { reason: "asked elsewhere".to_owned() },
        connections: 1,
        servers: 1,
        ips_not_tried: 0,
    }
}

fn tcp(reason: TcpFailure) -> AddressTrace {
    let remote_address = SocketAddr::from(([10, 0, 0, 9], 8503));
    let attempt = TcpAttempt { remote_address, reason, elapsed: Duration::ZERO };
    AddressTrace {
        tcp: failed(TcpFault { attempts: vec![attempt] }),
        tls: StepResult::NotReached,
        alpn: StepResult::NotReached,
        grpc: StepResult::NotReached,
        peering_exists: StepResult::NotReached,
        unused_secret: StepResult::NotReached,
        ..good("10.0.0.9:8503")
    }
}

fn tls(fault: TlsFault) -> AddressTrace {
    AddressTrace { tcp: good("").tcp, tls: failed(fault), ..tcp(TcpFailure::Refused) }
}

fn untrusted(reason: Distrust, owner: CertificateOwner) -> AddressTrace {
    let presented = Box::new(Presented { owner, ..Presented::default() });
    tls(TlsFault::Untrusted { reason, go_message: "x509: …".to_owned(), presented })
}

fn grpc(fault: GrpcFault) -> AddressTrace {
    AddressTrace {
        alpn: good("").alpn,
        grpc: failed(fault),
        ..AddressTrace { tls: good("").tls, ..tls(TlsFault::ConnectionClosed) }
    }
}

fn answers(code: &str, message: &str) -> AddressTrace {
    AddressTrace { peering_exists: failed(GrpcFault::Status(status(code, message))), ..good("10.0.0.9:8503") }
}

fn inputs(connectivity: Observed<Connectivity>) -> Inputs<'static> {
    Inputs { name: Some("west"), connectivity, ..Inputs::new(NOW, None, Reference::default()) }
}

/// Returns the connectivity of these addresses.
fn observed(addresses: Vec<AddressTrace>) -> Observed<Connectivity> {
    let observed_from = "this-host".to_owned();
    Observed::Value(Connectivity { observed_from, addresses, ..Connectivity::default() })
}

fn diagnose_addresses(addresses: Vec<AddressTrace>) -> Diagnosis {
    diagnose(inputs(observed(addresses)))
}

fn follower() -> AddressTrace {
    AddressTrace {
        peering_exists: ok(status(
            "FailedPrecondition",
            "cannot establish a peering stream on a follower node",
        )),
        ..good("10.0.0.9:8503")
    }
}

/// Every fault of a step, and the cause that it is.
fn faults() -> Vec<(AddressTrace, &'static str)> {
    let dns =
        |fault| AddressTrace { dns: failed(fault), tcp: StepResult::NotReached, ..tcp(TcpFailure::Refused) };
    let message = || "a message".to_owned();
    let alert = |alert: &str| tls(TlsFault::Alert { alert: alert.to_owned(), presented: None });
    let other = CertificateOwner::AnotherConsul { trust_domain: None, datacenter: None };
    vec![
        (dns(DnsFault::InvalidAddress { message: message() }), "address-invalid"),
        (dns(DnsFault::NoSuchHost), "host-unknown"),
        (dns(DnsFault::NoAddress), "host-unknown"),
        (dns(DnsFault::ResolverFailed { message: message() }), "resolver-failed"),
        (dns(DnsFault::TimedOut), "resolver-failed"),
        (tcp(TcpFailure::Refused), "dial-refused"),
        (tcp(TcpFailure::TimedOut), "dial-timeout"),
        (tcp(TcpFailure::Unreachable { message: message() }), "dial-no-route"),
        (tcp(TcpFailure::NotPermitted { message: message() }), "dial-not-permitted"),
        (tcp(TcpFailure::Reset), "connection-reset"),
        (tcp(TcpFailure::Other { message: message() }), "dial-unavailable"),
        (tls(TlsFault::NotTls { protocol: Some("HTTP/1".to_owned()) }), "not-a-tls-port"),
        (tls(TlsFault::NotTls { protocol: None }), "not-a-tls-port"),
        (tls(TlsFault::ConnectionClosed), "handshake-cut-off"),
        (tls(TlsFault::Reset), "connection-reset"),
        (tls(TlsFault::TimedOut), "server-silent"),
        (alert("certificate required"), "client-certificate-demanded"),
        (alert("handshake failure"), "tls-versions-differ"),
        (alert("unrecognized name"), "server-name-refused"),
        (alert("internal error"), "tls-trouble-at-peer"),
        (alert("something new"), "handshake-failed"),
        (untrusted(Distrust::UnknownAuthority, CertificateOwner::Expected), "certificate-authority-unknown"),
        (untrusted(Distrust::WrongName, other), "certificate-of-another-cluster"),
        (untrusted(Distrust::WrongName, CertificateOwner::NotConsul), "certificate-name-wrong"),
        (untrusted(Distrust::Expired, CertificateOwner::Expected), "certificate-expired"),
        (untrusted(Distrust::NotYetValid, CertificateOwner::Expected), "certificate-not-yet-valid"),
        (untrusted(Distrust::Unusable, CertificateOwner::Expected), "certificate-unusable"),
        (tls(TlsFault::Token { message: message() }), "certificate-unusable"),
        (tls(TlsFault::Other { message: message() }), "handshake-failed"),
        (
            AddressTrace { alpn: failed(AlpnFault { selected: None }), ..good("10.0.0.9:8503") },
            "alpn-missing",
        ),
        (grpc(GrpcFault::Http1), "http1-answered"),
        (grpc(GrpcFault::NotGrpc { status: 502 }), "proxy-answered"),
        (grpc(GrpcFault::NotConsul { message: message() }), "not-consul-grpc"),
        (grpc(GrpcFault::TimedOut), "server-silent"),
        (grpc(GrpcFault::ConnectionClosed { message: message() }), "connection-closing"),
        (
            AddressTrace {
                tls: StepResult::NotChecked { reason: message() },
                ..grpc(GrpcFault::ConnectionClosed { message: message() })
            },
            "tls-port-dialed-in-plain",
        ),
        (answers("ResourceExhausted", "an unknown message"), "rate-limited"),
        (answers("Internal", "an unknown message"), "acceptor-internal-error"),
        (answers("Unavailable", "no healthy upstream"), "no-healthy-upstream"),
        (follower(), "peer-is-follower"),
    ]
}

#[test]
fn each_fault_alone_is_its_own_cause_and_blocks() {
    for (trace, expected) in faults() {
        let diagnosis = diagnose_addresses(vec![trace]);
        let first = diagnosis.causes.first().map(|cause| cause.name);
        assert_eq!(first, Some(expected));
        assert!(diagnosis.fails(Severity::Error), "{expected}");
        assert!(!diagnosis.conclusion.is_empty() && !diagnosis.causes[0].remedy.is_empty(), "{expected}");
    }
}

#[test]
fn after_a_good_address_a_bad_one_is_a_warning() {
    for (trace, name) in faults() {
        let diagnosis = diagnose_addresses(vec![good("10.0.0.1:8503"), trace]);
        assert!(!diagnosis.fails(Severity::Error), "{name}: {:?}", diagnosis.causes);
        assert!(diagnosis.conclusion.starts_with("Found nothing"), "{name}: {}", diagnosis.conclusion);
        let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
        assert!(name == "peer-is-follower" || names == [name], "{names:?}");
    }
}

#[test]
fn before_a_good_address_only_a_silent_one_blocks() {
    for (trace, name) in faults() {
        let diagnosis = diagnose_addresses(vec![trace, good("10.0.0.1:8503")]);
        let silent = ["dial-timeout", "server-silent"].contains(&name);
        assert_eq!(diagnosis.fails(Severity::Error), silent, "{name}");
        if silent {
            assert_eq!(diagnosis.causes[0].name, "unresponsive-address-first");
        }
    }
}

#[test]
fn of_several_bad_addresses_the_first_ranks_first() {
    let diagnosis = diagnose_addresses(vec![tcp(TcpFailure::TimedOut), tls(TlsFault::ConnectionClosed)]);
    let names: Vec<_> = diagnosis.causes.iter().map(|cause| cause.name).collect();
    assert_eq!(names, ["dial-timeout", "handshake-cut-off"]);
}

#[test]
fn only_followers_block() {
    assert_eq!(diagnose_addresses(vec![follower(), follower()]).causes[0].name, "peer-is-follower");
    assert!(diagnose_addresses(vec![follower(), good("10.0.0.1:8503")]).causes.is_empty());
}

#[test]
fn the_error_message_is_the_cause_if_nothing_is_observed() {
    let text = "1 error occurred:\n\t* failed to exchange peering secret through address \"10.0.0.9:8503\": rpc error: \
                code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
                10.0.0.9:8503: connect: connection refused\"\n\n";
    let mut inputs = inputs(Observed::NotChecked("there is no token".to_owned()));
    inputs.error = Some(explain::explain(text));
    let diagnosis = diagnose(inputs);
    assert_eq!(diagnosis.causes[0].name, "dial-refused");
    assert_eq!(diagnosis.causes[0].addresses, ["10.0.0.9:8503"]);
    assert!(diagnosis.fails(Severity::Error));
}

#[test]
fn an_address_that_answers_now_lowers_the_cause_of_the_error() {
    let text = "failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = Unavailable desc = \
                connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection \
                refused\"";
    let connectivity = observed(vec![good("10.0.0.1:8503")]);
    let mut inputs = inputs(connectivity);
    inputs.error = Some(explain::explain(text));
    let diagnosis = diagnose(inputs);
    assert_eq!(diagnosis.causes[0].name, "dial-refused");
    assert!(!diagnosis.fails(Severity::Error));
    let lowered = diagnosis.causes[0].evidence.iter().find(|it| it.effect == Effect::Lowers).unwrap();
    assert_eq!(
        lowered.message,
        "answers now, observed from this-host; the dialing servers may get other results"
    );
}

#[test]
fn an_error_that_is_also_observed_is_certain() {
    let mut inputs = inputs(observed(vec![tcp(TcpFailure::Refused)]));
    inputs.error = Some(explain::explain(
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
         10.0.0.9:8503: connect: connection refused\"",
    ));
    let diagnosis = diagnose(inputs);
    assert_eq!(diagnosis.causes.len(), 1);
    assert_eq!(diagnosis.causes[0].certainty, CauseCertainty::Certain);
}

/// Returns a token of `dc1` in another cluster than the dialer's.
fn a_token() -> Token {
    Token {
        server_name: "server.dc1.peering.aaaa.consul".to_owned(),
        peer_id: "the-peering".to_owned(),
        ..Token::default()
    }
}

#[test]
fn an_error_about_another_token_is_not_unknown() {
    let mut inputs = inputs(observed(vec![good("10.0.0.1:8503")]));
    let token = a_token();
    inputs.token = Some(&token);
    inputs.error = Some(explain::explain("dial tcp 10.9.9.9:8503: i/o timeout"));
    assert!(!diagnose(inputs).conclusion.contains("unknown"));
}

#[test]
fn a_rejected_secret_is_superseded_if_another_one_is_unused() {
    let token = a_token();
    let with_answer = |code, message| {
        let trace = AddressTrace { unused_secret: ok(status(code, message)), ..good("10.0.0.1:8503") };
        let connectivity = observed(vec![trace]);
        let undetermined =
            crate::staleness::assess("token", &token, &crate::staleness::evidence::Evidence::default());
        let text = "a new peering token must be generated: invalid peering establishment secret";
        diagnose(Inputs {
            token: Some(&token),
            staleness: Some(undetermined),
            error: Some(explain::explain(text)),
            ..inputs(connectivity)
        })
    };
    let diagnosis = with_answer("PermissionDenied", "invalid peering establishment secret");
    assert_eq!(diagnosis.causes[0].name, "token-superseded");
    assert!(diagnosis.fails(Severity::Error));
    assert_eq!(with_answer("Internal", "unknown").causes[0].name, "secret-invalid");
}
