//! Checks public keys. Keys of other algorithms are not checked.

use super::curve::Curve;
use super::der::{Der, Integer, Oid, SEQUENCE};
use super::{Algorithm, Result};

const RSA: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]);
const DSA: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0xCE, 0x38, 0x04, 0x01]);
const ECDSA: Oid<'_> = Oid(&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]);
const ED25519: Oid<'_> = Oid(&[0x2B, 0x65, 0x70]);

const NULL: &[u8] = &[5, 0];

pub(super) fn check(algorithm: &Algorithm<'_>, key: &[u8]) -> Result<()> {
    match algorithm.id {
        RSA => rsa(algorithm.parameters, Der::new(key)),
        DSA => dsa(algorithm.parameters, Der::new(key)),
        ECDSA => ecdsa(algorithm.parameters, key),
        ED25519 => ed25519(algorithm.parameters, key),
        _ => Ok(()),
    }
}

fn rsa(parameters: Der<'_>, mut key: Der<'_>) -> Result<()> {
    if parameters.bytes() != NULL {
        return Err("x509: RSA key missing NULL parameters".into());
    }
    let mut numbers = key.read(SEQUENCE).ok_or("x509: invalid RSA public key")?;
    let modulus = numbers.integer().ok_or("x509: invalid RSA modulus")?;
    let exponent = numbers.integer().and_then(Integer::to_i64).ok_or("x509: invalid RSA public exponent")?;
    if !modulus.is_positive() {
        return Err("x509: RSA modulus is not a positive number".into());
    }
    if exponent <= 0 {
        return Err("x509: RSA public exponent is not a positive number".into());
    }
    Ok(())
}

fn dsa(mut parameters: Der<'_>, mut key: Der<'_>) -> Result<()> {
    let public = key.integer().ok_or("x509: invalid DSA public key")?;
    let mut numbers = || {
        let mut numbers = parameters.read(SEQUENCE)?;
        Some([public, numbers.integer()?, numbers.integer()?, numbers.integer()?])
    };
    let numbers = numbers().ok_or("x509: invalid DSA parameters")?;
    if numbers.into_iter().all(Integer::is_positive) {
        Ok(())
    } else {
        Err("x509: zero or negative DSA parameter".into())
    }
}

fn ecdsa(mut parameters: Der<'_>, key: &[u8]) -> Result<()> {
    let id = parameters.oid().ok_or("x509: invalid ECDSA parameters")?;
    let curve = Curve::of(id).ok_or("x509: unsupported elliptic curve")?;
    let Some((4, point)) = key.split_first() else {
        return Err("ecdsa: invalid uncompressed public key".into());
    };
    curve.check(point)
}

fn ed25519(parameters: Der<'_>, key: &[u8]) -> Result<()> {
    if !parameters.is_empty() {
        return Err("x509: Ed25519 key encoded with illegal parameters".into());
    }
    if key.len() != 32 {
        return Err("x509: wrong Ed25519 public key size".into());
    }
    Ok(())
}
