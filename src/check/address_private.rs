//! An address is private: it can be reached from within its own network only.

use std::net::IpAddr;

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-private`.
pub static ADDRESS_PRIVATE: Check = Check {
    name: "address-private",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is private: it can be reached from within its own network only.",
    why: "The token carries the addresses that the acceptor's servers have in their LAN, which is what people report most: the dialer is elsewhere, and establishing ends in `i/o timeout`. It is fine where both clusters share a network.",
    remedy: "Connect the networks; or generate the token again with `-server-external-addresses`; or let the peering go through mesh gateways, before the token is generated. Do not edit the token: the edit does not last.",
    source: "RFC 1918, RFC 6598 and RFC 4193; hashicorp/consul#15051 and #15763",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
        if let Some(range) = parsed.ip().and_then(private_range) {
            let message = format!("{} is private ({range}): only its own network reaches it", address.text);
            found.fault(address.path(), message, [("address", address.text.into()), ("range", range.into())]);
        }
    }
}

fn private_range(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => match ip.octets() {
            [10, ..] => Some("10.0.0.0/8"),
            [172, 16..=31, ..] => Some("172.16.0.0/12"),
            [192, 168, ..] => Some("192.168.0.0/16"),
            [100, 64..=127, ..] => Some("100.64.0.0/10"),
            _ => None,
        },
        IpAddr::V6(ip) => ip.is_unique_local().then_some("fc00::/7"),
    }
}
