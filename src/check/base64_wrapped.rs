//! The token is broken into lines.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Observation;

/// `base64-wrapped`.
pub static BASE64_WRAPPED: Check = Check {
    name: "base64-wrapped",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The token is broken into lines.",
    why: "`base64` without `-w 0` breaks lines, and so do mail and terminals. Consul passes over line breaks; shells, environment files and form fields may keep the first line only. A line break at the very end is not reported.",
    remedy: "Join the lines before the token goes anywhere else: `tr -d '\\r\\n' <FILE`.",
    source: "Consul 1.23.0-dev, recorded: LF and CRLF are accepted",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::LineBreaks { offset, count } = observation
            && facts.text[*offset..].iter().any(|byte| !matches!(byte, b'\r' | b'\n'))
        {
            let message =
                format!("line breaks in the token: {count} bytes of them, the first at byte {offset}");
            found.fault("text", message, [("offset", (*offset).into()), ("count", (*count).into())]);
        }
    }
}
