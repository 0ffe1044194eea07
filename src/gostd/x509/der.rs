//! A DER reader with the rules of Go's `cryptobyte`.
//!
//! Tags are single bytes; lengths are minimal and have up to four bytes. Do not use a reader again after it returned `None`.

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The unread rest of some DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Der<'a>(&'a [u8]);

struct Element<'a> {
    tag: u8,
    /// The content with tag and length.
    whole: &'a [u8],
    content: &'a [u8],
}

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the next element has this tag.
    pub(super) fn peek(self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Reads an element with this tag and returns its content.
    pub(super) fn read(&mut self, tag: u8) -> Option<Self> {
        self.element().filter(|element| element.tag == tag).map(|element| Self(element.content))
    }

    /// Reads the next element and returns its tag and content.
    pub(super) fn any(&mut self) -> Option<(u8, Self)> {
        self.element().map(|element| (element.tag, Self(element.content)))
    }

    /// Reads the next element and returns it with tag and length.
    pub(super) fn any_element(&mut self) -> Option<Self> {
        self.element().map(|element| Self(element.whole))
    }

    /// Reads an element if it has this tag. The outer `None` is an error.
    #[allow(clippy::option_option)] // distinguishes an error from a missing element
    pub(super) fn optional(&mut self, tag: u8) -> Option<Option<Self>> {
        if self.peek(tag) { self.read(tag).map(Some) } else { Some(None) }
    }

    /// Skips an element if it has this tag. `None` is an error.
    pub(super) fn skip_optional(&mut self, tag: u8) -> Option<()> {
        self.optional(tag).map(drop)
    }

    pub(super) fn boolean(&mut self) -> Option<bool> {
        match self.read(BOOLEAN)?.0 {
            [0] => Some(false),
            [0xFF] => Some(true),
            _ => None,
        }
    }

    pub(super) fn integer(&mut self) -> Option<Integer<'a>> {
        self.integer_tagged(INTEGER)
    }

    pub(super) fn integer_tagged(&mut self, tag: u8) -> Option<Integer<'a>> {
        let bytes = self.read(tag)?.0;
        let is_minimal = match bytes {
            [] => false,
            [0, second, ..] => second & 0x80 != 0,
            [0xFF, second, ..] => second & 0x80 == 0,
            _ => true,
        };
        is_minimal.then_some(Integer(bytes))
    }

    pub(super) fn oid(&mut self) -> Option<Oid<'a>> {
        let oid = Oid(self.read(OBJECT_IDENTIFIER)?.0);
        oid.numbers().map(|_| oid)
    }

    pub(super) fn bit_string(&mut self) -> Option<BitString<'a>> {
        let (&padding, bytes) = self.read(BIT_STRING)?.0.split_first()?;
        let is_padded_with_zeros = match bytes.last() {
            None => padding == 0,
            Some(last) => padding <= 7 && last & ((1 << padding) - 1) == 0,
        };
        is_padded_with_zeros.then_some(BitString { bytes, padding })
    }

    fn element(&mut self) -> Option<Element<'a>> {
        let bytes = self.0;
        let [tag, first, ..] = *bytes else { return None };
        if tag & 0x1F == 0x1F {
            return None;
        }
        let (header, length) = if first & 0x80 == 0 {
            (2, u64::from(first))
        } else {
            let count = usize::from(first & 0x7F);
            let digits = bytes.get(2..2 + count).filter(|digits| (1..=4).contains(&digits.len()))?;
            let length = digits.iter().fold(0, |length, &digit| length << 8 | u64::from(digit));
            if length < 128 || digits[0] == 0 {
                return None;
            }
            (2 + count, length)
        };
        // Go adds the two as 32-bit numbers and rejects an overflow.
        let end = u32::try_from(header as u64 + length).ok()? as usize;
        let whole = bytes.get(..end)?;
        self.0 = &bytes[end..];
        Some(Element { tag, whole, content: &whole[header..] })
    }
}

/// An integer of any size in minimal two's complement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Integer<'a>(&'a [u8]);

impl Integer<'_> {
    pub(super) fn is_negative(self) -> bool {
        self.0[0] & 0x80 != 0
    }

    pub(super) fn is_positive(self) -> bool {
        !self.is_negative() && self.0 != [0]
    }

    pub(super) fn to_i64(self) -> Option<i64> {
        let sign = if self.is_negative() { -1 } else { 0 };
        (self.0.len() <= 8).then(|| self.0.iter().fold(sign, |number, &byte| number << 8 | i64::from(byte)))
    }
}

/// A valid object identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Oid<'a>(pub(super) &'a [u8]);

impl Oid<'_> {
    /// Returns the numbers of the identifier; `None` if one is cut off, has a leading zero, or exceeds 31 bits.
    fn numbers(self) -> Option<Vec<u32>> {
        let mut numbers = Vec::with_capacity(self.0.len() + 1);
        let mut rest = self.0;
        while !rest.is_empty() {
            let length = rest.iter().position(|byte| byte & 0x80 == 0)? + 1;
            let (part, after) = rest.split_at(length);
            if part.len() > 5 || part[0] == 0x80 {
                return None;
            }
            let number = part.iter().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7F));
            let number = u32::try_from(number).ok().filter(|&number| number < 1 << 31)?;
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - 40 * first]);
            } else {
                numbers.push(number);
            }
            rest = after;
        }
        (!numbers.is_empty()).then_some(numbers)
    }

    pub(super) fn dotted(self) -> String {
        let numbers = self.numbers().unwrap_or_default();
        numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
    }
}

/// A string of bits, padded with zeros at the end of the last byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct BitString<'a> {
    bytes: &'a [u8],
    padding: u8,
}

impl BitString<'_> {
    /// Returns the bits as bytes, padded with zeros at the start of the first byte instead.
    pub(super) fn right_aligned(&self) -> Vec<u8> {
        let mut before = 0_u8;
        let shift = |&byte: &u8| {
            let shifted = u16::from_be_bytes([before, byte]) >> self.padding;
            before = byte;
            shifted.to_be_bytes()[1]
        };
        self.bytes.iter().map(shift).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(bytes: &[u8]) -> Der<'_> {
        Der::new(bytes)
    }

    #[test]
    fn lengths_are_minimal() {
        let long = [&[0x04, 0x81, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(der(&long).read(OCTET_STRING).unwrap().bytes(), [7; 0x80]);
        for bad in
            [&[0x04, 0x81, 0x01, 7][..], &[0x04, 0x80], &[0x04, 2, 7], &[0x04], &[0x1F, 0], &[0x04, 0x85]]
        {
            assert_eq!(der(bad).read(OCTET_STRING), None, "{bad:?}");
        }
        let zero_first = [&[0x04, 0x82, 0x00, 0x80][..], &[7; 0x80]].concat();
        assert_eq!(der(&zero_first).read(OCTET_STRING), None);
        assert_eq!(der(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]).read(OCTET_STRING), None);
    }

    #[test]
    fn integers_are_minimal_and_signed() {
        let number = |bytes: &[u8]| der(bytes).integer().map(Integer::to_i64);
        assert_eq!(number(&[2, 1, 5]), Some(Some(5)));
        assert_eq!(number(&[2, 1, 0xFF]), Some(Some(-1)));
        assert_eq!(number(&[2, 2, 0, 0x80]), Some(Some(128)));
        assert_eq!(number(&[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]), Some(None));
        for bad in [&[2, 0][..], &[2, 2, 0, 5], &[2, 2, 0xFF, 0x80]] {
            assert_eq!(number(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn object_identifiers_are_validated() {
        let dotted = |bytes: &[u8]| der(bytes).oid().map(Oid::dotted);
        assert_eq!(dotted(&[6, 3, 0x55, 0x1D, 0x0F]).as_deref(), Some("2.5.29.15"));
        assert_eq!(dotted(&[6, 2, 0x88, 0x37]).as_deref(), Some("2.999"));
        assert_eq!(dotted(&[6, 6, 0x2A, 0x87, 0xFF, 0xFF, 0xFF, 0x7F]).as_deref(), Some("1.2.2147483647"));
        for bad in [
            &[6, 0][..],
            &[6, 1, 0x80],
            &[6, 2, 0x80, 1],
            &[6, 2, 0x2A, 0x81],
            &[6, 6, 0x2A, 0x88, 0x80, 0x80, 0x80, 0],
            &[6, 7, 0x2A, 0x81, 0x80, 0x80, 0x80, 0x80, 0],
        ] {
            assert_eq!(dotted(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn padding_bits_must_be_zero() {
        let bits = |bytes: &[u8]| der(bytes).bit_string().map(|bits| bits.right_aligned());
        assert_eq!(bits(&[3, 3, 0, 1, 2]), Some(vec![1, 2]));
        assert_eq!(bits(&[3, 3, 4, 0x12, 0x30]), Some(vec![1, 0x23]));
        assert_eq!(bits(&[3, 1, 0]), Some(vec![]));
        for bad in [&[3, 0][..], &[3, 1, 1], &[3, 2, 1, 1], &[3, 2, 8, 0]] {
            assert_eq!(bits(bad), None, "{bad:?}");
        }
    }
}
