//! The token stands in quotation marks.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `quoted`.
pub static QUOTED: Check = Check {
    name: "quoted",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The token stands in quotation marks.",
    why: "It was taken from JSON or YAML together with its quotation marks, or from a file of variables whose quotes the shell did not remove.",
    remedy: "Remove the quotation marks. Where the value comes from JSON, take it with `jq -r`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::Quotes) {
        let mut marks = facts.text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\'' | b'`'));
        if let Some((offset, mark)) = marks.next() {
            let message = format!("the token stands in {}, the first at byte {offset}", name_of(*mark));
            found.fault("text", message, [("offset", offset.into())]);
        }
    }
}

fn name_of(mark: u8) -> &'static str {
    match mark {
        b'"' => "double quotes",
        b'`' => "backticks",
        _ => "single quotes",
    }
}
