//! The token to diagnose, as it was given.

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::lint::{self, Reference, Report};
use crate::token::recover::{Repair, recover, without_line_end};
use crate::token::{Secret, Token, document};

/// A token's text, and the token in it if it can be decoded.
pub struct GivenToken {
    text: Zeroizing<Vec<u8>>,
    token: Option<Token>,
    extracted_from: Option<Repair>,
}

impl GivenToken {
    /// Takes text that a person has: a token, or a document that contains one. The document is not what Consul was given,
    /// so only the token in it is diagnosed.
    pub fn new(text: Zeroizing<Vec<u8>>) -> Self {
        let mut found = document::extract(&text);
        match found.pop() {
            Some(only) if found.is_empty() => Self::extracted(only.text, Some(only.document)),
            _ => Self::extracted(text, None),
        }
    }

    /// Takes a text that may have been inside a document.
    pub fn extracted(text: Zeroizing<Vec<u8>>, extracted_from: Option<Repair>) -> Self {
        let token = recover(&text).ok().map(|recovered| recovered.decoded.token);
        Self { text, token, extracted_from }
    }

    /// Takes the exact text that Consul is given.
    pub fn exact(text: &Secret) -> Self {
        Self::extracted(Zeroizing::new(text.expose().as_bytes().to_vec()), None)
    }

    /// Returns the token, if the text can be decoded.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Returns the document that contained the token.
    pub fn extracted_from(&self) -> Option<Repair> {
        self.extracted_from
    }

    /// Checks the token as of `now`, as this Consul does.
    pub fn report(&self, now: Timestamp, reference: Reference) -> Report {
        lint::check(without_line_end(&self.text), &lint::Options::new(now).with_reference(reference))
    }
}
