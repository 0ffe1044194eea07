//! Verification of certificate signatures.

use serde::Serialize;
use x509_parser::error::X509Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::{RsaSsaPssParams, SignatureAlgorithm};
use x509_parser::x509::AlgorithmIdentifier;

/// The result of checking whether a certificate is signed with its own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SelfSignature {
    /// Subject and issuer are equal, and the signature verifies with the certificate's key.
    Verified,
    /// Subject and issuer are equal, but the signature does not verify: the certificate is damaged or forged.
    Failed,
    /// Subject and issuer differ.
    OtherIssuer,
    /// Subject and issuer are equal, but the signature algorithm is unsupported. The signature was not verified.
    Unsupported,
}

impl SelfSignature {
    pub(super) fn check(certificate: &X509Certificate<'_>) -> Self {
        if certificate.subject().as_raw() != certificate.issuer().as_raw() {
            return Self::OtherIssuer;
        }
        // ring supports RSA keys of at least 2048 bits and reports a smaller one as a failed signature.
        if matches!(certificate.public_key().parsed(), Ok(PublicKey::RSA(key)) if key.key_size() < 2048) {
            return Self::Unsupported;
        }
        match certificate.verify_signature(None) {
            Ok(()) => Self::Verified,
            Err(X509Error::SignatureVerificationError) => Self::Failed,
            Err(_) => Self::Unsupported,
        }
    }
}

/// The result of checking whether one certificate is signed with the key of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureCheck {
    /// The signature verifies.
    Verified,
    /// The signature does not verify with that key. With Go's error text.
    Failed(&'static str),
    /// The signature algorithm is one that Go rejects as insecure. With its name in Go.
    Insecure(&'static str),
    /// The signature algorithm is unsupported. The signature was not verified.
    Unsupported,
    /// The certificate names another issuer.
    OtherIssuer,
}

/// Checks whether the certificate `child` is signed with the key of `parent` (both DER).
///
/// Returns [`SignatureCheck::OtherIssuer`] if one of them cannot be parsed.
pub fn check_signature(child: &[u8], parent: &[u8]) -> SignatureCheck {
    let (Ok((_, child)), Ok((_, parent))) =
        (X509Certificate::from_der(child), X509Certificate::from_der(parent))
    else {
        return SignatureCheck::OtherIssuer;
    };
    if child.issuer().as_raw() != parent.subject().as_raw() {
        return SignatureCheck::OtherIssuer;
    }
    if let Some(insecure) = ["MD5-RSA", "SHA1-RSA", "DSA-SHA1", "ECDSA-SHA1"]
        .into_iter()
        .find(|insecure| *insecure == algorithm_name(&child.signature_algorithm))
    {
        return SignatureCheck::Insecure(insecure);
    }
    let key = parent.public_key();
    let parsed = key.parsed();
    // ring supports RSA keys of at least 2048 bits and reports a smaller one as a failed signature.
    if matches!(&parsed, Ok(PublicKey::RSA(key)) if key.key_size() < 2048) {
        return SignatureCheck::Unsupported;
    }
    match child.verify_signature(Some(key)) {
        Ok(()) => SignatureCheck::Verified,
        Err(X509Error::SignatureVerificationError) => SignatureCheck::Failed(match parsed {
            Ok(PublicKey::RSA(_)) => "crypto/rsa: verification error",
            Ok(PublicKey::EC(_)) => "x509: ECDSA verification failure",
            _ => "x509: Ed25519 verification failure",
        }),
        Err(_) => SignatureCheck::Unsupported,
    }
}

/// Returns the name of a signature algorithm in Go, as in Consul's logs; its OID if Go has no name.
pub(super) fn algorithm_name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let oid = algorithm.algorithm.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.113549.1.1.4" => "MD5-RSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "SHA1-RSA",
        "1.2.840.113549.1.1.11" => "SHA256-RSA",
        "1.2.840.113549.1.1.12" => "SHA384-RSA",
        "1.2.840.113549.1.1.13" => "SHA512-RSA",
        "1.2.840.113549.1.1.10" => return pss_name(algorithm),
        "1.2.840.10040.4.3" => "DSA-SHA1",
        "2.16.840.1.101.3.4.3.2" => "DSA-SHA256",
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.3.101.112" => "Ed25519",
        _ => return oid,
    };
    name.to_owned()
}

fn pss_name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let hash = match SignatureAlgorithm::try_from(algorithm) {
        Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => hash_name(&parameters),
        _ => "unknown hash",
    };
    format!("{hash}-RSAPSS")
}

fn hash_name(parameters: &RsaSsaPssParams<'_>) -> &'static str {
    match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "1.3.14.3.2.26" => "SHA1",
        "2.16.840.1.101.3.4.2.1" => "SHA256",
        "2.16.840.1.101.3.4.2.2" => "SHA384",
        "2.16.840.1.101.3.4.2.3" => "SHA512",
        _ => "unknown hash",
    }
}
