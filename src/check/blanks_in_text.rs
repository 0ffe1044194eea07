//! There are spaces or tabs around the token or inside it.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `blanks-in-text`.
pub static BLANKS_IN_TEXT: Check = Check {
    name: "blanks-in-text",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "There are spaces or tabs around the token or inside it.",
    why: "A space came along when the token was copied, or a terminal wrapped it and the lines were indented. Consul passes over line breaks only.",
    remedy: "Remove them: `tr -d '[:space:]' <FILE`.",
    source: "Consul 1.23.0-dev, recorded: refused at the first such byte",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if !facts.needs(Undone::SurroundingBlanks) && !facts.needs(Undone::InnerBlanks) {
        return;
    }
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() && !matches!(byte, b'\r' | b'\n');
    let mut blanks = facts.text.iter().enumerate().filter(|(_, byte)| is_blank(byte));
    if let Some((offset, _)) = blanks.next() {
        let number = blanks.count() + 1;
        let message = format!("{} in the text, the first at byte {offset}", count(number, "blank"));
        found.fault("text", message, [("offset", offset.into()), ("count", number.into())]);
    }
}
