//! A CA has expired; another one in the token is valid.

use super::expiry::{message, values};
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-partly-expired`.
pub static CA_PARTLY_EXPIRED: Check = Check {
    name: "ca-partly-expired",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA has expired; another one in the token is valid.",
    why: "The token was generated during a rotation, or the acceptor still lists an old root. The handshake succeeds as long as the acceptor's certificate chains to the other.",
    remedy: "Generate the token again, now that the rotation is over.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        if certificate.not_after < facts.now && facts.may_trust_some() {
            let message =
                format!("{}; another CA of the token may still be good", message(certificate, facts.now));
            found.fault(format!("CA[{index}]"), message, values(certificate, facts.now));
        }
    }
}
