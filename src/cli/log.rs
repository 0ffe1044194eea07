//! `-log-level`: logs network and ledger activity to standard error.

use std::io::{self, Stderr, Write};

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{given_secrets, redaction};
use crate::render::pretty::printable;
use crate::token::redact::redact;

/// Escapes control characters in each line, and hides secrets: logged text may come from the network or the command line.
struct EscapedStderr(Stderr);

impl Write for EscapedStderr {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\n');
        writeln!(self.0, "{}", printable(&redaction::in_text(&redact(&given_secrets::hide(text)))))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Nothing
    Off,
    /// Failures
    Error,
    /// Failures and risks
    Warn,
    /// Also each operation
    Info,
    /// Also each step of an operation
    Debug,
    /// Same as debug (libraries are never logged)
    Trace,
}

impl Level {
    /// Starts logging to standard error. Only this crate is logged.
    pub fn start(self) {
        let level = match self {
            Self::Off => return,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        };
        let lines = fmt::layer()
            .with_writer(|| EscapedStderr(io::stderr()))
            .with_ansi(false)
            .with_target(false)
            .without_time();
        let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
        // Fails only if logging has already started.
        let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
    }
}
