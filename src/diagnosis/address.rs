//! What was seen on the way to the token's addresses.

use std::net::IpAddr;
use std::time::Duration;

use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use super::{Known, dialer};
use crate::connectivity::{Distrust, DnsFault, GrpcFault, Reach, Status, TcpWhy, TlsFault, Way, Whose};
use crate::explain::{self, Entry, catalog};
use crate::lint::Severity;

/// Where it was seen.
pub(super) const SEEN_IN: &str = "the way to the servers";

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(reach) = known.reach.value() else { return };
    let dialed: Vec<&Way> = reach.ways.iter().filter(|way| way.dialed).collect();
    let good = dialed.iter().filter(|way| works(way)).count();
    // Consul goes round the addresses, so one that fails alone does not make it fail.
    let (severity, at) =
        if good == 0 { (Severity::Error, weight::SEEN) } else { (Severity::Warning, weight::MAY_HURT) };
    for (place, way) in dialed.iter().enumerate() {
        let Some((entry, says)) = fault(way) else { continue };
        let evidence =
            Evidence::raises(SEEN_IN, format!("{}: {says} (seen from {})", way.address, reach.seen_from));
        // What is wrong at the first address hit first.
        let at = if place == 0 { at + 1 } else { at };
        causes.add(&Text::of(entry), severity, at, evidence).at(&way.address);
    }
    for way in &dialed {
        slow(way, reach, causes);
    }
    // A dialer that had a stream through them is on the same machine.
    if !dialer::was_connected(known) {
        nobody_on_this_machine(&dialed, reach, causes);
    }
    if good > 0 {
        silent_first(&dialed, reach, causes);
        followers_only(&dialed, reach, causes);
    }
}

/// Whether an establish gets an answer of the acceptor here.
fn works(way: &Way) -> bool {
    way.peering_exists.passed().is_some() && way.alpn.failed().is_none()
}

/// Loopback addresses lead to whoever dials: that nobody listens here says nothing of the acceptor.
fn nobody_on_this_machine(dialed: &[&Way], reach: &Reach, causes: &mut Causes) {
    let is_loopback = |way: &&Way| way.dns.passed().is_some_and(|ips| ips.iter().all(IpAddr::is_loopback));
    if dialed.is_empty() || !dialed.iter().all(|way| is_loopback(way) && way.tcp.failed().is_some()) {
        return;
    }
    for way in dialed {
        let says = format!("{} is {} itself, and nobody listens there", way.address, reach.seen_from);
        let text = Text::check("address-loopback");
        causes
            .add(&text, Severity::Error, weight::SEEN + 2, Evidence::raises(SEEN_IN, says))
            .at(&way.address);
    }
}

/// What answers so slowly that Consul may not get to the next address.
fn slow(way: &Way, reach: &Reach, causes: &mut Causes) {
    const LONG: Duration = Duration::from_secs(1);
    let (Some(tls), Some(call)) = (way.tls.elapsed().or(way.grpc.elapsed()), way.peering_exists.elapsed())
    else {
        return;
    };
    if !works(way) || tls.max(call) < LONG {
        return;
    }
    let text = Text::of(&catalog::SLOW_RESPONSE);
    let says = format!(
        "{}: {} ms for the connection, {} ms for a call (seen from {})",
        way.address,
        tls.as_millis(),
        call.as_millis(),
        reach.seen_from
    );
    causes.add(&text, Severity::Warning, weight::MAY_HURT, Evidence::raises(SEEN_IN, says)).at(&way.address);
}

/// An address that swallows a whole attempt stands before one that works: it is never tried (`black-hole-then-refusal`).
fn silent_first(dialed: &[&Way], reach: &Reach, causes: &mut Causes) {
    let Some(first) = dialed.first().filter(|way| takes_a_whole_attempt(way)) else { return };
    let text = Text::of(&catalog::UNRESPONSIVE_ADDRESS_FIRST);
    let says = format!("{} is silent and comes first (seen from {})", first.address, reach.seen_from);
    causes.add(&text, Severity::Error, weight::SEEN + 2, Evidence::raises(SEEN_IN, says)).at(&first.address);
}

fn takes_a_whole_attempt(way: &Way) -> bool {
    let tcp = way.tcp.failed().is_some_and(|fault| fault.tries.iter().any(|it| it.why == TcpWhy::TimedOut));
    tcp || matches!(way.tls.failed(), Some(TlsFault::TimedOut))
        || matches!(way.grpc.failed(), Some(GrpcFault::TimedOut))
}

/// A follower passes the exchange on, but takes no stream.
fn followers_only(dialed: &[&Way], reach: &Reach, causes: &mut Causes) {
    let answering: Vec<&Way> = dialed.iter().copied().filter(|way| works(way)).collect();
    if answering.iter().any(|way| !way.peering_exists.passed().is_some_and(is_follower)) {
        return;
    }
    for way in answering {
        let says = format!("{}: a follower answered (seen from {})", way.address, reach.seen_from);
        causes
            .add(
                &Text::of(&catalog::SERVER_IS_FOLLOWER),
                Severity::Error,
                weight::SEEN,
                Evidence::raises(SEEN_IN, says),
            )
            .at(&way.address);
    }
}

fn is_follower(status: &Status) -> bool {
    status.code == "FailedPrecondition" && status.message.contains("follower")
}

/// The first step that failed: its cause, and what was seen.
pub(crate) fn fault(way: &Way) -> Option<(&'static Entry, String)> {
    let of = |entry, says: &str| Some((entry, says.to_owned()));
    if let Some(fault) = way.dns.failed() {
        return match fault {
            DnsFault::Address { says } => of(&catalog::ADDRESS_INVALID, says),
            DnsFault::NoSuchHost => of(&catalog::NO_SUCH_HOST, "the resolver knows no such name"),
            DnsFault::NoAddress => of(&catalog::NO_SUCH_HOST, "the name has no IP address"),
            DnsFault::ResolverFailed { says } => of(&catalog::RESOLVER_FAILED, says),
            DnsFault::TimedOut => of(&catalog::RESOLVER_FAILED, "the resolver did not answer in time"),
        };
    }
    if let Some(fault) = way.tcp.failed() {
        let why = fault.tries.first().map_or(&TcpWhy::TimedOut, |first| &first.why);
        return match why {
            TcpWhy::Refused => of(&catalog::DIAL_REFUSED, "connection refused"),
            TcpWhy::TimedOut => of(&catalog::DIAL_TIMEOUT, "nobody answered"),
            TcpWhy::Unreachable { says } => of(&catalog::DIAL_NO_ROUTE, says),
            TcpWhy::NotPermitted { says } => of(&catalog::DIAL_NOT_PERMITTED, says),
            TcpWhy::Reset => of(&catalog::CONNECTION_RESET, "connection reset"),
            TcpWhy::Other { says } => of(&catalog::DIAL_UNAVAILABLE, says),
        };
    }
    if let Some(fault) = way.tls.failed() {
        return Some(tls(fault));
    }
    if let Some(fault) = way.grpc.failed().or(way.peering_exists.failed()) {
        return Some(grpc(fault, way));
    }
    // Older dialers do not mind, so what else is wrong comes first.
    way.alpn.failed().map(|fault| {
        let says = match &fault.selected {
            Some(other) => format!("{other:?} was selected when h2 was offered"),
            None => "no application protocol was selected when h2 was offered".to_owned(),
        };
        (&catalog::ALPN_MISSING, says)
    })
}

fn tls(fault: &TlsFault) -> (&'static Entry, String) {
    match fault {
        TlsFault::NotTls { speaks: Some(speaks) } => {
            (&catalog::NOT_A_TLS_PORT, format!("it speaks {speaks}, not TLS"))
        }
        TlsFault::NotTls { speaks: None } => (&catalog::NOT_A_TLS_PORT, "it does not speak TLS".to_owned()),
        TlsFault::CutOff => {
            (&catalog::HANDSHAKE_CLOSED, "the handshake was cut off without a word".to_owned())
        }
        TlsFault::Reset => {
            (&catalog::CONNECTION_RESET, "the connection was reset in the handshake".to_owned())
        }
        TlsFault::TimedOut => {
            (&catalog::SERVER_UNRESPONSIVE, "it listens, and does not answer the handshake".to_owned())
        }
        TlsFault::Alert { alert, .. } => (alert_entry(alert), format!("TLS alert: {alert}")),
        TlsFault::Untrusted { why, go_says, shown } => {
            let entry = match (why, &shown.whose) {
                (Distrust::WrongName, Whose::AnotherConsul { .. }) => {
                    &catalog::CERTIFICATE_FROM_ANOTHER_CLUSTER
                }
                (Distrust::WrongName, _) => &catalog::CERTIFICATE_NAME_MISMATCH,
                (Distrust::UnknownAuthority, _) => &catalog::CERTIFICATE_UNKNOWN_AUTHORITY,
                (Distrust::Expired, _) => &catalog::CERTIFICATE_EXPIRED,
                (Distrust::NotYetValid, _) => &catalog::CERTIFICATE_NOT_YET_VALID,
                (Distrust::Unusable, _) => &catalog::CERTIFICATE_UNUSABLE,
            };
            (entry, go_says.clone())
        }
        TlsFault::Token { says } => (&catalog::CERTIFICATE_UNUSABLE, says.clone()),
        TlsFault::Other { says } => (&catalog::HANDSHAKE_FAILED, says.clone()),
    }
}

fn alert_entry(alert: &str) -> &'static Entry {
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

fn grpc(fault: &GrpcFault, way: &Way) -> (&'static Entry, String) {
    let in_plain = matches!(way.tls, crate::connectivity::Step::NotAsked { .. });
    match fault {
        GrpcFault::Http1 => (&catalog::HTTP1_RESPONSE, "it answered in HTTP/1".to_owned()),
        GrpcFault::NotGrpc { status, .. } => {
            (&catalog::PROXY_RESPONSE, format!("it answered with HTTP status {status}, and not in gRPC"))
        }
        GrpcFault::NotConsul { says } => (&catalog::NOT_CONSUL_GRPC, says.clone()),
        GrpcFault::TimedOut => {
            (&catalog::SERVER_UNRESPONSIVE, "the connection was made, and no answer came".to_owned())
        }
        GrpcFault::CutOff { says } if in_plain => (&catalog::PLAINTEXT_TO_TLS_PORT, says.clone()),
        GrpcFault::CutOff { says } => (&catalog::CONNECTION_CLOSING, says.clone()),
        GrpcFault::Status(status) => (status_entry(status), status.to_string()),
    }
}

/// What is known of that status.
fn status_entry(status: &Status) -> &'static Entry {
    let cause = explain::Cause {
        grpc_code: Some(status.code.clone()),
        text: status.message.clone(),
        ..explain::Cause::default()
    };
    match explain::lookup(&cause) {
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
