//! A CA's certificate may not sign others.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-not-a-ca`.
pub static CA_NOT_A_CA: Check = Check {
    name: "ca-not-a-ca",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA's certificate may not sign others.",
    why: "Its basic constraints do not say that it is a CA; a server's own certificate was put there. Go refuses every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. A certificate of X.509 version 1 has no such constraints, and Go takes it.",
    remedy: "Generate a token anew on the accepting cluster. If Consul wrote this, look at the root that its CA provider is configured with.",
    source: "RFC 5280, section 4.2.1.9; Go's `crypto/x509`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let message = match certificate.is_ca {
            Some(true) => continue,
            Some(false) => "its basic constraints say that it is no CA",
            None if certificate.version < 3 => continue,
            None => "it has no basic constraints",
        };
        let values = [("subject", certificate.subject.as_str().into())];
        found.fault(format!("CA[{index}]"), format!("{}: {message}", certificate.subject), values);
    }
}
