//! Why a snapshot cannot be read: what is wrong and where, the likely cause, and what to do.

use std::io;

use thiserror::Error;

use crate::gostd::os_error::os_error_text;
use crate::net::consul::RequestError;

/// What is wrong, and where.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// It is not gzip.
    #[error("not a Consul snapshot: it {0}")]
    Foreign(&'static str),
    /// It is gzip, but does not contain a tar archive.
    #[error("not a Consul snapshot: it is compressed, but not an archive")]
    NotAnArchive,
    /// A file of a snapshot is missing.
    #[error("not a complete Consul snapshot: {0} is missing in the archive")]
    Missing(&'static str),
    /// It ends too early.
    #[error("{0} is truncated")]
    Truncated(&'static str),
    /// The compression is invalid, or its checksum does not match.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// The file in the archive.
        place: &'static str,
        /// What is wrong there.
        reason: String,
    },
    /// A file's SHA-256 is not the one in SHA256SUMS.
    #[error("{0} was changed after the snapshot was taken: its checksum does not match SHA256SUMS")]
    Checksum(&'static str),
    /// The checksums match, but a file of the archive has an unsupported format.
    #[error("the format of {place} is not supported: {reason}")]
    Unsupported {
        /// The file in the archive.
        place: &'static str,
        /// What is wrong there.
        reason: String,
    },
    /// The operating system could not read it.
    #[error("{}", os_error_text(.0))]
    Unreadable(#[source] io::Error),
    /// Consul did not return one.
    #[error("{0}")]
    Consul(#[source] RequestError),
}

impl SnapshotError {
    /// Returns what to do about it, in one line without a period.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Foreign(_) | Self::NotAnArchive | Self::Missing(_) => {
                "pass the file that `consul snapshot save FILE` wrote, without unpacking or repacking it"
            }
            Self::Truncated(_) => {
                "copy it again, or save another one with `consul snapshot save FILE`; the disk may have been full"
            }
            Self::Damaged { .. } | Self::Checksum(_) => {
                "copy it again in binary mode, or save another one with `consul snapshot save FILE`"
            }
            Self::Unsupported { .. } => {
                "upgrade peering, or use other sources of evidence: a newer Consul probably wrote the snapshot"
            }
            Self::Unreadable(_) => "check the path and its permissions",
            Self::Consul(_) => "check -http-addr and the ACL token, which needs acl:write",
        }
    }
}

/// What is wrong within one file of the archive.
#[derive(Debug)]
pub(super) enum Fault {
    /// tar or flate2 reported an error.
    Io(io::Error),
    /// The file ends within a value.
    Truncated,
    /// A byte that does not start a value.
    NotMsgpack { byte: u8, at: u64 },
    /// Values nest deeper than any of Consul's.
    TooDeep(usize),
    /// A record is longer than any of Consul's.
    TooLong { length: u64, max_len: u64 },
    /// A record is not protobuf.
    NotProtobuf { kind: &'static str, at: u64 },
    /// The file is not the expected JSON.
    Json(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    /// Returns the error for a file of an otherwise valid archive.
    pub(super) fn in_file(self, place: &'static str) -> SnapshotError {
        let reason = match self {
            Self::Io(error) => return of_io(place, error),
            Self::Truncated => "it ends within a record".to_owned(),
            Self::NotMsgpack { byte, at } => {
                format!("the byte {byte:#04x} at offset {at} does not start a msgpack value")
            }
            Self::TooDeep(max_depth) => format!("values are nested more than {max_depth} levels deep"),
            Self::TooLong { length, max_len } => {
                format!("a record has {length} bytes, more than the maximum of {max_len}")
            }
            Self::NotProtobuf { kind, at } => format!("{kind} at offset {at} is not a protobuf message"),
            Self::Json(reason) => reason,
        };
        SnapshotError::Unsupported { place, reason }
    }
}

/// Converts an error of flate2 or tar.
pub(super) fn of_io(place: &'static str, error: io::Error) -> SnapshotError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => SnapshotError::Truncated(place),
        // flate2 and tar return these for invalid bytes; errors of the operating system have a number.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other
            if error.raw_os_error().is_none() =>
        {
            SnapshotError::Damaged { place, reason: error.to_string() }
        }
        _ => SnapshotError::Unreadable(error),
    }
}
