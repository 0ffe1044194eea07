//! The `=` at the end of the token are missing.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `base64-no-padding`.
pub static BASE64_NO_PADDING: Check = Check {
    name: "base64-no-padding",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The `=` at the end of the token are missing.",
    why: "A double click does not select them, and some programs strip them.",
    remedy: "Add as many `=` as are missing.",
    source: "Consul 1.23.0-dev, recorded; RFC 4648, section 3.2",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::LostPadding) {
        let digits = facts.text.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=').count();
        let missing = digits.next_multiple_of(4) - digits;
        let message = format!("{digits} digits of base64 need {missing} × = at the end");
        found.fault("text", message, [("digits", digits.into()), ("missing", missing.into())]);
    }
}
