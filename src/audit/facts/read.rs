//! Reads facts from JSON lines, on all cores.

use std::borrow::Cow;
use std::io::{BufRead, Read};
use std::panic::resume_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, available_parallelism};

use memchr::memchr;
use serde::Deserialize;
use serde_json::error::Category;
use thiserror::Error;

use super::{Facts, VERSION};

/// The maximum length of a line, in bytes. `/dev/zero` is one line without an end.
pub const MAX_LINE_LEN: u64 = 16 * 1024 * 1024;

/// How many bytes of lines a thread takes at once.
const BLOCK_LEN: usize = 256 * 1024;

/// How lines of [`Facts::to_lines`] start in this version.
const OWN_STARTS: [(&[u8], Kind); 2] = [
    (br#"{"kind":"cluster","version":1,"#, Kind::Cluster),
    (br#"{"kind":"peering","version":1,"#, Kind::Peering),
];

const _: () = assert!(VERSION == 1, "OWN_STARTS has the version, too");

/// What a line is about.
#[derive(Clone, Copy)]
enum Kind {
    Cluster,
    Peering,
}

/// The start of a line of facts. The version is checked before anything else: a newer form may differ in any way.
#[derive(Deserialize)]
struct Start<'a> {
    version: Option<u32>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
}

/// A line that is not a fact.
#[derive(Debug, Error)]
#[error("{source_name}:{line}: {reason}")]
pub struct FactsError {
    /// The file.
    pub source_name: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// The number of a line that is not a fact, and what is wrong with it.
type Problem = (usize, String);

impl Facts {
    /// Reads JSON lines, and adds their facts in any order. Empty lines are ignored. Fails at the first line that is not a fact.
    pub fn read_lines(&mut self, source_name: &str, input: impl BufRead + Send) -> Result<(), FactsError> {
        let blocks = Mutex::new(Blocks { input, lines: 0, is_at_end: false, problem: None });
        // One block needs no thread.
        let mut problems = Vec::from_iter(read_blocks(&blocks, self, 1));
        let threads =
            if locked(&blocks).is_at_end { 0 } else { available_parallelism().map_or(1, usize::from) };
        let parts: Vec<(Self, Option<Problem>)> = thread::scope(|scope| {
            let read = || {
                let mut facts = Self::default();
                let problem = read_blocks(&blocks, &mut facts, usize::MAX);
                (facts, problem)
            };
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        });
        for (facts, problem) in parts {
            self.clusters.extend(facts.clusters);
            self.peerings.extend(facts.peerings);
            problems.extend(problem);
        }
        problems.extend(locked(&blocks).problem.take());
        match problems.into_iter().min() {
            Some((line, reason)) => Err(FactsError { source_name: source_name.to_owned(), line, reason }),
            None => Ok(()),
        }
    }
}

/// Adds the facts of blocks, until there are no more. A problem ends the reading of all threads. They finish their blocks, so that
/// the first problem is found.
fn read_blocks(blocks: &Mutex<Blocks<impl BufRead>>, facts: &mut Facts, most: usize) -> Option<Problem> {
    let mut block = Vec::new();
    for _ in 0..most {
        let mut line = locked(blocks).next(&mut block);
        if block.is_empty() {
            break;
        }
        let mut rest = &block[..];
        while !rest.is_empty() {
            let (text, next) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            let text = text.trim_ascii_end();
            if !text.is_empty()
                && let Err(reason) = add(facts, text)
            {
                locked(blocks).is_at_end = true;
                return Some((line, reason));
            }
            (line, rest) = (line + 1, next);
        }
    }
    None
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Splits the input into blocks of whole lines.
struct Blocks<R> {
    input: R,
    /// How many lines were read.
    lines: usize,
    /// Whether nothing more is read.
    is_at_end: bool,
    /// Why a line could not be read.
    problem: Option<Problem>,
}

impl<R: BufRead> Blocks<R> {
    /// Replaces a block by the next one; by an empty one at the end. Returns the number of its first line.
    fn next(&mut self, block: &mut Vec<u8>) -> usize {
        block.clear();
        let first = self.lines + 1;
        while !self.is_at_end && block.len() < BLOCK_LEN {
            let length = block.len();
            let read = (&mut self.input).take(MAX_LINE_LEN).read_until(b'\n', block);
            self.lines += 1;
            let problem = match read {
                Ok(0) => None,
                Ok(read) if (read as u64) < MAX_LINE_LEN || block.last() == Some(&b'\n') => continue,
                Ok(_) => Some("the line is longer than 16 MiB, so it is not a fact".to_owned()),
                Err(error) => Some(error.to_string()),
            };
            block.truncate(length);
            self.is_at_end = true;
            self.problem = problem.map(|reason| (self.lines, reason));
        }
        first
    }
}

/// Adds the fact of a line. The error says what is wrong with it, and shows nothing of it.
fn add(facts: &mut Facts, line: &[u8]) -> Result<(), String> {
    // An enum with a tag would be read into a tree first.
    match kind(line)? {
        Kind::Cluster => facts.clusters.push(parse(line)?),
        Kind::Peering => facts.peerings.push(parse(line)?),
    }
    Ok(())
}

/// Returns what a line is about, and checks its version.
fn kind(line: &[u8]) -> Result<Kind, String> {
    if let Some((_, kind)) = OWN_STARTS.into_iter().find(|(start, _)| line.starts_with(start)) {
        return Ok(kind);
    }
    let Start { version, kind } = parse(line)?;
    match version {
        Some(VERSION) => {}
        Some(version) => {
            return Err(format!(
                "version {version} of facts is not supported: this program reads version {VERSION}"
            ));
        }
        None => return Err("not a fact of an audit: it has no version".to_owned()),
    }
    match kind.as_deref() {
        Some("cluster") => Ok(Kind::Cluster),
        Some("peering") => Ok(Kind::Peering),
        Some(_) => Err("not a fact of an audit: a field has an unexpected type or value".to_owned()),
        None => Err("not a fact of an audit: missing field `kind`".to_owned()),
    }
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| match error.classify() {
        Category::Data => format!("not a fact of an audit: {}", field_problem(&error)),
        _ => format!("not JSON, or truncated (column {})", error.column()),
    })
}

/// Returns what is wrong with the fields of a line. Only the names of fields are shown: the line may be anything.
fn field_problem(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let is_name_only = message.starts_with("missing field");
    if is_name_only {
        message[..end].to_owned()
    } else {
        "a field has an unexpected type or value".to_owned()
    }
}
