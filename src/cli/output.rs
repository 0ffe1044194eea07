//! What is printed: results, errors, notes and colors.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // allowed here and in `env`

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use terminal_size::{Height, Width, terminal_size_of};

use super::env::variable;
use super::error::CliError;
use super::given_secrets;
use super::redaction;
use crate::bytes;
use crate::platform;
use crate::render::pretty::{Detail, Screen, is_hidden};
use crate::token::redact::redact;

/// The width without a terminal, in columns.
const DEFAULT_WIDTH: usize = 80;

/// The largest width, in columns: long lines are hard to read.
const MAX_WIDTH: usize = 100;

impl CliError {
    /// Prints it on standard error. Tokens are redacted: people put one where a name belongs, and errors go to logs.
    pub fn print(&self) {
        eprint_redacted(&self.to_string());
    }
}

/// Collects the values of all results. If some are errors, prints all but the last and returns the last.
pub fn collect_all<T>(results: impl IntoIterator<Item = Result<T, CliError>>) -> Result<Vec<T>, CliError> {
    let mut values = Vec::new();
    let mut last: Option<CliError> = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error) => {
                if let Some(earlier) = last.replace(error) {
                    earlier.print();
                }
            }
        }
    }
    last.map_or(Ok(values), Err)
}

/// Prints a result. A reader that closed the pipe is not an error: it has read enough.
pub fn print(text: &str) -> Result<(), CliError> {
    print_redacted(&redaction::in_output(text))
}

/// Returns a result as people may see it: without given secrets, and redacted with `-redact`.
pub fn shown(text: &str) -> String {
    given_secrets::hide(&redaction::in_output(text)).into_owned()
}

/// Prints a result in which `-redact` has replaced everything.
pub fn print_redacted(text: &str) -> Result<(), CliError> {
    match write_stdout(&given_secrets::hide(text)) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unprinted(&error)),
        _ => Ok(()),
    }
}

/// Prints a file of ours, byte for byte. It contains nothing to hide.
pub fn print_file(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unprinted(&error)),
        _ => Ok(()),
    }
}

/// The error of a result that cannot be printed.
pub fn unprinted(error: &io::Error) -> CliError {
    CliError::of_io("cannot write to standard output", error)
}

/// Writes to standard output. Colors are removed unless it is a terminal that shows them (`NO_COLOR`,
/// `CLICOLOR_FORCE`).
fn write_stdout(text: &str) -> io::Result<()> {
    let text = if io::stdout().is_terminal() { escape_controls(text) } else { Cow::Borrowed(text) };
    if is_plain(&text) {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        return stdout.flush();
    }
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Whether a text has no control sequence, such as JSON. anstream takes longer to find none than JSON takes to write.
fn is_plain(text: &str) -> bool {
    bytes::all(text.as_bytes(), |byte| matches!(byte, b' '..=b'~' | b'\n'))
}

/// Makes `CLICOLOR_FORCE=0` force nothing. anstream treats any value as true.
pub fn settle_colors() {
    let forced = variable("CLICOLOR_FORCE");
    if forced.as_deref() == Some("0") && !io::stdout().is_terminal() {
        anstream::ColorChoice::Never.write_global();
    }
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal that shows them (see NO_COLOR, CLICOLOR_FORCE and TERM)
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Sets when both standard streams get colors.
pub fn set_colors(when: ColorWhen) {
    match when {
        ColorWhen::Auto => {}
        ColorWhen::Always => anstream::ColorChoice::Always.write_global(),
        ColorWhen::Never => anstream::ColorChoice::Never.write_global(),
    }
}

/// Whether only results and errors are printed.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Sets whether only results and errors are printed.
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether only results and errors are printed.
fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints a note on standard error, on which no action is needed.
pub fn note(text: &str) {
    if !is_quiet() {
        eprint_line(text);
    }
}

/// Whether hints are printed on standard error: for people, not for programs.
pub fn shows_hints() -> bool {
    io::stderr().is_terminal() && !is_quiet()
}

/// Whether progress is shown: on a terminal that can redraw a line.
pub fn shows_progress() -> bool {
    shows_hints()
        && variable("TERM").map_or(platform::REDRAWS_WITHOUT_TERM, |term| !term.is_empty() && term != "dumb")
}

/// Prints what must not be lost. Fails if standard output is closed.
pub fn print_or_fail(text: &str) -> io::Result<()> {
    if platform::may_stdout_be_closed() {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "standard output is closed"));
    }
    write_stdout(text)
}

/// Reports a panic by its place only: the message of a panic can quote a token.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        eprint_line(&format!("Error: internal error{place}: please report it"));
    }));
}

/// Prints anything but a result, with a line end. Ignores a closed standard error.
pub fn eprint_line(text: &str) {
    let text = &given_secrets::hide(text);
    let text = &redaction::in_text(text);
    let text = if io::stderr().is_terminal() { escape_controls(text) } else { Cow::Borrowed(&**text) };
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints a line on standard error, with tokens redacted: people put a token where a name belongs, and errors go to logs.
pub fn eprint_redacted(text: &str) {
    eprint_line(&redact(text));
}

/// Escapes all control sequences but colors. Consul's answers are printed unchanged for programs; on a terminal they must
/// not take effect.
fn escape_controls(text: &str) -> Cow<'_, str> {
    let is_harmless = |character: char| matches!(character, '\n' | '\t') || !is_hidden(character);
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let color = color_len(rest);
        let (taken, kept) = rest.split_at(if color == 0 { character.len_utf8() } else { color });
        if color > 0 || is_harmless(character) {
            shown.push_str(taken);
        } else {
            shown.extend(character.escape_unicode());
        }
        rest = kept;
    }
    Cow::Owned(shown)
}

/// Returns the length of the color sequence (ECMA-48, SGR) at the start of a text, in bytes, or 0.
fn color_len(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = parameters.find(|character: char| !character.is_ascii_digit() && character != ';');
    end.filter(|end| parameters[*end..].starts_with('m')).map_or(0, |end| end + 3)
}

/// Returns the width of help texts, in columns.
pub fn width() -> usize {
    width_of(terminal_size_of(io::stdout())).min(MAX_WIDTH)
}

/// Returns the width of a stream, in columns: of its terminal, or else 80.
fn width_of(terminal: Option<(Width, Height)>) -> usize {
    terminal.map_or(DEFAULT_WIDTH, |(width, _)| usize::from(width.0))
}

/// Returns what a result on standard output is written for.
pub fn screen(detail: Detail, now: Timestamp) -> Screen {
    Screen {
        width: width_of(terminal_size_of(io::stdout())),
        ascii: !locale_is_utf8(),
        detail,
        hints: !is_quiet(),
        now,
        aliases: redaction::aliases(),
    }
}

/// Returns what a text on standard error is written for.
pub fn stderr_screen(detail: Detail, now: Timestamp) -> Screen {
    Screen { width: width_of(terminal_size_of(io::stderr())), ..screen(detail, now) }
}

/// Returns a text for standard error: without colors if it does not show them.
pub fn stderr_colored(text: &str) -> String {
    match anstream::stderr().current_choice() {
        anstream::ColorChoice::Never => anstream::adapter::strip_str(text).to_string(),
        _ => text.to_owned(),
    }
}

/// Whether the locale's characters are UTF-8. Without a locale they are: minimal systems and containers set none.
fn locale_is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|it| !it.is_empty()));
    locale.is_none_or(|locale| {
        let charset = locale.to_ascii_lowercase();
        charset.contains("utf-8") || charset.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_colors_and_no_other_control_sequence() {
        assert_eq!(
            escape_controls("\u{1b}[1;31mred\u{1b}[0m\n\tunchanged ✓"),
            "\u{1b}[1;31mred\u{1b}[0m\n\tunchanged ✓"
        );
        assert_eq!(escape_controls("\u{1b}[2J\u{1b}]0;title\u{7}"), r"\u{1b}[2J\u{1b}]0;title\u{7}");
        assert_eq!(escape_controls("a\rb\u{9b}c\u{202e}d"), r"a\u{d}b\u{9b}c\u{202e}d");
        assert_eq!(escape_controls("\u{1b}["), r"\u{1b}[");
    }
}
