//! Runs a program that prints an ACL token, as kubectl runs its credential plugins.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::token::Secret;
use crate::token::redact::redact;
use crate::token::resemblance::is_uuid;

/// The maximum length of the output, in bytes. A token has 36 bytes.
const MAX_OUTPUT_LEN: usize = 64 * 1024;

/// The maximum length of what is kept of standard error, in bytes.
const MAX_STDERR_LEN: usize = 1024;

/// How often to check whether the program has ended after it closed its output.
const CHECK_INTERVAL: Duration = Duration::from_millis(5);

/// Why a program did not print a token. No error contains its output.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("cannot run {program:?} (token_command): {reason}")]
    NotStarted {
        /// The program.
        program: String,
        /// The error of the operating system.
        reason: String,
    },
    /// It failed.
    #[error("{program:?} (token_command) failed with {status}{}", colon_before(.stderr))]
    Failed {
        /// The program.
        program: String,
        /// How it ended: `exit status: 1`.
        status: String,
        /// What it wrote to standard error, on one line, without secrets.
        stderr: String,
    },
    /// It did not end in time.
    #[error("{program:?} (token_command) did not finish within {} s", .timeout.as_secs_f64())]
    TimedOut {
        /// The program.
        program: String,
        /// The time.
        timeout: Duration,
    },
    /// It succeeded, and its output is not a token.
    #[error("{program:?} (token_command) printed {reason} instead of an ACL token")]
    NotAToken {
        /// The program.
        program: String,
        /// What it printed, without the text itself.
        reason: &'static str,
    },
}

fn colon_before(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

impl CommandError {
    /// Returns what to do.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotStarted { .. } => {
                "check that the program is installed and in PATH; token_command has one list item per argument, and no shell runs it"
            }
            Self::Failed { .. } | Self::TimedOut { .. } => {
                "run the command yourself: it must print the ACL token, and it gets no input"
            }
            Self::NotAToken { .. } => "the command must print the ACL token on one line, and nothing else",
        }
    }
}

/// Runs a program without a shell and returns its output, trimmed. It gets no input. It has ended, or is killed, when this
/// returns.
pub(super) fn run(words: &[String], timeout: Duration) -> Result<Secret, CommandError> {
    let deadline = Instant::now() + timeout;
    let program = words.first().cloned().unwrap_or_default();
    let mut child = Command::new(&program)
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| CommandError::NotStarted {
            program: program.clone(),
            reason: os_error_text(&error),
        })?;
    let stdout = in_background(child.stdout.take(), |stream| {
        file::read_to_end(stream, MAX_OUTPUT_LEN, MAX_OUTPUT_LEN).map_err(|error| file::is_too_long(&error))
    });
    let stderr = in_background(child.stderr.take(), start_of);
    let result = wait(&mut child, &program, &stdout, &stderr, deadline, timeout);
    if result.is_err() {
        // It may still run. If it has ended, this does nothing.
        let _ = (child.kill(), child.wait());
    }
    result
}

/// Output, or whether it was too long.
type Output = Result<Zeroizing<Vec<u8>>, bool>;

fn wait(
    child: &mut Child,
    program: &str,
    stdout: &Receiver<Output>,
    stderr: &Receiver<Vec<u8>>,
    deadline: Instant,
    timeout: Duration,
) -> Result<Secret, CommandError> {
    let timed_out = || CommandError::TimedOut { program: program.to_owned(), timeout };
    let left = || deadline.saturating_duration_since(Instant::now());
    let not_a_token = |reason| CommandError::NotAToken { program: program.to_owned(), reason };
    let output = stdout.recv_timeout(left()).map_err(|_| timed_out())?;
    let output = output.map_err(|is_too_long| {
        not_a_token(if is_too_long { "more than 64 KiB" } else { "something unreadable" })
    })?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if !left().is_zero() => std::thread::sleep(CHECK_INTERVAL.min(left())),
            _ => return Err(timed_out()),
        }
    };
    if !status.success() {
        let stderr = stderr.recv_timeout(left()).unwrap_or_default();
        let (program, status) = (program.to_owned(), status.to_string());
        return Err(CommandError::Failed { program, status, stderr: shown(&stderr, &output) });
    }
    let text = std::str::from_utf8(&output).map_err(|_| not_a_token("bytes that are not UTF-8"))?.trim();
    match text {
        "" => Err(not_a_token("nothing")),
        text if text.contains(char::is_whitespace) => Err(not_a_token("several words or lines")),
        text => Ok(Secret::from(text)),
    }
}

/// Reads a stream on a thread of its own, so that a program never waits for its output to be read.
fn in_background<S: Read + Send + 'static, T: Send + 'static>(
    stream: Option<S>,
    read: impl FnOnce(S) -> T + Send + 'static,
) -> Receiver<T> {
    let (sender, receiver) = channel();
    if let Some(stream) = stream {
        std::thread::spawn(move || sender.send(read(stream)));
    }
    receiver
}

/// Reads a stream to its end and returns its start.
fn start_of(mut stream: impl Read) -> Vec<u8> {
    let mut start = Vec::new();
    let _ = stream.by_ref().take(MAX_STDERR_LEN as u64).read_to_end(&mut start);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
    start
}

/// Returns what a program wrote to standard error on one line, without the secrets that it may contain.
fn shown(stderr: &[u8], output: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let output = String::from_utf8_lossy(output);
    let secrets: Vec<&str> = output.split_whitespace().filter(|word| word.len() >= 8).collect();
    let text = secrets.iter().fold(text.into_owned(), |text, secret| text.replace(secret, "<secret>"));
    let is_in_uuid = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut shown = String::with_capacity(text.len());
    for word in redact(&text).split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        let hidden = word.split(|character| !is_in_uuid(character)).filter(|part| is_uuid(part.as_bytes()));
        shown.push_str(&hidden.fold(word.to_owned(), |word, uuid| word.replace(uuid, "<secret>")));
    }
    shown
}

#[cfg(test)]
mod tests;
