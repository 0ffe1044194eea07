//! The checks of an audit, one file per subject, and the list of them.

mod clusters;
mod ends;
mod services;
mod state;
mod trust;

use super::check::AuditCheck;

pub(super) use services::first_names;

/// Every check of an audit, in the order of their areas.
pub static ALL: &[&AuditCheck] = &[
    &ends::PEERING_ONE_SIDED,
    &ends::PEERING_ORPHANED,
    &ends::TWO_DIALERS,
    &ends::PEER_NOT_IN_INVENTORY,
    &state::PEERING_STATES_DIFFER,
    &state::ACTIVE_WITHOUT_HEARTBEAT,
    &state::HEARTBEAT_OLD,
    &state::PENDING_SINCE,
    &state::UNUSED_TOKEN_OLD,
    &state::TERMINATED_LEFT_BEHIND,
    &state::DELETING_STUCK,
    &services::EXPORTS_NOT_IMPORTED,
    &trust::PEER_CA_EXPIRES,
    &trust::PEER_CA_NOT_TRUSTED,
    &trust::PEER_ADDRESSES_DIFFER,
    &trust::VERSIONS_CANNOT_PEER,
    &clusters::CLUSTER_UNREACHABLE,
    &clusters::CLUSTER_DENIED,
    &clusters::CLOCK_SKEW,
];
