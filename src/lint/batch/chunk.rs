//! A chunk of the input: a few whole lines.

use crate::ZeroizeBuf;

/// How many bytes are read at a time: enough to keep a worker busy, and few enough to stay in its cache.
const READ_LEN: usize = 128 * 1024;

/// Whole lines of the input.
#[derive(Default)]
pub(super) struct Chunk {
    /// Its number in the input, from 0.
    pub(super) number: u64,
    /// The number of its first line, from 1.
    pub(super) first_index: u64,
    /// The number of input bytes read for it.
    pub(super) bytes_read: u64,
    /// Whether it is one line that is too long to be held. The text is empty then.
    pub(super) overlong: bool,
    /// The lines. The last one may lack a line end.
    pub(super) text: Buffer,
}

/// Bytes that are zeroized when dropped, followed by free space that is filled with zeros once.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: ZeroizeBuf,
    length: usize,
}

impl Buffer {
    /// Returns the content.
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Returns the free space, which is always large enough to read into.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.bytes.len() - self.length < READ_LEN / 2 {
            // Growing in place could leave a copy of the old bytes that is not zeroized.
            let mut larger = Vec::with_capacity(self.length * 2 + READ_LEN);
            larger.extend_from_slice(self.filled());
            larger.resize(larger.capacity(), 0);
            self.bytes = larger.into();
        }
        &mut self.bytes[self.length..]
    }

    /// Adds the first bytes of the free space to the content.
    pub(super) fn add(&mut self, count: usize) {
        self.length += count;
    }

    /// Appends a copy of the bytes.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let free = self.free();
            let count = bytes.len().min(free.len());
            free[..count].copy_from_slice(&bytes[..count]);
            self.add(count);
            bytes = &bytes[count..];
        }
    }

    /// Removes the content before `start`.
    pub(super) fn remove_prefix(&mut self, start: usize) {
        self.bytes.copy_within(start..self.length, 0);
        self.length -= start;
    }

    /// Removes the content from `end` on.
    pub(super) fn truncate(&mut self, end: usize) {
        self.length = self.length.min(end);
    }
}
