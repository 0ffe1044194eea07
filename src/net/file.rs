//! Opens files, and reads whole ones of bounded length. A path can be `/dev/zero`, a pipe, or a file that is larger than the
//! memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::platform::{check_openable, is_named_pipe, metadata, wait_for_unlock};

/// How long a named pipe may be without a program that writes to it.
const WRITER_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a file for reading. A named pipe that no program opens for writing is an error, and not a wait without an end.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let metadata = metadata(path)?;
    check_openable(&metadata)?;
    if !is_named_pipe(metadata.file_type()) {
        return File::open(path);
    }
    let (sender, receiver) = channel();
    let pipe = path.to_owned();
    thread::spawn(move || sender.send(File::open(pipe)));
    receiver.recv_timeout(WRITER_TIMEOUT).unwrap_or_else(|_| {
        // Lets the thread end: on Linux, this is a writer.
        let _ = File::options().read(true).write(true).open(path);
        Err(io::Error::new(io::ErrorKind::TimedOut, NO_WRITER))
    })
}

/// The error of a named pipe that no program writes to.
const NO_WRITER: &str = "no program writes to this pipe";

/// Whether an error is that of a named pipe that no program writes to.
pub(crate) fn is_without_writer(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut && error.to_string() == NO_WRITER
}

/// Reads a file that may have up to `max_len` bytes.
pub(crate) fn read(path: &Path, max_len: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    read_opened(open(path)?, max_len)
}

/// Reads a file that other processes lock while they write it.
pub(crate) fn read_unlocked(path: &Path, max_len: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = open(path)?;
    wait_for_unlock(&file)?;
    read_opened(file, max_len)
}

/// Reads an open file that may have up to `max_len` bytes.
pub(crate) fn read_opened(file: File, max_len: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(max_len);
    read_to_end(file, len, max_len)
}

/// Reads a stream to its end, unless that is after `max_len` bytes. `expected_len` is a guess.
pub(crate) fn read_to_end(
    stream: impl Read,
    expected_len: usize,
    max_len: usize,
) -> io::Result<Zeroizing<Vec<u8>>> {
    // With enough capacity, the buffer is never reallocated, which would leave a copy of a secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected_len.min(max_len) + 1));
    stream.take(max_len as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_len {
        let error = format!("longer than {max_len} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    Ok(bytes)
}

/// Whether an error is that of a file or stream that is too long.
pub(crate) fn is_too_long(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::FileTooLarge && error.raw_os_error().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_rejected_by_its_length() {
        assert!(is_too_long(&read(Path::new("/dev/zero"), 1000).unwrap_err()));
        assert!(read(Path::new("/dev/null"), 1000).unwrap().is_empty());
    }

    #[test]
    fn a_sparse_file_of_ten_gigabytes_is_rejected_by_its_length() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(10 << 30).unwrap();
        let error = read(file.path(), 1 << 20).unwrap_err();
        assert_eq!(error.to_string(), "longer than 1048576 bytes");
    }

    #[test]
    fn the_longest_file_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [7; 1000]).unwrap();
        assert_eq!(read(file.path(), 1000).unwrap().len(), 1000);
        assert!(is_too_long(&read(file.path(), 999).unwrap_err()));
    }
}
