//! The token has no establishment secret.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `secret-missing`.
pub static SECRET_MISSING: Check = Check {
    name: "secret-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The token has no establishment secret.",
    why: "Somebody removed it to show the token around, or it was made by something else than Consul. The dialing Consul does not look; the acceptor answers `invalid peering establishment secret`, or `peering was already established` once a token of the peering was used.",
    remedy: "Use the token as it was generated, or generate another one.",
    source: "Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.token().is_some_and(|token| token.establishment_secret.is_empty()) {
        found.fault("EstablishmentSecret", "EstablishmentSecret is empty", []);
    }
}
