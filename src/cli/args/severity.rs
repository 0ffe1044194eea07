//! Severities as flags take them.

use clap::ValueEnum;

use crate::lint::Severity;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Consul rejects the token, or it cannot work
    Error,
    /// It works today and will fail later
    Warning,
    /// Good to know
    Info,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Info => Self::Info,
        }
    }
}
