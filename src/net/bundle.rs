//! Bundles: small text files in a compressed tar archive (`.tar.zst`), with an index. The result of `diagnose -bundle`.
//!
//! A bundle comes from a stranger. Nothing of it is written to disk, and reading it takes bounded time and memory.

use std::io::{self, Read};

use jiff::Timestamp;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the layout of a bundle.
pub const VERSION: u32 = 1;

/// The name of the index. It is the first file.
const INDEX: &str = "index.json";

/// The maximum length of a bundle, in bytes.
pub(crate) const MAX_LEN: usize = 16 * 1024 * 1024;

/// The maximum length of all files in a bundle, in bytes.
const MAX_UNPACKED_LEN: u64 = 64 * 1024 * 1024;

/// The maximum size of the decoder's window, in bytes. The window of our own bundles is smaller.
const MAX_WINDOW_LEN: u64 = 8 * 1024 * 1024;

/// The maximum number of files.
const MAX_FILES: usize = 64;

/// What is in a bundle, and how the run ended that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Index {
    /// [`VERSION`].
    pub version: u32,
    /// The version of the tool that wrote the bundle.
    pub tool_version: String,
    /// When it was written.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub created_at: Timestamp,
    /// Whether addresses and names are aliases. Always true.
    pub redacted: bool,
    /// The exit code of the diagnosis.
    pub exit_code: u8,
    /// The other files.
    pub files: Vec<IndexEntry>,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IndexEntry {
    /// Its name.
    pub name: String,
    /// What it contains.
    pub summary: String,
}

/// A bundle in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The index.
    pub index: Index,
    /// The text of each file in the index, by name.
    pub files: Vec<(String, String)>,
}

/// Why a bundle cannot be read.
#[derive(Debug, Error)]
pub enum BundleError {
    /// It is not a compressed tar archive, or it is cut or damaged.
    #[error("not a bundle, or damaged: {0}")]
    Damaged(String),
    /// The files are too long. A few bytes can decompress to terabytes.
    #[error("its files are longer than {} MiB", MAX_UNPACKED_LEN / 1024 / 1024)]
    TooLong,
    /// There are too many files.
    #[error("it contains more than {MAX_FILES} files")]
    TooManyFiles,
    /// A file has a name that leads elsewhere, or is not a regular file.
    #[error("{0:?} is not a plain file of a bundle")]
    UnexpectedFile(String),
    /// Two files have the same name.
    #[error("it contains {0:?} twice")]
    Duplicate(String),
    /// A file that the index lists is missing.
    #[error("it does not contain {0:?}")]
    Missing(String),
    /// A newer version of this tool wrote it.
    #[error("it has version {0}, and this version of peering reads version {VERSION}")]
    Newer(u32),
}

impl Bundle {
    /// Returns the text of a file.
    pub fn file(&self, name: &str) -> Result<&str, BundleError> {
        let found = self.files.iter().find(|(file, _)| file == name);
        found.map(|(_, text)| text.as_str()).ok_or_else(|| BundleError::Missing(name.to_owned()))
    }

    /// Writes the bundle. The files are readable by their owner only when they are unpacked.
    pub fn pack(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        let index = serde_json::to_string_pretty(&self.index)? + "\n";
        let files = self.files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in std::iter::once((INDEX, index.as_str())).chain(files) {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(u64::try_from(self.index.created_at.as_second()).unwrap_or_default());
            archive.append_data(&mut header, name, text.as_bytes())?;
        }
        Ok(compress_to_vec(&*archive.into_inner()?, CompressionLevel::Fastest))
    }

    /// Reads a bundle.
    pub fn unpack(packed: &[u8]) -> Result<Self, BundleError> {
        let decoder = StreamingDecoder::new_with_max_window_size(packed, MAX_WINDOW_LEN);
        let decoder = decoder.map_err(|error| BundleError::Damaged(error.to_string()))?;
        let mut archive = tar::Archive::new(decoder.take(MAX_UNPACKED_LEN));
        let read = files(&mut archive);
        if archive.into_inner().limit() == 0 {
            return Err(BundleError::TooLong);
        }
        let mut files = read?;
        let index = files.iter().position(|(name, _)| name == INDEX);
        let (_, index) = files.remove(index.ok_or_else(|| BundleError::Missing(INDEX.to_owned()))?);
        let damaged = |error: serde_json::Error| BundleError::Damaged(format!("{INDEX}: {error}"));
        let Versioned { version } = serde_json::from_str(&index).map_err(damaged)?;
        if version > VERSION {
            return Err(BundleError::Newer(version));
        }
        let bundle = Self { index: serde_json::from_str(&index).map_err(damaged)?, files };
        bundle.index.files.iter().try_for_each(|entry| bundle.file(&entry.name).map(drop))?;
        Ok(bundle)
    }
}

/// The part of the index that every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Reads the files of an archive.
fn files(archive: &mut tar::Archive<impl Read>) -> Result<Vec<(String, String)>, BundleError> {
    let damaged = |error: io::Error| BundleError::Damaged(error.to_string());
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if files.len() == MAX_FILES {
            return Err(BundleError::TooManyFiles);
        }
        let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '.' | '-' | '_');
        if !entry.header().entry_type().is_file() || name.starts_with('.') || !name.chars().all(is_plain) {
            return Err(BundleError::UnexpectedFile(name));
        }
        if files.iter().any(|(other, _)| *other == name) {
            return Err(BundleError::Duplicate(name));
        }
        let mut text = String::new();
        entry.by_ref().take(MAX_UNPACKED_LEN).read_to_string(&mut text).map_err(damaged)?;
        files.push((name, text));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Bundle {
        let entry = IndexEntry { name: "report.txt".to_owned(), summary: "the report".to_owned() };
        let index = Index {
            version: VERSION,
            tool_version: "0.1.0".to_owned(),
            created_at: "2026-11-24T00:00:00Z".parse().unwrap(),
            redacted: true,
            exit_code: 1,
            files: vec![entry],
        };
        Bundle { index, files: vec![("report.txt".to_owned(), "✗ a\n".repeat(1000))] }
    }

    /// Packs an archive that `write` makes.
    fn packed(write: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        write(&mut archive);
        compress_to_vec(&*archive.into_inner().unwrap(), CompressionLevel::Fastest)
    }

    /// Appends a file with a name that the tar library would refuse to write.
    fn append(archive: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, text: &[u8]) {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(text.len() as u64);
        header.set_entry_type(kind);
        header.set_cksum();
        archive.append(&header, text).unwrap();
    }

    #[track_caller]
    fn error(packed: &[u8]) -> String {
        Bundle::unpack(packed).unwrap_err().to_string()
    }

    #[test]
    fn a_bundle_is_read_as_it_was_written() {
        let packed = bundle().pack().unwrap();
        assert!(packed.len() < 2000, "{}", packed.len());
        assert_eq!(Bundle::unpack(&packed).unwrap(), bundle());
    }

    #[test]
    fn other_files_and_damaged_bundles_are_rejected() {
        for other in [&b""[..], b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"{}", &[0; 1000]] {
            assert!(error(other).starts_with("not a bundle, or damaged: "), "{}", error(other));
        }
        let packed = bundle().pack().unwrap();
        for len in 0..packed.len() {
            assert!(Bundle::unpack(&packed[..len]).is_err(), "{len} of {}", packed.len());
        }
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            // Some bytes do not matter, such as those of the checksum.
            let _ = Bundle::unpack(&damaged);
        }
    }

    #[test]
    fn a_bomb_is_rejected() {
        let zeros = vec![0; 70 * 1024 * 1024];
        let bomb = packed(|archive| append(archive, "report.txt", tar::EntryType::Regular, &zeros));
        assert!(bomb.len() < MAX_LEN, "{}", bomb.len());
        assert_eq!(error(&bomb), "its files are longer than 64 MiB");
        let many = packed(|archive| {
            for number in 0..=MAX_FILES {
                append(archive, &format!("{number}.txt"), tar::EntryType::Regular, b"");
            }
        });
        assert_eq!(error(&many), "it contains more than 64 files");
    }

    #[test]
    fn a_file_that_leads_elsewhere_is_rejected() {
        for name in ["../report.txt", "/etc/passwd", "a/b", ".hidden", "..", "a\\b"] {
            let packed = packed(|archive| append(archive, name, tar::EntryType::Regular, b""));
            assert_eq!(error(&packed), format!("{name:?} is not a plain file of a bundle"));
        }
        for kind in
            [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Directory, tar::EntryType::Fifo]
        {
            let packed = packed(|archive| append(archive, "index.json", kind, b""));
            assert_eq!(error(&packed), "\"index.json\" is not a plain file of a bundle");
        }
        let twice = packed(|archive| {
            append(archive, "a", tar::EntryType::Regular, b"");
            append(archive, "a", tar::EntryType::Regular, b"");
        });
        assert_eq!(error(&twice), "it contains \"a\" twice");
    }

    #[test]
    fn an_index_that_does_not_fit_is_rejected() {
        assert_eq!(error(&packed(|_| ())), "it does not contain \"index.json\"");
        let newer =
            packed(|archive| append(archive, "index.json", tar::EntryType::Regular, b"{\"version\":2}"));
        assert_eq!(error(&newer), "it has version 2, and this version of peering reads version 1");
        let mut missing = bundle();
        missing.files.clear();
        assert_eq!(error(&missing.pack().unwrap()), "it does not contain \"report.txt\"");
    }
}
