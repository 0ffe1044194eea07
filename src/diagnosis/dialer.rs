//! Causes in the view of the Consul at `-http-addr`, taken to be the dialer.

use super::cause_text::CauseText;
use super::gateway::is_without_route_yet;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::stream::{has_contact, peering_in_use};
use super::{DialerView, Inputs};
use crate::connectivity::{AddressTrace, CertificateOwner, TcpFailure, TcpFault, TlsFault};
use crate::explain::{self, catalog};
use crate::lint::Severity;
use crate::observed::Observed;
use crate::staleness::evidence::{Entry, PeeringState};

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    if let Observed::Failed(reason) = &inputs.dialer {
        wrong_answer(inputs, reason, causes);
    }
    let Some(view) = inputs.dialer.value() else { return };
    refusals(inputs, view, causes);
    rebuilt(inputs, view, causes);
    if is_same_cluster(inputs, view) {
        let message = format!("the Consul at {} has the token's trust domain", view.address);
        let text = CauseText {
            summary: format!(
                "{} is the accepting cluster, which generated the token; ask the dialing one.",
                view.address
            ),
            ..CauseText::from(&catalog::SAME_CLUSTER)
        };
        let evidence = CauseEvidence::raises(CauseSource::Dialer, message);
        causes.add(&text, Severity::Error, weight::DECISIVE, evidence);
        for entry in view.peerings.iter().flatten() {
            has_dialer(inputs, entry, causes);
            // A cluster can peer with itself. Otherwise, its peerings show nothing about a dialer.
            same_peering(inputs, entry, causes);
        }
        return;
    }
    if view.through_mesh_gateways == Some(true) {
        through_mesh_gateways(inputs, view, causes);
    }
    for entry in view.peerings.iter().flatten() {
        same_name(inputs, entry, causes);
        same_peering(inputs, entry, causes);
    }
}

fn add<'a>(
    causes: &'a mut Causes,
    cause: &'static explain::Entry,
    severity: Severity,
    weight: i32,
    message: impl Into<String>,
) -> &'a mut super::Cause {
    causes.add(&CauseText::from(cause), severity, weight, CauseEvidence::raises(CauseSource::Dialer, message))
}

/// The HTTP address answers, but not as Consul does. With a token and without flags for the cluster, no answer at all is not a cause:
/// `diagnose` need not run beside a Consul.
fn wrong_answer(inputs: &Inputs<'_>, reason: &str, causes: &mut Causes) {
    let entry = explain::explain(reason).first().map_or(&catalog::AGENT_NOT_CONSUL, |known| known.entry);
    let is_dead = [&catalog::AGENT_REFUSED, &catalog::AGENT_UNREACHABLE].contains(&entry);
    if is_dead && !inputs.is_about_name() && inputs.cluster_flags.is_none() {
        return;
    }
    let mut text = CauseText::from(entry);
    if let Some(address) = explain::refused_address(reason) {
        text.summary = format!("Nothing listens on {address}, so the dialing cluster cannot be asked.");
    }
    let evidence = CauseEvidence::raises(CauseSource::Dialer, reason);
    let weight = if is_dead { weight::DECISIVE } else { weight::OBSERVED };
    let cause = causes.add(&text, Severity::Error, weight, evidence);
    if is_dead {
        cause.put_first();
    }
}

/// What the dialer refuses, or would refuse. Establishing needs no permission to read, so a denied read only shows which
/// ACL token was used.
fn refusals(inputs: &Inputs<'_>, view: &DialerView, causes: &mut Causes) {
    let denied_reads = [&catalog::PERMISSION_DENIED_ANONYMOUS, &catalog::PERMISSION_DENIED];
    for refusal in &view.refusals {
        for explanation in explain::explain(refusal) {
            if !denied_reads.contains(&explanation.entry) {
                let message = format!("the Consul at {}: {refusal}", view.address);
                add(causes, explanation.entry, Severity::Error, weight::OBSERVED, message);
            }
        }
    }
    if view.peering_enabled == Some(false) {
        let message = "the agent has peering.enabled = false";
        add(causes, &catalog::PEERING_DISABLED, Severity::Error, weight::OBSERVED, message);
    }
    // A diagnosis by name only reads.
    let (is_denied, permission) = if inputs.is_about_name() {
        (view.may_read == Some(false), "peering:read")
    } else {
        (view.may_write == Some(false), "peering:write")
    };
    if is_denied {
        let (entry, message) = if view.anonymous {
            (
                &catalog::PERMISSION_DENIED_ANONYMOUS,
                format!("no ACL token was given, and the anonymous token does not have {permission}"),
            )
        } else {
            (&catalog::PERMISSION_DENIED, format!("the ACL token does not have {permission}"))
        };
        add(causes, entry, Severity::Error, weight::OBSERVED, message);
    }
}

fn is_same_cluster(inputs: &Inputs<'_>, view: &DialerView) -> bool {
    let (Some(token), Some(domain)) = (inputs.token, &view.trust_domain) else { return false };
    let server_name = token.server_name.to_ascii_lowercase();
    server_name.strip_suffix(&domain.to_ascii_lowercase()).is_some_and(|rest| rest.ends_with('.'))
}

/// The dialer waits one second, tries its own gateways for three, then gateways and the token's addresses. Without a
/// registered gateway, it dials directly at once.
fn through_mesh_gateways(inputs: &Inputs<'_>, view: &DialerView, causes: &mut Causes) {
    let gateways = || {
        let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
        traces.filter(|trace| trace.is_gateway)
    };
    // A refused connection shows that the gateway is down, so the direct path counts.
    let is_known = |trace: &AddressTrace| {
        let fault = trace.tcp.fault().map(TcpFault::reason);
        trace.tcp.value().is_some() || fault.is_some_and(|reason| *reason == TcpFailure::Refused)
    };
    let is_traced = gateways().any(is_known);
    if !is_traced && !view.mesh_gateways.is_empty() {
        let own = catalog::DIALER_GATEWAY_UNREACHABLE.name;
        for cause in causes.with_source(CauseSource::Connectivity).filter(|cause| cause.name != own) {
            let message = "its mesh gateways dial, and they run on other hosts than this one";
            cause.weigh(-weight::REPORTED, CauseEvidence::lowers(CauseSource::Dialer, message));
        }
    }
    let without_route = if gateways().any(|trace| is_without_route_yet(inputs, trace)) {
        ". A gateway without a route to the acceptor gets one when you establish"
    } else {
        ""
    };
    let message = match view.mesh_gateways.as_slice() {
        [] => "PeerThroughMeshGateways is true, but no mesh gateway is registered: it dials the token's addresses directly"
            .to_owned(),
        gateways => format!(
            "PeerThroughMeshGateways is true: it dials through {} for 3 s, then also directly{without_route}",
            gateways.join(", ")
        ),
    };
    add(causes, &catalog::DIALS_THROUGH_MESH_GATEWAYS, Severity::Warning, weight::NOT_BLOCKING, message);
}

/// The cluster at hand answers at the token's addresses, but its trust domain is not the token's.
fn rebuilt(inputs: &Inputs<'_>, view: &DialerView, causes: &mut Causes) {
    let Some(domain) = &view.trust_domain else { return };
    let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
    let presented = traces.filter_map(|trace| match trace.tls.fault() {
        Some(TlsFault::Untrusted { presented, .. }) => Some((&trace.address, &presented.owner)),
        _ => None,
    });
    for (address, owner) in presented {
        let CertificateOwner::AnotherConsul { trust_domain: Some(other), .. } = owner else { continue };
        let (weight, message) = if other.eq_ignore_ascii_case(domain) {
            let api = &view.address;
            let message =
                format!("the Consul at {api} has the trust domain that {address} presents: {other}");
            (weight::DECISIVE, message)
        } else if peering_in_use(inputs).is_some() {
            // The peering was up with these addresses, so they led to the acceptor.
            (weight::OBSERVED + 2, format!("{address} presents another trust domain than before: {other}"))
        } else {
            continue;
        };
        add(causes, &catalog::ACCEPTOR_REBUILT, Severity::Error, weight, message);
    }
}

/// The Consul at hand is the acceptor, and its peering already has a dialer.
fn has_dialer(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    let is_ours = inputs.token.is_some_and(|token| token.peer_id == entry.id);
    if is_ours && matches!(entry.state, PeeringState::Active | PeeringState::Failing) {
        let message = format!("the acceptor's peering {:?} is {}", entry.name, entry.state.name());
        let weight = weight::NOT_BLOCKING;
        add(causes, &catalog::ACCEPTOR_HAS_DIALER, Severity::Warning, weight, message)
            .set_local_name(&entry.name);
    }
}

/// A peering with the local name that establish would use.
fn same_name(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    let token_peer_id = inputs.token.map(|token| token.peer_id.as_str());
    if inputs.is_about_name()
        || inputs.name != Some(entry.name.as_str())
        || entry.peer_id.as_deref() == token_peer_id
    {
        return;
    }
    let message = format!("the peering {:?} exists already, in state {}", entry.name, entry.state.name());
    if entry.peer_id.is_none() {
        let taken = &catalog::NAME_TAKEN_BY_ACCEPTOR;
        add(causes, taken, Severity::Error, weight::DECISIVE, message).set_local_name(&entry.name);
    } else if token_peer_id.is_some() {
        // Consul overwrites the peer ID in any state. Only a failed establish leaves a peering that nothing depends on.
        let (severity, weight) = match entry.state {
            PeeringState::Pending => (Severity::Warning, weight::REPORTED),
            _ => (Severity::Error, weight::OBSERVED),
        };
        add(causes, &catalog::NAME_IN_USE, severity, weight, message).set_local_name(&entry.name);
    }
}

/// The state of the dialer's peering that is diagnosed. Without a token, it is what is wrong; with one, an establish may
/// still work.
fn same_peering(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    if !inputs.is_about(entry) {
        return;
    }
    let by_name = inputs.is_about_name();
    let (not_blocking, weight_of_state) = if by_name {
        ((Severity::Error, weight::REPORTED), weight::DECISIVE)
    } else {
        ((Severity::Warning, weight::NOT_BLOCKING), weight::OBSERVED)
    };
    let (cause, severity, weight) = match entry.state {
        PeeringState::Active => {
            if !has_contact(inputs, entry) {
                let message = "the last heartbeat is missing or older than two minutes";
                let (severity, weight) = not_blocking;
                add(causes, &catalog::NO_HEARTBEAT, severity, weight, message).set_local_name(&entry.name);
            }
            if by_name {
                return;
            }
            (&catalog::ALREADY_ESTABLISHED, Severity::Info, weight::DECISIVE)
        }
        PeeringState::Establishing => (&catalog::STATE_ESTABLISHING, Severity::Error, weight::REPORTED),
        PeeringState::Failing => (&catalog::STATE_FAILING, Severity::Error, weight::REPORTED),
        PeeringState::Terminated => (&catalog::STATE_TERMINATED, Severity::Error, weight_of_state),
        PeeringState::Deleting => (&catalog::STATE_DELETING, Severity::Error, weight_of_state),
        PeeringState::Pending => (&catalog::LEFT_BY_FAILED_ESTABLISH, not_blocking.0, not_blocking.1),
        PeeringState::Other(_) => return,
    };
    let state = entry.state.name();
    let message = if by_name {
        format!("the peering {:?} is {state}", entry.name)
    } else {
        format!("the peering {:?} has the token's peer ID, in state {state}", entry.name)
    };
    add(causes, cause, severity, weight, message).set_local_name(&entry.name);
}
