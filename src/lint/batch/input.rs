//! The input stream, split into chunks of whole lines.

use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memrchr};

use super::chunk::{Buffer, Chunk};
use crate::token::MAX_TOKEN_LEN;

/// The UTF-8 byte order mark, which some programs write before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The maximum length of a line that is skipped, in bytes. A file such as `/dev/zero` has no end.
const MAX_SKIPPED_LEN: u64 = 256 * 1024 * 1024;

/// A stream of lines.
pub(super) struct Input<R> {
    reader: R,
    /// The start of a line whose end is not read yet.
    rest: Buffer,
    next_chunk: u64,
    next_index: u64,
    /// Whether the rest of a line that is too long is being skipped.
    skipping: bool,
    /// How many bytes of that line were skipped.
    skipped: u64,
    ended: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            rest: Buffer::default(),
            next_chunk: 0,
            next_index: 1,
            skipping: false,
            skipped: 0,
            ended: false,
        }
    }

    /// Reads at least one line, and as many more as one read returns. Returns `false` if there are none.
    ///
    /// After an error there are none: the start of a line that could not be read to its end is not a line.
    pub(super) fn fill(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        let mut text = std::mem::take(&mut chunk.text);
        text.truncate(0);
        *chunk = Chunk { number: self.next_chunk, first_index: self.next_index, text, ..Chunk::default() };
        let has_lines = self.read_lines(chunk)?;
        self.next_chunk += u64::from(has_lines);
        self.next_index += if chunk.overlong { 1 } else { count_lines(chunk.text.filled()) };
        Ok(has_lines)
    }

    fn read_lines(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        chunk.text.push(self.rest.filled());
        self.rest.truncate(0);
        while !self.ended {
            let before = chunk.text.filled().len();
            let count = self.read(&mut chunk.text)?;
            chunk.bytes_read += count as u64;
            if self.skipping {
                self.skip(&mut chunk.text)?;
            }
            if self.next_chunk == 0 && chunk.text.filled().starts_with(BYTE_ORDER_MARK) {
                chunk.text.remove_prefix(BYTE_ORDER_MARK.len());
            }
            let text = chunk.text.filled();
            if let Some(at) = memrchr(b'\n', text.get(before..).unwrap_or_default()) {
                let end = before + at + 1;
                self.rest.push(&text[end..]);
                chunk.text.truncate(end);
                return Ok(true);
            }
            // One more byte, because the carriage return of the line end may be included.
            if text.len() > MAX_TOKEN_LEN + 1 {
                self.skipping = true;
                self.skipped = 0;
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

    /// Removes the part of a line that is too long, up to its end.
    fn skip(&mut self, text: &mut Buffer) -> io::Result<()> {
        self.skipped += text.filled().len() as u64;
        if self.skipped > MAX_SKIPPED_LEN {
            self.ended = true;
            let line = self.next_index - 1;
            let error = format!(
                "line {line} is longer than {MAX_SKIPPED_LEN} bytes, so this is not a list of tokens"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        match memchr(b'\n', text.filled()) {
            Some(end) => {
                self.skipping = false;
                text.remove_prefix(end + 1);
            }
            None => text.truncate(0),
        }
        Ok(())
    }
}

fn count_lines(text: &[u8]) -> u64 {
    let unfinished = text.last().is_some_and(|last| *last != b'\n');
    memchr_iter(b'\n', text).count() as u64 + u64::from(unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a few bytes per read.
    struct SlowReader<'a>(&'a [u8], usize);

    impl Read for SlowReader<'_> {
        fn read(&mut self, free: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len());
            self.0.read(&mut free[..count])
        }
    }

    #[test]
    fn a_line_without_an_end_is_an_error() {
        let mut input = Input::new(io::repeat(b'x'));
        let mut chunk = Chunk::default();
        assert!(input.fill(&mut chunk).unwrap() && chunk.overlong);
        let error = input.fill(&mut chunk).unwrap_err();
        assert!(error.to_string().starts_with("line 1 is longer than "), "{error}");
        assert!(!input.fill(&mut chunk).unwrap());
    }

    fn chunks(text: &[u8], read_len: usize) -> Vec<(u64, String)> {
        let mut input = Input::new(SlowReader(text, read_len));
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
    fn a_chunk_ends_with_the_last_line_end_of_a_read() {
        assert_eq!(chunks(b"a\nb\ncd", 4), [(1, "a\nb\n".into()), (3, "cd".into())]);
        assert_eq!(chunks(b"a\nb\ncd\n", 5), [(1, "a\nb\n".into()), (3, "cd\n".into())]);
        assert_eq!(chunks(b"abc\n\nd", 1), [(1, "abc\n".into()), (2, "\n".into()), (3, "d".into())]);
        assert_eq!(chunks(b"", 5), []);
    }

    #[test]
    fn a_byte_order_mark_before_the_first_line_is_removed() {
        for read_len in 1..6 {
            assert_eq!(chunks(b"\xEF\xBB\xBFa\n\xEF\xBB\xBF", read_len)[0], (1, "a\n".into()));
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept_in_memory() {
        let mut text = vec![b'x'; 3 * MAX_TOKEN_LEN];
        text.extend_from_slice(b"\nafter\n");
        text.splice(0..0, *b"before\n");
        let chunks = chunks(&text, 100_000);
        assert_eq!(chunks, [(1, "before\n".into()), (2, "(overlong)".into()), (3, "after\n".into())]);
    }
}
