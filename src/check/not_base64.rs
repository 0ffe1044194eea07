//! The text is not standard base64 with padding.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::Stage;
use crate::token::resemblance::Resemblance;

/// `not-base64`.
pub static NOT_BASE64: Check = Check {
    name: "not-base64",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "The text is not standard base64 with padding.",
    why: "A token is base64 and nothing else. Something came along when it was copied, something was lost, or it is another text. Consul passes over line breaks, but over no other character.",
    remedy: "Copy the token again, as a file, and give it as @FILE. `peering inspect` finds a token in many damaged texts and says what it had to undo.",
    source: "Consul 1.23.0-dev, recorded: `failed to decode token: illegal base64 data at input byte N`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Err(error) = facts.decoded else { return };
    if error.stage != Stage::Base64 || facts.resembles(Resemblance::Nothing) {
        return;
    }
    let (offset, length) = (error.offset, facts.text.len());
    let message = match facts.text.get(offset).filter(|byte| !is_digit(**byte)) {
        Some(byte) => {
            format!("byte {offset} of {length} is {}, which base64 does not have there", shown(*byte))
        }
        None => format!(
            "the base64 goes wrong at byte {offset} of {length}: digits or padding are missing or too many"
        ),
    };
    found.fault("text", message, [("offset", offset.into()), ("bytes", length.into())]);
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// A byte that is no part of a token, so that it may be shown.
fn shown(byte: u8) -> String {
    match byte {
        b' ' => "a space".to_owned(),
        b'\t' => "a tab".to_owned(),
        0x21..0x7F => format!("the character {}", char::from(byte)),
        _ => format!("the byte 0x{byte:02X}"),
    }
}
