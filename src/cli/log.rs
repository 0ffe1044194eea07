//! `-log-level`: what is done on the network and in the ledger, said while it is done.

use std::io::{self, Stderr, Write};

use clap::ValueEnum;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::render::pretty::printable;

/// Writes each line as one, with nothing in it that a terminal obeys: what is logged may come from anybody.
struct Lines(Stderr);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        writeln!(self.0, "{}", printable(text.trim_end_matches('\n')))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Nothing
    Off,
    /// What failed
    Error,
    /// And what is dangerous
    Warn,
    /// And what was done
    Info,
    /// And each step of it
    Debug,
    /// The same; the libraries beneath are never asked, for they do not know what is secret
    Trace,
}

impl Level {
    /// Begins to say it, on standard error. Only this crate is heard.
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
            .with_writer(|| Lines(io::stderr()))
            .with_ansi(false)
            .with_target(false)
            .without_time();
        let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
        // In one process it is begun once.
        let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
    }
}
