//! The two characters `\n` stand in the token where a line break had been.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `escaped-line-breaks`.
pub static ESCAPED_LINE_BREAKS: Check = Check {
    name: "escaped-line-breaks",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The two characters `\\n` stand in the token where a line break had been.",
    why: "The token went through JSON, YAML or a shell that wrote its line breaks as `\\n`, and nobody read them back.",
    remedy: "Remove them: `sed 's/\\\\[nr]//g' FILE`. Where the value comes from JSON, take it with `jq -r`.",
    source: "Consul 1.23.0-dev, recorded: refused at the backslash",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::EscapedLineBreaks)
        && let Some(offset) = facts.text.iter().position(|byte| *byte == b'\\')
    {
        let message = format!("a backslash at byte {offset}: \\n or \\r is written out there");
        found.fault("text", message, [("offset", offset.into())]);
    }
}
