//! Secrets that the command line and the environment contain: no output repeats them.
//!
//! People paste a token where a name belongs, or an ACL token into the wrong variable. Errors, results and logs all name
//! such values, so everything that is printed is searched for them.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::sync::OnceLock;

use crate::platform::{DIRECTORY_VARIABLES, USER_VARIABLES};
use crate::token::redact::{TOKEN, base64_runs, replace, token_ranges};
use crate::token::resemblance::is_uuid;

/// Replaces a UUID that can be an ACL token.
const UUID: &str = "<UUID>";

/// The minimum length of base64 that is treated as a part of a given token.
const MIN_PART_LEN: usize = 16;

/// The variables that this program reads on every system, besides those that start with `PEERING_`, `CONSUL_` or `XDG_`.
const VARIABLES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

static GIVEN: OnceLock<GivenSecrets> = OnceLock::new();

/// The secrets that this process was given.
#[derive(Debug, Default)]
struct GivenSecrets {
    /// In lower case.
    uuids: Vec<String>,
    /// The base64 of each token, without line ends.
    tokens: Vec<String>,
}

/// Remembers the secrets in the command line and in the variables that this program reads.
pub fn remember(words: &[OsString], variables: impl IntoIterator<Item = (OsString, OsString)>) {
    let is_read = |name: &OsStr| {
        let name = name.to_string_lossy().to_uppercase();
        let name = name.as_str();
        VARIABLES.contains(&name)
            || DIRECTORY_VARIABLES.contains(&name)
            || USER_VARIABLES.contains(&name)
            || ["PEERING_", "CONSUL_", "XDG_"].iter().any(|prefix| name.starts_with(prefix))
    };
    let mut given = GivenSecrets::default();
    for (index, word) in words.iter().enumerate() {
        let is_free_text = words[0] == "explain" && is_part_of_text(words, index);
        given.add(&word.to_string_lossy(), !is_free_text);
    }
    for (_, value) in variables.into_iter().filter(|(name, _)| is_read(name)) {
        given.add(&value.to_string_lossy(), true);
    }
    // Set once: a process has one command line.
    let _ = GIVEN.set(given);
}

/// Replaces the given secrets in a text.
pub fn hide(text: &str) -> Cow<'_, str> {
    GIVEN.get().map_or(Cow::Borrowed(text), |given| given.hide(text))
}

/// Whether a word is one of several that together are the text to explain. A UUID there is a peer ID in most cases.
fn is_part_of_text(words: &[OsString], index: usize) -> bool {
    let is_plain = |index: usize| {
        index > 0 && words.get(index).is_some_and(|word| !word.to_string_lossy().starts_with('-'))
    };
    is_plain(index) && (is_plain(index - 1) || (index == 1 && is_plain(index + 1)))
}

impl GivenSecrets {
    fn add(&mut self, word: &str, with_uuids: bool) {
        // The value of `-name=VALUE`.
        let value = match word.strip_prefix('-') {
            Some(option) => option.split_once('=').map_or(option, |(_, value)| value),
            None => word,
        };
        let value = value.trim();
        for range in token_ranges(value) {
            let lines = base64_runs(&value[range.clone()]);
            self.tokens.push(lines.map(|line| &value[range.clone()][line]).collect());
        }
        if with_uuids && !value.contains(char::is_whitespace) {
            let is_separator = |c: char| !c.is_ascii_alphanumeric() && !"-/._".contains(c);
            let pieces = value.split(is_separator).map(|piece| piece.trim_matches(['-', '/']));
            self.uuids.extend(pieces.filter(|piece| is_uuid(piece.as_bytes())).map(str::to_ascii_lowercase));
        }
    }

    fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let without_uuids = if self.uuids.is_empty() {
            Cow::Borrowed(text)
        } else {
            replace(text, self.uuids_in(text), UUID)
        };
        if self.tokens.is_empty() {
            return without_uuids;
        }
        match without_uuids {
            Cow::Borrowed(text) => replace(text, self.tokens_in(text), TOKEN),
            Cow::Owned(text) => Cow::Owned(replace(&text, self.tokens_in(&text), TOKEN).into_owned()),
        }
    }

    fn uuids_in(&self, text: &str) -> Vec<Range<usize>> {
        let lower = text.to_ascii_lowercase();
        let found = self.uuids.iter().flat_map(|uuid| lower.match_indices(uuid.as_str()));
        let mut ranges: Vec<Range<usize>> = found.map(|(at, uuid)| at..at + uuid.len()).collect();
        ranges.sort_by_key(|range| range.start);
        ranges.dedup();
        ranges
    }

    /// Finds whole tokens and parts of them.
    fn tokens_in(&self, text: &str) -> Vec<Range<usize>> {
        base64_runs(text)
            .filter_map(|run| Some(run.start + self.start_of_token(&text[run.clone()])?..run.end))
            .collect()
    }

    /// Returns where a token or a part of one starts in base64. Other base64 may precede it: `NAME=TOKEN`, `//TOKEN`.
    fn start_of_token(&self, base64: &str) -> Option<usize> {
        let part = base64.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        if part.len() < MIN_PART_LEN {
            return None;
        }
        self.tokens.iter().find_map(|token| {
            if token.contains(part) {
                return Some(base64.len() - part.len());
            }
            base64.find(token.get(..MIN_PART_LEN)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACL_TOKEN: &str = "695329ee-1d09-40ea-9d75-0123456789ab";

    fn given(text: &str) -> GivenSecrets {
        let mut given = GivenSecrets::default();
        given.add(text, true);
        given
    }

    #[test]
    fn a_uuid_that_was_given_as_a_value_is_hidden() {
        let name = ACL_TOKEN.to_uppercase();
        for word in [
            "UUID",
            "@UUID",
            "-name=UUID",
            "-UUID",
            "key=UUID",
            "http://UUID:8500",
            "'UUID'",
            " UUID\n",
            "-name= UUID\n",
        ] {
            let given = given(&word.replace("UUID", ACL_TOKEN));
            assert_eq!(given.hide(&format!("{ACL_TOKEN}, {name}")), "<UUID>, <UUID>", "{word}");
        }
        for word in ["a/UUID/b", "unknown peer UUID", "UUID.token", "xUUID"] {
            let given = given(&word.replace("UUID", ACL_TOKEN));
            assert_eq!(given.hide(ACL_TOKEN), ACL_TOKEN, "{word}");
        }
    }

    #[test]
    fn a_token_that_was_given_is_hidden_whole_and_in_parts() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        let given = given(&format!("-meta=key={}\n{}", &token[..76], &token[76..]));
        assert_eq!(given.hide(&format!("a {token} b")), "a <token> b");
        assert_eq!(given.hide(&format!("{}… {}", &token[..40], &token[200..300])), "<token>… <token>");
        assert_eq!(given.hide(&format!("west={token}:1")), "west=<token>:1");
        assert_eq!(given.hide("Peering west in dc1"), "Peering west in dc1");
    }

    #[test]
    fn a_uuid_in_a_text_to_explain_is_kept() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(is_part_of_text(&words("explain unknown PeerID UUID"), 3));
        assert!(is_part_of_text(&words("explain UUID unknown"), 1));
        assert!(!is_part_of_text(&words("explain UUID"), 1));
        assert!(!is_part_of_text(&words("explain -log UUID"), 2));
    }
}
