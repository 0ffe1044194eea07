//! Everything that `inspect` tells of a token: one value, which the renderers write.
//!
//! Its JSON form is documented and stable: [`SCHEMA_VERSION`] grows when a field changes its meaning or goes away; new
//! fields may come at any time.

pub mod diff;
pub(crate) mod field;

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::gostd::pem;
use crate::lint::acceptance::Acceptance;
use crate::lint::context::{Address, CaEntry, Context, WARN_BEFORE};
use crate::lint::report::{Finding, Report, RuleSet};
use crate::token::recover::{Recovered, Repair};
use crate::token::{Decoded, HostKind, Locality, Token, fingerprint};

pub use field::{FieldError, field};

/// The version of the JSON form of [`Inspections`].
pub const SCHEMA_VERSION: u32 = 1;

/// What `inspect -format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inspections {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// One for each token that could be decoded, in the order given.
    pub tokens: Vec<Inspection>,
}

/// What one token says.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inspection {
    /// Where the token came from: `argument`, `@FILE` or `-`.
    pub source: String,
    /// What had to be undone before Consul would read it.
    pub undone: Vec<Repair>,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// The trust domain in `server_name`.
    pub trust_domain: Option<String>,
    /// The acceptor's datacenter; `null` in tokens of Consul 1.13.
    pub datacenter: Option<String>,
    /// The acceptor's admin partition; empty in the community edition.
    pub partition: Option<String>,
    /// The acceptor's locality, where it has one.
    pub locality: Option<Locality>,
    /// The establishment secret, hidden unless asked for.
    pub establishment_secret: SecretFacts,
    /// Every address in the token: the manual ones first, then the servers'.
    pub addresses: Vec<AddressFacts>,
    /// Whether the dialer will use TLS: whether there is a CA.
    pub tls: bool,
    /// One for each entry of `CA`.
    pub certificates: Vec<CertificateFacts>,
    /// What Consul says of the token, once what had to be undone is undone.
    pub consul: Acceptance,
    /// What we find in it.
    pub findings: Vec<Finding>,
    /// SHA-256 of the token's text as Consul would take it; names a token without showing it.
    pub token_sha256: String,
}

/// What may be known of the establishment secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretFacts {
    /// Whether there is one.
    pub present: bool,
    /// SHA-256 of it: tells two secrets apart without showing either.
    pub sha256: Option<String>,
    /// The secret itself, only when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One address of a token.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AddressFacts {
    /// As it stands in the token.
    pub address: String,
    /// The host without brackets; `null` when Consul cannot read the address.
    pub host: Option<String>,
    /// `ipv4`, `ipv6`, `name` or `empty`.
    pub kind: Option<&'static str>,
    /// 1–65535.
    pub port: Option<u16>,
    /// `manual` (`-server-external-addresses`) or `server`.
    pub origin: &'static str,
    /// Whether Consul dials it: manual addresses are dialed instead of the servers'.
    pub dialed: bool,
}

/// One entry of `CA`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CertificateFacts {
    /// Whole days from now until it expires; negative once it has. `null` without a certificate.
    pub days_left: Option<i64>,
    /// The certificate, if one could be read.
    #[serde(flatten)]
    pub certificate: Option<Certificate>,
    /// Why none could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The certificates in the entry, PEM, each with a last line end; nothing else that stands there, such as a key.
    #[serde(skip)]
    pub pem: String,
}

impl Inspection {
    /// Gathers what a token says. `show_secret` puts the secret itself into the value.
    pub fn new(source: String, recovered: Recovered, now: Timestamp, show_secret: bool) -> Self {
        let Recovered { decoded, text, repairs: undone } = recovered;
        let facts = Context::gather(text.trim_end().as_bytes(), Ok(&decoded), now, WARN_BEFORE, |entry| {
            Arc::new(CaEntry::read(entry))
        });
        let report = Report::of(&facts, &RuleSet::all());
        let addresses = facts.addresses.iter().map(AddressFacts::of).collect();
        let ca_entries = facts.ca_entries.clone();
        let Decoded { token, .. } = decoded;
        let entries = token.ca.iter().flatten().zip(ca_entries);
        let certificates: Vec<_> =
            entries.map(|(entry, authority)| CertificateFacts::of(entry, &authority, now)).collect();
        Self {
            source,
            undone,
            addresses,
            tls: !certificates.is_empty(),
            certificates,
            trust_domain: token.trust_domain().map(str::to_owned),
            establishment_secret: SecretFacts::of(&token, show_secret),
            consul: report.consul,
            findings: report.findings,
            token_sha256: fingerprint(&text),
            datacenter: token.remote.as_ref().map(|remote| remote.datacenter.clone()),
            partition: token.remote.as_ref().map(|remote| remote.partition.clone()),
            locality: token.remote.and_then(|remote| remote.locality),
            peer_id: token.peer_id,
            server_name: token.server_name,
        }
    }
}

impl SecretFacts {
    fn of(token: &Token, show: bool) -> Self {
        let secret = &token.establishment_secret;
        let present = !secret.is_empty();
        Self {
            present,
            sha256: secret.sha256(),
            value: (present && show).then(|| secret.expose().to_owned()),
        }
    }
}

impl AddressFacts {
    fn of(address: &Address<'_>) -> Self {
        let parsed = address.parsed.as_ref().ok();
        Self {
            address: address.text.to_owned(),
            host: parsed.map(|parsed| parsed.host.clone()),
            kind: parsed.map(|parsed| match parsed.kind {
                HostKind::V4(_) => "ipv4",
                HostKind::V6(_) => "ipv6",
                HostKind::Name => "name",
                HostKind::Empty => "empty",
            }),
            port: parsed.map(|parsed| parsed.port),
            origin: if address.field == "ManualServerAddresses" { "manual" } else { "server" },
            dialed: address.dialed,
        }
    }
}

impl CertificateFacts {
    fn of(entry: &str, authority: &CaEntry, now: Timestamp) -> Self {
        let certificate = authority.certificate.as_ref();
        Self {
            days_left: certificate.ok().map(|certificate| certificate.days_left(now)),
            error: certificate.err().map(ToString::to_string),
            certificate: certificate.ok().cloned(),
            pem: certificates_in(entry),
        }
    }
}

fn certificates_in(entry: &str) -> String {
    let mut text = String::new();
    let mut rest = entry.as_bytes();
    while let Some(block) = pem::decode(rest) {
        if block.label == b"CERTIFICATE" {
            text += "-----BEGIN CERTIFICATE-----\n";
            for line in BASE64_STANDARD.encode(&*block.bytes).as_bytes().chunks(PEM_COLUMNS) {
                text.extend(line.iter().copied().map(char::from));
                text.push('\n');
            }
            text += "-----END CERTIFICATE-----\n";
        }
        rest = block.rest;
    }
    text
}

/// How long a line of PEM is (RFC 7468 §2).
const PEM_COLUMNS: usize = 64;
