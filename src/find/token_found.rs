//! A token that was found, without its secret.

use serde::Serialize;

use super::{Found, Span};
use crate::staleness::Assessment;
use crate::token::redact::{SECRET, redact};
use crate::token::shown::shown;

/// A token that was found.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenFound {
    /// The path of the file, or `-` for standard input.
    pub path: String,
    /// Its lines and columns.
    #[serde(flatten)]
    pub span: Span,
    /// The commit that added or removed it, if a history was searched.
    pub commit: Option<String>,
    /// Whether the commit added or removed it.
    pub change: Option<Change>,
    /// How often it was encoded as base64: 1 for the text that Consul accepts, 2 in the `data` of a Kubernetes Secret.
    pub encodings: usize,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// SHA-256 of the text that Consul accepts: identifies the token without showing it.
    pub token_sha256: String,
    /// Whether the token still works, if that was asked.
    pub staleness: Option<Assessment>,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It added the token.
    Added,
    /// It removed the token, which an earlier commit contains.
    Removed,
}

impl From<&Found> for TokenFound {
    fn from(found: &Found) -> Self {
        let Found { place, encodings, fingerprint, token } = found;
        let change = if place.removed { Change::Removed } else { Change::Added };
        // A token is text that a stranger may have written: its secret can be in other fields too.
        let secret = token.establishment_secret.expose();
        let without_secret = |text: &str| {
            let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, SECRET) };
            shown(text)
        };
        Self {
            path: without_tokens(&place.path),
            span: place.span,
            change: place.commit.is_some().then_some(change),
            commit: place.commit.clone(),
            encodings: *encodings,
            peer_id: without_secret(&token.peer_id),
            server_name: without_secret(&token.server_name),
            token_sha256: fingerprint.clone(),
            staleness: None,
        }
    }
}

/// Returns a path that is safe to show: people put a token where a name belongs.
pub fn without_tokens(path: &str) -> String {
    if path.contains("eyJ") { redact(path).into_owned() } else { path.to_owned() }
}
