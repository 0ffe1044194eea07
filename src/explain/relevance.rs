//! The order of explanations: what is about the peering, and what is its cause, comes first.

use super::catalog;
use super::origin::{Level, Origin};
use super::{Area, Entry, VAGUE};

/// Entries that describe a state, or what is normal. Another message in the same text is the cause.
const SYMPTOMS: [&Entry; 7] = [
    &catalog::STATE_PENDING,
    &catalog::STATE_ESTABLISHING,
    &catalog::STATE_FAILING,
    &catalog::STATE_TERMINATED,
    &catalog::STATE_DELETING,
    &catalog::NO_HEARTBEAT,
    &catalog::SERVER_IS_FOLLOWER,
];

/// Entries that often accompany the cause: another address of the same list shows it.
const SECONDARY: [&Entry; 4] = [
    &catalog::CONNECTION_RESET,
    &catalog::HANDSHAKE_CLOSED,
    &catalog::GATEWAY_WITHOUT_ROUTE,
    &catalog::SERVER_NAME_UNRECOGNIZED,
];

/// Entries that mean the same whichever part of Consul reports them.
const IN_EVERY_SUBSYSTEM: [&Entry; 7] = [
    &catalog::NO_LEADER,
    &catalog::RATE_LIMITED,
    &catalog::SERVER_RPC_FAILED,
    &catalog::CONNECT_CA_NOT_READY,
    &catalog::LEADER_TOO_OLD,
    &catalog::GRPC_PORT_NOT_DEFINED,
    &catalog::GRPC_TLS_DISABLED,
];

/// The rank of an explanation. The lowest is the most relevant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Relevance {
    pub(super) other_subsystem: bool,
    kind: Kind,
    unrelated: bool,
    level: Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Cause,
    General,
    Symptom,
    Harmless,
}

impl Relevance {
    pub(super) fn of(entry: &Entry, specificity: usize, origin: Origin) -> Self {
        let kind = match entry.area {
            Area::Harmless => Kind::Harmless,
            _ if is_one_of(entry, &SYMPTOMS) => Kind::Symptom,
            _ if specificity <= VAGUE || is_one_of(entry, &SECONDARY) => Kind::General,
            _ => Kind::Cause,
        };
        Self {
            other_subsystem: origin.other_subsystem().is_some() || entry.area == Area::OtherSubsystems,
            kind,
            unrelated: !origin.is_peering(),
            level: origin.level.unwrap_or(Level::Error),
        }
    }
}

/// Whether an entry may explain a message of this origin.
///
/// A line of another part of Consul is never explained like an error between the two clusters.
pub(super) fn may_explain(entry: &Entry, origin: Origin) -> bool {
    origin.other_subsystem().is_none()
        || matches!(entry.area, Area::OtherSubsystems | Area::MeshGateways | Area::Harmless)
        || is_one_of(entry, &IN_EVERY_SUBSYSTEM)
}

/// Entries are statics, so that each has one address.
fn is_one_of(entry: &Entry, entries: &[&Entry]) -> bool {
    entries.iter().any(|it| std::ptr::eq(*it, entry))
}
