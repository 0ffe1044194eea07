//! A CA has expired, and the token has none that is valid.

use super::expiry::{message, values};
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-expired`.
pub static CA_EXPIRED: Check = Check {
    name: "ca-expired",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA has expired, and the token has none that is valid.",
    why: "Go checks the dates of the whole chain, the root's too: every handshake fails with `certificate has expired or is not yet valid`. Consul does not look at the dates when it reads the token.",
    remedy: "Rotate the acceptor's CA if it is still in use there, then generate the token again.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.may_trust_some() {
        return;
    }
    for (index, certificate) in facts.certificates() {
        if certificate.not_after < facts.now {
            found.fault(
                format!("CA[{index}]"),
                message(certificate, facts.now),
                values(certificate, facts.now),
            );
        }
    }
}
