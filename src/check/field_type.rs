//! A field of the token has a value of another type than Consul expects.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Stage;

/// `field-type`.
pub static FIELD_TYPE: Check = Check {
    name: "field-type",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "A field of the token has a value of another type than Consul expects.",
    why: "The JSON was written or edited by hand: a list became a string, a number lost its quotation marks.",
    remedy: "Compare it with what the accepting cluster printed: `CA` and the addresses are lists of strings, everything else but `Remote` is a string.",
    source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` says which",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if error.stage == Stage::Field {
        let offset = error.offset;
        let path = error.field.clone().unwrap_or_else(|| "text".to_owned());
        let message = format!("at byte {offset} of the JSON: {}", error.message.trim_start_matches("json: "));
        found.fault(path, message, [("offset", offset.into())]);
    }
}
