//! An address is link-local: it works on one network segment only.

use std::net::IpAddr;

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-link-local`.
pub static ADDRESS_LINK_LOCAL: Check = Check {
    name: "address-link-local",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is link-local: it works on one network segment only.",
    why: "The server has got no address from DHCP, or advertises the address of the wrong interface. It cannot be routed.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 3927 and RFC 4291, section 2.5.6",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
        let link_local = parsed.ip().is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        });
        if link_local {
            let message =
                format!("{} is link-local: it can be reached on its own network segment only", address.text);
            found.fault(address.path(), message, [("address", address.text.into())]);
        }
    }
}
