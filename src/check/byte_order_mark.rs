//! A byte order mark stands before the token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::recover::Undone;

/// `byte-order-mark`.
pub static BYTE_ORDER_MARK: Check = Check {
    name: "byte-order-mark",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "A byte order mark stands before the token.",
    why: "Windows editors and PowerShell's redirection write one at the beginning of a file. It cannot be seen.",
    remedy: "Save the file as UTF-8 without a byte order mark, or as ASCII: `Out-File -Encoding ascii`.",
    source: "Consul 1.23.0-dev, recorded: refused at byte 0",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.needs(Undone::ByteOrderMark) {
        found.fault("text", "the text begins with a byte order mark, the bytes EF BB BF", []);
    }
}
