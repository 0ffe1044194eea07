//! Ctrl-C that ends a batch cleanly, even one that waits for its input.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::runtime::Builder;

/// How long a wait for input may last before the flag is looked at again.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// What a shell reports of a process that SIGINT ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// A flag that Ctrl-C raises. The second Ctrl-C ends the process at once.
///
/// Listens on a thread of its own with tokio, which `peering dev` listens with, too. Without a listener an interrupt
/// ends the process anyway.
pub(super) fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    std::thread::spawn(move || {
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            while tokio::signal::ctrl_c().await.is_ok() {
                if raised.swap(true, Ordering::Relaxed) {
                    std::process::exit(ENDED_BY_INTERRUPT);
                }
            }
        });
    });
    flag
}

/// A stream whose reads fail once the flag is raised, also those that wait.
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
            match poll(&mut streams, Some(&PATIENCE)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.stream.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::other("interrupted"))
    }
}
