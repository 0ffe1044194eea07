//! An address is a loopback address: it works on one machine only.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-loopback`.
pub static ADDRESS_LOOPBACK: Check = Check {
    name: "address-loopback",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is a loopback address: it works on one machine only.",
    why: "The acceptor is a development agent, or binds to 127.0.0.1. On another machine, the dialer reaches itself.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 1122, section 3.2.1.3, and RFC 6761, section 6.3",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
        let loopback = match parsed.ip() {
            Some(ip) => ip.is_loopback(),
            None => is_localhost(&parsed.host),
        };
        if loopback {
            let message = format!("{} is this very machine, wherever it is dialed from", address.text);
            found.fault(address.path(), message, [("address", address.text.into())]);
        }
    }
}

fn is_localhost(name: &str) -> bool {
    const LOCALHOST: &str = "localhost";
    let name = name.strip_suffix('.').unwrap_or(name);
    let start = name.len().saturating_sub(LOCALHOST.len());
    let is_last = name.is_char_boundary(start) && name[start..].eq_ignore_ascii_case(LOCALHOST);
    is_last && (start == 0 || name.as_bytes()[start - 1] == b'.')
}
