//! The last base64 digit carries bits that belong to no byte.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Observation;

/// `base64-trailing-bits`.
pub static BASE64_TRAILING_BITS: Check = Check {
    name: "base64-trailing-bits",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The last base64 digit carries bits that belong to no byte.",
    why: "No Consul writes such a token: its last character was changed, or cut off and written anew. Consul passes over the bits, stricter readers refuse them.",
    remedy: "Compare it with what the accepting cluster printed.",
    source: "Consul 1.23.0-dev, recorded: accepted; RFC 4648, section 3.5",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::TrailingBits { offset } = observation {
            let message =
                format!("the last base64 digit, at byte {offset}, has bits set that belong to no byte");
            found.fault("text", message, [("offset", (*offset).into())]);
        }
    }
}
