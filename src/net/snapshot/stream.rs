//! A stream of bytes that counts, hashes and wipes them, because a snapshot contains every secret of its cluster.

use std::io::{self, Read};

use ring::digest::{Context, SHA256};

use super::error::Fault;
use crate::hex::hex;
use crate::zeroize_buf::ZeroizeBuf;

/// The length of the buffer, in bytes.
const BUFFER_LEN: usize = 64 * 1024;

/// A buffered reader that tracks its offset and the SHA-256 of everything that it read.
pub(super) struct Stream<R> {
    inner: R,
    buffer: ZeroizeBuf,
    start: usize,
    end: usize,
    offset: u64,
    hash: Context,
}

impl<R: Read> Stream<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: ZeroizeBuf::from(vec![0; BUFFER_LEN]),
            start: 0,
            end: 0,
            offset: 0,
            hash: Context::new(&SHA256),
        }
    }

    /// Returns how many bytes were read so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next byte. Returns `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Fault> {
        if !self.fill()? {
            return Ok(None);
        }
        let byte = self.buffer[self.start];
        self.take(1);
        Ok(Some(byte))
    }

    /// Fills `into`. Returns an error if the stream ends earlier.
    pub(super) fn read_exact(&mut self, mut into: &mut [u8]) -> Result<(), Fault> {
        while !into.is_empty() {
            if !self.fill()? {
                return Err(Fault::Truncated);
            }
            let count = into.len().min(self.end - self.start);
            let (head, rest) = into.split_at_mut(count);
            head.copy_from_slice(&self.buffer[self.start..self.start + count]);
            self.take(count);
            into = rest;
        }
        Ok(())
    }

    /// Skips `count` bytes. Returns an error if the stream ends earlier.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), Fault> {
        while count > 0 {
            if !self.fill()? {
                return Err(Fault::Truncated);
            }
            let here = (self.end - self.start).min(usize::try_from(count).unwrap_or(usize::MAX));
            self.take(here);
            count -= here as u64;
        }
        Ok(())
    }

    /// Skips the rest. Returns the SHA-256 of the whole stream in lower-case hexadecimal.
    pub(super) fn finish(mut self) -> io::Result<String> {
        while self.fill()? {
            self.take(self.end - self.start);
        }
        Ok(hex(self.hash.finish().as_ref()))
    }

    fn take(&mut self, count: usize) {
        self.start += count;
        self.offset += count as u64;
    }

    /// Fills an empty buffer. Returns whether it contains a byte now.
    fn fill(&mut self) -> io::Result<bool> {
        while self.start == self.end {
            match self.inner.read(&mut self.buffer[..]) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.start = 0;
                    self.end = count;
                    self.hash.update(&self.buffer[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}
