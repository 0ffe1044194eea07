//! The token has no address to dial.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `addresses-missing`.
pub static ADDRESSES_MISSING: Check = Check {
    name: "addresses-missing",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Fields,
    summary: "The token has no address to dial.",
    why: "The token was edited, or made by something else than Consul, which always writes one.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token server addresses value is empty`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.addresses.is_empty() {
        found.fault(
            "ServerAddresses",
            "neither ManualServerAddresses nor ServerAddresses holds an address",
            [],
        );
    }
}
