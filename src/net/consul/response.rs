//! The JSON responses of Consul's HTTP API.

use serde::Deserialize;

use super::RequestError;
use crate::token::Secret;

/// The response to `POST /v1/peering/token`.
#[derive(Debug, Deserialize)]
pub struct GeneratedToken {
    /// The token. All of it is secret, because it contains the establishment secret.
    #[serde(rename = "PeeringToken", deserialize_with = "secret")]
    pub peering_token: Secret,
}

/// `GET /v1/connect/ca/roots`: the trust domain of a cluster and its CA roots.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CaRoots {
    /// `<cluster-uuid>.consul`
    #[serde(rename = "TrustDomain", default)]
    pub trust_domain: String,
    /// The roots, including the active one.
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

/// Parses a JSON response. The error describes the response but shows nothing of it, because it may contain a token.
pub(super) fn parse_json<T: for<'de> Deserialize<'de>>(what: &str, body: &[u8]) -> Result<T, RequestError> {
    serde_json::from_slice(body).map_err(|error| {
        let description = match body.trim_ascii_start().first() {
            None => "it is empty",
            Some(b'<') => "it is an HTML page: is there a proxy or a login page in front of Consul?",
            Some(b'{' | b'[') => "it is unexpected JSON, or truncated",
            Some(_) => "it is not JSON: is this Consul's HTTP API?",
        };
        RequestError::Unreadable(format!(
            "the response is not a {what} ({description}; line {}, column {}, {} bytes)",
            error.line(),
            error.column(),
            body.len()
        ))
    })
}
