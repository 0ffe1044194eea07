//! Mesh gateways: those of the dialer, through which it dials first, and those of the acceptor, to which a token may lead.

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::trace::{add, cause, is_cut, is_gateway_address, works};
use crate::connectivity::{AddressTrace, Connectivity};
use crate::explain::{Entry, catalog};
use crate::lint::Severity;

/// What the dialer's own mesh gateways mean for the token's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DialerGateways {
    /// There is none, or none leads to the acceptor.
    Useless,
    /// A gateway is reachable and has no route to the acceptor yet. It gets one when Consul stores the peering, which is the
    /// first step of an establish.
    WithoutRouteYet,
    /// The acceptor answers through a gateway.
    LeadToAcceptor,
}

impl DialerGateways {
    pub(super) fn of(inputs: &Inputs<'_>, gateways: &[&AddressTrace]) -> Self {
        if gateways.iter().any(|trace| works(trace)) {
            Self::LeadToAcceptor
        } else if gateways.iter().any(|trace| is_without_route_yet(inputs, trace)) {
            Self::WithoutRouteYet
        } else {
            Self::Useless
        }
    }
}

/// Adds the faults of the dialer's gateways. `severity` is that of the token's addresses.
pub(super) fn add_causes(
    inputs: &Inputs<'_>,
    gateways: &[&AddressTrace],
    severity: Severity,
    connectivity: &Connectivity,
    causes: &mut Causes,
) {
    for trace in gateways {
        let (Some(entry), Some(failure)) = (cause(trace), trace.failure()) else { continue };
        let observation = format!("the dialer's own mesh gateway: {failure}");
        if trace.tcp.value().is_none() {
            let entry = &catalog::DIALER_GATEWAY_UNREACHABLE;
            add(causes, entry, Severity::Warning, weight::NOT_BLOCKING, connectivity, trace, &observation);
        } else if !is_without_route_yet(inputs, trace) {
            // The token's addresses fail too, and the gateway leads there, so their fault is the likelier cause.
            let weight = if severity == Severity::Error { weight::REPORTED } else { weight::NOT_BLOCKING };
            add(causes, entry, severity, weight, connectivity, trace, &observation);
        }
    }
}

/// Lowers the faults of the token's addresses: the dialer may not need to reach them directly.
pub(super) fn lower_direct_faults(gateways: &[&AddressTrace], causes: &mut Causes) {
    let Some(gateway) = gateways.iter().find(|trace| is_cut(trace)) else { return };
    let message = format!(
        "the dialer's mesh gateway {} is reachable, and gets a route to the acceptor only when you establish",
        gateway.address
    );
    for cause in causes.with_source(CauseSource::Connectivity) {
        if cause.severity == Severity::Error {
            cause.weigh(-weight::REPORTED, CauseEvidence::lowers(CauseSource::Dialer, message.clone()));
        }
    }
}

/// Whether a gateway has no route to the acceptor because the dialer does not have the peering yet.
pub(super) fn is_without_route_yet(inputs: &Inputs<'_>, trace: &AddressTrace) -> bool {
    let peerings = inputs.dialer.value().and_then(|view| view.peerings.as_ref());
    let is_ours = |peer_id: &str| inputs.token.is_some_and(|token| token.peer_id == peer_id);
    let is_stored =
        peerings.is_some_and(|all| all.iter().any(|entry| entry.peer_id.as_deref().is_some_and(is_ours)));
    is_cut(trace) && !is_stored
}

/// Returns the text of a cause at these addresses. If all of them are gateways, a gateway is to be checked and not a server.
pub(super) fn text<'a>(entry: &'static Entry, mut addresses: impl Iterator<Item = &'a str>) -> CauseText {
    let text = CauseText::from(entry);
    let is_unreachable =
        [&catalog::DIAL_REFUSED, &catalog::DIAL_TIMEOUT, &catalog::DIAL_NO_ROUTE].contains(&entry);
    let Some(first) = addresses.next().filter(|_| is_unreachable) else { return text };
    if !is_gateway_address(first) || !addresses.all(is_gateway_address) {
        return text;
    }
    let remedy = format!(
        "Port 8443 is usually a mesh gateway. Check that the acceptor's gateway at {first} runs, and that the dialing servers or \
         their gateways can reach it. You do not need a new token if the gateway returns at this address."
    );
    CauseText { remedy, ..text }
}
