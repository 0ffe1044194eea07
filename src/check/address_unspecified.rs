//! An address names no host: `0.0.0.0`, `::`, or nothing before the port.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::HostKind;

/// `address-unspecified`.
pub static ADDRESS_UNSPECIFIED: Check = Check {
    name: "address-unspecified",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address names no host: `0.0.0.0`, `::`, or nothing before the port.",
    why: "A server advertises the address that it listens on. Whoever dials it reaches itself, and never the acceptor.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.2: never a destination",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
        let unspecified = match parsed.ip() {
            Some(ip) => ip.is_unspecified(),
            None => parsed.kind == HostKind::Empty,
        };
        if unspecified {
            let message = format!("{} names no host: a dialer reaches itself", address.text);
            found.fault(address.path(), message, [("address", address.text.into())]);
        }
    }
}
