//! Standard streams, signals and the user of this process.

use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::AsRawHandle;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use tokio::signal::windows::CtrlC;
use zeroize::Zeroizing;

use crate::platform::WaitForInput;

/// The exit code of a process that Ctrl-C ended: STATUS_CONTROL_C_EXIT.
pub(crate) const EXIT_CODE_INTERRUPTED: i32 = 0xC000_013A_u32.cast_signed();

/// Whether a terminal can redraw a line if the variable TERM is not set.
pub(crate) const REDRAWS_WITHOUT_TERM: bool = true;

/// The command that lists files.
pub(crate) const LIST_COMMAND: &str = "dir";

/// The variables that contain the user's name.
pub(crate) const USER_VARIABLES: [&str; 1] = ["USERNAME"];

/// The variables that contain the user's directories.
pub(crate) const DIRECTORY_VARIABLES: [&str; 5] = ["APPDATA", "LOCALAPPDATA", "TEMP", "TMP", "USERPROFILE"];

/// The maximum length of what is read at once, in bytes.
const CHUNK_LEN: usize = 64 * 1024;

/// How many chunks are read in advance.
const CHUNKS: usize = 1;

/// Standard input, with [`WaitForInput`]. A thread reads it, because Windows cannot wait for the data of a pipe.
pub(crate) struct Stdin {
    chunks: Receiver<io::Result<Zeroizing<Vec<u8>>>>,
    chunk: Zeroizing<Vec<u8>>,
    /// How much of the chunk was read.
    read: usize,
}

/// Returns standard input.
pub(crate) fn stdin() -> Stdin {
    let (sender, chunks) = sync_channel(CHUNKS);
    std::thread::spawn(move || {
        loop {
            let mut chunk = Zeroizing::new(vec![0; CHUNK_LEN]);
            let result = match io::stdin().read(&mut chunk) {
                Ok(0) => return,
                Ok(len) => {
                    chunk.truncate(len);
                    Ok(chunk)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            if sender.send(result).is_err() {
                return;
            }
        }
    });
    Stdin { chunks, chunk: Zeroizing::default(), read: 0 }
}

impl Stdin {
    /// Waits for the next chunk unless the last one has more. Returns `false` after `timeout`.
    fn fill(&mut self, timeout: Duration) -> io::Result<bool> {
        if self.read < self.chunk.len() {
            return Ok(true);
        }
        match self.chunks.recv_timeout(timeout) {
            Ok(chunk) => (self.chunk, self.read) = (chunk?, 0),
            Err(RecvTimeoutError::Timeout) => return Ok(false),
            // At the end, reading returns 0.
            Err(RecvTimeoutError::Disconnected) => {}
        }
        Ok(true)
    }
}

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.fill(Duration::MAX)? {}
        let len = (&self.chunk[self.read..]).read(buffer)?;
        self.read += len;
        Ok(len)
    }
}

impl WaitForInput for Stdin {
    fn wait_for_input(&mut self, timeout: Duration) -> io::Result<bool> {
        self.fill(timeout)
    }
}

impl WaitForInput for File {
    fn wait_for_input(&mut self, _: Duration) -> io::Result<bool> {
        Ok(true)
    }
}

/// Whether the reader of standard output still exists. Windows shows that only when something is written.
pub(crate) fn stdout_is_open() -> bool {
    true
}

/// Whether standard output may have been closed when the process started. Every write then succeeds, and a generated token
/// would be lost silently.
pub(crate) fn may_stdout_be_closed() -> bool {
    let handle = io::stdout().as_raw_handle();
    // INVALID_HANDLE_VALUE is -1.
    handle.is_null() || handle.addr() == usize::MAX
}

/// Returns the stream of the Ctrl-C that the user presses from now on. They no longer end the process.
pub(crate) fn interrupts() -> io::Result<CtrlC> {
    tokio::signal::windows::ctrl_c()
}

/// Returns what replaces the user's name if no variable contains it.
pub(crate) fn user() -> String {
    "unknown user".to_owned()
}
