//! What the base64 holds is not JSON.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Stage;
use crate::token::resemblance::Resemblance;

/// `not-json`.
pub static NOT_JSON: Check = Check {
    name: "not-json",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "What the base64 holds is not JSON.",
    why: "The text is base64 of something else, or of a token that was cut or damaged.",
    remedy: "Look at what it is: a token starts with `eyJDQSI6`. Copy it again, whole.",
    source: "Consul 1.23.0-dev, recorded: Go's `encoding/json` says what and where",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if matches!(error.stage, Stage::Json | Stage::Utf8) && !facts.resembles(Resemblance::Nothing) {
        let offset = error.offset;
        let message = match error.stage {
            Stage::Utf8 => format!("byte {offset} of what the base64 holds is not even text"),
            _ => format!("at byte {offset} of what the base64 holds: {error}"),
        };
        found.fault("text", message, [("offset", offset.into())]);
    }
}
