//! Causes in the connectivity of the token's addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::Inputs;
use super::follower;
use super::gateway::{self, DialerGateways};
use super::rank::{Causes, weight};
use super::stream::peering_in_use;
use super::trace::{add, cause, works};
use crate::connectivity::probe_answer::{Code, SecretAnswer};
use crate::connectivity::{AddressTrace, Connectivity, GrpcFault, GrpcStatus, TcpFailure, TlsFault};
use crate::explain::catalog;
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
        add(causes, &ADDRESS_LOOPBACK.check, Severity::Error, weight, connectivity, trace, observation);
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
