//! Go cannot verify signatures by a CA's key.

use super::{Area, Check, Found, Severity, Subject};
use crate::cert::KeyAlgorithm;
use crate::facts::Facts;

/// `ca-key-unusable`.
pub static CA_KEY_UNUSABLE: Check = Check {
    name: "ca-key-unusable",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Go cannot verify signatures by a CA's key.",
    why: "Go 1.24 and newer refuse RSA keys under 1024 bits, and know neither DSA nor any algorithm besides RSA, the NIST curves and Ed25519. Every handshake fails.",
    remedy: "Give the acceptor a CA with an EC P-256 key, Consul's default; then generate the token again.",
    source: "Go's `crypto/x509`, and `crypto/rsa` since Go 1.24",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let key = &certificate.key;
        let unusable = match key.algorithm {
            KeyAlgorithm::Rsa => key.bits < SMALLEST_RSA,
            KeyAlgorithm::Dsa | KeyAlgorithm::Other(_) => true,
            _ => false,
        };
        if unusable && facts.authorities[index].word.is_ok() {
            let message = match key.bits {
                0 => format!("its key is {}", key.algorithm),
                bits => format!("its key is {} of {bits} bits", key.algorithm),
            };
            let values = [("algorithm", key.algorithm.to_string().into()), ("bits", key.bits.into())];
            found.fault(format!("CA[{index}]"), message, values);
        }
    }
}

/// In bits; `GODEBUG=rsa1024min=0` lifts it.
const SMALLEST_RSA: u32 = 1024;
