//! One record: what is written down of a generated token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::certificate::Certificate;
use crate::gostd::{base64, pem};
use crate::token::{Token, fingerprint};

/// What is written down of one token. Neither the token nor its secret is in it, only their fingerprints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Record {
    /// When the token was generated, or imported.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub time: Timestamp,
    /// The local name that it was generated for.
    pub name: String,
    /// The acceptor's admin partition; empty where there are none.
    pub partition: String,
    /// The acceptor's datacenter; `None` in tokens of Consul 1.13.
    pub datacenter: Option<String>,
    /// The acceptor's trust domain.
    pub trust_domain: Option<String>,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// The addresses that a dialer tries, in its order.
    pub addresses: Vec<String>,
    /// Whether a dialer uses TLS.
    pub tls: bool,
    /// The CA certificates of the token that could be read.
    pub roots: Vec<Root>,
    /// SHA-256 of the establishment secret; `None` if there is none.
    pub secret_sha256: Option<String>,
    /// SHA-256 of the token's text without line breaks, as `inspect` shows it.
    pub token_sha256: String,
    /// Who ran the command.
    pub user: String,
    /// Where.
    pub host: String,
    /// How it is known.
    pub source: Origin,
    /// The state of the peering right before, where somebody looked: `NONE` if there was no peering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<String>,
}

/// A CA certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Root {
    /// SHA-256 of the DER.
    pub sha256: String,
    /// The DER, in base64: what it takes to speak TLS with the acceptor later.
    pub der: String,
}

/// How a token is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// `generate-token` got it from Consul, at the time that the record tells.
    Generated,
    /// Somebody had it from elsewhere. The time is that of the import, and whether it was really generated after the
    /// records before it is that person's word.
    Imported,
}

/// What a token does not say about itself.
#[derive(Debug, Clone)]
pub struct RecordMeta {
    /// See [`Record::time`].
    pub time: Timestamp,
    /// See [`Record::name`].
    pub name: String,
    /// See [`Record::partition`].
    pub partition: String,
    /// See [`Record::user`].
    pub user: String,
    /// See [`Record::host`].
    pub host: String,
    /// See [`Record::source`].
    pub source: Origin,
    /// See [`Record::state_before`].
    pub state_before: Option<String>,
}

impl Record {
    /// Takes from a token and its text what may be written down: fingerprints, certificates, and where to dial.
    ///
    /// Of the CA entries only what is a certificate is kept: a private key that stands beside one stays out.
    pub fn of(token: &Token, text: &str, circumstances: RecordMeta) -> Self {
        let entries = token.ca.as_deref().unwrap_or_default();
        Self {
            time: circumstances.time,
            name: circumstances.name,
            partition: circumstances.partition,
            datacenter: token.remote.as_ref().map(|remote| remote.datacenter.clone()),
            trust_domain: token.trust_domain().map(str::to_owned),
            peer_id: token.peer_id.clone(),
            server_name: token.server_name.clone(),
            addresses: token.dialed_addresses().to_vec(),
            tls: !entries.is_empty(),
            roots: entries.iter().filter_map(|entry| Root::read(entry)).collect(),
            secret_sha256: token.establishment_secret.sha256(),
            token_sha256: fingerprint(text),
            user: circumstances.user,
            host: circumstances.host,
            source: circumstances.source,
            state_before: circumstances.state_before,
        }
    }

    /// The text that is stored and hashed.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a record of plain fields has a JSON form")
    }

    /// Reads the text back. Fields that a newer version added are passed over.
    pub(super) fn read(number: u64, text: &str) -> Result<Self, LedgerError> {
        serde_json::from_str(text)
            .map_err(|error| LedgerError::Unreadable { number, reason: error.to_string() })
    }
}

impl Root {
    fn read(entry: &str) -> Option<Self> {
        let block = pem::decode(entry.as_bytes()).filter(|block| block.label == b"CERTIFICATE")?;
        let certificate = Certificate::from_der(&block.bytes).ok()?;
        Some(Self { sha256: certificate.sha256, der: base64::encode(&block.bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_neither_the_token_nor_the_secret_and_reads_back() {
        let token = Token {
            ca: Some(vec!["-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n".to_owned()]),
            peer_id: "id".to_owned(),
            establishment_secret: "hunter2".into(),
            ..Token::default()
        };
        let text = crate::token::encode(&token);
        let circumstances = RecordMeta {
            time: "2026-11-24T09:00:00Z".parse().unwrap(),
            name: "west".to_owned(),
            partition: String::new(),
            user: "ann".to_owned(),
            host: "here".to_owned(),
            source: Origin::Generated,
            state_before: None,
        };
        let record = Record::of(&token, &text, circumstances);
        let written = record.to_text();
        assert!(!written.contains("hunter2") && !written.contains(&**text) && !written.contains("c2VjcmV0"));
        assert_eq!(Record::read(1, &written).unwrap(), record);
    }
}
