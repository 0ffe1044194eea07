//! Values as text for people: fit for a terminal of any width, with colours that the caller strips where they cannot
//! be seen.

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

pub use batch::{batch_line, batch_summary};
pub use diagnosis::{diagnosis, short_diagnosis};
pub use diff::diff;
pub use explanation::{check, entry, explanation, list_of_all};
#[cfg(feature = "net")]
pub use history::history;
pub use inspection::inspection;
pub use report::reports;
pub use staleness::staleness;

/// The narrowest terminal that is written for; below it lines overflow.
const NARROWEST: usize = 40;

/// How wide a column of labels is.
const LABEL: usize = 14;

/// A text that grows line by line.
pub(super) struct Page {
    text: String,
    width: usize,
}

/// How many things of one kind are shown. A token for people has a few; one that has more was made by somebody else.
pub(super) const MAX_SHOWN: usize = 100;

/// How much of one text from outside is shown, in bytes.
const MAX_SHOWN_LEN: usize = 4096;

/// How wide the name of a step is.
const STEP: usize = 16;

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self { text: String::new(), width: width.max(NARROWEST) }
    }

    /// A heading, with an empty line before it if something stands above.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{}", printable(heading).bold());
    }

    /// `  label   value`, wrapped under the value. The value may be styled; see [`printable`] for what is not ours.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        // A label that fills its column still stands apart.
        let gap = if label.len() >= LABEL { " " } else { "" };
        let first = format!("  {}{gap}", format_args!("{label:<LABEL$}").dimmed());
        self.wrapped(&first, &" ".repeat(LABEL + 2), value);
    }

    /// `  label   - value`, wrapped under the value.
    pub(super) fn bullet(&mut self, label: &str, value: &str) {
        let first = format!("  {}- ", format_args!("{label:<LABEL$}").dimmed());
        self.wrapped(&first, &" ".repeat(LABEL + 4), value);
    }

    /// An empty line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// `  name` on a line, what it is on the next.
    pub(super) fn named(&mut self, name: &str, summary: &str) {
        self.line(&format!("{}", name.bold()));
        self.item(summary);
    }

    /// Text from the edge on, wrapped.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.wrapped("", "", text);
    }

    /// `    sign name   said`, wrapped under what is said.
    pub(super) fn step(&mut self, sign: &str, name: &str, said: &str) {
        let first = format!("    {sign} {name:<STEP$} ");
        self.wrapped(&first, &" ".repeat(STEP + 7), said);
    }

    /// A line of its own, wrapped and indented by four.
    pub(super) fn item(&mut self, text: &str) {
        self.wrapped("    ", "    ", text);
    }

    /// How many more there are than [`MAX_SHOWN`], if there are.
    pub(super) fn rest(&mut self, all: usize) {
        let more = all.saturating_sub(MAX_SHOWN);
        if more > 0 {
            self.line(&format!("… and {} more: see -format json", grouped(count(more))));
        }
    }

    /// A line of its own, wrapped and indented by two.
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

/// Text from outside, safe to show: control characters are written as escapes, so that a token cannot drive the
/// terminal, and what is longer than any name or address is cut.
pub fn printable(text: &str) -> String {
    let kept = &text[..text.floor_char_boundary(MAX_SHOWN_LEN)];
    let mut shown = String::with_capacity(kept.len());
    for letter in kept.chars() {
        if is_hidden(letter) {
            let _ = write!(shown, "{}", letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    if kept.len() < text.len() {
        let _ = write!(shown, "… ({} bytes more)", grouped(count(text.len() - kept.len())));
    }
    shown
}

/// Whether a letter is obeyed and not shown: controls, marks of direction, nothings.
pub fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// A number of things in memory, of which there are never so many.
pub(super) fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

/// A number with commas between thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if number < 0 { format!("-{shown}") } else { shown }
}

/// `1 day`, `2 days`.
pub fn counted(number: i64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_cannot_drive_the_terminal() {
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
