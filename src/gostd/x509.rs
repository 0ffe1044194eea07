//! Go's `crypto/x509.ParseCertificate`: whether Go accepts a certificate, and if not, its error.
//!
//! Go checks the structure and little else. Validity period, CA flag, strength of algorithms and the signature do not
//! matter. Go rejects a negative serial number, an unsupported curve, a point that is not on its curve, and duplicate
//! extensions. The order of checks is Go's, because the first error is the one reported.

pub(crate) mod constraints;
pub(crate) mod curve;
pub(crate) mod der;
pub(crate) mod extensions;
pub(crate) mod key;
pub(crate) mod name;
pub(crate) mod names;
pub(crate) mod time;

use std::borrow::Cow;

use thiserror::Error;

use crate::gostd::GoDebug;
use der::{BitString, Der, Integer, Oid, SEQUENCE};

/// Go's error for a certificate that it rejects.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ParseError(Cow<'static, str>);

impl From<&'static str> for ParseError {
    fn from(message: &'static str) -> Self {
        Self(Cow::Borrowed(message))
    }
}

impl From<String> for ParseError {
    fn from(message: String) -> Self {
        Self(Cow::Owned(message))
    }
}

type Result<T, E = ParseError> = std::result::Result<T, E>;

/// Checks a DER certificate.
pub fn parse_certificate(der: &[u8], debug: GoDebug) -> Result<()> {
    let mut input = Der::new(der);
    let mut certificate = input.read(SEQUENCE).ok_or("x509: malformed certificate")?;
    parse(&mut certificate, debug)?;
    if input.is_empty() { Ok(()) } else { Err("x509: trailing data".into()) }
}

fn parse(certificate: &mut Der<'_>, debug: GoDebug) -> Result<()> {
    let mut signed = certificate.read(SEQUENCE).ok_or("x509: malformed tbs certificate")?;
    let version = version(&mut signed)?;
    let serial = signed.integer().ok_or("x509: malformed serial number")?;
    if serial.is_negative() {
        return Err("x509: negative serial number".into());
    }
    algorithms(&mut signed, certificate)?;

    let issuer = signed.read(SEQUENCE).ok_or("x509: malformed issuer")?;
    name::check(issuer)?;
    let mut validity = signed.read(SEQUENCE).ok_or("x509: malformed validity")?;
    time::check(&mut validity)?;
    time::check(&mut validity)?;
    let subject = signed.read(SEQUENCE).ok_or("x509: malformed issuer")?; // Go's text, also for the subject
    name::check(subject)?;
    public_key(&mut signed)?;

    if version > 1 {
        signed.skip_optional(0x81).ok_or("x509: malformed issuerUniqueID")?;
        signed.skip_optional(0x82).ok_or("x509: malformed subjectUniqueID")?;
    }
    if version == 3 {
        extensions::check(&mut signed, debug)?;
    }
    certificate.bit_string().ok_or("x509: malformed signature")?;
    Ok(())
}

/// Reads the version; the first one is 1.
fn version(signed: &mut Der<'_>) -> Result<i64> {
    const MALFORMED: &str = "x509: malformed version";
    let mut version = 0;
    if signed.peek(0xA0) {
        let mut explicit = signed.read(0xA0).ok_or(MALFORMED)?;
        version = explicit.integer().and_then(Integer::to_i64).ok_or(MALFORMED)?;
        if !explicit.is_empty() || version < 0 {
            return Err(MALFORMED.into());
        }
    }
    // In Go the largest number overflows and becomes an old version.
    let version = version.wrapping_add(1);
    if version > 3 { Err("x509: invalid version".into()) } else { Ok(version) }
}

/// Reads the signature algorithm, which is both in the signed part and after it.
fn algorithms(signed: &mut Der<'_>, certificate: &mut Der<'_>) -> Result<()> {
    let inner = signed.read(SEQUENCE).ok_or("x509: malformed signature algorithm identifier")?;
    let outer = certificate.read(SEQUENCE).ok_or("x509: malformed algorithm identifier")?;
    if inner != outer {
        return Err("x509: inner and outer signature algorithm identifiers don't match".into());
    }
    algorithm(inner).map(drop)
}

/// An algorithm and its encoded parameters (empty if it has none).
struct Algorithm<'a> {
    id: Oid<'a>,
    parameters: Der<'a>,
}

fn algorithm(mut der: Der<'_>) -> Result<Algorithm<'_>> {
    let id = der.oid().ok_or("x509: malformed OID")?;
    let parameters =
        if der.is_empty() { der } else { der.any_element().ok_or("x509: malformed parameters")? };
    Ok(Algorithm { id, parameters })
}

fn public_key(signed: &mut Der<'_>) -> Result<()> {
    let mut info = signed.read(SEQUENCE).ok_or("x509: malformed spki")?;
    let algorithm_der = info.read(SEQUENCE).ok_or("x509: malformed public key algorithm identifier")?;
    let algorithm = algorithm(algorithm_der)?;
    let key: BitString<'_> = info.bit_string().ok_or("x509: malformed subjectPublicKey")?;
    key::check(&algorithm, &key.right_aligned())
}
