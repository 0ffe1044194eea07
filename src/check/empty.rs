//! There is no token: nothing, or nothing but blanks.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::Resemblance;

/// `empty`.
pub static EMPTY: Check = Check {
    name: "empty",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "There is no token: nothing, or nothing but blanks.",
    why: "A file is empty, a variable is not set, or the command before a pipe failed.",
    remedy: "Look at the file, the variable or the command that should have given the token.",
    source: "Consul 1.23.0-dev, recorded: an empty token is refused before it is read",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Nothing) {
        let length = facts.text.len();
        let message = match length {
            0 => "the text is empty".to_owned(),
            _ => format!("the text is {} of blanks and nothing else", count(length, "byte")),
        };
        found.fault("text", message, [("bytes", length.into())]);
    }
}
