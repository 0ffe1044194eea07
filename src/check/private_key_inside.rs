//! There is a private key in the token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `private-key-inside`.
pub static PRIVATE_KEY_INSIDE: Check = Check {
    name: "private-key-inside",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "There is a private key in the token.",
    why: "A file with a certificate and its key was taken for the CA. Whoever sees the token can then pose as the acceptor, or sign for its CA: that is an error even where Consul accepts the token.",
    remedy: "Treat the key as lost: rotate the CA that it belongs to. Then generate a token anew.",
    source: "common sense; Consul 1.23.0-dev accepts a key after the certificate",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, authority) in facts.authorities.iter().enumerate() {
        if authority.private_key {
            found.fault(format!("CA[{index}]"), "a PEM block of a private key is in it", []);
        }
    }
}
