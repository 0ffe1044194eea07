//! Text that is written line by line and wrapped to the width of a screen.

use std::fmt::Write as _;

use owo_colors::OwoColorize;
use textwrap::Options;
use textwrap::core::display_width;

use super::screen::{Detail, MAX_LINES, Mark, Screen};
use super::{MAX_SHOWN, count, grouped, printable};

/// The minimum width. On a narrower terminal, lines overflow.
const MIN_WIDTH: usize = 40;

/// The maximum width of text. Longer lines are hard to read.
const MAX_TEXT_WIDTH: usize = 100;

/// The width of the column of labels.
const LABEL: usize = 14;

/// The width of the column of step names.
const STEP: usize = 16;

/// The indentation of a value that is too long for the space after its label.
const NARROW_INDENT: usize = 6;

/// The space between two hints on one line.
const HINT_GAP: &str = "   ";

/// Text that is written line by line.
pub(super) struct Page {
    text: String,
    screen: Screen,
}

impl Page {
    pub(super) fn new(screen: &Screen) -> Self {
        Self { text: String::new(), screen: *screen }
    }

    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// Returns the width of tables.
    pub(super) fn width(&self) -> usize {
        self.screen.width.max(MIN_WIDTH)
    }

    /// Returns the number of lines written.
    pub(super) fn lines(&self) -> usize {
        self.text.matches('\n').count()
    }

    /// Returns how many lines are left on one screen, if `reserved` are needed after them.
    pub(super) fn room(&self, reserved: usize) -> usize {
        MAX_LINES.saturating_sub(self.lines() + reserved)
    }

    /// Writes the answer: its symbol, and the sentence in bold.
    pub(super) fn answer(&mut self, mark: Mark, sentence: &str) {
        let first = format!("{} ", self.screen.mark(mark));
        let indent = display_width(&first);
        self.hanging(&first, indent, &sentence.bold().to_string());
    }

    /// Writes `  label  value` with a label column of `width`, wrapped under the value.
    pub(super) fn labeled(&mut self, label: &str, width: usize, value: &str) {
        let label = self.screen.shown(label);
        let padding = " ".repeat(width.saturating_sub(display_width(&label)) + 2);
        let first = format!("  {}{padding}", label.dimmed());
        self.hanging(&first, display_width(&first), value);
    }

    /// Writes a heading, with an empty line before it unless it is the first line.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let heading = self.screen.shown(&printable(heading));
        let _ = writeln!(self.text, "{}", heading.bold());
    }

    /// Writes `  label   value`, wrapped under the value. The value may contain colors. Use [`printable`] for values
    /// from outside.
    pub(super) fn row(&mut self, label: &str, value: &str) {
        // A label as wide as its column needs a space.
        let gap = if label.len() >= LABEL { " " } else { "" };
        let first = format!("  {}{gap}", format_args!("{label:<LABEL$}").dimmed());
        self.hanging(&first, LABEL + 2, value);
    }

    /// Writes `  label   - value`, wrapped under the value.
    pub(super) fn bullet(&mut self, label: &str, value: &str) {
        let first = format!("  {}- ", format_args!("{label:<LABEL$}").dimmed());
        self.hanging(&first, LABEL + 4, value);
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
        self.hanging("", 0, text);
    }

    /// Writes `    symbol name   text`, wrapped under the text.
    pub(super) fn step(&mut self, symbol: &str, name: &str, text: &str) {
        let first = format!("    {symbol} {name:<STEP$} ");
        let indent = display_width(&first);
        self.hanging(&first, indent, text);
    }

    /// Writes a line, wrapped and indented by two.
    pub(super) fn line(&mut self, text: &str) {
        self.hanging("  ", 2, text);
    }

    /// Writes a line, wrapped and indented by four.
    pub(super) fn item(&mut self, text: &str) {
        self.hanging("    ", 4, text);
    }

    /// Writes how many more values there are than [`MAX_SHOWN`], if any.
    pub(super) fn truncated(&mut self, all: usize) {
        let more = all.saturating_sub(MAX_SHOWN);
        if more > 0 {
            self.line(&format!("… and {} more (use -format json)", grouped(count(more))));
        }
    }

    /// Writes the last line: hints with the next commands. Each goes on its own line if they do not fit on one.
    pub(super) fn hints(&mut self, hints: &[String]) {
        if self.screen.detail == Detail::Short || !self.screen.hints || hints.is_empty() {
            return;
        }
        let one_line = hints.join(HINT_GAP);
        if display_width(&one_line) <= self.width() {
            self.raw_line(&one_line.dimmed().to_string());
        } else {
            // A command stays on one line, so that it can be pasted.
            for hint in hints {
                self.raw_line(&hint.dimmed().to_string());
            }
        }
    }

    /// Writes `first` and the value, wrapped with an indentation of `indent` columns.
    ///
    /// If a word is too long for the space after `first`, the value starts on the next line.
    pub(super) fn hanging(&mut self, first: &str, indent: usize, value: &str) {
        let value = self.screen.shown(value);
        let width = self.width().min(MAX_TEXT_WIDTH.max(indent + MIN_WIDTH));
        let longest_word = value.split(' ').map(display_width).max().unwrap_or_default();
        let is_one_screen = self.screen.detail != Detail::Long;
        let is_too_narrow = is_one_screen && indent > NARROW_INDENT && indent + longest_word > width;
        let (first, indent) = if is_too_narrow {
            if !first.trim().is_empty() {
                let _ = writeln!(self.text, "{}", first.trim_end());
            }
            (" ".repeat(NARROW_INDENT), NARROW_INDENT)
        } else {
            (first.to_owned(), indent)
        };
        let following = " ".repeat(indent);
        let options = Options::new(width)
            .initial_indent(&first)
            .subsequent_indent(&following)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .break_words(false);
        for line in textwrap::wrap(&value, options) {
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
    }

    /// Writes a line as it is.
    pub(super) fn raw_line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", self.screen.shown(line));
    }

    /// Appends another page.
    pub(super) fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
    }

    /// Returns an empty page for the same screen.
    pub(super) fn empty(&self) -> Self {
        Self::new(&self.screen)
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}
