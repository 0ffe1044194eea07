//! What the Consul at hand says, taken for the dialer.

use jiff::SignedDuration;

use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use super::{DialerView, Known, address};
use crate::explain::{self, catalog};
use crate::lint::Severity;
use crate::observed::Observed;
use crate::staleness::Verdict;
use crate::staleness::evidence::{Entry, PeeringState};

/// Where it was seen.
const SEEN_IN: &str = "the dialer";

/// A heartbeat older than this is old: Consul sends one every 15 seconds, and gives a stream up after two minutes.
pub const OLD_HEARTBEAT: SignedDuration = SignedDuration::from_mins(2);

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    if let Observed::Failed(says) = &known.dialer {
        answers_wrongly(says, causes);
    }
    let Some(view) = known.dialer.value() else { return };
    refusals(view, causes);
    if same_cluster(known, view) {
        let says = format!("the Consul at {} has the token's own trust domain", view.asked_at);
        causes.add(
            &Text::of(&catalog::SAME_CLUSTER),
            Severity::Error,
            weight::DECIDES,
            Evidence::raises(SEEN_IN, says),
        );
        // Its peerings are the acceptor's, and say nothing of a dialer.
        return;
    }
    if view.through_mesh_gateways == Some(true) {
        through_gateways(causes);
    }
    for entry in view.peerings.iter().flatten() {
        of_the_name(known, entry, causes);
        of_the_token(known, entry, causes);
    }
}

/// There is something at the HTTP address, and it does not answer as Consul does. That nothing is there is no cause: whoever
/// looks need not sit at a Consul.
fn answers_wrongly(says: &str, causes: &mut Causes) {
    let explained = explain::explain(says);
    let text = match explained.first().map(|explanation| explanation.entry) {
        Some(entry) if [&catalog::AGENT_REFUSED, &catalog::AGENT_UNREACHABLE].contains(&entry) => return,
        Some(entry) => Text::of(entry),
        None => Text::of(&catalog::AGENT_NOT_CONSUL),
    };
    causes.add(&text, Severity::Error, weight::SEEN, Evidence::raises(SEEN_IN, says));
}

/// What the dialer refuses, or would. Reading is not needed to establish, so that it may not read tells only which token was
/// used.
fn refusals(view: &DialerView, causes: &mut Causes) {
    let reading = [&catalog::PERMISSION_DENIED_ANONYMOUS, &catalog::PERMISSION_DENIED];
    for refusal in &view.refusals {
        for explanation in explain::explain(refusal) {
            if !reading.contains(&explanation.entry) {
                let text = Text::of(explanation.entry);
                causes.add(&text, Severity::Error, weight::SEEN, Evidence::raises(SEEN_IN, refusal.clone()));
            }
        }
    }
    if view.peering_enabled == Some(false) {
        let evidence = Evidence::raises(SEEN_IN, "its agent has peering.enabled = false");
        causes.add(&Text::of(&catalog::PEERING_DISABLED), Severity::Error, weight::SEEN, evidence);
    }
    if view.may_write == Some(false) {
        let (entry, says) = if view.anonymous {
            (
                &catalog::PERMISSION_DENIED_ANONYMOUS,
                "no ACL token was given, and the anonymous one has no peering:write",
            )
        } else {
            (&catalog::PERMISSION_DENIED, "the ACL token that was used here has no peering:write")
        };
        causes.add(&Text::of(entry), Severity::Error, weight::SEEN, Evidence::raises(SEEN_IN, says));
    }
}

fn same_cluster(known: &Known<'_>, view: &DialerView) -> bool {
    let (Some(token), Some(domain)) = (known.token, &view.trust_domain) else { return false };
    token.server_name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'))
}

fn through_gateways(causes: &mut Causes) {
    let text = Text::of(&catalog::DIALS_THROUGH_MESH_GATEWAYS);
    for cause in causes.seen_in(address::SEEN_IN) {
        let says = "its mesh gateways dial, and they are on other hosts than this one";
        cause.weigh(-weight::SAID, Evidence::lowers(SEEN_IN, says));
    }
    causes.add(
        &text,
        Severity::Warning,
        weight::MAY_HURT,
        Evidence::raises(SEEN_IN, "its mesh config entry says so"),
    );
}

/// A peering that has the local name that establish is to use.
fn of_the_name(known: &Known<'_>, entry: &Entry, causes: &mut Causes) {
    let of_token = known.token.map(|token| token.peer_id.as_str());
    if known.name != Some(entry.name.as_str()) || entry.peer_id.as_deref() == of_token {
        return;
    }
    let says = format!("{:?} is here already, in state {}", entry.name, entry.state.name());
    if entry.peer_id.is_none() {
        causes
            .add(
                &Text::of(&catalog::NAME_TAKEN_BY_ACCEPTOR),
                Severity::Error,
                weight::DECIDES,
                Evidence::raises(SEEN_IN, says),
            )
            .about(&entry.name);
    } else if of_token.is_some() {
        let text = Text::of(&catalog::NAME_IN_USE);
        // Consul writes the new peer ID over the old one, and a working peering is lost.
        let (severity, at) = match entry.state {
            PeeringState::Active => (Severity::Error, weight::SEEN),
            _ => (Severity::Warning, weight::SAID),
        };
        causes.add(&text, severity, at, Evidence::raises(SEEN_IN, says)).about(&entry.name);
    }
}

/// A peering that was dialed with a token of the same peering.
fn of_the_token(known: &Known<'_>, entry: &Entry, causes: &mut Causes) {
    let Some(token) = known.token else { return };
    if entry.peer_id.as_deref() != Some(token.peer_id.as_str()) {
        return;
    }
    let says = format!("{:?} here is of the token's peering, in state {}", entry.name, entry.state.name());
    let evidence = Evidence::raises(SEEN_IN, says);
    let (cause, severity, at) = match entry.state {
        PeeringState::Active => {
            if !is_heard(known, entry) {
                let says = "its last heartbeat is missing or older than two minutes";
                let evidence = Evidence::raises(SEEN_IN, says);
                causes.add(&Text::of(&catalog::NO_HEARTBEAT), Severity::Warning, weight::MAY_HURT, evidence);
            }
            // A token that was used here is spent too; this is the better word for it. One that was not may still be of this
            // peering, or its ID was written over that of another one by a try that failed.
            let spent = known.staleness.as_ref().is_some_and(|it| it.verdict == Verdict::Spent);
            let at = if spent { 2 * weight::DECIDES } else { weight::SAID };
            (&catalog::ALREADY_ESTABLISHED, Severity::Error, at)
        }
        PeeringState::Establishing => (&catalog::STATE_ESTABLISHING, Severity::Error, weight::SEEN),
        PeeringState::Failing => (&catalog::STATE_FAILING, Severity::Error, weight::SEEN),
        PeeringState::Terminated => (&catalog::STATE_TERMINATED, Severity::Error, weight::SEEN),
        PeeringState::Deleting => (&catalog::STATE_DELETING, Severity::Error, weight::SEEN),
        PeeringState::Pending => (&catalog::LEFT_BY_FAILED_ESTABLISH, Severity::Warning, weight::MAY_HURT),
        PeeringState::Other(_) => return,
    };
    causes.add(&Text::of(cause), severity, at, evidence).about(&entry.name);
}

fn is_heard(known: &Known<'_>, entry: &Entry) -> bool {
    entry.last_heartbeat.is_some_and(|at| known.now.duration_since(at) <= OLD_HEARTBEAT)
}

/// Whether the Consul at hand once had a stream with the token's peering.
pub(super) fn was_connected(known: &Known<'_>) -> bool {
    let peer_id = known.token.map(|token| token.peer_id.as_str());
    let peerings = known.dialer.value().and_then(|view| view.peerings.as_ref()).into_iter().flatten();
    peerings.into_iter().any(|entry| entry.peer_id.as_deref() == peer_id && entry.state.was_used())
}
