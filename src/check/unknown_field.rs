//! The token has a field that Consul does not know.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::{Observation, Repeated};

/// `unknown-field`.
pub static UNKNOWN_FIELD: Check = Check {
    name: "unknown-field",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "The token has a field that Consul does not know.",
    why: "A name was misspelt in a token that was edited by hand, or the token is newer than this tool. Consul passes over the field without a word.",
    remedy: "Mend the name, or leave the field away. A token is better generated anew than edited.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::UnknownField { path, offset } = observation {
            let message =
                format!("Consul knows no field {path}, at byte {offset} of the JSON, and passes over it");
            found.fault(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    found.leave_out(facts.unlisted(Repeated::UnknownField));
}
