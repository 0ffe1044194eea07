//! Ends a batch after Ctrl-C, also while it waits for input.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::interrupt::on_interrupt;
use crate::platform::WaitForInput;

/// How often a wait for input checks the flag.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Returns a flag that the first Ctrl-C sets. The second Ctrl-C ends the process immediately.
pub(super) fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let flag_to_set = Arc::clone(&flag);
    on_interrupt(move || flag_to_set.store(true, Ordering::Relaxed));
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

impl<R: Read + WaitForInput> Read for Interruptible<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.flag.load(Ordering::Relaxed) {
            if self.stream.wait_for_input(POLL_INTERVAL)? {
                return self.stream.read(buffer);
            }
        }
        Err(io::Error::other("interrupted"))
    }
}
