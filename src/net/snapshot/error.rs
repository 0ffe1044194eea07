//! Why a snapshot could not be read: what is wrong and where, the likely cause, and what to do.

use std::io;

use thiserror::Error;

/// What is wrong, and where.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// It is not gzip.
    #[error("it is no Consul snapshot: it {0}")]
    Foreign(&'static str),
    /// gzip of something that is not a tar archive.
    #[error("it is compressed, but holds no archive: it is no Consul snapshot")]
    NotAnArchive,
    /// A file of a snapshot is missing.
    #[error("there is no {0} in the archive: it is no Consul snapshot, or a part of one")]
    Missing(&'static str),
    /// It ends too early.
    #[error("it ends too early, in {0}")]
    Truncated(&'static str),
    /// The compression or its checksum does not hold.
    #[error("it is damaged, in {place}: {reason}")]
    Damaged {
        /// Which file of the archive.
        place: &'static str,
        /// What is wrong there.
        reason: String,
    },
    /// A file's SHA-256 is not the one in SHA256SUMS.
    #[error("{0} is not what it was when the snapshot was taken: its checksum differs from SHA256SUMS")]
    Checksum(&'static str),
    /// A file of the archive is not what this tool knows.
    #[error("it is whole, but {place} is not what this tool knows: {reason}")]
    Unknown {
        /// Which file of the archive.
        place: &'static str,
        /// What is wrong there.
        reason: String,
    },
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] io::Error),
}

impl SnapshotError {
    /// What to do about it, and what the cause may be: a sentence or two.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Foreign(_) | Self::NotAnArchive | Self::Missing(_) => {
                "Likely another file was named. Give the file that `consul snapshot save FILE` wrote, as it is: neither \
                 unpacked nor packed again."
            }
            Self::Truncated(_) => {
                "Likely the disk was full, or a copy was broken off. Copy it again, or save another with `consul snapshot \
                 save FILE`; `consul snapshot inspect FILE` tells whether one is whole."
            }
            Self::Damaged { .. } | Self::Checksum(_) => {
                "Likely a copy went wrong, for example in text mode. Copy it again, or save another with `consul snapshot save \
                 FILE`."
            }
            Self::Unknown { .. } => {
                "Likely a Consul newer than this tool wrote it. Try a newer version of this tool; other sources of evidence do \
                 not need the snapshot."
            }
            Self::Unreadable(_) => "Try again.",
        }
    }
}

/// What went wrong within one file of the archive.
#[derive(Debug)]
pub(super) enum Fault {
    /// The archive's reader failed.
    Io(io::Error),
    /// The file ends within a value.
    Truncated,
    /// A byte that starts no value.
    NotMsgpack { byte: u8, at: u64 },
    /// Values nest deeper than any of Consul's.
    TooDeep(usize),
    /// A record that should be kept is longer than any of Consul's.
    TooLong { length: u64, longest: u64 },
    /// A record holds no protobuf.
    NotProtobuf { kind: &'static str, at: u64 },
    /// Not the JSON that it should be.
    Json(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    /// The error, if everything else about the archive is in order.
    pub(super) fn in_file(self, place: &'static str) -> SnapshotError {
        let reason = match self {
            Self::Io(error) => return of_io(place, error),
            Self::Truncated => "it ends within a record".to_owned(),
            Self::NotMsgpack { byte, at } => {
                format!("no msgpack value starts with the byte {byte:#04x}, at byte {at}")
            }
            Self::TooDeep(deepest) => format!("values nest more than {deepest} deep"),
            Self::TooLong { length, longest } => {
                format!("a record is {length} bytes long, and should have at most {longest}")
            }
            Self::NotProtobuf { kind, at } => format!("{kind} is no protobuf message, at byte {at}"),
            Self::Json(reason) => reason,
        };
        SnapshotError::Unknown { place, reason }
    }
}

/// What an error of the decompressor or the archive's reader means.
pub(super) fn of_io(place: &'static str, error: io::Error) -> SnapshotError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => SnapshotError::Truncated(place),
        // What flate2 and tar say of bytes that make no sense, in contrast to a system's error.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other
            if error.raw_os_error().is_none() =>
        {
            SnapshotError::Damaged { place, reason: error.to_string() }
        }
        _ => SnapshotError::Unreadable(error),
    }
}
