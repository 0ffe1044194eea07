//! Several tokens pasted one after the other, with or without text between them.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::Extracted;
use crate::token::pasted_base64::TOKEN_STARTS;
use crate::token::repair::Repair;
use crate::token::surrounded;

/// The maximum number of tokens in one text.
const MAX_TOKENS: usize = 10_000;

/// Returns whether a second token starts in a text.
pub(super) fn may_be_several(text: &[u8]) -> bool {
    starts(text).nth(1).is_some()
}

/// Returns the tokens, if there are at least two different ones. Those that are shortened are left out if they are the
/// start of a complete one, as in a log.
pub(super) fn find(text: &[u8]) -> Vec<Extracted> {
    let starts: Vec<usize> = starts(text).take(MAX_TOKENS).collect();
    if starts.len() < 2 {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let mut tokens: Vec<&[u8]> =
        starts.iter().zip(ends).map(|(start, end)| surrounded::token_at(&text[*start..end])).collect();
    let mut seen = HashSet::new();
    tokens.retain(|token| seen.insert(*token));
    // In this order, a text that starts with another one comes soon after it.
    let mut sorted = tokens.clone();
    sorted.sort_unstable();
    let shortened: HashSet<&[u8]> =
        sorted.windows(2).filter(|pair| pair[1].starts_with(pair[0])).map(|pair| pair[0]).collect();
    tokens.retain(|token| !shortened.contains(token));
    if tokens.len() < 2 {
        return Vec::new();
    }
    let numbered = tokens.into_iter().zip(1..).map(|(token, number)| Extracted {
        text: Zeroizing::new(token.to_vec()),
        document: Repair::SeveralTokens,
        place: Some(format!("token {number}")),
    });
    numbered.collect()
}

/// Returns where tokens start: at the start of a word.
fn starts(text: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memmem::find_iter(text, b"eyJ").filter(move |at| {
        let is_word_start =
            *at == 0 || !(text[at - 1].is_ascii_alphanumeric() || b"+/".contains(&text[at - 1]));
        is_word_start && TOKEN_STARTS.iter().any(|start| text[*at..].starts_with(start))
    })
}
