//! A CA's key may not sign certificates.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-key-usage`.
pub static CA_KEY_USAGE: Check = Check {
    name: "ca-key-usage",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA's key may not sign certificates.",
    why: "Its key usage leaves out `keyCertSign`, so that Go refuses every chain to it: `x509: invalid signature: parent certificate cannot sign this kind of certificate`. No key usage at all allows everything.",
    remedy: "Look at the root that the acceptor's CA provider is configured with; then generate the token again.",
    source: "RFC 5280, section 4.2.1.3; Go's `crypto/x509`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let Some(usages) = certificate.key_usage.as_deref() else { continue };
        // Go takes a usage without any bit for none at all.
        if !usages.is_empty() && !usages.contains(&"keyCertSign") {
            let message = format!("its key usage is {}, without keyCertSign", usages.join(", "));
            found.fault(format!("CA[{index}]"), message, [("key_usage", usages.into())]);
        }
    }
}
