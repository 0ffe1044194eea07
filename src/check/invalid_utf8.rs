//! A field holds bytes that are not UTF-8.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::{Observation, Repeated};

/// `invalid-utf8`.
pub static INVALID_UTF8: Check = Check {
    name: "invalid-utf8",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field holds bytes that are not UTF-8.",
    why: "The token was damaged or edited in another encoding. Consul replaces such bytes by U+FFFD without a word, and uses what results.",
    remedy: "Compare it with what the accepting cluster printed; generate another one if in doubt.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::ReplacedText { path, offset } = observation {
            let message = format!(
                "not all of {path} is UTF-8, from byte {offset} of the JSON on; Consul reads U+FFFD there"
            );
            found.fault(path.clone(), message, [("offset", (*offset).into())]);
        }
    }
    found.leave_out(facts.unlisted(Repeated::ReplacedText));
}
