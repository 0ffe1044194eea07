//! Consul cannot read a CA.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-unparsable`.
pub static CA_UNPARSABLE: Check = Check {
    name: "ca-unparsable",
    severity: Severity::Error,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "Consul cannot read a CA.",
    why: "The first PEM block must be a certificate that Go's X.509 parser takes. The token was edited or damaged: line breaks were lost, a key was put there instead.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token invalid CA: …`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (index, authority) in facts.authorities.iter().enumerate() {
        if let Err(refusal) = &authority.word {
            found.fault(
                format!("CA[{index}]"),
                refusal.to_string(),
                [("reason", refusal.message.as_str().into())],
            );
        }
    }
}
