//! What a certificate says: plain facts, no judgement.
//!
//! The only module that names `x509_parser`. What Consul thinks of a certificate is another question: see
//! [`crate::lint::acceptance`].

pub(crate) mod key;
pub(crate) mod names;
pub(crate) mod signature;
#[cfg(test)]
pub(crate) mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use crate::hex::{hex, sha256_hex};

pub use key::{Key, KeyAlgorithm};
pub use names::AlternativeNames;
pub use signature::{SelfSignature, SignatureCheck, check_signature};

/// The facts of one X.509 certificate (RFC 5280).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// The X.509 version: 3, or 1 for one without extensions. So ordinary that it is not shown.
    #[serde(skip)]
    pub version: u32,
    /// Distinguished name of the holder, such as `CN=pri-1cxnar1.consul.ca.3c5ece39.consul`.
    pub subject: String,
    /// Distinguished name of the signer; equal to `subject` in a root.
    pub issuer: String,
    /// Serial number, lower-case hexadecimal bytes with colons.
    pub serial: String,
    /// Not valid before this second.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_before: Timestamp,
    /// Not valid after this second.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_after: Timestamp,
    /// The public key.
    pub key: Key,
    /// How the issuer signed it, in Go's words: `ECDSA-SHA256`, `SHA256-RSA`, …; an OID if it is none of those.
    pub signature_algorithm: String,
    /// Basic constraints say that it may sign others. `None`: it has no basic constraints at all.
    pub is_ca: Option<bool>,
    /// How many CAs may follow below it; `None` is no limit.
    pub path_length: Option<u32>,
    /// Key usages by their RFC 5280 names; `None` when the extension is absent, which allows all.
    pub key_usage: Option<Vec<&'static str>>,
    /// Whether its extended key usages let a TLS server show it; `None` when the extension is absent, which allows all.
    #[serde(skip)]
    pub allows_server_auth: Option<bool>,
    /// Subject key identifier, lower-case hexadecimal bytes with colons.
    pub subject_key_id: Option<String>,
    /// Authority key identifier, likewise; equal to the subject's in a root.
    pub authority_key_id: Option<String>,
    /// Subject alternative names.
    pub names: AlternativeNames,
    /// Whether it is signed with its own key.
    pub self_signature: SelfSignature,
    /// SHA-256 of the DER, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// SHA-1 of the DER, 40 lower-case hexadecimal digits; what older tools print.
    pub sha1: String,
}

/// Why no facts could be read from bytes that should be a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Not DER of an X.509 certificate, or not one that this tool understands.
    #[error("not an X.509 certificate: {0}")]
    Malformed(String),
}

/// A date in a certificate. The last ones that can be told stand for those beyond: `99991231235959Z` says that there is no
/// end (RFC 5280 §4.1.2.5), and lies a day beyond.
fn time(seconds: i64) -> Timestamp {
    let told = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(told).unwrap_or(Timestamp::MAX)
}

impl Certificate {
    /// Reads the facts of one DER certificate; bytes after it are not looked at.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| CertificateError::Malformed(plain(&error.to_string())))?;
        let der = &der[..der.len() - rest.len()];
        let mut certificate = Self {
            version: parsed.version().0 + 1,
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: hex(parsed.raw_serial()),
            not_before: time(parsed.validity().not_before.timestamp()),
            not_after: time(parsed.validity().not_after.timestamp()),
            key: Key::of(parsed.public_key()),
            signature_algorithm: signature::algorithm_name(&parsed.signature_algorithm),
            is_ca: None,
            path_length: None,
            key_usage: None,
            allows_server_auth: None,
            subject_key_id: None,
            authority_key_id: None,
            names: AlternativeNames::default(),
            self_signature: SelfSignature::of(&parsed),
            sha256: sha256_hex(der),
            sha1: hex(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
        };
        for extension in parsed.extensions() {
            certificate.take_extension(extension.parsed_extension());
        }
        Ok(certificate)
    }

    /// Whole days from `now` until it expires; negative once it has.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_secs().div_euclid(SECONDS_PER_DAY)
    }

    /// Whether `now` lies within its validity.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// How long it is valid in all.
    pub fn lifetime(&self) -> SignedDuration {
        self.not_after.duration_since(self.not_before)
    }

    /// The trust domain of its SPIFFE ID, if it has exactly one such URI.
    pub fn trust_domain(&self) -> Option<&str> {
        self.names.trust_domain()
    }

    fn take_extension(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::BasicConstraints(constraints) => {
                self.is_ca = Some(constraints.ca);
                self.path_length = constraints.path_len_constraint;
            }
            ParsedExtension::KeyUsage(usage) => {
                let usages = [
                    (usage.digital_signature(), "digitalSignature"),
                    (usage.non_repudiation(), "contentCommitment"),
                    (usage.key_encipherment(), "keyEncipherment"),
                    (usage.data_encipherment(), "dataEncipherment"),
                    (usage.key_agreement(), "keyAgreement"),
                    (usage.key_cert_sign(), "keyCertSign"),
                    (usage.crl_sign(), "cRLSign"),
                    (usage.encipher_only(), "encipherOnly"),
                    (usage.decipher_only(), "decipherOnly"),
                ];
                self.key_usage =
                    Some(usages.into_iter().filter_map(|(set, name)| set.then_some(name)).collect());
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                self.allows_server_auth = Some(usage.any || usage.server_auth);
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(hex(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| hex(id.0));
            }
            ParsedExtension::SubjectAlternativeName(names) => self.names = AlternativeNames::of(names),
            _ => {}
        }
    }
}

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// The parser library nests its errors as Rust prints them; what a person can use is the innermost name.
fn plain(error: &str) -> String {
    error.trim_start_matches("Parsing Error: ").trim_start_matches("Parsing Failure: ").to_owned()
}
