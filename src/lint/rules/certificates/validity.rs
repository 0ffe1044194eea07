//! Checks of the validity periods of CA certificates.

use jiff::Timestamp;
use serde_json::Value;

use crate::certificate::Certificate;
use crate::lint::rules::format::{days_between, path, whole_days};
use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};
use crate::utc::{date_time, day};

/// `ca-expired`.
pub static CA_EXPIRED: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-expired",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA has expired, and the token contains no valid CA.",
        why: "Go checks the dates of the whole chain, including the root. Every handshake fails with `certificate has expired or is not yet valid`. Consul does not check the dates when it decodes the token.",
        remedy: "If the acceptor still uses this CA, rotate it. Then generate the token again.",
        source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    },
    run: ca_expired,
};

fn ca_expired(context: &Context<'_>, findings: &mut Findings) {
    if context.may_have_valid_ca() {
        return;
    }
    for (index, certificate) in context.certificates() {
        if certificate.not_after < context.now {
            findings.add(
                path("CA", index),
                expired_message(certificate, context.now),
                expired_values(certificate, context.now),
            );
        }
    }
}

/// `ca-partly-expired`.
pub static CA_PARTLY_EXPIRED: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-partly-expired",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA has expired, but the token contains another CA that is valid.",
        why: "The token was generated during a rotation, or the acceptor still lists an old root. The handshake succeeds as long as the acceptor's certificate chains to the valid CA.",
        remedy: "After the rotation, generate the token again.",
        source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    },
    run: ca_partly_expired,
};

fn ca_partly_expired(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        if certificate.not_after < context.now && context.may_have_valid_ca() {
            let message = format!(
                "{}; another CA of the token may still be valid",
                expired_message(certificate, context.now)
            );
            findings.add(path("CA", index), message, expired_values(certificate, context.now));
        }
    }
}

/// `ca-not-yet-valid`.
pub static CA_NOT_YET_VALID: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-not-yet-valid",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA is not yet valid, and the token contains no valid CA.",
        why: "The clocks of the two clusters differ, or the CA was created for later use. Until then, every handshake fails with `certificate has expired or is not yet valid`.",
        remedy: "Compare the clocks of the acceptor, the dialer and this host. If they are correct, wait until the CA is valid.",
        source: "Go's `crypto/x509`; Consul 1.23.0-dev accepts it, recorded",
    },
    run: ca_not_yet_valid,
};

fn ca_not_yet_valid(context: &Context<'_>, findings: &mut Findings) {
    if context.may_have_valid_ca() {
        return;
    }
    for (index, certificate) in context.certificates() {
        if context.now < certificate.not_before {
            let days = days_between(context.now, certificate.not_before);
            let message =
                format!("valid from {}, in {}", date_time(certificate.not_before), whole_days(days));
            let values = [("not_before", certificate.not_before.to_string().into()), ("days", days.into())];
            findings.add(path("CA", index), message, values);
        }
    }
}

/// `ca-expires-soon`.
pub static CA_EXPIRES_SOON: TokenCheck = TokenCheck {
    check: Check {
        name: "ca-expires-soon",
        severity: Severity::Warning,
        area: Area::Certificates,
        subject: Subject::Certificates,
        summary: "A CA expires soon.",
        why: "After it expires, the dialer can neither establish the peering nor reconnect with this CA. `-expires-within` sets how soon is reported.",
        remedy: "Rotate the acceptor's CA, then generate the token again. If you establish the peering before the CA expires, the acceptor sends the new CA to the dialer.",
        source: "Go's `crypto/x509`",
    },
    run: ca_expires_soon,
};

fn ca_expires_soon(context: &Context<'_>, findings: &mut Findings) {
    for (index, certificate) in context.certificates() {
        let left = certificate.not_after.duration_since(context.now);
        if certificate.is_valid_at(context.now) && left <= context.warn_before {
            let days = days_between(context.now, certificate.not_after);
            let message = format!("expires on {}, in {}", day(certificate.not_after), whole_days(days));
            let values = [("not_after", certificate.not_after.to_string().into()), ("days", days.into())];
            findings.add(path("CA", index), message, values);
        }
    }
}

/// Returns when a certificate expired, and how long ago.
fn expired_message(certificate: &Certificate, now: Timestamp) -> String {
    let days = days_between(certificate.not_after, now);
    format!("expired on {}, {} ago", day(certificate.not_after), whole_days(days))
}

/// Returns the values of [`expired_message`].
fn expired_values(certificate: &Certificate, now: Timestamp) -> [(&'static str, Value); 2] {
    let days = days_between(certificate.not_after, now);
    [("not_after", certificate.not_after.to_string().into()), ("days", days.into())]
}
