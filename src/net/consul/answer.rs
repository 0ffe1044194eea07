//! What Consul's HTTP API answers, read.

use serde::Deserialize;

use super::RequestError;
use crate::token::Secret;

/// The answer to a generated token.
#[derive(Debug, Deserialize)]
pub struct GeneratedToken {
    /// The token's text. All of it is secret, for it holds the establishment secret.
    #[serde(rename = "PeeringToken", deserialize_with = "secret")]
    pub peering_token: Secret,
}

/// `GET /v1/connect/ca/roots`: whose cluster this is, and what it signs with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CaRoots {
    /// `<cluster-uuid>.consul`
    #[serde(rename = "TrustDomain", default)]
    pub trust_domain: String,
    /// The roots, the active one among them.
    #[serde(rename = "Roots", default)]
    pub roots: Vec<CaRoot>,
}

/// One root of a cluster's CA.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CaRoot {
    /// The certificate, PEM.
    #[serde(rename = "RootCert", default)]
    pub certificate: String,
}

fn secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::from)
}

/// Reads a JSON answer. The error tells what came instead, but shows nothing of it: it may hold a token.
pub(super) fn read<T: for<'de> Deserialize<'de>>(what: &str, body: &[u8]) -> Result<T, RequestError> {
    serde_json::from_slice(body).map_err(|error| {
        let looks_like = match body.trim_ascii_start().first() {
            None => "it is empty",
            Some(b'<') => "it looks like an HTML page: is there a proxy or a login page in front of Consul?",
            Some(b'{' | b'[') => "it is JSON of another shape, or cut short",
            Some(_) => "it is not JSON: is this Consul's HTTP API?",
        };
        RequestError::Unreadable(format!(
            "the answer is not a {what} ({looks_like}; line {}, column {}, {} bytes)",
            error.line(),
            error.column(),
            body.len()
        ))
    })
}
