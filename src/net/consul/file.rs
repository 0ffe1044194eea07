//! Reads the files that flags and variables name: the ACL token, certificates and keys.

use std::path::Path;

use zeroize::Zeroizing;

use crate::gostd::os_error::os_error_text;
use crate::net::file;

/// The maximum length of a file, in bytes. A complete list of public roots takes a quarter of a megabyte.
const MAX_FILE_LEN: usize = 16 * 1024 * 1024;

/// Reads a file. The error is Go's, and names the file.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let failed = |call: &str, reason: String| format!("{call} {}: {reason}", path.display());
    let file = file::open(path).map_err(|error| {
        let reason = if file::is_without_writer(&error) { error.to_string() } else { os_error_text(&error) };
        failed("open", reason)
    })?;
    file::read_opened(file, MAX_FILE_LEN).map_err(|error| {
        let reason = if file::is_too_long(&error) { error.to_string() } else { os_error_text(&error) };
        failed("read", reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_rejected_by_its_length() {
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err(), "read /dev/zero: longer than 16777216 bytes");
        assert!(read(Path::new("/dev/null")).unwrap().is_empty());
    }

    #[test]
    fn a_directory_is_rejected() {
        assert!(read(Path::new("/")).unwrap_err().starts_with("read /: is a directory"));
    }
}
