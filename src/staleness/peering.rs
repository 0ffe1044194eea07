//! The peering with the token's peer ID, as a Consul reports it, and whether it needs a token.

use serde::Serialize;

use super::Verdict;
use super::evidence::{Entry, PeeringState};

/// The peering with the token's peer ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeeringStatus {
    /// The cluster that reported it.
    pub side: Side,
    /// Its local name there.
    pub name: String,
    /// Its state there, such as `ACTIVE`.
    pub state: String,
    /// Whether the clusters need a token to peer. `false` if the peering is established, or was and reconnects by itself.
    pub needs_token: bool,
    /// What that means, in one sentence.
    pub summary: String,
}

/// One of the two clusters of a peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The cluster that generated the token.
    Acceptor,
    /// The cluster that establishes the peering.
    Dialer,
}

impl PeeringStatus {
    /// Combines the entry of one cluster with the verdict on the token.
    pub(super) fn of(side: Side, entry: &Entry, verdict: Verdict) -> Self {
        let was_used = match side {
            Side::Acceptor => entry.was_used_at_acceptor(),
            Side::Dialer => entry.state.was_used() && !entry.state.is_deleted(),
        };
        // The stream opens a moment after the token is used. Until then, the acceptor shows PENDING.
        let awaits_stream = side == Side::Acceptor
            && entry.state == PeeringState::Pending
            && !was_used
            && verdict == Verdict::Spent;
        let is_active = entry.state == PeeringState::Active;
        // The acceptor may have lost a peering that the dialer still has.
        let needs_token = !was_used && !awaits_stream || verdict == Verdict::Orphaned && !is_active;
        let (name, state) = (&entry.name, entry.state.name());
        let meaning = match (side, &entry.state) {
            _ if needs_token && was_used => "it cannot connect again, because the acceptor no longer has it",
            _ if needs_token => "it is not established",
            (_, PeeringState::Active) => "it works and needs no token",
            (_, PeeringState::Establishing) => "it is connecting and needs no token",
            _ if awaits_stream => {
                "a token of it was used, and its dialer has not opened the stream yet; you need a new token only if the dialing \
                 cluster does not have the peering"
            }
            (Side::Dialer, _) => {
                "you do not need a new token; it reconnects by itself when the acceptor is reachable"
            }
            (Side::Acceptor, _) => {
                "you do not need a new token; it reconnects by itself if the dialing cluster still has the peering"
            }
        };
        let summary = format!("The peering {name:?} is {state}: {meaning}.");
        Self { side, name: name.clone(), state: state.to_owned(), needs_token, summary }
    }
}
