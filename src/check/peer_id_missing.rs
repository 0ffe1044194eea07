//! The token has no peer ID.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `peer-id-missing`.
pub static PEER_ID_MISSING: Check = Check {
    name: "peer-id-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The token has no peer ID.",
    why: "The token was edited, or made by something else than Consul.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token peer ID value is empty`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.token().is_some_and(|token| token.peer_id.is_empty()) {
        found.fault("PeerID", "PeerID is empty", []);
    }
}
