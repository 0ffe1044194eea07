//! What Consul accepts without a word.

use std::fmt;

use crate::gostd::base64;

/// How many observations of a kind are listed for one token: a token of some megabytes can hold a million. No fewer than
/// a check lists faults.
pub const MAX_OBSERVATIONS: usize = 100;

/// Something in a token's text that Consul accepts without a word and that its author hardly meant.
///
/// `offset` is in bytes: of the text for base64, of the JSON under it for fields. `path` is a field as written, with
/// dots (`Remote.Datacenter`) and indices (`CA[0]`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// Line breaks inside the base64.
    LineBreaks {
        /// The first of them.
        offset: usize,
        /// How many `\r` and `\n` there are.
        count: usize,
    },
    /// The last base64 digit carries bits that belong to no byte.
    TrailingBits {
        /// Where that digit stands.
        offset: usize,
    },
    /// Bytes that are not UTF-8, or lone surrogates, became U+FFFD.
    ReplacedText {
        /// The field.
        path: String,
        /// The first of them.
        offset: usize,
    },
    /// A key that no Consul knows.
    UnknownField {
        /// The key, after the path of its object.
        path: String,
        /// The key's first byte.
        offset: usize,
    },
    /// A key that was there before in the same object; the last one wins.
    DuplicateField {
        /// The key, after the path of its object.
        path: String,
        /// The key's first byte.
        offset: usize,
    },
    /// A key in another case than Consul writes it.
    FieldCase {
        /// The key, after the path of its object.
        path: String,
        /// The key as Consul writes it.
        expected: &'static str,
        /// The key's first byte.
        offset: usize,
    },
    /// More of a kind than [`MAX_OBSERVATIONS`], which are not listed.
    Truncated {
        /// What kind.
        kind: ObservationKind,
        /// How many more there are.
        count: usize,
    },
}

/// The kinds of observations of which one token can hold many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObservationKind {
    /// [`Observation::ReplacedText`]
    ReplacedText,
    /// [`Observation::UnknownField`]
    UnknownField,
    /// [`Observation::DuplicateField`]
    DuplicateField,
    /// [`Observation::FieldCase`]
    FieldCase,
}

/// The observations of a token's fields, as they are made: the first of each kind, and how many there were.
#[derive(Default)]
pub(super) struct Observed {
    listed: Vec<Observation>,
    /// How many were made, by [`ObservationKind`].
    made: [usize; 4],
}

impl Observed {
    /// Takes one. `observation` is asked only if it will be listed.
    pub(super) fn add(&mut self, kind: ObservationKind, observation: impl FnOnce() -> Observation) {
        let made = &mut self.made[kind as usize];
        if *made < MAX_OBSERVATIONS {
            self.listed.push(observation());
        }
        *made += 1;
    }

    /// How many were made in all.
    pub(super) fn count(&self) -> usize {
        self.made.iter().sum()
    }

    /// Those that are listed, in the order of the text; then how many are not.
    pub(super) fn finish(self) -> Vec<Observation> {
        let mut listed = self.listed;
        for kind in [
            ObservationKind::ReplacedText,
            ObservationKind::UnknownField,
            ObservationKind::DuplicateField,
            ObservationKind::FieldCase,
        ] {
            let count = self.made[kind as usize].saturating_sub(MAX_OBSERVATIONS);
            if count > 0 {
                listed.push(Observation::Truncated { kind, count });
            }
        }
        listed
    }
}

/// What is remarkable about a good base64 text that stands for so many bytes.
pub(super) fn of_base64(text: &[u8], decoded: usize) -> Vec<Observation> {
    let mut observations = Vec::new();
    if text.len() != decoded.div_ceil(3) * 4 {
        let mut breaks = text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
        if let Some((offset, _)) = breaks.next() {
            observations.push(Observation::LineBreaks { offset, count: breaks.count() + 1 });
        }
    }
    if let Some(offset) = base64::trailing_bits(text) {
        observations.push(Observation::TrailingBits { offset });
    }
    observations
}

impl fmt::Display for Observation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LineBreaks { offset, count } => {
                write!(formatter, "line breaks inside the base64: {count}, the first at byte {offset}")
            }
            Self::TrailingBits { offset } => {
                write!(
                    formatter,
                    "the last base64 digit, at byte {offset}, carries bits that belong to no byte"
                )
            }
            Self::ReplacedText { path, offset } => {
                write!(
                    formatter,
                    "{path} is not all UTF-8, from byte {offset} of the JSON on; the rest became U+FFFD"
                )
            }
            Self::UnknownField { path, offset } => {
                write!(
                    formatter,
                    "the field {path}, at byte {offset} of the JSON, is not one that Consul knows"
                )
            }
            Self::DuplicateField { path, offset } => {
                write!(formatter, "the field {path} stands twice; the one at byte {offset} of the JSON wins")
            }
            Self::FieldCase { path, expected, offset } => {
                write!(
                    formatter,
                    "the field {path}, at byte {offset} of the JSON, is written {expected} by Consul"
                )
            }
            Self::Truncated { kind, count } => {
                let what = match kind {
                    ObservationKind::ReplacedText => "texts that are not UTF-8",
                    ObservationKind::UnknownField => "fields that Consul does not know",
                    ObservationKind::DuplicateField => "fields that stand twice",
                    ObservationKind::FieldCase => "fields in another case than Consul's",
                };
                write!(formatter, "{count} more {what}, which are not listed")
            }
        }
    }
}
