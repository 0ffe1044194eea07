//! Checks of the networks in which an address works.

use std::net::IpAddr;

use crate::lint::{Area, Check, Context, Findings, Severity, Subject, TokenCheck};
use crate::token::HostKind;

/// `address-unspecified`.
pub static ADDRESS_UNSPECIFIED: TokenCheck = TokenCheck {
    check: Check {
        name: "address-unspecified",
        severity: Severity::Error,
        area: Area::Addresses,
        subject: Subject::Addresses,
        summary: "An address has no specific host: `0.0.0.0`, `::`, or nothing before the port.",
        why: "A server advertises the address that it listens on. A dialer that uses it connects to itself instead of the acceptor.",
        remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
        source: "RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.2: never a destination",
    },
    run: address_unspecified,
};

fn address_unspecified(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        let unspecified = match parsed.ip() {
            Some(ip) => ip.is_unspecified(),
            None => parsed.kind == HostKind::Empty,
        };
        if unspecified {
            let message = format!("{} has no specific host: a dialer would connect to itself", address.text);
            findings.add(address.path(), message, [("address", address.text.into())]);
        }
    }
}

/// `address-loopback`.
pub static ADDRESS_LOOPBACK: TokenCheck = TokenCheck {
    check: Check {
        name: "address-loopback",
        severity: Severity::Warning,
        area: Area::Addresses,
        subject: Subject::Addresses,
        summary: "An address is a loopback address, which works on one host only.",
        why: "The acceptor is a development agent, or binds to 127.0.0.1. A dialer on another host connects to itself.",
        remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
        source: "RFC 1122, section 3.2.1.3, and RFC 6761, section 6.3",
    },
    run: address_loopback,
};

fn address_loopback(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        let loopback = match parsed.ip() {
            Some(ip) => ip.is_loopback(),
            None => is_localhost(&parsed.host),
        };
        if loopback {
            let message = format!(
                "{} is a loopback address: a dialer on another host would connect to itself",
                address.text
            );
            findings.add(address.path(), message, [("address", address.text.into())]);
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

/// `address-link-local`.
pub static ADDRESS_LINK_LOCAL: TokenCheck = TokenCheck {
    check: Check {
        name: "address-link-local",
        severity: Severity::Warning,
        area: Area::Addresses,
        subject: Subject::Addresses,
        summary: "An address is link-local, which works on one network segment only.",
        why: "The server has no address from DHCP, or advertises the address of the wrong interface. Routers do not forward packets to link-local addresses.",
        remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
        source: "RFC 3927 and RFC 4291, section 2.5.6",
    },
    run: address_link_local,
};

fn address_link_local(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        let link_local = parsed.ip().is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        });
        if link_local {
            let message =
                format!("{} is link-local: only hosts on its network segment can reach it", address.text);
            findings.add(address.path(), message, [("address", address.text.into())]);
        }
    }
}

/// `address-private`.
pub static ADDRESS_PRIVATE: TokenCheck = TokenCheck {
    check: Check {
        name: "address-private",
        severity: Severity::Warning,
        area: Area::Addresses,
        subject: Subject::Addresses,
        summary: "An address is private: only hosts in its own network can reach it.",
        why: "The token contains the LAN addresses of the acceptor's servers. If the dialer is in another network, establishing fails with `i/o timeout`. This is the problem that people report most often. If both clusters share a network, the address works.",
        remedy: "Connect the networks, generate the token again with `-server-external-addresses`, or configure peering through mesh gateways before you generate the token. Do not edit the token: the acceptor replaces the addresses later.",
        source: "RFC 1918, RFC 6598 and RFC 4193; hashicorp/consul#15051 and #15763",
    },
    run: address_private,
};

fn address_private(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        if let Some(range) = parsed.ip().and_then(private_range) {
            let message =
                [address.text, " is private (", range, "): only hosts in its network can reach it"].concat();
            findings.add(
                address.path(),
                message,
                [("address", address.text.into()), ("range", range.into())],
            );
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

/// `address-internal-name`.
pub static ADDRESS_INTERNAL_NAME: TokenCheck = TokenCheck {
    check: Check {
        name: "address-internal-name",
        severity: Severity::Warning,
        area: Area::Addresses,
        subject: Subject::Addresses,
        summary: "An address has a host name that only its own network can resolve.",
        why: "Only the acceptor's DNS resolves a name without a dot, or a name in a domain such as `.svc.cluster.local`, `.internal` or `.consul`. The dialer's servers use their own DNS and get `no such host`.",
        remedy: "Generate the token again with `-server-external-addresses` and names that the dialer's servers can resolve. In Kubernetes, use a load balancer or a mesh gateway.",
        source: "RFC 6762, ICANN's reservation of .internal (2024), and Kubernetes' DNS for services",
    },
    run: address_internal_name,
};

fn address_internal_name(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        if parsed.kind != HostKind::Name || parsed.host.eq_ignore_ascii_case("localhost") {
            continue;
        }
        let name = parsed.host.trim_end_matches('.');
        let kind = match name.rsplit_once('.') {
            None => "a name without a dot".to_owned(),
            Some((_, last)) if INTERNAL.iter().any(|internal| last.eq_ignore_ascii_case(internal)) => {
                format!("a name in .{last}")
            }
            Some(_) => continue,
        };
        let message = format!("{}: other networks cannot resolve {kind}", address.text);
        findings.add(address.path(), message, [("address", address.text.into()), ("host", name.into())]);
    }
}

/// Top-level labels that public DNS does not resolve.
const INTERNAL: [&str; 7] = ["svc", "local", "internal", "consul", "lan", "home", "corp"];
