//! Text for people, wrapped to a terminal's width. The caller removes the colors if the output is not a terminal.

pub(super) mod audit;
mod batch;
#[cfg(feature = "net")]
mod connect;
#[cfg(feature = "net")]
mod contexts;
pub(super) mod diagnosis;
mod diff;
mod explanation;
pub(super) mod finding;
mod found;
#[cfg(feature = "net")]
mod history;
pub(super) mod inspection;
mod page;
pub(super) mod report;
mod screen;
pub(super) mod staleness;
mod table;

use std::fmt::Write as _;

pub(super) use crate::token::shown::MAX_SHOWN;
use crate::token::shown::{MAX_SHOWN_LEN, hide_private_keys};

pub use audit::{audit, changes};
pub use batch::{batch_line, batch_summary};
#[cfg(feature = "net")]
pub use connect::{connect_obstacles, connect_plan, connected};
#[cfg(feature = "net")]
pub use contexts::{ContextRow, context, context_checks, contexts};
pub use diagnosis::{NO_PEERINGS, diagnosis, peerings, progress_line};
pub use diff::diff;
pub use explanation::{check, entry, explanation, list_of_all, log_report};
pub use found::found;
#[cfg(feature = "net")]
pub use history::{Order, history};
pub use inspection::{Generated, generated, inspection};
pub use report::reports;
pub use screen::{Detail, Mark, Screen};
pub use staleness::staleness;

use page::Page;

/// Returns text from outside that is safe to print: control characters are escaped, so that a token cannot control the
/// terminal, private keys are hidden, and long text is truncated.
pub fn printable(text: &str) -> String {
    let text = &*hide_private_keys(text);
    let kept = &text[..text.floor_char_boundary(MAX_SHOWN_LEN)];
    let mut shown = String::with_capacity(kept.len());
    for character in kept.chars() {
        if is_hidden(character) {
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if kept.len() < text.len() {
        let _ = write!(shown, "… ({} more bytes)", grouped(count(text.len() - kept.len())));
    }
    shown
}

/// Returns whether a terminal shows no glyph for a character: control characters, text direction marks, and characters
/// of zero width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns a count as a signed number.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a number with commas between thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if number < 0 { format!("-{shown}") } else { shown }
}

/// Returns a number with its noun: `1 day`, `2 days`.
pub fn counted(number: i64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(3650), grouped(-1_234_567)],
            ["0", "999", "3,650", "-1,234,567"]
        );
        assert_eq!([counted(1, "day"), counted(2, "day")], ["1 day", "2 days"]);
    }
}
