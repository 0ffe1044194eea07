//! How a command ends.

use std::io;
use std::process::ExitCode;

use super::args::go_flags::Style;
use super::env::eprint_line;

/// A command's end, and with it the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and nothing is wrong.
    Done,
    /// 1: done, and something is wrong; or, for Consul's own commands, anything else than success.
    Findings,
    /// 2: could not do its work: usage, file, network.
    Failed,
    /// 3: there was reason not to do it, and nothing was done.
    Skipped,
    /// 3: done, and whether something is wrong cannot be told.
    Undetermined,
}

impl Exit {
    /// A mistaken command line: 1 for Consul's commands, as Consul, and 2 for ours.
    pub fn of_usage(style: Style) -> Self {
        match style {
            Style::Consul => Self::Findings,
            Style::Ours => Self::Failed,
        }
    }

    /// Printing was all there was to do. A reader that went away has seen enough.
    pub fn of_printing(printed: io::Result<()>) -> Self {
        Self::Done.unless_unprinted(printed)
    }

    /// This end, unless the result could not be printed.
    pub fn unless_unprinted(self, printed: io::Result<()>) -> Self {
        match printed {
            Ok(()) => self,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self,
            Err(error) => {
                eprint_line(&format!("Error writing to standard output: {error}"));
                Self::Failed
            }
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
