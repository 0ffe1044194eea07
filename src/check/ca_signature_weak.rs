//! A CA is signed with SHA-1 or MD5.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-signature-weak`.
pub static CA_SIGNATURE_WEAK: Check = Check {
    name: "ca-signature-weak",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is signed with SHA-1 or MD5.",
    why: "Go does not verify the signature of a root that it trusts anyway. But who still signs so may sign the servers' certificates so as well, and those Go refuses.",
    remedy: "Rotate the acceptor's CA to one that is signed with SHA-256.",
    source: "Go 1.18's release notes; RFC 6151 and RFC 9155",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let algorithm = certificate.signature_algorithm.as_str();
        if algorithm.starts_with("MD5-") || algorithm.starts_with("SHA1-") || algorithm.ends_with("-SHA1") {
            found.fault(
                format!("CA[{index}]"),
                format!("signed with {algorithm}"),
                [("algorithm", algorithm.into())],
            );
        }
    }
}
