//! Ends a batch after Ctrl-C, also while it waits for input.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::runtime::Builder;

/// How often a wait for input checks the flag.
const POLL_INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The exit code that shells report for a process ended by SIGINT.
const EXIT_CODE_SIGINT: i32 = 130;

/// Returns a flag that the first Ctrl-C sets. The second Ctrl-C ends the process immediately.
///
/// A separate thread waits for Ctrl-C. If it cannot start, the first Ctrl-C ends the process.
pub(super) fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let flag_to_set = Arc::clone(&flag);
    std::thread::spawn(move || {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if flag_to_set.swap(true, Ordering::Relaxed) {
                    std::process::exit(EXIT_CODE_SIGINT);
                }
            }
        });
    });
    flag
}

/// A stream whose reads fail once the flag is set, also those that wait.
pub(super) struct Interruptible<R> {
    stream: R,
    flag: Arc<AtomicBool>,
}

impl<R> Interruptible<R> {
    pub(super) fn new(stream: R, flag: Arc<AtomicBool>) -> Self {
        Self { stream, flag }
    }
}

impl<R: Read + AsFd> Read for Interruptible<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.flag.load(Ordering::Relaxed) {
            let mut streams = [PollFd::new(&self.stream, PollFlags::IN)];
            match poll(&mut streams, Some(&POLL_INTERVAL)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.stream.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other("interrupted"))
    }
}
