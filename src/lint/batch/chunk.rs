//! Some whole lines, as they were read.

use crate::ZeroizeBuf;

/// How much is read at a time, in bytes: enough to keep a worker busy for a while, little enough to stay in its cache.
const READ: usize = 128 * 1024;

/// Whole lines of the input.
#[derive(Default)]
pub(super) struct Chunk {
    /// Which chunk of the input it is, from 0.
    pub(super) number: u64,
    /// The index of its first line.
    pub(super) first_index: u64,
    /// How many bytes of input were read for it.
    pub(super) taken: u64,
    /// Whether it stands for one line that is too long to be held; there is no text then.
    pub(super) overlong: bool,
    /// The lines, the last of them perhaps without a line end.
    pub(super) text: Buffer,
}

/// Bytes that are wiped when dropped, and a tail of free space that was filled with zeros once and for all.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: ZeroizeBuf,
    length: usize,
}

impl Buffer {
    /// What is in it.
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The free space: always some, and enough to read into.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.bytes.len() - self.length < READ / 2 {
            // Not in place: the old bytes must be wiped.
            let mut larger = Vec::with_capacity(self.length * 2 + READ);
            larger.extend_from_slice(self.filled());
            larger.resize(larger.capacity(), 0);
            self.bytes = larger.into();
        }
        &mut self.bytes[self.length..]
    }

    /// Counts some of the free space, which was written to, as filled.
    pub(super) fn add(&mut self, count: usize) {
        self.length += count;
    }

    /// Adds a copy.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let free = self.free();
            let some = bytes.len().min(free.len());
            free[..some].copy_from_slice(&bytes[..some]);
            self.add(some);
            bytes = &bytes[some..];
        }
    }

    /// Forgets what stands before `start`.
    pub(super) fn cut(&mut self, start: usize) {
        self.bytes.copy_within(start..self.length, 0);
        self.length -= start;
    }

    /// Forgets what stands from `end` on.
    pub(super) fn truncate(&mut self, end: usize) {
        self.length = self.length.min(end);
    }
}
