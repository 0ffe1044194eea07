//! The algorithm and size of a certificate's public key.

use std::fmt;

use serde::Serialize;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_DSA, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_NIST_EC_P521,
    OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::SubjectPublicKeyInfo;
use x509_parser::public_key::PublicKey;

/// A public key's algorithm and size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Key {
    /// The algorithm, and for EC the curve.
    pub algorithm: KeyAlgorithm,
    /// Size in bits: of the modulus for RSA, of the field for EC; 0 if it is unknown.
    pub bits: u32,
}

/// The algorithm of a public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String")]
pub enum KeyAlgorithm {
    /// RSA (PKCS #1).
    Rsa,
    /// NIST P-224.
    P224,
    /// NIST P-256, Consul's default.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// Edwards curve 25519.
    Ed25519,
    /// DSA (obsolete).
    Dsa,
    /// Another algorithm or curve, identified by its OID.
    Other(String),
}

impl Key {
    pub(super) fn new(info: &SubjectPublicKeyInfo<'_>) -> Self {
        let algorithm = algorithm(info);
        let bits = match algorithm {
            KeyAlgorithm::P224 => 224,
            KeyAlgorithm::P256 | KeyAlgorithm::Ed25519 => 256,
            KeyAlgorithm::P384 => 384,
            KeyAlgorithm::P521 => 521,
            _ => match info.parsed() {
                Ok(PublicKey::RSA(key)) => bit_length(key.modulus),
                Ok(key) => u32::try_from(key.key_size()).unwrap_or(u32::MAX),
                Err(_) => 0,
            },
        };
        Self { algorithm, bits }
    }
}

fn algorithm(info: &SubjectPublicKeyInfo<'_>) -> KeyAlgorithm {
    let oid = &info.algorithm.algorithm;
    if *oid == OID_PKCS1_RSAENCRYPTION {
        KeyAlgorithm::Rsa
    } else if *oid == OID_SIG_ED25519 {
        KeyAlgorithm::Ed25519
    } else if *oid == OID_KEY_TYPE_DSA {
        KeyAlgorithm::Dsa
    } else if *oid == OID_KEY_TYPE_EC_PUBLIC_KEY {
        match info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok()) {
            Some(curve) if curve == OID_EC_P256 => KeyAlgorithm::P256,
            Some(curve) if curve == OID_NIST_EC_P384 => KeyAlgorithm::P384,
            Some(curve) if curve == OID_NIST_EC_P521 => KeyAlgorithm::P521,
            Some(curve) if curve.to_id_string() == "1.3.132.0.33" => KeyAlgorithm::P224,
            Some(curve) => KeyAlgorithm::Other(format!("EC {curve}")),
            None => KeyAlgorithm::Other("EC without a curve".to_owned()),
        }
    } else {
        KeyAlgorithm::Other(oid.to_id_string())
    }
}

fn bit_length(number: &[u8]) -> u32 {
    let significant = number.iter().position(|byte| *byte != 0).map_or(&[][..], |start| &number[start..]);
    match significant.first() {
        Some(first) => u32::try_from(significant.len() * 8).unwrap_or(u32::MAX) - first.leading_zeros(),
        None => 0,
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rsa => "RSA",
            Self::P224 => "EC P-224",
            Self::P256 => "EC P-256",
            Self::P384 => "EC P-384",
            Self::P521 => "EC P-521",
            Self::Ed25519 => "Ed25519",
            Self::Dsa => "DSA",
            Self::Other(name) => name,
        })
    }
}

impl From<KeyAlgorithm> for String {
    fn from(algorithm: KeyAlgorithm) -> Self {
        algorithm.to_string()
    }
}
