//! Standard streams, signals and the user of this process.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::platform::WaitForInput;

/// The exit code that shells report for a process ended by SIGINT.
pub(crate) const EXIT_CODE_INTERRUPTED: i32 = 130;

/// Whether a terminal can redraw a line if the variable TERM is not set.
pub(crate) const REDRAWS_WITHOUT_TERM: bool = false;

/// The command that lists files.
pub(crate) const LIST_COMMAND: &str = "ls";

/// The variables that contain the user's name, the first that counts first.
pub(crate) const USER_VARIABLES: [&str; 2] = ["USER", "LOGNAME"];

/// The variables that contain the user's directories.
pub(crate) const DIRECTORY_VARIABLES: [&str; 2] = ["HOME", "TMPDIR"];

/// Standard input, with [`WaitForInput`].
pub(crate) type Stdin = io::Stdin;

/// Returns standard input.
pub(crate) fn stdin() -> Stdin {
    io::stdin()
}

impl WaitForInput for Stdin {
    fn wait_for_input(&mut self, timeout: Duration) -> io::Result<bool> {
        is_readable(self, timeout)
    }
}

/// A file can be a pipe.
impl WaitForInput for File {
    fn wait_for_input(&mut self, timeout: Duration) -> io::Result<bool> {
        is_readable(self, timeout)
    }
}

fn is_readable(stream: &impl AsFd, timeout: Duration) -> io::Result<bool> {
    let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&timeout)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether the reader of standard output still exists. Always true for a file or a terminal.
pub(crate) fn stdout_is_open() -> bool {
    let stdout = io::stdout();
    let mut streams = [PollFd::new(&stdout, PollFlags::empty())];
    let no_wait = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut streams, Some(&no_wait)).is_err() || !streams[0].revents().contains(PollFlags::ERR)
}

/// Whether standard output may have been closed when the process started.
///
/// Rust's runtime replaces a closed stream by `/dev/null`, opened for reading and writing. Every write then succeeds, and
/// a generated token would be lost silently. A shell's `> /dev/null` is opened for writing only. Python's
/// `subprocess.DEVNULL` looks the same as a closed stream, so only what must not be lost checks this.
pub(crate) fn may_stdout_be_closed() -> bool {
    let stdout = io::stdout();
    let reads_and_writes =
        rustix::fs::fcntl_getfl(&stdout).is_ok_and(|flags| flags & OFlags::ACCMODE == OFlags::RDWR);
    let same_device = || {
        let here = rustix::fs::fstat(&stdout).ok()?;
        let null = rustix::fs::stat("/dev/null").ok()?;
        Some(here.st_rdev == null.st_rdev && here.st_mode == null.st_mode)
    };
    reads_and_writes && same_device() == Some(true)
}

/// Returns the stream of the Ctrl-C that the user presses from now on. They no longer end the process.
pub(crate) fn interrupts() -> io::Result<Signal> {
    signal(SignalKind::interrupt())
}

/// Returns the user's name in the system's database, or the numeric ID.
pub(crate) fn user() -> String {
    let id = rustix::process::getuid().as_raw();
    let user = uzers::get_user_by_uid(id);
    user.map_or_else(|| format!("uid {id}"), |user| user.name().to_string_lossy().into_owned())
}
