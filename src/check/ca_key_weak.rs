//! A CA's RSA key is smaller than 2048 bits.

use super::{Area, Check, Found, Severity, Subject};
use crate::cert::KeyAlgorithm;
use crate::facts::Facts;

/// `ca-key-weak`.
pub static CA_KEY_WEAK: Check = Check {
    name: "ca-key-weak",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA's RSA key is smaller than 2048 bits.",
    why: "Such keys are within reach of an attacker with means, who could then pose as the acceptor. Consul itself makes none.",
    remedy: "Give the acceptor a CA with an EC P-256 key, Consul's default, or RSA of 2048 bits and more; then generate the token again.",
    source: "NIST SP 800-131A",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let bits = certificate.key.bits;
        if certificate.key.algorithm == KeyAlgorithm::Rsa && (1024..2048).contains(&bits) {
            found.fault(
                format!("CA[{index}]"),
                format!("its key is RSA of {bits} bits"),
                [("bits", bits.into())],
            );
        }
    }
}
