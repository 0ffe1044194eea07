//! Causes in the view of the Consul at `-http-addr`, taken to be the dialer.

use jiff::SignedDuration;

use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::{DialerView, Inputs};
use crate::explain::{self, catalog};
use crate::lint::Severity;
use crate::observed::Observed;
use crate::staleness::Verdict;
use crate::staleness::evidence::{Entry, PeeringState};

/// The age from which a heartbeat is old: Consul sends one every 15 seconds and gives up a stream after two minutes.
pub const OLD_HEARTBEAT: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    if let Observed::Failed(reason) = &inputs.dialer {
        wrong_answer(reason, causes);
    }
    let Some(view) = inputs.dialer.value() else { return };
    refusals(view, causes);
    if is_same_cluster(inputs, view) {
        let message = format!("the Consul at {} has the token's trust domain", view.address);
        add(causes, &catalog::SAME_CLUSTER, Severity::Error, weight::DECISIVE, message);
        // Its peerings are the acceptor's: they show nothing about a dialer.
        return;
    }
    if view.through_mesh_gateways == Some(true) {
        through_mesh_gateways(causes);
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

/// The HTTP address answers, but not as Consul does. No answer at all is not a cause: `diagnose` need not run beside a Consul.
fn wrong_answer(reason: &str, causes: &mut Causes) {
    let entry = match explain::explain(reason).first() {
        Some(known) if [&catalog::AGENT_REFUSED, &catalog::AGENT_UNREACHABLE].contains(&known.entry) => {
            return;
        }
        Some(known) => known.entry,
        None => &catalog::AGENT_NOT_CONSUL,
    };
    add(causes, entry, Severity::Error, weight::OBSERVED, reason);
}

/// What the dialer refuses, or would refuse. Establishing needs no permission to read, so a denied read only shows which
/// ACL token was used.
fn refusals(view: &DialerView, causes: &mut Causes) {
    let denied_reads = [&catalog::PERMISSION_DENIED_ANONYMOUS, &catalog::PERMISSION_DENIED];
    for refusal in &view.refusals {
        for explanation in explain::explain(refusal) {
            if !denied_reads.contains(&explanation.entry) {
                add(causes, explanation.entry, Severity::Error, weight::OBSERVED, refusal.clone());
            }
        }
    }
    if view.peering_enabled == Some(false) {
        let message = "the agent has peering.enabled = false";
        add(causes, &catalog::PEERING_DISABLED, Severity::Error, weight::OBSERVED, message);
    }
    if view.may_write == Some(false) {
        let (entry, message) = if view.anonymous {
            (
                &catalog::PERMISSION_DENIED_ANONYMOUS,
                "no ACL token was given, and the anonymous token does not have peering:write",
            )
        } else {
            (&catalog::PERMISSION_DENIED, "the ACL token does not have peering:write")
        };
        add(causes, entry, Severity::Error, weight::OBSERVED, message);
    }
}

fn is_same_cluster(inputs: &Inputs<'_>, view: &DialerView) -> bool {
    let (Some(token), Some(domain)) = (inputs.token, &view.trust_domain) else { return false };
    let server_name = token.server_name.to_ascii_lowercase();
    server_name.strip_suffix(&domain.to_ascii_lowercase()).is_some_and(|rest| rest.ends_with('.'))
}

fn through_mesh_gateways(causes: &mut Causes) {
    for cause in causes.with_source(CauseSource::Connectivity) {
        let message = "its mesh gateways dial, and they run on other hosts than this one";
        cause.weigh(-weight::REPORTED, CauseEvidence::lowers(CauseSource::Dialer, message));
    }
    let message = "its mesh config entry has PeerThroughMeshGateways = true";
    add(causes, &catalog::DIALS_THROUGH_MESH_GATEWAYS, Severity::Warning, weight::NOT_BLOCKING, message);
}

/// A peering with the local name that establish would use.
fn same_name(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    let token_peer_id = inputs.token.map(|token| token.peer_id.as_str());
    if inputs.name != Some(entry.name.as_str()) || entry.peer_id.as_deref() == token_peer_id {
        return;
    }
    let message = format!("the peering {:?} exists already, in state {}", entry.name, entry.state.name());
    if entry.peer_id.is_none() {
        let taken = &catalog::NAME_TAKEN_BY_ACCEPTOR;
        add(causes, taken, Severity::Error, weight::DECISIVE, message).set_local_name(&entry.name);
    } else if token_peer_id.is_some() {
        // Consul overwrites the peer ID, and a working peering is lost.
        let (severity, weight) = match entry.state {
            PeeringState::Active => (Severity::Error, weight::OBSERVED),
            _ => (Severity::Warning, weight::REPORTED),
        };
        add(causes, &catalog::NAME_IN_USE, severity, weight, message).set_local_name(&entry.name);
    }
}

/// A peering that was dialed with a token of the same peering.
fn same_peering(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    let Some(token) = inputs.token else { return };
    if entry.peer_id.as_deref() != Some(token.peer_id.as_str()) {
        return;
    }
    let (cause, severity, weight) = match entry.state {
        PeeringState::Active => {
            if !has_recent_heartbeat(inputs, entry) {
                let message = "the last heartbeat is missing or older than two minutes";
                add(causes, &catalog::NO_HEARTBEAT, Severity::Warning, weight::NOT_BLOCKING, message);
            }
            // A token that was used here is also spent, and this cause is more specific. One that was not used may still
            // belong to this peering, or a failed try overwrote the peer ID of another one.
            let is_spent = inputs.staleness.as_ref().is_some_and(|it| it.verdict == Verdict::Spent);
            let weight = if is_spent { 2 * weight::DECISIVE } else { weight::REPORTED };
            (&catalog::ALREADY_ESTABLISHED, Severity::Error, weight)
        }
        PeeringState::Establishing => (&catalog::STATE_ESTABLISHING, Severity::Error, weight::OBSERVED),
        PeeringState::Failing => (&catalog::STATE_FAILING, Severity::Error, weight::OBSERVED),
        PeeringState::Terminated => (&catalog::STATE_TERMINATED, Severity::Error, weight::OBSERVED),
        PeeringState::Deleting => (&catalog::STATE_DELETING, Severity::Error, weight::OBSERVED),
        PeeringState::Pending => {
            (&catalog::LEFT_BY_FAILED_ESTABLISH, Severity::Warning, weight::NOT_BLOCKING)
        }
        PeeringState::Other(_) => return,
    };
    let message =
        format!("the peering {:?} has the token's peer ID, in state {}", entry.name, entry.state.name());
    add(causes, cause, severity, weight, message).set_local_name(&entry.name);
}

fn has_recent_heartbeat(inputs: &Inputs<'_>, entry: &Entry) -> bool {
    entry.last_heartbeat.is_some_and(|at| inputs.now.duration_since(at) <= OLD_HEARTBEAT)
}
