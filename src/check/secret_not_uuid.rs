//! The establishment secret is not a UUID.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::is_uuid;

/// `secret-not-uuid`.
pub static SECRET_NOT_UUID: Check = Check {
    name: "secret-not-uuid",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The establishment secret is not a UUID.",
    why: "Consul makes a UUID. Another text is not the secret that the acceptor expects: somebody blackened it, or it was damaged. The acceptor answers `invalid peering establishment secret`.",
    remedy: "Use the token as it was generated, or generate another one.",
    source: "every token recorded from Consul 1.13 to 1.23",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Some(token) = facts.token() else { return };
    let secret = token.establishment_secret.expose().as_bytes();
    if !secret.is_empty() && !is_uuid(secret) {
        let length = secret.len();
        let message = format!("EstablishmentSecret is {}, and not a UUID", count(length, "byte"));
        found.fault("EstablishmentSecret", message, [("bytes", length.into())]);
    }
}
