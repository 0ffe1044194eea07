//! A stream, cut into chunks of whole lines.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::chunk::{Buffer, Chunk};
use crate::token::MAX_TOKEN_LEN;

/// What some programs put before the first line: UTF-8's byte order mark.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A stream of lines.
pub(super) struct Input<R> {
    reader: R,
    /// The beginning of a line whose end was not read yet.
    rest: Buffer,
    next_chunk: u64,
    next_index: u64,
    /// Whether we are inside of a line that is too long.
    skipping: bool,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, rest: Buffer::default(), next_chunk: 0, next_index: 1, skipping: false, ended: false }
    }

    /// Reads the next lines, as many as come at once and at least one; `false` when there are none.
    ///
    /// After an error there are none either: what was read of a line by then is not a line.
    pub(super) fn fill(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let mut text = std::mem::take(&mut chunk.text);
        text.truncate(0);
        *chunk = Chunk { number: self.next_chunk, first_index: self.next_index, text, ..Chunk::default() };
        let found = self.read_lines(chunk)?;
        self.next_chunk += u64::from(found);
        self.next_index += if chunk.overlong { 1 } else { count_lines(chunk.text.filled()) };
        Ok(found)
    }

    fn read_lines(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        chunk.text.push(self.rest.filled());
        self.rest.truncate(0);
        while !self.ended {
            let before = chunk.text.filled().len();
            let count = self.read(&mut chunk.text)?;
            chunk.taken += count as u64;
            if self.skipping {
                self.skip(&mut chunk.text);
            }
            if self.next_chunk == 0 && chunk.text.filled().starts_with(MARK) {
                chunk.text.cut(MARK.len());
            }
            let text = chunk.text.filled();
            if let Some(at) = memrchr(b'\n', text.get(before..).unwrap_or_default()) {
                let end = before + at + 1;
                self.rest.push(&text[end..]);
                chunk.text.truncate(end);
                return Ok(true);
            }
            // The carriage return of the line's end may be in there already.
            if text.len() > MAX_TOKEN_LEN + 1 {
                self.skipping = true;
                chunk.overlong = true;
                chunk.text.truncate(0);
                return Ok(true);
            }
        }
        Ok(!chunk.text.filled().is_empty())
    }

    fn read(&mut self, text: &mut Buffer) -> io::Result<usize> {
        loop {
            match self.reader.read(text.free()) {
                Ok(count) => {
                    text.add(count);
                    self.ended = count == 0;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// Forgets what belongs to a line that is too long, up to its end.
    fn skip(&mut self, text: &mut Buffer) {
        match memchr(b'\n', text.filled()) {
            Some(end) => {
                self.skipping = false;
                text.cut(end + 1);
            }
            None => text.truncate(0),
        }
    }
}

fn count_lines(text: &[u8]) -> u64 {
    let unfinished = text.last().is_some_and(|last| *last != b'\n');
    memchr_iter(b'\n', text).count() as u64 + u64::from(unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(self.0.len());
            self.0.read(&mut free[..some])
        }
    }

    fn chunks(text: &[u8], at_once: usize) -> Vec<(u64, String)> {
        let mut input = Input::new(Dripping(text, at_once));
        let mut chunk = Chunk::default();
        let mut chunks = Vec::new();
        while input.fill(&mut chunk).unwrap() {
            assert_eq!(chunk.number, chunks.len() as u64);
            let text = if chunk.overlong { "(overlong)".into() } else { chunk.text.filled().to_vec() };
            chunks.push((chunk.first_index, String::from_utf8(text).unwrap()));
        }
        chunks
    }

    #[test]
    fn a_chunk_is_what_came_at_once_up_to_its_last_line_end() {
        assert_eq!(chunks(b"a\nb\ncd", 4), [(1, "a\nb\n".into()), (3, "cd".into())]);
        assert_eq!(chunks(b"a\nb\ncd\n", 5), [(1, "a\nb\n".into()), (3, "cd\n".into())]);
        assert_eq!(chunks(b"abc\n\nd", 1), [(1, "abc\n".into()), (2, "\n".into()), (3, "d".into())]);
        assert_eq!(chunks(b"", 5), []);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        for at_once in 1..6 {
            assert_eq!(chunks(b"\xEF\xBB\xBFa\n\xEF\xBB\xBF", at_once)[0], (1, "a\n".into()));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let mut text = vec![b'x'; 3 * MAX_TOKEN_LEN];
        text.extend_from_slice(b"\nafter\n");
        text.splice(0..0, *b"before\n");
        let chunks = chunks(&text, 100_000);
        assert_eq!(chunks, [(1, "before\n".into()), (2, "(overlong)".into()), (3, "after\n".into())]);
    }
}
