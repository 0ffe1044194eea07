//! An address stands twice among those that are dialed.

use super::repeated::repeated;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-duplicate`.
pub static ADDRESS_DUPLICATE: Check = Check {
    name: "address-duplicate",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address stands twice among those that are dialed.",
    why: "Another server was meant, or the list was put together twice. If that one address is down, the others are fewer than they seem; and Consul starts no attempt after 3 seconds.",
    remedy: "Generate the token again with each address once in `-server-external-addresses`.",
    source: "Consul 1.23.0-dev, recorded: the addresses are dialed one by one",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let dialed = || facts.dialed().map(|(address, parsed)| (address, (parsed.port, &*parsed.host)));
    for (second, first) in repeated(dialed, facts.addresses.len()) {
        let message = format!("{} stands there before, as {}", second.text, first.path());
        found.fault(
            second.path(),
            message,
            [("address", second.text.into()), ("first", first.path().into())],
        );
    }
}
