//! The token has several CAs.

use super::wording::day;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-several-roots`.
pub static CA_SEVERAL_ROOTS: Check = Check {
    name: "ca-several-roots",
    severity: Severity::Info,
    area: Area::Certificates,
    subject: Subject::Certificates,
    summary: "The token has several CAs.",
    why: "The acceptor's CA is being rotated, or its old root is still listed. The dialer trusts each of them.",
    remedy: "Nothing. Once the rotation is over, a new token has one.",
    source: "Consul 1.23.0-dev, recorded: `two-roots`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let number = facts.authorities.len();
    if number < 2 {
        return;
    }
    let list: Vec<String> = facts
        .certificates()
        .map(|(_, certificate)| {
            format!(
                "{} ({} to {})",
                certificate.subject,
                day(certificate.not_before),
                day(certificate.not_after)
            )
        })
        .take(MOST_SHOWN)
        .collect();
    let more = if number > list.len() { ", …" } else { "" };
    let message = format!("{number} CAs: {}{more}", list.join(", "));
    found.fault("CA", message, [("count", number.into())]);
}

const MOST_SHOWN: usize = 4;
