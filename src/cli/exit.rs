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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Findings => Self::from(1),
            Exit::Failed => Self::from(2),
            Exit::Skipped | Exit::Undetermined => Self::from(3),
        }
    }
}
