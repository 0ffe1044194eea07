//! Reads the files that flags and variables name: the ACL token, certificates and keys.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::gostd::os_error::os_error_text;

/// The maximum length of a file, in bytes. A complete list of public roots takes a quarter of a megabyte.
const MAX_FILE_LEN: usize = 16 * 1024 * 1024;

/// Reads a file. The error is Go's, and names the file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |call: &str, reason: String| format!("{call} {}: {reason}", path.display());
    let file = File::open(path).map_err(|error| failed("open", os_error_text(&error)))?;
    let bytes = bounded(file).map_err(|error| failed("read", os_error_text(&error)))?;
    bytes.ok_or_else(|| failed("read", format!("longer than {MAX_FILE_LEN} bytes")))
}

/// Returns the bytes of a file, or `None` if there are too many; these are then wiped.
fn bounded(file: File) -> io::Result<Option<Vec<u8>>> {
    // With enough capacity, the buffer is never reallocated, which would leave a copy of a key behind.
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(MAX_FILE_LEN).min(MAX_FILE_LEN);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(MAX_FILE_LEN as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= MAX_FILE_LEN).then(|| std::mem::take(&mut *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_rejected_by_its_length() {
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err(), "read /dev/zero: longer than 16777216 bytes");
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
    }

    #[test]
    fn a_directory_is_rejected() {
        assert!(read(Path::new("/")).unwrap_err().starts_with("read /: is a directory"));
    }
}
