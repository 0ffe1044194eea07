//! The check for a private key in any field.

use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};

/// `private-key-inside`.
pub static PRIVATE_KEY_INSIDE: TokenCheck = TokenCheck {
    check: Check {
        name: "private-key-inside",
        severity: Severity::Error,
        area: Area::Certificates,
        subject: Subject::Fields,
        summary: "The token contains a private key.",
        why: "A file with a certificate and its key was used as the CA, or the key was put into another field. Everyone who has the token can impersonate the acceptor or sign certificates for its CA. This is an error although Consul accepts the token.",
        remedy: "Treat the key as compromised: rotate the CA that it belongs to. Then generate another token.",
        source: "the purpose of private keys; Consul 1.23.0-dev accepts a key after the certificate",
    },
    run: private_key_inside,
};

fn private_key_inside(context: &Context<'_>, findings: &mut Findings) {
    for place in &context.private_keys {
        findings.add(place.path(), "it contains the PEM block of a private key", []);
    }
}
