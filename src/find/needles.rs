//! The texts with which encoded tokens start, and a search for all of them at once.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::digits::{Bytes, Digits};
use crate::gostd::base64;
use crate::token::pasted_base64::TOKEN_STARTS;

/// The first digits of a JSON object in base64: `{"`, and with a space, a line break or a tab after the brace.
const OBJECT_STARTS: [&str; 6] = ["eyJ", "eyAi", "ewog", "ewoi", "ewoJ", "ew0K"];

/// A token that was encoded three times starts with this, as in a Secret that contains the data of another Secret.
const THREE_TIMES: &str = "WlhsS";

/// Where in a group of three bytes the first byte of an inner text is.
///
/// If the token is in the middle of a longer encoded text, its first byte shares a digit with the byte before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Phase(u8);

impl Phase {
    /// The first byte of a group.
    pub(super) const START: Self = Self(0);

    /// Decodes from the first digit that belongs to the inner text only. That text starts with `e`.
    pub(super) fn bytes(self, digits: Digits<'_>) -> Bytes<'_> {
        let first = u32::from(b'e');
        match self.0 {
            0 => Bytes::new(digits),
            1 => Bytes::continuing(digits, first >> 4, 4),
            _ => Bytes::continuing(digits, first >> 6, 2),
        }
    }

    /// Whether the digit before contains a part of the first byte.
    pub(super) fn shares_digit(self) -> bool {
        self.0 > 0
    }
}

/// What a match shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needle {
    /// How often the token was encoded.
    pub(super) layers: usize,
    pub(super) phase: Phase,
    /// The first digit, if the needle is what follows after the first digits. A line break can separate them.
    pub(super) first_digit: Option<u8>,
}

/// The longest needle, in bytes.
pub(super) const MAX_LEN: usize = 16;

/// Searches for all needles.
pub(super) struct Needles {
    automaton: AhoCorasick,
    needles: Vec<Needle>,
}

impl Needles {
    /// Returns the needles of all tokens.
    pub(super) fn all() -> &'static Self {
        static ALL: LazyLock<Needles> = LazyLock::new(Needles::new);
        &ALL
    }

    fn new() -> Self {
        let mut texts: Vec<(String, Needle)> = Vec::new();
        let whole = |layers, phase| Needle { layers, phase, first_digit: None };
        texts.extend(OBJECT_STARTS.map(|start| (start.to_owned(), whole(1, Phase::START))));
        for phase in [0, 1, 2].map(Phase) {
            texts
                .extend(OBJECT_STARTS.map(|start| (encoded_again(start.as_bytes(), phase), whole(2, phase))));
        }
        texts.push((THREE_TIMES.to_owned(), whole(3, Phase::START)));
        for start in TOKEN_STARTS {
            let start = std::str::from_utf8(start).expect("base64 is ASCII");
            texts.push(tail(start, OBJECT_STARTS[0].len(), 1, Phase::START));
            for phase in [0, 1, 2].map(Phase) {
                let head = encoded_again(OBJECT_STARTS[0].as_bytes(), phase).len();
                texts.push(tail(&encoded_again(start.as_bytes(), phase), head, 2, phase));
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(texts.iter().map(|(text, _)| text))
            .expect("a few short texts fit into an automaton");
        Self { automaton, needles: texts.into_iter().map(|(_, needle)| needle).collect() }
    }

    /// Returns the offset of the next match, and what it shows.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<(usize, Needle)> {
        let found = self.automaton.find(aho_corasick::Input::new(text).range(from..))?;
        Some((found.start(), self.needles[found.pattern().as_usize()]))
    }
}

/// Returns what is left of the digits if a line break separates the first ones: `head` digits are a needle of their own.
fn tail(digits: &str, head: usize, layers: usize, phase: Phase) -> (String, Needle) {
    let first_digit = Some(digits.as_bytes()[0]);
    (digits[head - 1..].to_owned(), Needle { layers, phase, first_digit })
}

/// Returns the digits that encode a text only, if its first byte has this position in a group.
fn encoded_again(text: &[u8], phase: Phase) -> String {
    let before = usize::from(phase.0);
    let digits = base64::encode(&[&[0; 2][..before], text].concat());
    let (first, end) = ((8 * before).div_ceil(6), 8 * (before + text.len()) / 6);
    digits[first..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_encoded_again_has_one_start_for_each_phase() {
        let again = |phase| encoded_again(b"eyJ", Phase(phase));
        assert_eq!([again(0), again(1), again(2)], ["ZXlK", "V5S", "leU"]);
        for (phase, before) in ["", "x", "xy"].iter().enumerate() {
            let encoded = base64::encode(format!("{before}eyJDQSI6").as_bytes());
            assert!(encoded.contains(&again(phase.try_into().unwrap())), "{encoded}");
        }
        assert!(base64::encode(base64::encode(b"eyJDQSI6").as_bytes()).starts_with(THREE_TIMES));
    }

    #[test]
    fn the_longest_needle_has_the_stated_length() {
        let longest = Needles::all().automaton.max_pattern_len();
        assert!(longest <= MAX_LEN, "{longest}");
    }
}
