//! How a command ends.

use std::process::ExitCode;

use super::args::go_flags::Style;

/// How a command ended. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing is wrong.
    Done,
    /// 1: done, and something is wrong. For Consul's commands: any failure.
    Findings,
    /// 2: the work could not be done (usage, file, network).
    Failed,
    /// 3: nothing was done, for the reason that the command printed.
    Skipped,
    /// 3: done, and the sources checked cannot settle whether something is wrong.
    Undetermined,
}

impl Exit {
    /// The exit of a command that ended with an error: 1 for Consul's commands, as in Consul, and 2 for ours.
    pub fn of_error(style: Style) -> Self {
        match style {
            Style::Consul => Self::Findings,
            Style::Ours => Self::Failed,
        }
    }
}

impl Exit {
    /// Returns the exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Failed => 2,
            Self::Skipped | Self::Undetermined => 3,
        }
    }

    /// Returns how a diagnosis with this exit code ended.
    pub fn of_code(code: u8) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::Findings,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
