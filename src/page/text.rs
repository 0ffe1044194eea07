//! Texts of limited length: a browser draws them.

use crate::counted::{count, counted, grouped};
use crate::token::shown::printable;

/// The longest value that is shown, in characters.
const MAX_VALUE: usize = 300;

/// How much of a token is shown in place of its text, in characters. It is the start of the first field's name.
const START: usize = 10;

/// Returns a value that is safe to show, and not longer than a few lines.
pub(super) fn value(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(MAX_VALUE) {
        None => text,
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}… ({} more characters)", &text[..end], grouped(count(more)))
        }
    }
}

/// Returns the start of a token.
pub(super) fn start(text: &[u8]) -> String {
    let start = String::from_utf8_lossy(&text[..text.len().min(4 * START)]);
    let mut start: String = printable(start.trim_start()).chars().take(START).collect();
    start.push('…');
    start
}

/// Returns `… and 3 more addresses`, if a list has more entries than are shown.
pub(super) fn more(all: usize, max: usize, noun: &str) -> Option<String> {
    let more = all.checked_sub(max).filter(|more| *more > 0)?;
    Some(format!("… and {}", counted(count(more), &format!("more {noun}"))))
}

/// Returns `4,205 characters`.
pub(super) fn counted_characters(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => counted(count(text.chars().count()), "character"),
        Err(_) => format!("{}, not UTF-8", counted(count(text.len()), "byte")),
    }
}
