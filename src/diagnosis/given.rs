//! The token to diagnose, as it was given.

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::lint::{self, Reference, Report};
use crate::token::recover::{Repair, recover, without_line_end};
use crate::token::{Secret, Token};

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
        let Ok(recovered) = recover(&text) else { return Self { text, token: None, extracted_from: None } };
        let extracted_from = recovered.extracted_from();
        let text = if extracted_from.is_some() { recovered.text.as_bytes().to_vec().into() } else { text };
        Self { text, token: Some(recovered.decoded.token), extracted_from }
    }

    /// Takes the exact text that Consul is given.
    pub fn exact(text: &Secret) -> Self {
        let text = Zeroizing::new(text.expose().as_bytes().to_vec());
        let token = recover(&text).ok().map(|recovered| recovered.decoded.token);
        Self { text, token, extracted_from: None }
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
