//! Searches `git log -p`, and the output of other commands that print diffs: the lines that a commit added or removed, and
//! its message.

mod header;
mod hunk;

use std::io::{self, BufRead};

use zeroize::Zeroizing;

use super::stream::search_window;
use super::window::{Hit, Window};
use super::{Found, Place};
use header::{commit_of, path_of};
use hunk::Hunk;

/// How much of the start shows whether a text is such output, in bytes.
pub(super) const SAMPLE_LEN: usize = 64 * 1024;

/// How much of a line is read at once, in bytes. Headers are shorter.
const MAX_PIECE: u64 = 64 * 1024;

/// Returns whether a text is the output of a command that prints diffs.
pub(super) fn is_log(sample: &[u8]) -> bool {
    let mut lines = sample.trim_ascii_start().split(|byte| *byte == b'\n');
    let starts_with_commit =
        lines.next().is_some_and(|first| first.starts_with(b"commit ") && commit_of(first).is_some());
    starts_with_commit || sample.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"diff --git "))
}

/// Searches the output. `source` is how it was given. Returns how many bytes were read.
///
/// A token that a commit removed is found too, unless another commit in the same output added it.
pub(super) fn search(source: &str, reader: &mut impl BufRead, found: &mut Vec<Found>) -> io::Result<u64> {
    let mut log = Log::new(source);
    let mut count = 0;
    let mut piece = Zeroizing::new(Vec::new());
    let mut starts_line = true;
    loop {
        piece.clear();
        let read = io::Read::take(&mut *reader, MAX_PIECE).read_until(b'\n', &mut piece)?;
        count += read as u64;
        if read == 0 {
            break;
        }
        log.line(&piece, starts_line)?;
        starts_line = piece.last() == Some(&b'\n');
    }
    log.finish_part()?;
    let Log { found: added, removed, .. } = log;
    let is_added = |token: &Found| added.iter().any(|other| other.fingerprint == token.fingerprint);
    let removed: Vec<Found> = removed.into_iter().filter(|token| !is_added(token)).collect();
    found.extend(added);
    found.extend(removed);
    Ok(count)
}

/// What was read so far.
struct Log<'s> {
    source: &'s str,
    /// The number of the current line of the output.
    number: u64,
    commit: Option<String>,
    old_path: Option<String>,
    path: Option<String>,
    part: Part,
    /// Everything that is not a hunk: messages, authors and headers.
    text: Window,
    hunk: Hunk,
    found: Vec<Found>,
    removed: Vec<Found>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Text,
    Hunk,
}

impl<'s> Log<'s> {
    fn new(source: &'s str) -> Self {
        Self {
            source,
            number: 0,
            commit: None,
            old_path: None,
            path: None,
            part: Part::Text,
            text: Window::new(1),
            hunk: Hunk::new(),
            found: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Reads a line, or a piece of one.
    fn line(&mut self, piece: &[u8], starts_line: bool) -> io::Result<()> {
        if starts_line {
            self.number += 1;
            if self.part == Part::Hunk && !Hunk::contains(piece) {
                self.finish_part()?;
            }
            if self.part == Part::Text {
                self.header(piece)?;
                if self.part == Part::Hunk {
                    return Ok(());
                }
            }
        }
        match self.part {
            Part::Text => {
                self.text.append(piece);
                if self.text.is_full() {
                    self.search_text(false)?;
                }
                Ok(())
            }
            Part::Hunk => {
                self.hunk.append(piece, starts_line)?;
                self.take_from_hunk();
                Ok(())
            }
        }
    }

    /// Reads a line outside of a hunk.
    fn header(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(commit) = commit_of(line) {
            self.finish_part()?;
            self.commit = Some(commit);
            (self.old_path, self.path) = (None, None);
        } else if line.starts_with(b"diff --") {
            self.finish_part()?;
            (self.old_path, self.path) = (None, None);
        } else if let Some(path) = line.strip_prefix(b"--- ") {
            self.old_path = path_of(path);
        } else if let Some(path) = line.strip_prefix(b"+++ ") {
            self.path = path_of(path);
        } else if let Some(ranges) = header::ranges(line) {
            self.finish_part()?;
            self.part = Part::Hunk;
            self.hunk.start(ranges);
        }
        Ok(())
    }

    /// Searches the rest of a hunk or text.
    fn finish_part(&mut self) -> io::Result<()> {
        match self.part {
            Part::Text => self.search_text(true)?,
            Part::Hunk => {
                self.hunk.finish()?;
                self.take_from_hunk();
            }
        }
        self.part = Part::Text;
        self.text.restart(self.number);
        Ok(())
    }

    fn search_text(&mut self, is_end: bool) -> io::Result<()> {
        let mut hits = Vec::new();
        search_window(&mut self.text, is_end, &mut hits)?;
        let commit = &self.commit;
        self.found.extend(hits.into_iter().map(|hit| {
            let place = Place { commit: commit.clone(), ..Place::in_source(self.source, hit.span) };
            Found::new(place, hit)
        }));
        Ok(())
    }

    fn take_from_hunk(&mut self) {
        let place = |path: &Option<String>, hit: &Hit, removed: bool| Place {
            path: path.clone().unwrap_or_else(|| self.source.to_owned()),
            commit: self.commit.clone(),
            removed,
            span: hit.span,
        };
        let new_path = self.path.as_ref().or(self.old_path.as_ref()).cloned();
        let old_path = self.old_path.as_ref().or(self.path.as_ref()).cloned();
        let (added, removed) = self.hunk.take();
        let added = added.into_iter().map(|hit| Found::new(place(&new_path, &hit, false), hit));
        let removed = removed.into_iter().map(|hit| Found::new(place(&old_path, &hit, true), hit));
        let (added, removed): (Vec<_>, Vec<_>) = (added.collect(), removed.collect());
        self.found.extend(added);
        self.removed.extend(removed);
    }
}
