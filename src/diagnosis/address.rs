//! Causes in the connectivity of the token's addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Inputs;
use super::cause_text::CauseText;
use super::established::peering_in_use;
use super::follower;
use super::gateway::{self, DialerGateways, is_gateway_address};
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use crate::connectivity::probe_answer::{Code, SecretAnswer};
use crate::connectivity::{
    AddressTrace, CertificateOwner, Connectivity, Distrust, DnsFault, GrpcFault, GrpcStatus, StepResult,
    TcpFailure, TlsFault,
};
use crate::explain::{self, Entry, catalog};
use crate::lint::Severity;
use crate::lint::rules::addresses::scope::ADDRESS_LOOPBACK;

/// From this on, an address answers slowly.
const SLOW: Duration = Duration::from_secs(1);

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(connectivity) = inputs.connectivity.value() else { return };
    let dialed: Vec<&AddressTrace> = connectivity.addresses.iter().filter(|trace| trace.dialed).collect();
    let gateways: Vec<&AddressTrace> = connectivity.addresses.iter().filter(|it| it.is_gateway).collect();
    let through_gateways = DialerGateways::of(inputs, &gateways);
    let working = dialed.iter().filter(|trace| works(trace)).count();
    // Consul tries the addresses in turn, so one that fails among others does not block the peering.
    let (severity, weight) = if working == 0 && through_gateways != DialerGateways::LeadToAcceptor {
        (Severity::Error, weight::OBSERVED)
    } else {
        (Severity::Warning, weight::NOT_BLOCKING)
    };
    for (index, trace) in dialed.iter().enumerate() {
        let (Some(entry), Some(failure)) = (cause(trace), trace.failure()) else { continue };
        // Consul dials the first address first, so its fault ranks first.
        let weight = if index == 0 { weight + 1 } else { weight };
        let text = gateway::text(entry, std::iter::once(trace.address.as_str()));
        add(causes, text, severity, weight, connectivity, trace, &failure);
    }
    gateway::add_causes(inputs, &gateways, severity, connectivity, causes);
    for trace in &dialed {
        slow(trace, connectivity, causes);
    }
    // A dialer that had a stream through loopback addresses is on the acceptor's machine.
    if peering_in_use(inputs).is_none() {
        loopback_only(&dialed, connectivity, causes);
    }
    match through_gateways {
        DialerGateways::WithoutRouteYet if working == 0 => gateway::lower_direct_faults(&gateways, causes),
        DialerGateways::WithoutRouteYet => {
            silent_first(&dialed, connectivity, Severity::Warning, weight::NOT_BLOCKING, causes);
        }
        DialerGateways::Useless if working > 0 => {
            silent_first(&dialed, connectivity, Severity::Error, weight::OBSERVED + 2, causes);
        }
        DialerGateways::Useless | DialerGateways::LeadToAcceptor => {}
    }
    let answering: Vec<&AddressTrace> = dialed.iter().copied().filter(|trace| works(trace)).collect();
    follower::add_causes(&answering, connectivity, causes);
    for trace in &dialed {
        // The exchange of the secret has the same limit.
        if let Some(status) = trace.unused_secret.value().filter(|it| is_rate_limit(it)) {
            let (limited, message) = (&catalog::RATE_LIMITED, status.to_string());
            add(causes, limited, Severity::Error, weight::OBSERVED, connectivity, trace, &message);
        }
    }
}

pub(super) fn add(
    causes: &mut Causes,
    text: impl Into<CauseText>,
    severity: Severity,
    weight: i32,
    connectivity: &Connectivity,
    trace: &AddressTrace,
    observation: &str,
) {
    let message = format!("{}: {observation} (observed from {})", trace.address, connectivity.observed_from);
    let evidence = CauseEvidence::raises(CauseSource::Connectivity, message);
    causes.add(&text.into(), severity, weight, evidence).add_address(&trace.address);
}

/// Whether a dialer would get an answer about the peering at this address.
pub(super) fn works(trace: &AddressTrace) -> bool {
    trace.peering_exists.value().is_some() && trace.alpn.fault().is_none()
}

fn is_rate_limit(status: &GrpcStatus) -> bool {
    SecretAnswer::of(Code::from_name(&status.code), &status.message) == SecretAnswer::RateLimited
}

/// A loopback address leads to the host that dials it. If nothing listens there, that shows nothing about the acceptor.
fn loopback_only(dialed: &[&AddressTrace], connectivity: &Connectivity, causes: &mut Causes) {
    // Other loopback addresses are only used on purpose, for several servers on one host.
    let is_local = |ip: &IpAddr| *ip == Ipv4Addr::LOCALHOST || *ip == Ipv6Addr::LOCALHOST;
    let is_loopback = |trace: &&AddressTrace| trace.dns.value().is_some_and(|ips| ips.iter().all(is_local));
    if dialed.is_empty() || !dialed.iter().all(|trace| is_loopback(trace) && trace.tcp.fault().is_some()) {
        return;
    }
    for trace in dialed {
        let weight = weight::OBSERVED + 2;
        let observation = "leads to the dialing host itself, and nothing listens there";
        add(causes, &ADDRESS_LOOPBACK, Severity::Error, weight, connectivity, trace, observation);
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
    add(causes, &catalog::SLOW_RESPONSE, Severity::Warning, weight, connectivity, trace, &observation);
}

/// Consul spends a whole attempt on a silent address, so it never tries a working one after it (`black-hole-then-refusal`).
fn silent_first(
    dialed: &[&AddressTrace],
    connectivity: &Connectivity,
    severity: Severity,
    weight: i32,
    causes: &mut Causes,
) {
    let Some(first) = dialed.first().filter(|trace| takes_a_whole_attempt(trace)) else { return };
    let (entry, observation) = (&catalog::UNRESPONSIVE_ADDRESS_FIRST, "does not answer and comes first");
    add(causes, entry, severity, weight, connectivity, first, observation);
}

fn takes_a_whole_attempt(trace: &AddressTrace) -> bool {
    let timed_out = |fault: &crate::connectivity::TcpFault| {
        fault.attempts.iter().any(|attempt| attempt.reason == TcpFailure::TimedOut)
    };
    trace.tcp.fault().is_some_and(timed_out)
        || matches!(trace.tls.fault(), Some(TlsFault::TimedOut))
        || matches!(trace.grpc.fault(), Some(GrpcFault::TimedOut))
}

/// Returns the cause that the first failed step is, in the order of [`AddressTrace::failure`].
pub(super) fn cause(trace: &AddressTrace) -> Option<&'static Entry> {
    if let Some(fault) = trace.dns.fault() {
        return Some(match fault {
            DnsFault::InvalidAddress { .. } => &catalog::ADDRESS_INVALID,
            DnsFault::NoSuchHost | DnsFault::NoAddress => &catalog::NO_SUCH_HOST,
            DnsFault::ResolverFailed { .. } | DnsFault::TimedOut => &catalog::RESOLVER_FAILED,
        });
    }
    if let Some(fault) = trace.tcp.fault() {
        return Some(match fault.reason() {
            TcpFailure::Refused => &catalog::DIAL_REFUSED,
            TcpFailure::TimedOut => &catalog::DIAL_TIMEOUT,
            TcpFailure::Unreachable { .. } => &catalog::DIAL_NO_ROUTE,
            TcpFailure::NotPermitted { .. } => &catalog::DIAL_NOT_PERMITTED,
            TcpFailure::Reset => &catalog::CONNECTION_RESET,
            TcpFailure::Other { .. } => &catalog::DIAL_UNAVAILABLE,
        });
    }
    if let Some(fault) = trace.tls.fault() {
        let is_cut = matches!(fault, TlsFault::Reset | TlsFault::ConnectionClosed);
        let is_gateway = trace.is_gateway || is_gateway_address(&trace.address);
        return Some(if is_cut && is_gateway { &catalog::GATEWAY_WITHOUT_ROUTE } else { tls(fault) });
    }
    if let Some(fault) = trace.grpc.fault().or(trace.peering_exists.fault()) {
        return Some(grpc(fault, trace));
    }
    trace.alpn.fault().map(|_| &catalog::ALPN_MISSING)
}

fn tls(fault: &TlsFault) -> &'static Entry {
    match fault {
        TlsFault::NotTls { .. } => &catalog::NOT_A_TLS_PORT,
        TlsFault::ConnectionClosed => &catalog::HANDSHAKE_CLOSED,
        TlsFault::Reset => &catalog::CONNECTION_RESET,
        TlsFault::TimedOut => &catalog::SERVER_UNRESPONSIVE,
        TlsFault::Alert { alert, .. } => alert_cause(alert),
        TlsFault::Untrusted { reason, presented, .. } => match (reason, &presented.owner) {
            (Distrust::WrongName, CertificateOwner::AnotherConsul { .. }) => {
                &catalog::CERTIFICATE_FROM_ANOTHER_CLUSTER
            }
            (Distrust::WrongName, _) => &catalog::CERTIFICATE_NAME_MISMATCH,
            (Distrust::UnknownAuthority, _) => &catalog::CERTIFICATE_UNKNOWN_AUTHORITY,
            (Distrust::Expired, _) => &catalog::CERTIFICATE_EXPIRED,
            (Distrust::NotYetValid, _) => &catalog::CERTIFICATE_NOT_YET_VALID,
            (Distrust::Unusable, _) => &catalog::CERTIFICATE_UNUSABLE,
        },
        TlsFault::Token { .. } => &catalog::CERTIFICATE_UNUSABLE,
        TlsFault::Other { .. } => &catalog::HANDSHAKE_FAILED,
    }
}

fn alert_cause(alert: &str) -> &'static Entry {
    match alert {
        "certificate required" | "bad certificate" => &catalog::CLIENT_CERTIFICATE_REQUIRED,
        "protocol version"
        | "protocol version not supported"
        | "handshake failure"
        | "insufficient security level" => &catalog::TLS_VERSION_MISMATCH,
        "unrecognized name" => &catalog::SERVER_NAME_UNRECOGNIZED,
        "unknown certificate authority" | "certificate unknown" => &catalog::CERTIFICATE_REJECTED,
        "internal error" => &catalog::TLS_INTERNAL_ERROR,
        _ => &catalog::HANDSHAKE_FAILED,
    }
}

fn grpc(fault: &GrpcFault, trace: &AddressTrace) -> &'static Entry {
    let is_plaintext = matches!(trace.tls, StepResult::NotChecked { .. });
    match fault {
        GrpcFault::Http1 => &catalog::HTTP1_RESPONSE,
        GrpcFault::NotGrpc { .. } => &catalog::PROXY_RESPONSE,
        GrpcFault::NotConsul { .. } => &catalog::NOT_CONSUL_GRPC,
        GrpcFault::TimedOut => &catalog::SERVER_UNRESPONSIVE,
        GrpcFault::ConnectionClosed { .. } if is_plaintext => &catalog::PLAINTEXT_TO_TLS_PORT,
        GrpcFault::ConnectionClosed { .. } => &catalog::CONNECTION_CLOSING,
        GrpcFault::Status(status) => status_cause(status),
    }
}

/// Returns the known message with this status, or a cause by its code.
fn status_cause(status: &GrpcStatus) -> &'static Entry {
    let message = explain::Message {
        grpc_code: Some(status.code.clone()),
        text: status.message.clone(),
        ..explain::Message::default()
    };
    match explain::lookup(&message) {
        Some((entry, _)) => entry,
        None => match status.code.as_str() {
            "ResourceExhausted" => &catalog::RATE_LIMITED,
            "Unavailable" => &catalog::NO_HEALTHY_UPSTREAM,
            "DeadlineExceeded" => &catalog::DEADLINE_EXCEEDED,
            "Canceled" => &catalog::CALL_CANCELED,
            "Unimplemented" => &catalog::NOT_CONSUL_GRPC,
            "InvalidArgument" => &catalog::ACCEPTOR_INVALID_ARGUMENT,
            "PermissionDenied" | "Unauthenticated" => &catalog::PROXY_DENIED,
            "Aborted" => &catalog::ACCEPTOR_ABORTED,
            _ => &catalog::ACCEPTOR_INTERNAL_ERROR,
        },
    }
}
