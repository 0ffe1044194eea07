//! The contents of an X.509 certificate.
//!
//! This is the only module that uses `x509_parser`. Whether Consul accepts a certificate is decided by
//! [`crate::gostd::x509`].

#[cfg(feature = "net")]
#[doc(hidden)]
pub mod chain;
pub(crate) mod key;
pub(crate) mod names;
pub(crate) mod signature;
#[cfg(test)]
pub(crate) mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use thiserror::Error;
use x509_parser::error::X509Error;
use x509_parser::nom;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use crate::gostd::pem;
use crate::hex::{hex, sha256_hex};

pub use key::{Key, KeyAlgorithm};
pub use names::AlternativeNames;
pub use signature::{SelfSignature, SignatureCheck, check_signature};

/// The contents of an X.509 certificate (RFC 5280).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Certificate {
    /// The X.509 version: 3, or 1 for a certificate without extensions. Not part of the JSON.
    #[serde(skip)]
    pub version: u32,
    /// Distinguished name of the subject, such as `CN=pri-1cxnar1.consul.ca.3c5ece39.consul`.
    pub subject: String,
    /// Distinguished name of the issuer; the same as `subject` in a root.
    pub issuer: String,
    /// Serial number, as lower-case hexadecimal digits.
    pub serial: String,
    /// Start of the validity period, inclusive.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_before: Timestamp,
    /// End of the validity period, inclusive.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_after: Timestamp,
    /// The public key.
    pub key: Key,
    /// Signature algorithm by its name in Go, such as `ECDSA-SHA256` or `SHA256-RSA`; its OID if Go has no name.
    pub signature_algorithm: String,
    /// Whether the basic constraints allow the certificate to sign others. `None`: no basic constraints.
    pub is_ca: Option<bool>,
    /// Maximum number of CAs below this one; `None`: no limit.
    pub path_length: Option<u32>,
    /// Key usages by their RFC 5280 names. `None`: the extension is missing, which allows every usage.
    pub key_usage: Option<Vec<&'static str>>,
    /// Whether the extended key usages allow TLS servers. `None`: the extension is missing, which allows every usage.
    #[serde(skip)]
    pub allows_server_auth: Option<bool>,
    /// Subject key identifier, as lower-case hexadecimal digits.
    pub subject_key_id: Option<String>,
    /// Authority key identifier, as lower-case hexadecimal digits; the same as the subject's in a root.
    pub authority_key_id: Option<String>,
    /// Subject alternative names.
    pub names: AlternativeNames,
    /// Whether the certificate is signed with its own key.
    pub self_signature: SelfSignature,
    /// SHA-256 of the DER, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// SHA-1 of the DER, as 40 lower-case hexadecimal digits. Older tools print this one.
    pub sha1: String,
}

/// The error for bytes that cannot be parsed as a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// The bytes are not DER of an X.509 certificate, or use an unsupported encoding. With the parser's error.
    #[error("not an X.509 certificate: {0}")]
    Malformed(String),
}

/// Converts a date in seconds since 1970. Dates outside the range of [`Timestamp`] become its limits.
///
/// `99991231235959Z`, which means no expiration (RFC 5280 §4.1.2.5), is one day after the maximum.
fn timestamp(seconds: i64) -> Timestamp {
    let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

impl Certificate {
    /// Parses the first certificate of a PEM text. Returns `None` if it is missing or damaged.
    pub fn from_pem(text: &str) -> Option<Self> {
        let block = pem::decode(text.as_bytes()).filter(|block| block.label == b"CERTIFICATE")?;
        Self::from_der(&block.bytes).ok()
    }

    /// Whether the names and key identifiers fit a certificate that `issuer` signed. The signature is not verified.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let fits = match (&self.authority_key_id, &issuer.subject_key_id) {
            (Some(authority), Some(subject)) => authority == subject,
            _ => true,
        };
        fits && self.issuer == issuer.subject
    }

    /// Parses a DER certificate. Bytes after it are ignored.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der)
            .map_err(|error| CertificateError::Malformed(plain_text(&error, der)))?;
        let der = &der[..der.len() - rest.len()];
        let mut certificate = Self {
            version: parsed.version().0 + 1,
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: hex(parsed.raw_serial()),
            not_before: timestamp(parsed.validity().not_before.timestamp()),
            not_after: timestamp(parsed.validity().not_after.timestamp()),
            key: Key::new(parsed.public_key()),
            signature_algorithm: signature::algorithm_name(&parsed.signature_algorithm),
            is_ca: None,
            path_length: None,
            key_usage: None,
            allows_server_auth: None,
            subject_key_id: None,
            authority_key_id: None,
            names: AlternativeNames::default(),
            self_signature: SelfSignature::check(&parsed),
            sha256: sha256_hex(der),
            sha1: hex(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
        };
        for extension in parsed.extensions() {
            certificate.read_extension(extension.parsed_extension());
        }
        Ok(certificate)
    }

    /// Returns the number of whole days until the certificate expires; negative after it expired.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.duration_since(now).as_secs().div_euclid(SECONDS_PER_DAY)
    }

    /// Returns whether `now` is within the validity period.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// Returns the length of the validity period.
    pub fn lifetime(&self) -> SignedDuration {
        self.not_after.duration_since(self.not_before)
    }

    /// Returns the trust domain of the SPIFFE ID, if the certificate has exactly one.
    pub fn trust_domain(&self) -> Option<&str> {
        self.names.trust_domain()
    }

    fn read_extension(&mut self, extension: &ParsedExtension<'_>) {
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
            ParsedExtension::SubjectAlternativeName(names) => self.names = AlternativeNames::new(names),
            _ => {}
        }
    }
}

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Returns the text of a parser's error without the prefixes that the parser adds.
///
/// The parser reports a length above 4 GiB in one way where an address has 32 bits, and in another way elsewhere. A wrong
/// length has one text here, so that every platform reports the same.
fn plain_text(error: &nom::Err<X509Error>, der: &[u8]) -> String {
    if error.is_incomplete() || has_wrong_length(der) {
        return "the DER is truncated, or contains an invalid length".to_owned();
    }
    let text = error.to_string();
    text.trim_start_matches("Parsing Error: ").trim_start_matches("Parsing Failure: ").to_owned()
}

/// Returns whether an element of DER is longer than what contains it, or its length has no valid form.
fn has_wrong_length(der: &[u8]) -> bool {
    const CONSTRUCTED: u8 = 0x20;
    let mut open = vec![der];
    let mut is_outermost = true;
    while let Some(elements) = open.pop() {
        let [tag, rest @ ..] = elements else { continue };
        let more_tag = match tag & 0x1f {
            0x1f => rest.iter().take_while(|byte| **byte >= 0x80).count() + 1,
            _ => 0,
        };
        let Some((length, rest)) = rest.get(more_tag..).and_then(split_length) else { return true };
        let Some((contents, after)) = usize::try_from(length).ok().and_then(|at| rest.split_at_checked(at))
        else {
            return true;
        };
        // Bytes after the certificate are ignored.
        if !is_outermost {
            open.push(after);
        }
        is_outermost = false;
        if tag & CONSTRUCTED != 0 {
            open.push(contents);
        }
    }
    false
}

/// Reads a definite length (X.690 §8.1.3). Returns it with the bytes after it.
fn split_length(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0..=0x7f => Some((u64::from(*first), rest)),
        0x81..=0x88 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            Some((digits.iter().fold(0, |length, digit| length << 8 | u64::from(*digit)), rest))
        }
        _ => None,
    }
}
