//! A CA names itself as its issuer, but its own key did not sign it.

use super::{Area, Check, Found, Severity, Subject};
use crate::cert::SelfSignature;
use crate::facts::Facts;

/// `ca-signature-invalid`.
pub static CA_SIGNATURE_INVALID: Check = Check {
    name: "ca-signature-invalid",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA names itself as its issuer, but its own key did not sign it.",
    why: "The certificate was damaged or changed after it was signed. Go trusts a root for being in the token, and does not verify this signature.",
    remedy: "Compare its SHA-256 with the acceptor's CA (`/v1/connect/ca/roots`), and generate a token anew.",
    source: "RFC 5280, section 6.1; Go's `crypto/x509`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        if certificate.self_signature == SelfSignature::Failed {
            let subject = certificate.subject.as_str();
            let message = format!("{subject} is its own issuer, but not by its own key");
            let values = [("subject", subject.into()), ("sha256", certificate.sha256.as_str().into())];
            found.fault(format!("CA[{index}]"), message, values);
        }
    }
}
