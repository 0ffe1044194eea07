//! A CA expires soon.

use super::wording::{at_least, day, days_between};
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-expires-soon`.
pub static CA_EXPIRES_SOON: Check = Check {
    name: "ca-expires-soon",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA expires soon.",
    why: "Once it has expired, no establishing and no reconnecting succeeds with this token's CA. How soon is soon is told by `-warn-before`.",
    remedy: "Rotate the acceptor's CA, then generate the token again. A token that is established before then gets the new CA by itself.",
    source: "Go's `crypto/x509`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, certificate) in facts.certificates() {
        let left = certificate.not_after.duration_since(facts.now);
        if certificate.is_valid_at(facts.now) && left <= facts.warn_before {
            let days = days_between(facts.now, certificate.not_after);
            let message = format!("expires on {}, in {}", day(certificate.not_after), at_least(days));
            let values = [("not_after", certificate.not_after.to_string().into()), ("days", days.into())];
            found.fault(format!("CA[{index}]"), message, values);
        }
    }
}
