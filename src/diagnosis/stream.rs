//! The stream between the clusters, which only the dialer opens: whether it is up, and which peering it belongs to.

use jiff::SignedDuration;

use super::Inputs;
use crate::connectivity::probe_answer::PeeringAnswer;
use crate::staleness::evidence::{Entry, PeeringState};

/// The age from which a heartbeat is old: Consul sends one every 15 seconds and gives up a stream after two minutes.
pub const OLD_HEARTBEAT: SignedDuration = SignedDuration::from_mins(2);

/// The age up to which a heartbeat is fresh: the next one is not due, or late by one interval.
const FRESH_HEARTBEAT: SignedDuration = SignedDuration::from_secs(30);

/// Returns the dialer's peering that is diagnosed, if its stream is up, was up, or is being opened.
pub(super) fn peering_in_use<'a>(inputs: &'a Inputs<'_>) -> Option<&'a Entry> {
    let is_in_use = |entry: &&Entry| {
        let state = &entry.state;
        inputs.is_about(entry) && state.was_used() && !state.is_deleted()
    };
    let peerings = || inputs.dialer.value().into_iter().flat_map(|view| view.peerings.iter().flatten());
    let in_use = || peerings().filter(is_in_use);
    // Two peerings can have the same peer ID. Only one of them has the stream.
    in_use().find(|entry| entry.state == PeeringState::Active).or_else(|| in_use().next())
}

/// Whether the dialer's stream works. Consul notices a frozen peer late: until then, the peering is ACTIVE without new
/// messages, and no server answers.
pub(super) fn is_up(inputs: &Inputs<'_>, entry: &Entry) -> bool {
    let is_active = entry.state == PeeringState::Active && !is_gone(inputs);
    if !inputs.is_about_name() {
        return is_active;
    }
    let answers = inputs.connectivity.value().is_none_or(|connectivity| {
        connectivity.addresses.iter().any(|trace| trace.peering_exists.value().is_some())
    });
    is_active && (is_fresh(inputs, entry) || answers && has_contact(inputs, entry))
}

/// Whether the acceptor itself reports that it no longer has the peering. The dialer connects again and again, and is ACTIVE for a
/// moment each time.
pub(super) fn is_gone(inputs: &Inputs<'_>) -> bool {
    let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
    let mut answers = traces.filter_map(|trace| Some(trace.peering_exists.value()?.peering_answer()));
    let is_gone = |answer| matches!(answer, PeeringAnswer::Unknown | PeeringAnswer::MarkedDeleted);
    answers.clone().any(is_gone) && answers.all(|answer| answer != PeeringAnswer::Exists)
}

/// Whether a message of the other side arrived recently. The first heartbeat comes after 15 seconds, others before that.
pub(super) fn has_contact(inputs: &Inputs<'_>, entry: &Entry) -> bool {
    silence(inputs, entry).is_some_and(|silence| silence <= OLD_HEARTBEAT)
}

/// Whether no heartbeat of the other side is missing yet.
pub(super) fn is_fresh(inputs: &Inputs<'_>, entry: &Entry) -> bool {
    silence(inputs, entry).is_some_and(|silence| silence <= FRESH_HEARTBEAT)
}

/// Returns how long ago the last message of the other side arrived, by the clock of the Consul that reports it.
fn silence(inputs: &Inputs<'_>, entry: &Entry) -> Option<SignedDuration> {
    let offset = inputs.dialer.value().and_then(|view| view.clock_offset).unwrap_or_default();
    let now = inputs.now.checked_add(SignedDuration::from_secs(offset)).unwrap_or(inputs.now);
    entry.last_heartbeat.map(|at| now.duration_since(at))
}
