//! A field stands twice in the token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::{Observation, Repeated};

/// `duplicate-field`.
pub static DUPLICATE_FIELD: Check = Check {
    name: "duplicate-field",
    severity: Severity::Warning,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field stands twice in the token.",
    why: "The token was put together by hand or by a script. Consul takes the last one; other programs may take the first.",
    remedy: "Leave one of them.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::DuplicateField { path, offset } = observation {
            let message =
                format!("{path} stands there again, at byte {offset} of the JSON; Consul takes the last one");
            found.fault(
                path.clone(),
                message,
                [("field", path.as_str().into()), ("offset", (*offset).into())],
            );
        }
    }
    found.leave_out(facts.unlisted(Repeated::DuplicateField));
}
