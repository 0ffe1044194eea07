//! A CA is not a root: another CA issued it.

use super::{Area, Check, Found, Severity, Subject};
use crate::cert::SelfSignature;
use crate::facts::Facts;

/// `ca-not-self-signed`.
pub static CA_NOT_SELF_SIGNED: Check = Check {
    name: "ca-not-self-signed",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is not a root: another CA issued it.",
    why: "Go trusts it as it is, and asks for no issuer above it. A company's intermediate CA is such a one.",
    remedy: "Nothing, if that was meant.",
    source: "Go's `crypto/x509`: whatever is in the pool is a trust anchor",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        if certificate.self_signature == SelfSignature::OtherIssuer {
            let (subject, issuer) = (certificate.subject.as_str(), certificate.issuer.as_str());
            let values = [("subject", subject.into()), ("issuer", issuer.into())];
            found.fault(format!("CA[{index}]"), format!("{subject} was issued by {issuer}"), values);
        }
    }
}
