//! This is the token's JSON without the base64 around it.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `not-encoded`.
pub static NOT_ENCODED: Check = Check {
    name: "not-encoded",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is the token's JSON without the base64 around it.",
    why: "Somebody decoded the token, to read or to edit it, and passed on the result.",
    remedy: "Encode it again: `base64 -w 0 FILE`. An edited token is better generated anew, with `-server-external-addresses`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::BareJson) {
        let length = facts.text.len();
        found.fault(
            "text",
            format!("these {length} bytes are a token's JSON, not base64 of it"),
            [("bytes", length.into())],
        );
    }
}
