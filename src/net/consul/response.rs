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
    /// The active root, and earlier ones that certificates may still use.
    #[serde(rename = "Roots", default)]
    pub roots: Vec<CaRoot>,
}

/// One root of a cluster's CA.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CaRoot {
    /// The certificate, PEM.
    #[serde(rename = "RootCert", default)]
    pub certificate: String,
    /// The intermediates that servers present with it, PEM. After a rotation with cross-signing, one of them is this root,
    /// signed by the earlier one. `None` is Consul's `null`.
    #[serde(rename = "IntermediateCerts", default)]
    pub intermediates: Option<Vec<String>>,
    /// Whether it signs new certificates. At most one root does.
    #[serde(rename = "Active", default)]
    pub active: bool,
}

impl CaRoots {
    /// Returns the active root and its intermediates, PEM; empty if no root is active.
    pub fn into_active_chain(self) -> Vec<String> {
        let active = self.roots.into_iter().find(|root| root.active);
        active.map_or_else(Vec::new, |root| {
            std::iter::once(root.certificate).chain(root.intermediates.unwrap_or_default()).collect()
        })
    }
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
