//! This is a JSON Web Token, not a peering token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::Resemblance;

/// `is-a-jwt`.
pub static IS_A_JWT: Check = Check {
    name: "is-a-jwt",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a JSON Web Token, not a peering token.",
    why: "The example on Consul's page \"Establish cluster peering connections\" is one. ACL logins use them as well.",
    remedy: "Give the token that the accepting cluster printed: `peering generate-token -name NAME` prints one.",
    source: "Consul 1.23.0-dev, recorded: refused at the first dot, byte 20 in the page's example; RFC 7519",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Jwt) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!(
                "these {length} bytes are three parts with dots between, the first a JSON Web Token's header"
            ),
            [("bytes", length.into())],
        );
    }
}
