//! Bytes that flow by: counted, hashed, and wiped, for a snapshot holds every secret of its cluster.

use std::io::{self, Read};

use ring::digest::{Context, SHA256};

use super::error::Fault;
use crate::hex::hex;
use crate::zeroize_buf::ZeroizeBuf;

/// How much is held at a time.
const BUFFER: usize = 64 * 1024;

/// A buffered reader that knows where it is, and the SHA-256 of all that it read.
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
            buffer: ZeroizeBuf::from(vec![0; BUFFER]),
            start: 0,
            end: 0,
            offset: 0,
            hash: Context::new(&SHA256),
        }
    }

    /// How many bytes were taken so far.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next byte; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<u8>, Fault> {
        if !self.fill()? {
            return Ok(None);
        }
        let byte = self.buffer[self.start];
        self.take(1);
        Ok(Some(byte))
    }

    /// Fills all of `into`, or tells that it ends before.
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

    /// Passes over so many bytes, or tells that it ends before.
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

    /// Passes over what is left; the SHA-256 of everything, lower-case hexadecimal.
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

    /// Whether there is at least a byte in the buffer.
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
