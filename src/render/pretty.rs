//! Text for people, wrapped to a terminal's width. The caller removes the colors if the output is not a terminal.

mod batch;
mod diagnosis;
mod diff;
mod explanation;
#[cfg(feature = "net")]
mod history;
mod inspection;
mod report;
mod staleness;

use std::fmt::Write as _;

use owo_colors::OwoColorize;
use textwrap::Options;

pub(super) use crate::token::shown::MAX_SHOWN;
use crate::token::shown::{MAX_SHOWN_LEN, hide_private_keys};

pub use batch::{batch_line, batch_summary};
pub use diagnosis::{diagnosis, short_diagnosis};
pub use diff::diff;
pub use explanation::{check, entry, explanation, list_of_all};
#[cfg(feature = "net")]
pub use history::history;
pub use inspection::inspection;
pub use report::reports;
pub use staleness::staleness;

/// The minimum width. On a narrower terminal, lines overflow.
const MIN_WIDTH: usize = 40;

/// The width of the column of labels.
const LABEL: usize = 14;

/// Text that is written line by line.
pub(super) struct Page {
    text: String,
    width: usize,
}

/// The width of the column of step names.
const STEP: usize = 16;

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.max(MIN_WIDTH) }
    }

    /// Writes a heading, with an empty line before it unless it is the first line.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{}", printable(heading).bold());
    }

    /// Writes `  label   value`, wrapped under the value. The value may contain colors. Use [`printable`] for values
    /// from outside.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        // A label as wide as its column needs a space.
        let gap = if label.len() >= LABEL { " " } else { "" };
        let first = format!("  {}{gap}", format_args!("{label:<LABEL$}").dimmed());
        self.wrapped(&first, &" ".repeat(LABEL + 2), value);
    }

    /// Writes `  label   - value`, wrapped under the value.
    pub(super) fn bullet(&mut self, label: &str, value: &str) {
        let first = format!("  {}- ", format_args!("{label:<LABEL$}").dimmed());
        self.wrapped(&first, &" ".repeat(LABEL + 4), value);
    }

    /// Writes an empty line.
    pub(super) fn empty_line(&mut self) {
        self.text.push('\n');
    }

    /// Writes `  name`, and its summary on the next line.
    pub(super) fn named(&mut self, name: &str, summary: &str) {
        self.line(&format!("{}", name.bold()));
        self.item(summary);
    }

    /// Writes wrapped text without indentation.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.wrapped("", "", text);
    }

    /// Writes `    sign name   text`, wrapped under the text.
    pub(super) fn step(&mut self, sign: &str, name: &str, text: &str) {
        let first = format!("    {sign} {name:<STEP$} ");
        self.wrapped(&first, &" ".repeat(STEP + 7), text);
    }

    /// Writes a line, wrapped and indented by four.
    pub(super) fn item(&mut self, text: &str) {
        self.wrapped("    ", "    ", text);
    }

    /// Writes how many more values there are than [`MAX_SHOWN`], if any.
    pub(super) fn truncated(&mut self, all: usize) {
        let more = all.saturating_sub(MAX_SHOWN);
        if more > 0 {
            self.line(&format!("… and {} more (use -format json)", grouped(count(more))));
        }
    }

    /// Writes a line, wrapped and indented by two.
    pub(super) fn line(&mut self, text: &str) {
        self.wrapped("  ", "  ", text);
    }

    fn wrapped(&mut self, first: &str, following: &str, value: &str) {
        let options = Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(following)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .break_words(false);
        for line in textwrap::wrap(value, options) {
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

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
