//! This is a PEM file, not a peering token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::Resemblance;

/// `is-pem`.
pub static IS_PEM: Check = Check {
    name: "is-pem",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a PEM file, not a peering token.",
    why: "The CA certificate and the token were mixed up. A token holds certificates, but is not one.",
    remedy: "Give the token that the accepting cluster printed. If this was a private key, it has now been where it should not be: replace it.",
    source: "RFC 7468; Consul refuses it at byte 0",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Pem) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!("these {length} bytes begin with a PEM header"),
            [("bytes", length.into())],
        );
    }
}
