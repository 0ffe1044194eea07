//! Reads what a Consul snapshot contains about given peerings, in one pass and constant memory.
//!
//! A snapshot (`consul snapshot save`, `GET /v1/snapshot`) is a compressed tar archive of `meta.json`, `state.bin` and
//! `SHA256SUMS`. It contains every secret of its cluster, so only the data of the given peerings is kept, and nothing is
//! written.

pub(crate) mod error;
pub(crate) mod msgpack;
pub(crate) mod protobuf;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod stream;
#[cfg(test)]
pub(crate) mod tests;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::Deserialize;
use tar::Archive;

use crate::staleness::evidence::{SnapshotPeering, SnapshotView};
use error::Fault;
pub use error::SnapshotError;
pub use source::{read_file, read_live};
use state::State;
use stream::Stream;

const META: &str = "meta.json";
const STATE: &str = "state.bin";
const SUMS: &str = "SHA256SUMS";

/// The maximum length of `meta.json` and `SHA256SUMS`, in bytes. Consul's have a few hundred.
const MAX_SIDE_FILE_LEN: u64 = 1024 * 1024;

/// The maximum length of the header of one file in the archive, in bytes.
const MAX_HEADER_LEN: u64 = 1024 * 1024;

/// How many times longer than its compressed form a snapshot may be, in addition to [`MIN_EXPANSION`]. Consul's are at most
/// 30 times longer. Zeros compress by a factor of 1000.
const MAX_RATIO: u64 = 200;

/// The uncompressed length that every snapshot may have, in bytes.
const MIN_EXPANSION: u64 = 1 << 30;

/// What a snapshot contains about the given peerings.
#[derive(Debug)]
pub struct Snapshot {
    /// The Raft index at which it was taken.
    pub index: u64,
    /// The Raft term.
    pub term: u64,
    /// The version of the snapshot's format.
    pub version: u64,
    /// When it was taken, according to its ID (`term-index-milliseconds`).
    pub taken_at: Option<Timestamp>,
    /// The trust domain of the cluster, if it has a CA.
    pub trust_domain: Option<String>,
    peerings: BTreeMap<String, SnapshotPeering>,
    dialed: BTreeMap<String, String>,
    active_ca: Vec<String>,
}

impl Snapshot {
    /// Returns what it contains about one of the given peer IDs.
    pub fn of(&self, peer_id: &str) -> SnapshotView {
        SnapshotView {
            index: self.index,
            taken_at: self.taken_at,
            trust_domain: self.trust_domain.clone(),
            peering: self.peerings.get(peer_id).cloned(),
            dialed_as: self.dialed.get(peer_id).cloned(),
            active_ca: self.active_ca.clone(),
        }
    }
}

/// Reads a snapshot to its end and verifies its checksums. Keeps only the data of `peer_ids`.
///
/// Nothing is gained by an earlier end: Consul 1.13 to 2.1 write the peerings and their secrets after all other records but one,
/// and the checksums after them.
///
/// This takes a second or two per GiB of uncompressed data, of which there is a maximum of 1 GiB plus 200 times the length
/// of the snapshot.
pub fn read(from: impl Read, peer_ids: &BTreeSet<String>) -> Result<Snapshot, SnapshotError> {
    read_with(from, peer_ids, MIN_EXPANSION)
}

fn read_with(
    mut from: impl Read,
    peer_ids: &BTreeSet<String>,
    min_expansion: u64,
) -> Result<Snapshot, SnapshotError> {
    let start = start(&mut from)?;
    let allowance = Rc::new(Cell::new(u64::MAX));
    let compressed = Counted { inner: Cursor::new(start).chain(from), count: Rc::default() };
    let max_expansion = Rc::clone(&compressed.count);
    let max_expansion = move || max_expansion.get().saturating_mul(MAX_RATIO).saturating_add(min_expansion);
    let limited = Limited {
        inner: MultiGzDecoder::new(compressed),
        allowance: Rc::clone(&allowance),
        count: 0,
        max_count: max_expansion,
    };
    let mut archive = Archive::new(limited);
    let mut parts = Parts::default();
    let mut place = "the start of the archive";
    let mut entries = archive.entries().map_err(|error| error::of_io(place, error))?;
    loop {
        allowance.set(MAX_HEADER_LEN);
        let Some(entry) = entries.next() else { break };
        allowance.set(u64::MAX);
        let entry = entry.map_err(|error| {
            // tar reports "other" for bytes that are not a header; flate2 never does.
            let not_an_archive = parts.is_empty() && error.kind() == io::ErrorKind::Other;
            if not_an_archive { SnapshotError::NotAnArchive } else { error::of_io(place, error) }
        })?;
        let path = entry.path_bytes().into_owned();
        place = match path.strip_prefix(b"./").unwrap_or(&path) {
            b"meta.json" => META,
            b"state.bin" => STATE,
            b"SHA256SUMS" => SUMS,
            _ => "a file in the archive",
        };
        parts.take(place, entry, peer_ids)?;
    }
    // The checksum of the compression follows the archive.
    io::copy(&mut archive.into_inner(), &mut io::sink())
        .map_err(|error| error::of_io("the end of the archive", error))?;
    parts.finish()
}

/// Reads the start of a file and checks that it is gzip.
fn start(from: &mut impl Read) -> Result<Vec<u8>, SnapshotError> {
    let mut start = Vec::with_capacity(512);
    from.take(512).read_to_end(&mut start).map_err(SnapshotError::Unreadable)?;
    let description = match &start[..] {
        [0x1f, 0x8b, ..] => return Ok(start),
        [] => "is empty",
        [0x1f] => return Err(SnapshotError::Truncated("the start of the archive")),
        [b'P', b'K', 3 | 5, ..] => "looks like a zip archive",
        [b'{' | b'[', ..] => "looks like JSON",
        [b'<', ..] => {
            "looks like an HTML or XML page, perhaps a login page or an error instead of the snapshot"
        }
        bytes if bytes.get(257..262) == Some(b"ustar") => {
            "is a tar archive that is not compressed, perhaps an unpacked snapshot"
        }
        bytes if bytes.starts_with(b"\x81\xa9LastIndex") => {
            "is the state.bin of a snapshot; the whole snapshot is needed"
        }
        bytes if bytes.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')) => {
            "looks like text"
        }
        _ => "is not gzip",
    };
    Err(SnapshotError::Foreign(description))
}

/// What was read from the archive so far.
#[derive(Default)]
struct Parts {
    files: usize,
    /// The files of a snapshot that were found, with their SHA-256.
    hashes: Vec<(&'static str, String)>,
    meta: Option<Meta>,
    state: Option<State>,
    sums: Option<String>,
    /// What is wrong with the content of files. Reported only if their checksums match.
    faults: Vec<(&'static str, Fault)>,
}

/// The fields of `meta.json` that are used.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Meta {
    version: u64,
    #[serde(rename = "ID")]
    id: String,
    index: u64,
    term: u64,
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.files == 0
    }

    fn take(
        &mut self,
        place: &'static str,
        file: impl Read,
        peer_ids: &BTreeSet<String>,
    ) -> Result<(), SnapshotError> {
        self.files += 1;
        let mut stream = Stream::new(file);
        let read = match place {
            STATE => state::read(&mut stream, peer_ids).map(|state| self.state = Some(state)),
            META => side_file(&mut stream).and_then(|text| {
                let meta = serde_json::from_str(&text).map_err(|error| Fault::Json(error.to_string()))?;
                self.meta = Some(meta);
                Ok(())
            }),
            SUMS => side_file(&mut stream).map(|text| self.sums = Some(text)),
            _ => Ok(()),
        };
        match read {
            Ok(()) => {}
            Err(Fault::Io(error)) => return Err(error::of_io(place, error)),
            Err(fault) => self.faults.push((place, fault)),
        }
        let hash = stream.finish().map_err(|error| error::of_io(place, error))?;
        if [META, STATE].contains(&place) {
            self.hashes.push((place, hash));
        }
        Ok(())
    }

    fn finish(self) -> Result<Snapshot, SnapshotError> {
        if let Some((place, _)) = self.faults.iter().find(|(place, _)| *place == SUMS) {
            return Err(SnapshotError::Damaged { place, reason: "it is not a list of checksums".to_owned() });
        }
        for needed in [META, STATE] {
            if !self.hashes.iter().any(|(name, _)| *name == needed) {
                return Err(SnapshotError::Missing(needed));
            }
        }
        let sums = self.sums.ok_or(SnapshotError::Missing(SUMS))?;
        for (name, hash) in &self.hashes {
            // Each line is `<64 hexadecimal digits>  <name>`.
            let expected = sums.lines().find_map(|line| {
                let (sum, file) = line.split_once(char::is_whitespace)?;
                (file.trim_start_matches([' ', '*']) == *name).then_some(sum)
            });
            if expected.is_none_or(|expected| !expected.eq_ignore_ascii_case(hash)) {
                return Err(SnapshotError::Checksum(name));
            }
        }
        if let Some((place, fault)) = self.faults.into_iter().next() {
            return Err(fault.in_file(place));
        }
        let (Some(meta), Some(state)) = (self.meta, self.state) else {
            return Err(SnapshotError::Missing(STATE));
        };
        Ok(Snapshot {
            index: meta.index,
            term: meta.term,
            version: meta.version,
            taken_at: taken_at(&meta.id),
            trust_domain: state.cluster_id.map(|id| format!("{id}.consul")),
            peerings: state.peerings,
            dialed: state.dialed,
            active_ca: state.active_ca,
        })
    }
}

/// Reads a small file completely.
fn side_file<R: Read>(stream: &mut Stream<R>) -> Result<String, Fault> {
    let mut text = Vec::new();
    while let Some(byte) = stream.next()? {
        if text.len() as u64 >= MAX_SIDE_FILE_LEN {
            return Err(Fault::Json(format!("it is longer than {MAX_SIDE_FILE_LEN} bytes")));
        }
        text.push(byte);
    }
    String::from_utf8(text).map_err(|_| Fault::Json("it is not valid UTF-8".to_owned()))
}

/// Returns the time in the ID of a snapshot, `term-index-milliseconds`.
fn taken_at(id: &str) -> Option<Timestamp> {
    let (_, milliseconds) = id.rsplit_once('-')?;
    let at = Timestamp::from_millisecond(milliseconds.parse().ok()?).ok()?;
    Timestamp::from_second(at.as_second()).ok()
}

/// Counts the bytes that are read.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Limits how much is read: of headers, because tar keeps those of a file in memory, however long they are, and in all,
/// because a few compressed bytes can be gigabytes.
struct Limited<R, M> {
    inner: R,
    allowance: Rc<Cell<u64>>,
    count: u64,
    max_count: M,
}

impl<R: Read, M: Fn() -> u64> Read for Limited<R, M> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.get();
        if left == 0 && !into.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the header of a file in the archive is too long",
            ));
        }
        let count = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.inner.read(&mut into[..count])?;
        self.allowance.set(left.saturating_sub(count as u64));
        self.count += count as u64;
        if self.count > (self.max_count)() {
            let message =
                format!("it expands to more than {MAX_RATIO} times its length, which no snapshot does");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(count)
    }
}
