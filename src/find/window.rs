//! Searches a text of any length in windows: bytes in, tokens with their places out.

use zeroize::Zeroizing;

use super::candidate::{self, Candidate, DecodedText, MAX_SPAN};
use super::marker::MAX_LINE_START;
use super::needles::{self, Needle, Needles};
use super::place::{Counter, Span};

/// How much is searched at once, in bytes. It fits into a processor's cache.
const STEP: usize = 256 * 1024;

/// How far before the rest of a needle its first digit is searched, in bytes.
const MAX_SPLIT: usize = 160;

/// How much text before the next offset is kept: the first digits before a line break, and the start of their line.
const KEPT: usize = MAX_SPLIT + MAX_LINE_START + 1;

/// How many more bytes than the text has are read in vain before it is given up. Only a text that was made for it needs that.
const MAX_WORK: usize = 32 * 1024 * 1024;

/// A token in a text.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) span: Span,
    /// How often it was encoded: a token itself is encoded once.
    pub(super) layers: usize,
    pub(super) decoded: Box<DecodedText>,
}

/// The part of a text that is in memory.
#[derive(Debug)]
pub(super) struct Window {
    buffer: Zeroizing<Vec<u8>>,
    /// How much of `buffer` is filled.
    len: usize,
    /// Where to search next.
    next: usize,
    /// Counts the lines and columns up to the start of `buffer`.
    counter: Counter,
    work: usize,
}

impl Window {
    /// Returns an empty window. Its first byte is in this line.
    pub(super) fn new(first_line: u64) -> Self {
        Self {
            buffer: Zeroizing::new(vec![0; STEP]),
            len: 0,
            next: 0,
            counter: Counter::at_line(first_line),
            work: 0,
        }
    }

    /// Starts another text.
    pub(super) fn restart(&mut self, first_line: u64) {
        (self.len, self.next, self.work) = (0, 0, 0);
        self.counter = Counter::at_line(first_line);
    }

    /// Returns room for more bytes.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.len == self.buffer.len() {
            let mut larger = Zeroizing::new(vec![0; 2 * self.len]);
            larger[..self.len].copy_from_slice(&self.buffer);
            self.buffer = larger;
        }
        &mut self.buffer[self.len..]
    }

    /// States that bytes were written to the room.
    pub(super) fn filled(&mut self, count: usize) {
        self.len += count;
    }

    /// Adds bytes.
    pub(super) fn append(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let (now, later) = bytes.split_at(bytes.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.filled(now.len());
            bytes = later;
        }
    }

    /// Returns everything in memory.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    /// Whether enough is there to search it.
    pub(super) fn is_full(&self) -> bool {
        self.len == self.buffer.len()
    }

    /// Whether the text was given up: too much of it looks like the start of a token.
    pub(super) fn is_given_up(&self) -> bool {
        self.work > MAX_WORK
    }

    /// Searches what is there. Keeps the start of a token whose end is not there yet, unless this `is_end` of the text.
    pub(super) fn search(&mut self, is_end: bool, found: &mut Vec<Hit>) {
        let needles = Needles::all();
        // A needle can be cut off.
        let end = if is_end { self.len } else { self.len.saturating_sub(needles::MAX_LEN) };
        let mut waits_at = None;
        while !self.is_given_up()
            && let Some((at, needle)) = needles.next(&self.buffer[..self.len], self.next)
        {
            if at >= end && !is_end {
                break;
            }
            match self.read(at, needle) {
                (start, Candidate::Token(end, decoded)) => {
                    let start = start - usize::from(needle.phase.shares_digit() && start > 0);
                    let span = self.counter.span(&self.buffer, start, end);
                    found.push(Hit { span, layers: needle.layers, decoded });
                    self.next = end;
                }
                (start, Candidate::OutOfText) if !is_end && self.len - start < MAX_SPAN => {
                    waits_at = Some(at);
                    break;
                }
                (_, _) => self.next = at + 1,
            }
        }
        if self.is_given_up() {
            return;
        }
        let next = waits_at.unwrap_or_else(|| self.next.max(end));
        let dropped = next.saturating_sub(KEPT);
        self.counter.advance(&self.buffer[..dropped]);
        self.work = self.work.saturating_sub(dropped);
        self.buffer.copy_within(dropped..self.len, 0);
        self.len -= dropped;
        self.next = next - dropped;
    }

    /// Reads what is at a match. Returns where it starts.
    fn read(&mut self, at: usize, needle: Needle) -> (usize, Candidate) {
        let Needle { layers, phase, first_digit } = needle;
        let text = &self.buffer[..self.len];
        let Some(first_digit) = first_digit else {
            return (at, candidate::read(text, at, layers, phase, &mut self.work));
        };
        let from = at.saturating_sub(MAX_SPLIT);
        let starts = memchr::memrchr_iter(first_digit, &text[from..at]).map(|start| from + start);
        for start in starts {
            match candidate::read(text, start, layers, phase, &mut self.work) {
                Candidate::Other => {}
                other => return (start, other),
            }
        }
        (at, Candidate::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stream::search_window;
    use super::super::tests::token;
    use super::*;

    #[test]
    fn after_too_much_work_the_rest_of_a_text_is_an_error_and_the_next_text_is_searched() {
        let mut window = Window::new(1);
        let mut search = |work| {
            window.restart(1);
            window.work = work;
            window.append(token().as_bytes());
            let mut found = Vec::new();
            let result = search_window(&mut window, true, &mut found).map_err(|error| error.to_string());
            (found.len(), result)
        };
        let given_up = "too much of it looks like the start of a token, so the rest was not searched";
        assert_eq!(search(MAX_WORK + 1), (0, Err(given_up.to_owned())));
        assert_eq!(search(0), (1, Ok(())));
    }
}
