//! A field is written in another case than Consul writes it.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::{Observation, Repeated};

/// `field-case`.
pub static FIELD_CASE: Check = Check {
    name: "field-case",
    severity: Severity::Info,
    area: Area::Text,
    subject: Subject::Fields,
    summary: "A field is written in another case than Consul writes it.",
    why: "The token was written by hand or by another program. Consul does not mind; `jq` and most other readers do.",
    remedy: "Write the field as Consul does.",
    source: "Go's `encoding/json`; Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for observation in facts.observations() {
        if let Observation::FieldCase { path, expected, offset } = observation {
            let message = format!("Consul writes {expected} for {path}, at byte {offset} of the JSON");
            let values = [
                ("field", path.as_str().into()),
                ("expected", (*expected).into()),
                ("offset", (*offset).into()),
            ];
            found.fault(path.clone(), message, values);
        }
    }
    found.leave_out(facts.unlisted(Repeated::FieldCase));
}
