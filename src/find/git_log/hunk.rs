//! A hunk of a diff: the old and the new version of some lines.

use std::io;
use std::ops::Range;

use super::header::Ranges;
use crate::find::stream::search_window;
use crate::find::window::{Hit, Window};

/// A hunk that is read line by line.
pub(super) struct Hunk {
    parents: usize,
    old: Side,
    new: Side,
    /// The sides to which the current line belongs.
    is_old: bool,
    is_new: bool,
}

/// One version.
struct Side {
    window: Window,
    /// The number of the next line.
    line: u64,
    /// The lines that only this version has.
    own: Vec<Range<u64>>,
    hits: Vec<Hit>,
}

impl Hunk {
    pub(super) fn new() -> Self {
        Self { parents: 1, old: Side::new(), new: Side::new(), is_old: false, is_new: false }
    }

    /// Whether a line can belong to a hunk.
    pub(super) fn contains(line: &[u8]) -> bool {
        matches!(line.first(), None | Some(b' ' | b'+' | b'-' | b'\\' | b'\r' | b'\n'))
    }

    /// Starts at a header.
    pub(super) fn start(&mut self, ranges: Ranges) {
        self.parents = ranges.parents;
        self.old.start(ranges.old_line);
        self.new.start(ranges.new_line);
    }

    /// Adds a line, or a piece of one.
    pub(super) fn append(&mut self, piece: &[u8], starts_line: bool) -> io::Result<()> {
        let mut text = piece;
        if starts_line {
            if piece.starts_with(b"\\") {
                // "No newline at end of file".
                (self.is_old, self.is_new) = (false, false);
                return Ok(());
            }
            let signs = piece.iter().take(self.parents).take_while(|byte| matches!(byte, b' ' | b'+' | b'-'));
            let (signs, rest) = piece.split_at(signs.count());
            text = rest;
            self.is_new = !signs.contains(&b'-');
            self.is_old = !signs.contains(&b'+');
            for (side, is_in, is_in_other) in
                [(&mut self.old, self.is_old, self.is_new), (&mut self.new, self.is_new, self.is_old)]
            {
                if is_in {
                    side.start_line(!is_in_other);
                }
            }
        }
        if self.is_old {
            self.old.append(text)?;
        }
        if self.is_new {
            self.new.append(text)?;
        }
        Ok(())
    }

    /// Searches the rest.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.old.search(true)?;
        self.new.search(true)
    }

    /// Returns the tokens in lines that were added, and in lines that were removed.
    pub(super) fn take(&mut self) -> (Vec<Hit>, Vec<Hit>) {
        (self.new.take(), self.old.take())
    }
}

impl Side {
    fn new() -> Self {
        Self { window: Window::new(1), line: 1, own: Vec::new(), hits: Vec::new() }
    }

    fn start(&mut self, line: u64) {
        self.window.restart(line);
        self.line = line;
        self.own.clear();
    }

    fn start_line(&mut self, is_own: bool) {
        if is_own {
            match self.own.last_mut() {
                Some(last) if last.end == self.line => last.end += 1,
                _ => self.own.push(self.line..self.line + 1),
            }
        }
        self.line += 1;
    }

    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.window.append(text);
        if self.window.is_full() { self.search(false) } else { Ok(()) }
    }

    fn search(&mut self, is_end: bool) -> io::Result<()> {
        search_window(&mut self.window, is_end, &mut self.hits)
    }

    fn take(&mut self) -> Vec<Hit> {
        let is_own = |hit: &Hit| {
            self.own.iter().any(|lines| lines.start <= hit.span.end_line && hit.span.line < lines.end)
        };
        std::mem::take(&mut self.hits).into_iter().filter(is_own).collect()
    }
}
