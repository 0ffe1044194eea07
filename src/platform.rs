//! Everything that depends on the operating system. All other modules are the same on every system.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(feature = "cli")]
use std::io;
#[cfg(feature = "cli")]
use std::time::Duration;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) use system::files::{
    check_openable, create_private_directory, is_device, is_named_pipe, metadata, private_file_options,
    wait_for_unlock,
};
#[cfg(feature = "cli")]
pub(crate) use system::files::{is_device_name, private_draft, shared_draft};
pub(crate) use system::net::through_unix_socket;
#[cfg(feature = "cli")]
pub(crate) use system::process::{
    DIRECTORY_VARIABLES, EXIT_CODE_INTERRUPTED, LIST_COMMAND, REDRAWS_WITHOUT_TERM, Stdin, USER_VARIABLES,
    interrupts, may_stdout_be_closed, stdin, stdout_is_open, user,
};

/// Input that can take any time to arrive.
#[cfg(feature = "cli")]
pub(crate) trait WaitForInput {
    /// Waits until reading does not block. Returns whether that is so; `false` after `timeout`, or earlier.
    fn wait_for_input(&mut self, timeout: Duration) -> io::Result<bool>;
}
