//! Reads base64 from a text that wraps, quotes or escapes it.
//!
//! What is between two digits is skipped if it is what editors, shells, YAML, HCL, JSON, notebooks, mail and diffs put
//! there. The reader does not decide where a token ends: its JSON does.

use super::alphabet::value;
use super::gap::{Gap, gap};
use super::marker::Marker;

/// What the reader found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// A digit, 0 to 63.
    Digit(u8),
    /// Something that is not part of base64.
    End,
    /// The end of the text that was read so far.
    OutOfText,
}

/// A position in a text, from which base64 is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digits<'t> {
    text: &'t [u8],
    at: usize,
    marker: Marker<'t>,
}

impl<'t> Digits<'t> {
    /// Starts at an offset of a text. The start of its line shows what the following lines start with.
    pub(super) fn new(text: &'t [u8], start: usize) -> Self {
        Self { text, at: start, marker: Marker::before(text, start) }
    }

    /// Returns the offset after the last digit that was read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Reads the next digit, and skips what is before it.
    pub(super) fn next(&mut self) -> Read {
        let mut at = self.at;
        loop {
            if let Some(digit) = self.text.get(at).and_then(|byte| value(*byte)) {
                self.at = at + 1;
                return Read::Digit(digit);
            }
            match gap(self.text, at, self.marker) {
                Gap::Skip(next) => at = next,
                Gap::Digit(digit, next) => {
                    self.at = next;
                    return Read::Digit(digit);
                }
                Gap::End => return Read::End,
                Gap::OutOfText => return Read::OutOfText,
            }
        }
    }

    /// Reads the next digit if nothing is before it.
    pub(super) fn next_adjacent(&mut self) -> Option<u8> {
        let digit = value(*self.text.get(self.at)?)?;
        self.at += 1;
        Some(digit)
    }

    /// Skips the padding, if there is one.
    pub(super) fn skip_padding(&mut self) {
        while self.text.get(self.at) == Some(&b'=') {
            self.at += 1;
        }
    }
}

/// The bytes that base64 encodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'t> {
    digits: Digits<'t>,
    bits: u32,
    count: u32,
}

/// What [`Bytes`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadByte {
    Byte(u8),
    End,
    OutOfText,
}

impl<'t> Bytes<'t> {
    /// Decodes from digits at the start of a group of four.
    pub(super) fn new(digits: Digits<'t>) -> Self {
        Self { digits, bits: 0, count: 0 }
    }

    /// Decodes from digits in the middle of a group. The digit before contained the first `count` bits of the next byte.
    pub(super) fn continuing(digits: Digits<'t>, bits: u32, count: u32) -> Self {
        Self { digits, bits, count }
    }

    /// Returns the offset after the last digit that was read.
    pub(super) fn position(&self) -> usize {
        self.digits.position()
    }

    /// Decodes the next byte.
    pub(super) fn next(&mut self) -> ReadByte {
        loop {
            match self.digits.next() {
                Read::Digit(digit) => {
                    if let Some(byte) = self.add(digit) {
                        return ReadByte::Byte(byte);
                    }
                }
                Read::End => return ReadByte::End,
                Read::OutOfText => return ReadByte::OutOfText,
            }
        }
    }

    /// Decodes the next byte if nothing is between its digits.
    pub(super) fn next_adjacent(&mut self) -> Option<u8> {
        loop {
            let digit = self.digits.next_adjacent()?;
            if let Some(byte) = self.add(digit) {
                return Some(byte);
            }
        }
    }

    /// Skips the padding, if there is one.
    pub(super) fn skip_padding(&mut self) {
        self.digits.skip_padding();
    }

    fn add(&mut self, digit: u8) -> Option<u8> {
        self.bits = self.bits << 6 | u32::from(digit);
        self.count += 6;
        (self.count >= 8).then(|| {
            self.count -= 8;
            (self.bits >> self.count).to_le_bytes()[0]
        })
    }
}
