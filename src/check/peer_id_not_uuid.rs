//! The peer ID is not a UUID.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::is_uuid;

/// `peer-id-not-uuid`.
pub static PEER_ID_NOT_UUID: Check = Check {
    name: "peer-id-not-uuid",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The peer ID is not a UUID.",
    why: "Consul gives every peering a UUID. The acceptor knows no peering by another ID, so that establishing cannot succeed; the dialing Consul does not look.",
    remedy: "Generate a token anew on the accepting cluster; the ID is not to be edited.",
    source: "every token recorded from Consul 1.13 to 1.23",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Some(token) = facts.token() else { return };
    let id = token.peer_id.as_str();
    if !id.is_empty() && !is_uuid(id.as_bytes()) {
        found.fault("PeerID", format!("{id} is not a UUID"), [("peer_id", id.into())]);
    }
}
