//! What a text is written for: the size of the terminal, its characters, how much to show, and the time.

use std::fmt::Write as _;

use jiff::Timestamp;
use owo_colors::OwoColorize;

use super::printable;
use crate::aliases::Aliases;
pub use crate::render::mark::Mark;
use crate::utc;

/// The height of a terminal in which one result fits with the prompt after it: 24 rows.
pub(super) const MAX_LINES: usize = 23;

/// How much to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// The answer and what to do.
    Short,
    /// What most people need, on one screen.
    #[default]
    Normal,
    /// Everything.
    Long,
}

/// What a text is written for.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Its width in columns.
    pub width: usize,
    /// Whether it shows ASCII only: words replace symbols.
    pub ascii: bool,
    /// How much to show.
    pub detail: Detail,
    /// Whether to end with the next commands.
    pub hints: bool,
    /// The current time, for `3 min ago`.
    pub now: Timestamp,
    /// What replaces names and addresses, if the text may be shown to strangers.
    pub aliases: Option<&'static Aliases>,
}

impl Screen {
    /// Returns a symbol in its color.
    pub fn mark(&self, mark: Mark) -> String {
        let symbol = if self.ascii { mark.word() } else { mark.symbol() };
        match mark {
            Mark::Ok => symbol.green().to_string(),
            Mark::Warning => symbol.yellow().to_string(),
            Mark::Failure => symbol.red().to_string(),
            Mark::Info => symbol.cyan().to_string(),
            Mark::Open => symbol.dimmed().to_string(),
        }
    }

    /// Returns a time as `2026-11-27 17:31:38 UTC (3 min ago)`.
    pub(in crate::render) fn time(&self, at: Timestamp) -> String {
        format!("{} ({})", utc::date_time(at), utc::relative(at, self.now))
    }

    /// Returns a day as `2036-11-24 (in 10 years)`.
    pub(in crate::render) fn day(&self, at: Timestamp) -> String {
        format!("{} ({})", utc::day(at), utc::relative(at, self.now))
    }

    /// Adds `(3 min ago)` after each time such as `2026-11-27 17:31:38 UTC` in a text.
    pub(in crate::render) fn with_ages(&self, text: &str) -> String {
        const SUFFIX: &str = " UTC";
        let mut aged = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(end) = rest.find(SUFFIX).map(|at| at + SUFFIX.len()) {
            let (head, tail) = rest.split_at(end);
            aged.push_str(head);
            if let Some(at) = time_at_the_end(head).filter(|_| !tail.starts_with(" (")) {
                let _ = write!(aged, " ({})", utc::relative(at, self.now));
            }
            rest = tail;
        }
        aged + rest
    }

    /// Returns a text as this screen shows it: with aliases, and in ASCII if it shows no other characters. Everything on a page
    /// goes through it before it is wrapped.
    pub(in crate::render) fn shown(&self, text: &str) -> String {
        match self.aliases {
            Some(aliases) => self.plain(&aliases.in_text(text)),
            None => self.plain(text),
        }
    }

    /// Returns text from outside, safe to show.
    pub(in crate::render) fn text(&self, text: &str) -> String {
        self.shown(&printable(text))
    }

    /// Returns a name that stands alone, safe to print. It may be an ordinary word.
    pub(in crate::render) fn name(&self, name: &str) -> String {
        match self.aliases {
            Some(aliases) => printable(&aliases.of_name(name)),
            None => printable(name),
        }
    }

    /// Replaces the typographic characters that this crate writes, if the screen shows ASCII only.
    fn plain(&self, text: &str) -> String {
        if !self.ascii || text.is_ascii() {
            return text.to_owned();
        }
        let mut plain = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '…' => plain.push_str("..."),
                '–' | '—' => plain.push('-'),
                '“' | '”' => plain.push('"'),
                '‘' | '’' => plain.push('\''),
                '✓' => plain.push_str(Mark::Ok.word()),
                '✗' => plain.push_str(Mark::Failure.word()),
                other => plain.push(other),
            }
        }
        plain
    }
}

/// Returns the time with which a text ends.
fn time_at_the_end(text: &str) -> Option<Timestamp> {
    const LEN: usize = "2026-11-27 17:31:38 UTC".len();
    let time = text.get(text.len().checked_sub(LEN)?..)?;
    time.replacen(' ', "T", 1).replace(" UTC", "Z").parse().ok()
}

impl Mark {
    /// Returns its word, for those who do not see the symbol.
    pub(in crate::render) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warn",
            Self::Failure => "FAIL",
            Self::Info => "info",
            Self::Open => "-",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(ascii: bool) -> Screen {
        let now = "2026-11-27T17:31:38Z".parse().unwrap();
        Screen { width: 80, ascii, detail: Detail::Normal, hints: true, now, aliases: None }
    }

    #[test]
    fn times_in_a_text_get_their_age() {
        assert_eq!(
            screen(false)
                .with_ages("é on 2026-11-27 17:28:38 UTC, used on 2026-11-27 17:31:38 UTC (just now); UTC"),
            "é on 2026-11-27 17:28:38 UTC (3 min ago), used on 2026-11-27 17:31:38 UTC (just now); UTC"
        );
    }

    #[test]
    fn an_ascii_screen_gets_words_for_symbols() {
        assert_eq!(screen(true).plain("✓ a… – “é”"), "ok a... - \"é\"");
        assert_eq!(screen(false).plain("✓ a…"), "✓ a…");
    }
}
