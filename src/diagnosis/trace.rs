//! What the steps to one address show about it.

use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes};
use crate::connectivity::{
    AddressTrace, CertificateOwner, Connectivity, Distrust, DnsFault, GrpcFault, GrpcStatus, StepResult,
    TcpFailure, TlsFault,
};
use crate::explain::{self, Entry, catalog};
use crate::lint::Severity;

/// Adds a cause that a probe of an address observed.
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

/// Whether an address has the usual port of a mesh gateway.
pub(super) fn is_gateway_address(address: &str) -> bool {
    address.ends_with(":8443")
}

/// Whether the gateway closes the connection during the TLS handshake, as it does without a route.
pub(super) fn is_cut(trace: &AddressTrace) -> bool {
    matches!(trace.tls.fault(), Some(TlsFault::Reset | TlsFault::ConnectionClosed))
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
        let is_gateway = trace.is_gateway || is_gateway_address(&trace.address);
        return Some(if is_cut(trace) && is_gateway { &catalog::GATEWAY_WITHOUT_ROUTE } else { tls(fault) });
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
