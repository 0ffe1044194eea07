//! The servers' own addresses are not dialed, because the token has manual ones.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `addresses-overridden`.
pub static ADDRESSES_OVERRIDDEN: Check = Check {
    name: "addresses-overridden",
    severity: Severity::Info,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "The servers' own addresses are not dialed, because the token has manual ones.",
    why: "The token was generated with `-server-external-addresses`. They replace the others altogether: those are no fallback.",
    remedy: "Nothing, if that was meant. To have an address dialed, it must be among the manual ones.",
    source: "Consul 1.23.0-dev, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let manual = facts.addresses.iter().filter(|address| address.dialed).count();
    let overridden = facts.addresses.len() - manual;
    if overridden > 0 {
        let message = format!(
            "{} dialed; the servers' own {} not",
            count(manual, "manual address"),
            count(overridden, "address")
        );
        found.fault(
            "ServerAddresses",
            message,
            [("manual", manual.into()), ("overridden", overridden.into())],
        );
    }
}
