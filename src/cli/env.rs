//! What a command finds around it: the standard streams, the clock, the environment, the terminal.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // Here is where they are allowed.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use jiff::Timestamp;

use super::error::CliError;
use crate::render::pretty::is_hidden;
use crate::token::redact::redact;

/// How wide to write where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 80;

/// The widest that is written: long lines are hard to read.
const WIDEST: usize = 100;

/// Prints a result. A reader that closed the pipe is not an error: it has read enough.
pub fn print(text: &str) -> Result<(), CliError> {
    match write_stdout(text) {
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
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// `CLICOLOR_FORCE=0` forces nothing, whatever the library that writes colours takes it for.
pub fn settle_colors() {
    let forced = variable("CLICOLOR_FORCE");
    if forced.as_deref() == Some("0") && !io::stdout().is_terminal() {
        anstream::ColorChoice::Never.write_global();
    }
}

/// Prints what must not be lost: an error where nobody can have it.
pub fn print_or_fail(text: &str) -> io::Result<()> {
    if may_be_closed(&io::stdout()) {
        return Err(io::Error::new(io::ErrorKind::NotConnected, "standard output is closed"));
    }
    write_stdout(text)
}

/// Whether somebody still reads what is printed. Of a file or a terminal that is always so.
pub fn stdout_is_open() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let mut asked = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut asked, Some(&at_once)).is_err() || !asked[0].revents().contains(PollFlags::ERR)
}

/// Prints anything that is not a result, with a line end. If standard error is gone there is nobody to tell.
pub fn eprint_line(text: &str) {
    let text = if io::stderr().is_terminal() { escape_controls(text) } else { Cow::Borrowed(text) };
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Complains of what stands on the command line, without a token in it: people put one where a name belongs, and the
/// complaint goes to a log.
pub fn eprint_redacted(text: &str) {
    eprint_line(&redact(text));
}

/// A text that a terminal shows and does not obey. What Consul answers is printed as it came, for programs; a terminal gets
/// no more of it than colours.
fn escape_controls(text: &str) -> Cow<'_, str> {
    let is_tame = |letter: char| matches!(letter, '\n' | '\t') || !is_hidden(letter);
    if text.chars().all(is_tame) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let colour = colour(rest);
        let (taken, kept) = rest.split_at(if colour == 0 { letter.len_utf8() } else { colour });
        if colour > 0 || is_tame(letter) {
            shown.push_str(taken);
        } else {
            shown.extend(letter.escape_unicode());
        }
        rest = kept;
    }
    Cow::Owned(shown)
}

/// How many bytes of a text are a sequence that sets colours and weights (ECMA-48, SGR).
fn colour(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    let end = parameters.find(|letter: char| !letter.is_ascii_digit() && letter != ';');
    end.filter(|end| parameters[*end..].starts_with('m')).map_or(0, |end| end + 3)
}

/// Whether a standard stream may have been closed when the process started.
///
/// Rust's runtime opens `/dev/null` for reading and writing in the place of a closed stream, and every write then
/// succeeds: a generated token would be lost without a word. A shell does not open it to be read from as well; Python's
/// `subprocess.DEVNULL` does, so that this is no reason to fail where nothing is lost.
fn may_be_closed(stream: &impl rustix::fd::AsFd) -> bool {
    let reads_and_writes = rustix::fs::fcntl_getfl(stream)
        .is_ok_and(|flags| flags & rustix::fs::OFlags::ACCMODE == rustix::fs::OFlags::RDWR);
    let same_device = || {
        let here = rustix::fs::fstat(stream).ok()?;
        let null = rustix::fs::stat("/dev/null").ok()?;
        Some(here.st_rdev == null.st_rdev && here.st_mode == null.st_mode)
    };
    reads_and_writes && same_device() == Some(true)
}

/// The time, to the second.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// A variable of the environment; one that is not text is as good as none.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How many columns to write.
pub fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    terminal.unwrap_or(DEFAULT_WIDTH).min(WIDEST)
}

/// Whether a person may be looking at standard error.
pub fn stderr_is_a_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Who runs this: `USER`, `LOGNAME`, or the number.
pub fn user() -> String {
    let named =
        ["USER", "LOGNAME"].into_iter().find_map(|name| variable(name).filter(|name| !name.is_empty()));
    named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Where anybody may make a file for a while.
pub fn temporary_directory() -> PathBuf {
    std::env::temp_dir()
}

/// The folder for what outlives a run: `PEERING_STATE_DIR`, or `peering` in the user's state directory (XDG). It is
/// not made here.
pub fn state_directory() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if let Some(directory) = variable("PEERING_STATE_DIR").filter(|directory| !directory.is_empty()) {
        return Some(PathBuf::from(directory));
    }
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("peering"))
}

/// The folder for what a user sets once: `peering` in the user's configuration directory (XDG).
pub fn config_directory() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("peering"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_colours_and_obeys_nothing_else() {
        assert_eq!(
            escape_controls("\u{1b}[1;31mred\u{1b}[0m\n\tas it is ✓"),
            "\u{1b}[1;31mred\u{1b}[0m\n\tas it is ✓"
        );
        assert_eq!(escape_controls("\u{1b}[2J\u{1b}]0;title\u{7}"), r"\u{1b}[2J\u{1b}]0;title\u{7}");
        assert_eq!(escape_controls("a\rb\u{9b}c\u{202e}d"), r"a\u{d}b\u{9b}c\u{202e}d");
        assert_eq!(escape_controls("\u{1b}["), r"\u{1b}[");
    }
}
