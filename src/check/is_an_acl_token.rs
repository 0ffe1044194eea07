//! This is a UUID, as the secret of an ACL token is, not a peering token.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::resemblance::Resemblance;

/// `is-an-acl-token`.
pub static IS_AN_ACL_TOKEN: Check = Check {
    name: "is-an-acl-token",
    severity: Severity::Error,
    area: Area::Text,
    subject: Subject::Text,
    summary: "This is a UUID, as the secret of an ACL token is, not a peering token.",
    why: "`-token` and `CONSUL_HTTP_TOKEN` take an ACL token; a peering token is another thing, far longer. A peer ID or an establishment secret looks the same.",
    remedy: "Give the token that the accepting cluster printed. If this was a secret, it has now been where it should not be: replace it.",
    source: "the form of Consul's ACL tokens; Consul refuses it at byte 8",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.resembles(Resemblance::Uuid) {
        let length = facts.text.trim_ascii().len();
        found.fault(
            "text",
            format!(
                "these {length} characters are a UUID; a peering token has more than 200 and starts with eyJ"
            ),
            [("bytes", length.into())],
        );
    }
}
