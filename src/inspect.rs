//! What `inspect` shows of a token, as one value.
//!
//! Its JSON form is documented and stable: [`SCHEMA_VERSION`] increases when a field changes its meaning or is removed.
//! New fields can be added at any time.

pub(crate) mod answer;
pub mod diff;
mod field;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::gostd::pem;
use crate::lint::{Acceptance, CaEntry, Finding, Options, Report, Status, check_decoded};
use crate::token::recover::{Recovered, Repair};
use crate::token::{HostKind, Locality, ServerAddress, Token, fingerprint};

pub use field::{FIELDS, FieldError, field};

/// The version of the JSON form of [`Inspections`].
pub const SCHEMA_VERSION: u32 = 1;

/// The output of `inspect -format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inspections {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The worst status of all tokens; `unreadable` if a token could not be read or decoded.
    pub status: Status,
    /// One for each token that could be decoded, in the order of the arguments.
    pub tokens: Vec<Inspection>,
}

/// What one token contains.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inspection {
    /// Where the token came from: `argument`, the file, `-`, or its place in a document.
    pub source: String,
    /// The worst result of the checks.
    pub status: Status,
    /// The repairs that were needed before Consul could decode the text.
    pub repairs: Vec<Repair>,
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
    /// The acceptor's locality, if it has one.
    pub locality: Option<Locality>,
    /// The establishment secret, hidden unless requested.
    pub establishment_secret: EstablishmentSecret,
    /// The addresses in the token: the manual ones, then the servers'.
    pub addresses: Vec<Address>,
    /// Whether the dialer uses TLS, which it does if there is a CA.
    pub tls: bool,
    /// One for each of the first 100 entries of `CA`.
    pub certificates: Vec<CertificateEntry>,
    /// The number of entries of `CA` that are not in `certificates`, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unexamined_certificates: Option<usize>,
    /// Consul's verdict on the token, after the repairs.
    pub consul: Acceptance,
    /// Our findings.
    pub findings: Vec<Finding>,
    /// SHA-256 of the token's text without line breaks. It identifies a token without revealing it.
    pub token_sha256: String,
}

/// The establishment secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EstablishmentSecret {
    /// Whether the token contains one.
    pub present: bool,
    /// Its SHA-256, which identifies a secret without revealing it.
    pub sha256: Option<String>,
    /// The secret itself, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// One address of a token.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Address {
    /// Its text in the token.
    pub address: String,
    /// The host without brackets; `null` if Consul cannot parse the address.
    pub host: Option<String>,
    /// `ipv4`, `ipv6`, `name` or `empty`.
    pub kind: Option<&'static str>,
    /// 1–65535.
    pub port: Option<u16>,
    /// `manual` (`-server-external-addresses`) or `server`.
    pub origin: &'static str,
    /// Whether Consul dials it. Consul dials manual addresses instead of server addresses.
    pub dialed: bool,
}

/// One entry of `CA`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CertificateEntry {
    /// Whole days until the certificate expires; negative if it has expired. `null` without a certificate.
    pub days_left: Option<i64>,
    /// The certificate, if it can be parsed.
    #[serde(flatten)]
    pub certificate: Option<Certificate>,
    /// The reason why there is no certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The certificates in the entry as PEM with line ends. Other text in the entry, such as a private key, is left out.
    #[serde(skip)]
    pub pem: String,
}

impl Inspections {
    /// Returns a document of these tokens. `is_complete` is false if a token could not be read or decoded.
    pub fn new(tokens: Vec<Inspection>, is_complete: bool) -> Self {
        let worst = tokens.iter().map(|token| token.status).max().unwrap_or_default();
        let status = if is_complete { worst } else { Status::Unreadable };
        Self { version: SCHEMA_VERSION, status, tokens }
    }
}

impl Inspection {
    /// Checks a token and collects what it contains. `show_secret` includes the secret itself.
    pub fn new(source: String, recovered: Recovered, options: &Options, show_secret: bool) -> Self {
        let report = check_decoded(recovered.text.as_bytes(), recovered.decoded.clone(), options);
        Self::of_report(source, recovered, &report, options.now, show_secret)
    }

    /// Collects what a token contains, given the report on it.
    pub fn of_report(
        source: String,
        recovered: Recovered,
        report: &Report,
        now: Timestamp,
        show_secret: bool,
    ) -> Self {
        let Recovered { decoded, text, repairs } = recovered;
        let token = decoded.token;
        let entries = token.ca.iter().flatten().zip(&report.ca_entries);
        let certificates: Vec<_> =
            entries.map(|(text, entry)| CertificateEntry::new(text, entry, now)).collect();
        Self {
            source,
            status: report.status(),
            repairs,
            addresses: addresses(&token),
            tls: !certificates.is_empty(),
            certificates,
            unexamined_certificates: Some(report.unexamined_cas).filter(|count| *count > 0),
            trust_domain: token.trust_domain().map(str::to_owned),
            establishment_secret: EstablishmentSecret::new(&token, show_secret),
            consul: report.consul.clone(),
            findings: report.findings.clone(),
            token_sha256: fingerprint(&text),
            datacenter: token.remote.as_ref().map(|remote| remote.datacenter.clone()),
            partition: token.remote.as_ref().map(|remote| remote.partition.clone()),
            locality: token.remote.and_then(|remote| remote.locality),
            peer_id: token.peer_id,
            server_name: token.server_name,
        }
    }
}

impl EstablishmentSecret {
    fn new(token: &Token, show: bool) -> Self {
        let secret = &token.establishment_secret;
        let present = !secret.is_empty();
        Self {
            present,
            sha256: secret.sha256(),
            value: (present && show).then(|| secret.expose().to_owned()),
        }
    }
}

fn addresses(token: &Token) -> Vec<Address> {
    let manual = token.manual_server_addresses.as_deref().unwrap_or_default();
    let servers = token.server_addresses.as_deref().unwrap_or_default();
    let manual_entries = manual.iter().map(|text| Address::new(text, "manual", true));
    manual_entries.chain(servers.iter().map(|text| Address::new(text, "server", manual.is_empty()))).collect()
}

impl Address {
    fn new(text: &str, origin: &'static str, dialed: bool) -> Self {
        let parsed = ServerAddress::parse(text).ok();
        Self {
            address: text.to_owned(),
            kind: parsed.as_ref().map(|parsed| match parsed.kind {
                HostKind::V4(_) => "ipv4",
                HostKind::V6(_) => "ipv6",
                HostKind::Name => "name",
                HostKind::Empty => "empty",
            }),
            port: parsed.as_ref().map(|parsed| parsed.port),
            host: parsed.map(|parsed| parsed.host),
            origin,
            dialed,
        }
    }
}

impl CertificateEntry {
    fn new(text: &str, entry: &CaEntry, now: Timestamp) -> Self {
        let certificate = entry.certificate.as_ref();
        Self {
            days_left: certificate.ok().map(|certificate| certificate.days_left(now)),
            error: certificate.err().map(ToString::to_string),
            certificate: certificate.ok().cloned(),
            pem: certificates_only(text),
        }
    }
}

/// Returns the PEM certificates in a text.
fn certificates_only(text: &str) -> String {
    let mut certificates = String::new();
    let mut rest = text.as_bytes();
    while let Some(block) = pem::decode(rest) {
        if block.label == b"CERTIFICATE" {
            certificates += "-----BEGIN CERTIFICATE-----\n";
            for line in BASE64_STANDARD.encode(&*block.bytes).as_bytes().chunks(PEM_LINE_LEN) {
                certificates.extend(line.iter().copied().map(char::from));
                certificates.push('\n');
            }
            certificates += "-----END CERTIFICATE-----\n";
        }
        rest = block.rest;
    }
    certificates
}

/// The length of a line of PEM (RFC 7468 §2).
const PEM_LINE_LEN: usize = 64;
