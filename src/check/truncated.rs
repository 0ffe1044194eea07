//! The token was cut: its end is missing, or an ellipsis stands for its middle.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::Resemblance;

/// `truncated`.
pub static TRUNCATED: Check = Check {
    name: "truncated",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token was cut: its end is missing, or an ellipsis stands for its middle.",
    why: "A terminal's line limit, a form field, a column of a database, a log or a ticket that shortens long words.",
    remedy: "Copy it again, whole, best as a file. If the original is gone, generate another token: that makes the lost one worthless.",
    source: "Consul 1.23.0-dev, recorded: `unexpected end of JSON input`, or illegal base64 at the end",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let length = facts.text.trim_ascii().len();
    let message = if facts.resembles(Resemblance::Truncated) {
        format!("the text ends after {length} bytes, in the middle of the token")
    } else if facts.resembles(Resemblance::Shortened) {
        format!("an ellipsis stands in these {length} bytes, in place of a part of the token")
    } else {
        return;
    };
    found.fault("text", message, [("bytes", length.into())]);
}
