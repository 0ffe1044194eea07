//! Causes in the connectivity of the token's addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, was_connected, weight};
use crate::connectivity::{
    AddressTrace, CertificateOwner, Connectivity, Distrust, DnsFault, GrpcFault, GrpcStatus, StepResult,
    TcpFailure, TlsFault,
};
use crate::explain;
use crate::lint::rule::Severity;

/// From this on, an address answers slowly.
const SLOW: Duration = Duration::from_secs(1);

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(connectivity) = inputs.connectivity.value() else { return };
    let dialed: Vec<&AddressTrace> = connectivity.addresses.iter().filter(|trace| trace.dialed).collect();
    let working = dialed.iter().filter(|trace| works(trace)).count();
    // Consul tries the addresses in turn, so one that fails among others does not block the peering.
    let (severity, weight) = if working == 0 {
        (Severity::Error, weight::OBSERVED)
    } else {
        (Severity::Warning, weight::NOT_BLOCKING)
    };
    for (index, trace) in dialed.iter().enumerate() {
        let (Some(name), Some(failure)) = (cause_name(trace), trace.failure()) else { continue };
        // Consul dials the first address first, so its fault ranks first.
        let weight = if index == 0 { weight + 1 } else { weight };
        add(causes, name, severity, weight, connectivity, trace, &failure);
    }
    for trace in &dialed {
        slow(trace, connectivity, causes);
    }
    // A dialer that had a stream through loopback addresses is on the acceptor's machine.
    if !was_connected(inputs) {
        loopback_only(&dialed, connectivity, causes);
    }
    if working > 0 {
        silent_first(&dialed, connectivity, causes);
        followers_only(&dialed, connectivity, causes);
    }
}

fn add(
    causes: &mut Causes,
    name: &str,
    severity: Severity,
    weight: i32,
    connectivity: &Connectivity,
    trace: &AddressTrace,
    observation: &str,
) {
    let message = format!("{}: {observation} (observed from {})", trace.address, connectivity.observed_from);
    let evidence = CauseEvidence::raises(CauseSource::Connectivity, message);
    causes.add(&CauseText::named(name), severity, weight, evidence).add_address(&trace.address);
}

/// Whether a dialer would get an answer about the peering at this address.
fn works(trace: &AddressTrace) -> bool {
    trace.peering_exists.value().is_some() && trace.alpn.fault().is_none()
}

/// A loopback address leads to the host that dials it. If nothing listens there, that shows nothing about the acceptor.
fn loopback_only(dialed: &[&AddressTrace], connectivity: &Connectivity, causes: &mut Causes) {
    let is_loopback =
        |trace: &&AddressTrace| trace.dns.value().is_some_and(|ips| ips.iter().all(IpAddr::is_loopback));
    if dialed.is_empty() || !dialed.iter().all(|trace| is_loopback(trace) && trace.tcp.fault().is_some()) {
        return;
    }
    for trace in dialed {
        let weight = weight::OBSERVED + 2;
        let observation = "leads to the dialing host itself, and nothing listens there";
        add(causes, "address-loopback", Severity::Error, weight, connectivity, trace, observation);
    }
}

/// An address that answers so slowly that Consul may not get to the next one.
fn slow(trace: &AddressTrace, connectivity: &Connectivity, causes: &mut Causes) {
    let (Some(connection), Some(call)) =
        (trace.tls.elapsed().or(trace.grpc.elapsed()), trace.peering_exists.elapsed())
    else {
        return;
    };
    if !works(trace) || connection.max(call) < SLOW {
        return;
    }
    let observation =
        format!("{} ms for the connection, {} ms for a call", connection.as_millis(), call.as_millis());
    let weight = weight::NOT_BLOCKING;
    add(causes, "answers-slowly", Severity::Warning, weight, connectivity, trace, &observation);
}

/// Consul spends a whole attempt on a silent address, so it never tries a working one after it (`black-hole-then-refusal`).
fn silent_first(dialed: &[&AddressTrace], connectivity: &Connectivity, causes: &mut Causes) {
    let Some(first) = dialed.first().filter(|trace| takes_a_whole_attempt(trace)) else { return };
    let (weight, observation) = (weight::OBSERVED + 2, "does not answer and comes first");
    add(causes, "silent-address-first", Severity::Error, weight, connectivity, first, observation);
}

fn takes_a_whole_attempt(trace: &AddressTrace) -> bool {
    let timed_out = |fault: &crate::connectivity::TcpFault| {
        fault.attempts.iter().any(|attempt| attempt.reason == TcpFailure::TimedOut)
    };
    trace.tcp.fault().is_some_and(timed_out)
        || matches!(trace.tls.fault(), Some(TlsFault::TimedOut))
        || matches!(trace.grpc.fault(), Some(GrpcFault::TimedOut))
}

/// A follower forwards the exchange of the secret to the leader, but rejects the stream.
fn followers_only(dialed: &[&AddressTrace], connectivity: &Connectivity, causes: &mut Causes) {
    let answering: Vec<&AddressTrace> = dialed.iter().copied().filter(|trace| works(trace)).collect();
    if answering.iter().any(|trace| !trace.peering_exists.value().is_some_and(is_follower)) {
        return;
    }
    for trace in answering {
        let weight = weight::OBSERVED;
        add(causes, "peer-is-follower", Severity::Error, weight, connectivity, trace, "a follower answered");
    }
}

fn is_follower(status: &GrpcStatus) -> bool {
    status.code == "FailedPrecondition" && status.message.contains("follower")
}

/// Returns the name of the cause that the first failed step is, in the order of [`AddressTrace::failure`].
fn cause_name(trace: &AddressTrace) -> Option<&'static str> {
    if let Some(fault) = trace.dns.fault() {
        return Some(match fault {
            DnsFault::InvalidAddress { .. } => "address-invalid",
            DnsFault::NoSuchHost | DnsFault::NoAddress => "host-unknown",
            DnsFault::ResolverFailed { .. } | DnsFault::TimedOut => "resolver-failed",
        });
    }
    if let Some(fault) = trace.tcp.fault() {
        return Some(match fault.reason() {
            TcpFailure::Refused => "dial-refused",
            TcpFailure::TimedOut => "dial-timeout",
            TcpFailure::Unreachable { .. } => "dial-no-route",
            TcpFailure::NotPermitted { .. } => "dial-not-permitted",
            TcpFailure::Reset => "connection-reset",
            TcpFailure::Other { .. } => "dial-unavailable",
        });
    }
    if let Some(fault) = trace.tls.fault() {
        return Some(tls(fault));
    }
    if let Some(fault) = trace.grpc.fault().or(trace.peering_exists.fault()) {
        return Some(grpc(fault, trace));
    }
    trace.alpn.fault().map(|_| "alpn-missing")
}

fn tls(fault: &TlsFault) -> &'static str {
    match fault {
        TlsFault::NotTls { .. } => "not-a-tls-port",
        TlsFault::ConnectionClosed => "handshake-cut-off",
        TlsFault::Reset => "connection-reset",
        TlsFault::TimedOut => "server-silent",
        TlsFault::Alert { alert, .. } => alert_name(alert),
        TlsFault::Untrusted { reason, presented, .. } => match (reason, &presented.owner) {
            (Distrust::WrongName, CertificateOwner::AnotherConsul { .. }) => "certificate-of-another-cluster",
            (Distrust::WrongName, _) => "certificate-name-wrong",
            (Distrust::UnknownAuthority, _) => "certificate-authority-unknown",
            (Distrust::Expired, _) => "certificate-expired",
            (Distrust::NotYetValid, _) => "certificate-not-yet-valid",
            (Distrust::Unusable, _) => "certificate-unusable",
        },
        TlsFault::Token { .. } => "certificate-unusable",
        TlsFault::Other { .. } => "handshake-failed",
    }
}

fn alert_name(alert: &str) -> &'static str {
    match alert {
        "certificate required" | "bad certificate" => "client-certificate-demanded",
        "protocol version"
        | "protocol version not supported"
        | "handshake failure"
        | "insufficient security level" => "tls-versions-differ",
        "unrecognized name" => "server-name-refused",
        "unknown certificate authority" | "certificate unknown" => "certificate-refused-by-peer",
        "internal error" => "tls-trouble-at-peer",
        _ => "handshake-failed",
    }
}

fn grpc(fault: &GrpcFault, trace: &AddressTrace) -> &'static str {
    let is_plaintext = matches!(trace.tls, StepResult::NotChecked { .. });
    match fault {
        GrpcFault::Http1 => "http1-answered",
        GrpcFault::NotGrpc { .. } => "proxy-answered",
        GrpcFault::NotConsul { .. } => "not-consul-grpc",
        GrpcFault::TimedOut => "server-silent",
        GrpcFault::ConnectionClosed { .. } if is_plaintext => "tls-port-dialed-in-plain",
        GrpcFault::ConnectionClosed { .. } => "connection-closing",
        GrpcFault::Status(status) => status_name(status),
    }
}

/// Returns the name of the known message with this status, or of a cause by its code.
fn status_name(status: &GrpcStatus) -> &'static str {
    let cause = explain::Cause {
        grpc_code: Some(status.code.clone()),
        text: status.message.clone(),
        ..explain::Cause::default()
    };
    match explain::lookup(&cause) {
        Some((entry, _)) => entry.name,
        None => match status.code.as_str() {
            "ResourceExhausted" => "rate-limited",
            "Unavailable" => "no-healthy-upstream",
            "DeadlineExceeded" => "deadline-exceeded",
            "Canceled" => "call-cancelled",
            "Unimplemented" => "not-consul-grpc",
            "InvalidArgument" => "acceptor-refused-argument",
            "PermissionDenied" | "Unauthenticated" => "proxy-denied",
            "Aborted" => "acceptor-gave-up",
            _ => "acceptor-internal-error",
        },
    }
}
