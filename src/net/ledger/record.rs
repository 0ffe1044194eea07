//! One record: what the ledger stores about a generated token.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::gostd::{base64, pem};
use crate::hex::sha256_hex;
use crate::token::{Token, fingerprint};

/// A record with its number in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedRecord {
    /// 1 for the first record.
    pub number: u64,
    /// The record.
    pub record: Record,
}

/// What the ledger stores about one token: fingerprints of the token and its secret, but neither of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When the token was generated, or imported.
    pub recorded_at: Timestamp,
    /// The local name that it was generated for.
    pub name: String,
    /// The acceptor's admin partition; empty in the community edition.
    pub partition: String,
    /// The acceptor's datacenter; `None` in tokens of Consul 1.13.
    pub datacenter: Option<String>,
    /// The acceptor's trust domain.
    pub trust_domain: Option<String>,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// The addresses in the order in which a dialer tries them.
    pub addresses: Vec<String>,
    /// Whether a dialer uses TLS.
    pub tls: bool,
    /// The valid CA certificates of the token.
    pub roots: Vec<Root>,
    /// SHA-256 of the establishment secret; `None` if the token has none.
    pub secret_sha256: Option<String>,
    /// SHA-256 of the token's text without line breaks, as `inspect` shows it; empty if no token was returned.
    pub token_sha256: String,
    /// The user who ran the command.
    pub user: String,
    /// The host on which the command ran.
    pub host: String,
    /// How the ledger got the token.
    pub origin: Origin,
    /// The state of the peering before the token was generated, if it was checked: `NONE` if there was no peering,
    /// `PENDING after use` if the acceptor waited for the dialer after a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<String>,
}

/// A CA certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// SHA-256 of the DER.
    pub sha256: String,
    /// The DER in base64, to verify the acceptor's TLS certificate later.
    pub der: String,
}

/// How the ledger got a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `generate-token` got it from Consul at the time of the record.
    Generated,
    /// `ledger import` added it at the time of the record. It was generated at some earlier, unknown time.
    Imported,
    /// A generate request failed after Consul had stored a new secret. No token was returned, and an earlier unused token of
    /// the peering no longer works. The record has no token.
    Failed,
    /// A generate request was about to be sent, or was sent, and its answer did not arrive. An earlier unused token of the
    /// peering may no longer work. The record has no token.
    Unanswered,
    /// `revoke` generated a token and discarded it. An earlier unused token of the peering no longer works. The record has no
    /// token.
    Revoked,
    /// A generate request was not sent, or Consul refused it before it stored a new secret. It changed nothing, so
    /// [`super::Ledger::records`] ignores the record.
    Refused,
}

impl Origin {
    /// Returns whether a record of this origin has no token.
    pub fn has_no_token(self) -> bool {
        matches!(self, Self::Failed | Self::Unanswered | Self::Revoked | Self::Refused)
    }
}

/// The fields of a record that a token does not contain.
#[derive(Debug, Clone)]
pub struct RecordMeta {
    /// See [`Record::recorded_at`].
    pub recorded_at: Timestamp,
    /// See [`Record::name`].
    pub name: String,
    /// See [`Record::partition`].
    pub partition: String,
    /// See [`Record::user`].
    pub user: String,
    /// See [`Record::host`].
    pub host: String,
    /// See [`Record::origin`].
    pub origin: Origin,
    /// See [`Record::state_before`].
    pub state_before: Option<String>,
}

impl Record {
    /// Makes the record of a token and its text.
    ///
    /// Of the CA entries, only certificates are stored, so a private key beside one is not.
    pub fn of(token: &Token, text: &str, meta: RecordMeta) -> Self {
        let entries = token.ca.as_deref().unwrap_or_default();
        Self {
            recorded_at: meta.recorded_at,
            name: meta.name,
            partition: meta.partition,
            datacenter: token.remote.as_ref().map(|remote| remote.datacenter.clone()),
            trust_domain: token.trust_domain().map(str::to_owned),
            peer_id: token.peer_id.clone(),
            server_name: token.server_name.clone(),
            addresses: token.dialed_addresses().to_vec(),
            tls: !entries.is_empty(),
            roots: entries.iter().filter_map(|entry| Root::read(entry)).collect(),
            secret_sha256: token.establishment_secret.sha256(),
            token_sha256: fingerprint(text),
            user: meta.user,
            host: meta.host,
            origin: meta.origin,
            state_before: meta.state_before,
        }
    }

    /// Makes the record of a token that `revoke` generated and discarded.
    pub fn of_discarded(token: &Token, meta: RecordMeta) -> Self {
        let meta = RecordMeta { origin: Origin::Revoked, ..meta };
        Self { secret_sha256: None, token_sha256: String::new(), ..Self::of(token, "", meta) }
    }

    /// Makes the record of a generate request that returned no token. `previous` is an earlier record of the peering.
    pub fn without_token(peer_id: Option<String>, previous: Option<&Self>, meta: RecordMeta) -> Self {
        let same = previous.filter(|previous| peer_id.as_ref().is_none_or(|id| *id == previous.peer_id));
        Self {
            recorded_at: meta.recorded_at,
            name: meta.name,
            partition: meta.partition,
            datacenter: same.and_then(|previous| previous.datacenter.clone()),
            trust_domain: same.and_then(|previous| previous.trust_domain.clone()),
            peer_id: peer_id.or_else(|| same.map(|previous| previous.peer_id.clone())).unwrap_or_default(),
            server_name: same.map(|previous| previous.server_name.clone()).unwrap_or_default(),
            addresses: Vec::new(),
            tls: false,
            roots: Vec::new(),
            secret_sha256: None,
            token_sha256: String::new(),
            user: meta.user,
            host: meta.host,
            origin: meta.origin,
            state_before: meta.state_before,
        }
    }

    /// Returns the text to store.
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a record of plain fields has a JSON form")
    }

    /// Returns whether this request, which returned no token, belongs to the peering of a token's record.
    pub(super) fn may_replace(&self, record: &Self) -> bool {
        if self.peer_id.is_empty() {
            return self.name == record.name && self.partition == record.partition;
        }
        self.peer_id == record.peer_id
    }

    /// Parses the stored text. Fields that a newer version added are ignored. The error is the reason.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// Checks that the fields are plausible. The error is the reason why one is not.
    pub(super) fn validate(&self) -> Result<(), String> {
        let is_sha256 = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.name.is_empty() {
            return Err("the name is empty".to_owned());
        }
        if !self.origin.has_no_token() && !is_sha256(&self.token_sha256) {
            return Err("token_sha256 is not a SHA-256".to_owned());
        }
        if self.secret_sha256.as_deref().is_some_and(|text| !is_sha256(text)) {
            return Err("secret_sha256 is not a SHA-256".to_owned());
        }
        for root in &self.roots {
            let der = base64::decode(root.der.as_bytes()).map_err(|_| "a CA certificate is not base64")?;
            if sha256_hex(&der) != root.sha256 {
                return Err(format!("the CA certificate {} has another SHA-256", root.sha256));
            }
        }
        Ok(())
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
    fn a_record_contains_no_secret_and_round_trips() {
        let token = Token {
            ca: Some(vec!["-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n".to_owned()]),
            peer_id: "id".to_owned(),
            establishment_secret: "hunter2".into(),
            ..Token::default()
        };
        let text = crate::token::encode(&token);
        let meta = RecordMeta {
            recorded_at: "2026-11-24T09:00:00Z".parse().unwrap(),
            name: "west".to_owned(),
            partition: String::new(),
            user: "ann".to_owned(),
            host: "here".to_owned(),
            origin: Origin::Generated,
            state_before: None,
        };
        let record = Record::of(&token, &text, meta);
        assert_eq!(record.validate(), Ok(()));
        let stored = record.to_text();
        assert!(!stored.contains("hunter2") && !stored.contains(&**text) && !stored.contains("c2VjcmV0"));
        assert_eq!(Record::from_text(&stored).unwrap(), record);
    }
}
