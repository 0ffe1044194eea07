//! A CA is not valid yet, and the token has none that is.

use super::wording::{at_least, days_between, moment};
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-not-yet-valid`.
pub static CA_NOT_YET_VALID: Check = Check {
    name: "ca-not-yet-valid",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "A CA is not valid yet, and the token has none that is.",
    why: "The clocks of the two clusters differ, or the CA was made for later. Every handshake fails with `certificate has expired or is not yet valid` until then.",
    remedy: "Compare the clocks of the acceptor, of the dialer and of this machine; else wait until that day.",
    source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.may_trust_some() {
        return;
    }
    for (index, certificate) in facts.certificates() {
        if facts.now < certificate.not_before {
            let days = days_between(facts.now, certificate.not_before);
            let message = format!("valid from {} on, in {}", moment(certificate.not_before), at_least(days));
            let values = [("not_before", certificate.not_before.to_string().into()), ("days", days.into())];
            found.fault(format!("CA[{index}]"), message, values);
        }
    }
}
