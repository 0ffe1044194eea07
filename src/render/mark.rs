//! The sign before a result, the same on the terminal, in reports and on the page.

use crate::lint::Status;

/// The sign before a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Nothing to do.
    Ok,
    /// It works, and something needs attention.
    Warning,
    /// It does not work.
    Failure,
    /// Good to know.
    Info,
    /// Not checked, or not reached.
    Open,
}

impl Mark {
    /// Returns its symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Warning => "!",
            Self::Failure => "✗",
            Self::Info => "i",
            Self::Open => "–",
        }
    }
}

impl From<Status> for Mark {
    fn from(status: Status) -> Self {
        match status {
            Status::Ok | Status::Info => Self::Ok,
            Status::Warning => Self::Warning,
            Status::Error | Status::Refused | Status::Unreadable => Self::Failure,
        }
    }
}
