//! What a search found, without secrets: the output of `find`.

use serde::Serialize;

use super::baseline::Baseline;
use super::token_found::TokenFound;

/// The version of the JSON form of [`Report`].
pub const SCHEMA_VERSION: u32 = 1;

/// The output of `find -format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The result.
    pub status: Status,
    /// The tokens that the baseline does not contain, in the order of the arguments, paths and lines.
    pub tokens: Vec<TokenFound>,
    /// How many tokens were found that the baseline contains.
    pub known: usize,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// What was searched.
    pub searched: Searched,
}

/// The result of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything was searched, and contains only tokens of the baseline, or none.
    None,
    /// A token was found.
    Found,
    /// Something could not be read.
    Unreadable,
}

/// A file or directory that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unreadable {
    /// Its path, or `-` for standard input.
    pub path: String,
    /// The reason.
    pub reason: String,
}

/// What was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Searched {
    /// The number of files, including standard input.
    pub files: u64,
    /// Their length in bytes.
    pub bytes: u64,
}

impl Report {
    /// Combines what was found, without the tokens of a baseline.
    pub fn new(
        found: impl IntoIterator<Item = TokenFound>,
        baseline: &Baseline,
        unreadable: Vec<Unreadable>,
        searched: Searched,
    ) -> Self {
        let (known, tokens): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|token| baseline.contains(&token.token_sha256));
        let status = match (&unreadable[..], &tokens[..]) {
            ([_, ..], _) => Status::Unreadable,
            ([], [_, ..]) => Status::Found,
            ([], []) => Status::None,
        };
        Self { version: SCHEMA_VERSION, status, tokens, known: known.len(), unreadable, searched }
    }
}
