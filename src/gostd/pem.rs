//! Go's `encoding/pem`: finds the first well-formed block in a text.
//!
//! Go searches for the first `END` line, then backwards for the last `BEGIN` line before it. It skips malformed blocks:
//! different labels, text after the dashes of the `END` line, invalid base64. Lines with a colon after the `BEGIN` line are
//! headers; an empty line after them is optional.

use super::base64;
use crate::ZeroizeBuf;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// A PEM block and the text after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// The text after `BEGIN`, such as `CERTIFICATE`.
    pub label: &'a [u8],
    /// The decoded base64.
    pub bytes: ZeroizeBuf,
    /// The text after the `END` line.
    pub rest: &'a [u8],
}

/// Returns the first well-formed block.
pub fn decode(text: &[u8]) -> Option<Block<'_>> {
    let mut start = 0;
    let mut next = 0;
    loop {
        // Go gives up if the headers continue after the end line.
        if next < start {
            return None;
        }
        start = next;
        let end = start + find(&text[start..], END)?;
        next = end + END.len();
        let Some(begin) = last_begin(&text[start..end]) else { continue };

        let line = Line::at(text, start + begin + BEGIN.len());
        start = line.next;
        let Some(label) = line.text.strip_suffix(DASHES) else { continue };
        let body = skip_headers(text, start)?;
        let has_headers = body != start;
        start = body;
        if has_headers && end < body {
            continue;
        }
        if !is_end_of(label, &text[next..]) {
            continue;
        }
        let Some(bytes) = read_body(text.get(body..end).unwrap_or_default()) else { continue };
        return Some(Block { label, bytes, rest: &text[Line::at(text, next - 1).next..] });
    }
}

/// Returns the offset of the last `BEGIN`, if it is at the start of a line.
fn last_begin(text: &[u8]) -> Option<usize> {
    let at = text.windows(BEGIN.len()).rposition(|window| window == BEGIN)?;
    (at == 0 || text[at - 1] == b'\n').then_some(at)
}

/// Returns the offset of the first line without a colon.
fn skip_headers(text: &[u8], mut start: usize) -> Option<usize> {
    while start < text.len() {
        let line = Line::at(text, start);
        if !line.text.contains(&b':') {
            return Some(start);
        }
        start = line.next;
    }
    None
}

/// Returns whether a text starts with a label and dashes, followed only by spaces and tabs up to the end of the line.
fn is_end_of(label: &[u8], text: &[u8]) -> bool {
    text.strip_prefix(label)
        .and_then(|after| after.strip_prefix(DASHES))
        .is_some_and(|after| Line::at(after, 0).text.is_empty())
}

fn read_body(body: &[u8]) -> Option<ZeroizeBuf> {
    if body.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
        let without_spaces = body.iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t'));
        return base64::decode(&ZeroizeBuf::from(without_spaces.collect::<Vec<_>>())).ok();
    }
    base64::decode(body).ok()
}

/// A line without its line break and trailing spaces and tabs.
struct Line<'a> {
    text: &'a [u8],
    /// The offset of the next line.
    next: usize,
}

impl<'a> Line<'a> {
    fn at(text: &'a [u8], start: usize) -> Self {
        let (line, next) = match text[start..].iter().position(|&byte| byte == b'\n') {
            Some(length) => {
                let line = &text[start..start + length];
                (line.strip_suffix(b"\r").unwrap_or(line), start + length + 1)
            }
            None => (&text[start..], text.len()),
        };
        let length = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
        Self { text: &line[..length], next }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(text: &str) -> Option<(&str, Vec<u8>, &str)> {
        let block = decode(text.as_bytes())?;
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        Some((text(block.label), block.bytes.to_vec(), text(block.rest)))
    }

    #[test]
    fn the_first_block_and_the_rest_are_returned() {
        let text = "leading\n-----BEGIN A B-----\r\nAA AA\n\tAA==\n-----END A B-----  \nrest\n";
        assert_eq!(first(text), Some(("A B", vec![0, 0, 0, 0], "rest\n")));
        assert_eq!(first("-----BEGIN -----\n-----END -----"), Some(("", vec![], "")));
        assert_eq!(first("-----BEGIN A-----\nK: v\n\nAAAA\n-----END A-----"), Some(("A", vec![0, 0, 0], "")));
        assert_eq!(first("-----BEGIN A-----\nK: v\nAAAA\n-----END A-----"), Some(("A", vec![0, 0, 0], "")));
    }

    #[test]
    fn malformed_blocks_are_skipped() {
        let good = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
        for bad in [
            "-----BEGIN B-----\n",
            "-----BEGIN B-----\nAAAA\n-----END C-----\n",
            "-----BEGIN B----\nAAAA\n-----END B-----\n",
            "-----BEGIN B-----\nA-AA\n-----END B-----\n",
            "-----BEGIN B-----\nAAAA\n-----END B-----x\n",
            "x-----BEGIN B-----\nAAAA\n-----END B-----\n",
            "\n-----END B-----\n",
        ] {
            assert_eq!(first(&format!("{bad}{good}")), Some(("A", vec![0, 0, 0], "")), "{bad}");
        }
    }

    #[test]
    fn a_text_without_a_complete_block_has_none() {
        for text in [
            "",
            "-----BEGIN A-----",
            "-----BEGIN A-----\nAAAA\n-----END A----",
            "-----BEGIN A-----AAAA-----END A-----",
            " -----BEGIN A-----\nAAAA\n-----END A-----",
            "-----BEGIN A-----\nK: v\n-----END A-----",
            "-----BEGIN A-----\nAAAA\n -----END A-----",
        ] {
            assert_eq!(first(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(parts in proptest::collection::vec(prop_oneof![
            Just("-----BEGIN A-----"), Just("\n-----END A-----"), Just("\n"), Just("AAAA"), Just("k: v"), Just("--"),
        ], 0..20)) {
            let _ = decode(parts.concat().as_bytes());
        }
    }
}
