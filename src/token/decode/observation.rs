//! Irregularities in a token that Consul silently accepts.

use std::fmt;

use crate::gostd::base64;

/// The maximum number of observations per kind that are listed for one token.
///
/// A token of some megabytes can have a million. The limit is not below the number of values that a check lists.
pub const MAX_OBSERVATIONS: usize = 100;

/// An irregularity in a token's text that Consul silently accepts and that is probably a mistake.
///
/// Offsets are in bytes: in the text for base64, in the decoded JSON for fields. A `path` is a field as written, with
/// dots (`Remote.Datacenter`) and indices (`CA[0]`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// Line breaks inside the base64.
    LineBreaks {
        /// The offset of the first one.
        offset: usize,
        /// The number of `\r` and `\n` characters.
        count: usize,
    },
    /// The last base64 digit has bits that do not belong to any byte.
    TrailingBits {
        /// The offset of that digit.
        offset: usize,
    },
    /// Bytes that are not UTF-8, or lone surrogates, were replaced by U+FFFD.
    ReplacedText {
        /// The field.
        path: String,
        /// The offset of the first one.
        offset: usize,
    },
    /// A key that no version of Consul has.
    UnknownField {
        /// The key, prefixed with the path of its object.
        path: String,
        /// The offset of the key.
        offset: usize,
    },
    /// A key that occurs more than once in the same object. Consul uses the last one.
    DuplicateField {
        /// The key, prefixed with the path of its object.
        path: String,
        /// The offset of the key.
        offset: usize,
    },
    /// A key whose case differs from Consul's.
    FieldCase {
        /// The key, prefixed with the path of its object.
        path: String,
        /// The key as Consul writes it.
        expected: &'static str,
        /// The offset of the key.
        offset: usize,
    },
    /// Observations above [`MAX_OBSERVATIONS`] that are not listed.
    Truncated {
        /// Their kind.
        kind: ObservationKind,
        /// Their number.
        count: usize,
    },
}

/// The kinds of observations that one token can have many of.
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

/// Collects the observations about a token's fields: the first of each kind, and the number of all.
#[derive(Default)]
pub(super) struct Observations {
    listed: Vec<Observation>,
    /// The number of observations per [`ObservationKind`].
    counts: [usize; 4],
}

impl Observations {
    /// Adds an observation. `observation` is called only if it will be listed.
    pub(super) fn add(&mut self, kind: ObservationKind, observation: impl FnOnce() -> Observation) {
        let count = &mut self.counts[kind as usize];
        if *count < MAX_OBSERVATIONS {
            self.listed.push(observation());
        }
        *count += 1;
    }

    /// Returns the listed observations in the order of the text, then the number of those that are not listed.
    pub(super) fn finish(self) -> Vec<Observation> {
        let mut listed = self.listed;
        for kind in [
            ObservationKind::ReplacedText,
            ObservationKind::UnknownField,
            ObservationKind::DuplicateField,
            ObservationKind::FieldCase,
        ] {
            let count = self.counts[kind as usize].saturating_sub(MAX_OBSERVATIONS);
            if count > 0 {
                listed.push(Observation::Truncated { kind, count });
            }
        }
        listed
    }
}

/// Returns the observations about a valid base64 text that decodes to `decoded_len` bytes.
pub(super) fn of_base64(text: &[u8], decoded_len: usize) -> Vec<Observation> {
    let mut observations = Vec::new();
    if text.len() != decoded_len.div_ceil(3) * 4 {
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
                write!(formatter, "the base64 contains line breaks: {count}, the first at byte {offset}")
            }
            Self::TrailingBits { offset } => {
                write!(
                    formatter,
                    "the last base64 digit, at byte {offset}, has bits that do not belong to any byte"
                )
            }
            Self::ReplacedText { path, offset } => {
                write!(
                    formatter,
                    "{path} contains bytes that are not UTF-8, the first at byte {offset} of the JSON; Consul replaces them by U+FFFD"
                )
            }
            Self::UnknownField { path, offset } => {
                write!(formatter, "the field {path}, at byte {offset} of the JSON, is not a field of a token")
            }
            Self::DuplicateField { path, offset } => {
                write!(
                    formatter,
                    "the field {path} is duplicate; Consul uses the one at byte {offset} of the JSON"
                )
            }
            Self::FieldCase { path, expected, offset } => {
                write!(
                    formatter,
                    "the field {path}, at byte {offset} of the JSON, should be written {expected}"
                )
            }
            Self::Truncated { kind, count } => {
                let what = match kind {
                    ObservationKind::ReplacedText => "values that are not UTF-8",
                    ObservationKind::UnknownField => "unknown fields",
                    ObservationKind::DuplicateField => "duplicate fields",
                    ObservationKind::FieldCase => "fields whose case differs from Consul's",
                };
                write!(formatter, "{count} more {what} (not listed)")
            }
        }
    }
}
