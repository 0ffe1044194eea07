//! Checks of the addresses that the dialer connects to.

use std::net::IpAddr;

use super::duplicates::repeated;
use super::format::count;
use crate::lint::{Area, Check, Context, Findings, Severity, Subject};
use crate::token::HostKind;

/// `addresses-missing`.
pub static ADDRESSES_MISSING: Check = Check {
    name: "addresses-missing",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Fields,
    summary: "The token has no address to dial.",
    reason: "The token was edited, or made by something else than Consul, which always writes one.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token server addresses value is empty`",
    run: addresses_missing,
};

fn addresses_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.addresses.is_empty() {
        findings.add(
            "ServerAddresses",
            "neither ManualServerAddresses nor ServerAddresses holds an address",
            [],
        );
    }
}

/// `address-invalid`.
pub static ADDRESS_INVALID: Check = Check {
    name: "address-invalid",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is not `host:port` with a port from 1 to 65535.",
    reason: "The port was forgotten in `-server-external-addresses`: generating does not check them, establishing does. One such address is enough for Consul to refuse the whole token, even if it would not be dialed. An IPv6 address needs brackets.",
    remedy: "Generate the token again with `-server-external-addresses HOST:PORT,…`; the gRPC TLS port is 8503 unless configured otherwise.",
    source: "Consul 1.23.0-dev, recorded: `X is not a valid peering server address`",
    run: address_invalid,
};

fn address_invalid(context: &Context<'_>, findings: &mut Findings) {
    for address in &context.addresses {
        if let Err(error) = &address.parsed {
            let values = [("address", address.text.into()), ("reason", error.reason.into())];
            findings.add(address.path(), format!("{}: {}", address.text, error.reason), values);
        }
    }
}

/// `address-host-malformed`.
pub static ADDRESS_HOST_MALFORMED: Check = Check {
    name: "address-host-malformed",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "The host of an address can be no host: it is neither an IP address nor a name that can be looked up.",
    reason: "A space after a comma in `-server-external-addresses`, a URL instead of `host:port`, a number too large in an IP address. Consul checks the port only, so that the fault shows when it dials: `no such host`.",
    remedy: "Generate the token again with `-server-external-addresses HOST:PORT,…`, without blanks, schemes or paths.",
    source: "Go's resolver, which looks up no such name; RFC 1035, section 2.3.1",
    run: address_host_malformed,
};

fn address_host_malformed(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        if parsed.kind == HostKind::Name && !can_be_looked_up(&parsed.host) {
            let message = format!("{}: the host is neither an IP address nor a name", address.text);
            findings.add(
                address.path(),
                message,
                [("address", address.text.into()), ("host", parsed.host.as_str().into())],
            );
        }
    }
}

/// What Go's resolver would ask about: labels of 1 to 63 letters, digits, `-` and `_`, and not digits alone.
fn can_be_looked_up(name: &str) -> bool {
    let bytes = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let digits_and_dots = bytes.iter().filter(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    bytes.len() <= 253 && digits_and_dots < bytes.len() && bytes.split(|byte| *byte == b'.').all(is_label)
}

fn is_label(label: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let (Some(first), Some(last)) = (label.first(), label.last()) else { return false };
    label.len() <= 63
        && *first != b'-'
        && *last != b'-'
        && label.iter().filter(|byte| is_sign(byte)).count() == label.len()
}

/// `address-unspecified`.
pub static ADDRESS_UNSPECIFIED: Check = Check {
    name: "address-unspecified",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address names no host: `0.0.0.0`, `::`, or nothing before the port.",
    reason: "A server advertises the address that it listens on. Whoever dials it reaches itself, and never the acceptor.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.2: never a destination",
    run: address_unspecified,
};

fn address_unspecified(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        let unspecified = match parsed.ip() {
            Some(ip) => ip.is_unspecified(),
            None => parsed.kind == HostKind::Empty,
        };
        if unspecified {
            let message = format!("{} names no host: a dialer reaches itself", address.text);
            findings.add(address.path(), message, [("address", address.text.into())]);
        }
    }
}

/// `address-loopback`.
pub static ADDRESS_LOOPBACK: Check = Check {
    name: "address-loopback",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is a loopback address: it works on one machine only.",
    reason: "The acceptor is a development agent, or binds to 127.0.0.1. On another machine, the dialer reaches itself.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 1122, section 3.2.1.3, and RFC 6761, section 6.3",
    run: address_loopback,
};

fn address_loopback(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        let loopback = match parsed.ip() {
            Some(ip) => ip.is_loopback(),
            None => is_localhost(&parsed.host),
        };
        if loopback {
            let message = format!("{} is this very machine, wherever it is dialed from", address.text);
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
pub static ADDRESS_LINK_LOCAL: Check = Check {
    name: "address-link-local",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is link-local: it works on one network segment only.",
    reason: "The server has got no address from DHCP, or advertises the address of the wrong interface. It cannot be routed.",
    remedy: "Set `advertise_addr` on the acceptor's servers, or generate the token again with `-server-external-addresses`.",
    source: "RFC 3927 and RFC 4291, section 2.5.6",
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
                format!("{} is link-local: it can be reached on its own network segment only", address.text);
            findings.add(address.path(), message, [("address", address.text.into())]);
        }
    }
}

/// `address-private`.
pub static ADDRESS_PRIVATE: Check = Check {
    name: "address-private",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is private: it can be reached from within its own network only.",
    reason: "The token carries the addresses that the acceptor's servers have in their LAN, which is what people report most: the dialer is elsewhere, and establishing ends in `i/o timeout`. It is fine where both clusters share a network.",
    remedy: "Connect the networks; or generate the token again with `-server-external-addresses`; or let the peering go through mesh gateways, before the token is generated. Do not edit the token: the edit does not last.",
    source: "RFC 1918, RFC 6598 and RFC 4193; hashicorp/consul#15051 and #15763",
    run: address_private,
};

fn address_private(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        if let Some(range) = parsed.ip().and_then(private_range) {
            let message = format!("{} is private ({range}): only its own network reaches it", address.text);
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
pub static ADDRESS_INTERNAL_NAME: Check = Check {
    name: "address-internal-name",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is a name that is known within its own network only.",
    reason: "A name without a dot, or under a domain such as `.svc.cluster.local`, `.internal` or `.consul`, is answered by the acceptor's own DNS. The dialer's servers ask theirs, and get `no such host`.",
    remedy: "Generate the token again with `-server-external-addresses` and names that the dialer's servers can look up; in Kubernetes, those of a load balancer or a mesh gateway.",
    source: "RFC 6762, ICANN's reservation of .internal (2024), and Kubernetes' DNS for services",
    run: address_internal_name,
};

fn address_internal_name(context: &Context<'_>, findings: &mut Findings) {
    for (address, parsed) in context.dialed() {
        if parsed.kind != HostKind::Name || parsed.host.eq_ignore_ascii_case("localhost") {
            continue;
        }
        let name = parsed.host.trim_end_matches('.');
        let why = match name.rsplit_once('.') {
            None => "a name without a dot".to_owned(),
            Some((_, last)) if INTERNAL.iter().any(|internal| last.eq_ignore_ascii_case(internal)) => {
                format!("a name under .{last}")
            }
            Some(_) => continue,
        };
        let message = format!("{}: {why} means nothing outside of its own network", address.text);
        findings.add(address.path(), message, [("address", address.text.into()), ("host", name.into())]);
    }
}

/// Last labels that no public DNS answers for.
const INTERNAL: [&str; 7] = ["svc", "local", "internal", "consul", "lan", "home", "corp"];

/// `address-not-grpc-port`.
pub static ADDRESS_NOT_GRPC_PORT: Check = Check {
    name: "address-not-grpc-port",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address has a port on which Consul usually serves something else.",
    reason: "Peering wants the gRPC port: 8503 with TLS, 8502 without. At the other ports the handshake fails: `tls: first record does not look like a TLS handshake`, or `error reading server preface: EOF`. It is a warning because ports can be configured, and because a load balancer may map them.",
    remedy: "Generate the token again with `-server-external-addresses HOST:8503`, or look where the load balancer sends this port. `peering diagnose` tries it.",
    source: "Consul's default ports; Consul 1.23.0-dev, recorded for 8500 and 8502; hashicorp/consul#15894",
    run: address_not_grpc_port,
};

fn address_not_grpc_port(context: &Context<'_>, findings: &mut Findings) {
    let tls = !context.ca_entries.is_empty();
    for (address, parsed) in context.dialed() {
        let Some(usual) = usual_use(parsed.port, tls) else { continue };
        let message = format!("{}: {} is usually {usual}", address.text, parsed.port);
        findings.add(
            address.path(),
            message,
            [("address", address.text.into()), ("port", parsed.port.into())],
        );
    }
}

fn usual_use(port: u16, tls: bool) -> Option<&'static str> {
    match port {
        8300 => Some("Consul's server RPC port, not its gRPC port"),
        8301 => Some("Consul's LAN gossip port, not its gRPC port"),
        8302 => Some("Consul's WAN gossip port, not its gRPC port"),
        8500 => Some("Consul's HTTP port, not its gRPC port"),
        8501 => Some("Consul's HTTPS port, not its gRPC port"),
        8600 => Some("Consul's DNS port, not its gRPC port"),
        8502 if tls => Some("gRPC without TLS, and this token asks for TLS: 8503"),
        8503 if !tls => Some("gRPC with TLS, and this token has no CA and asks for none: 8502"),
        _ => None,
    }
}

/// `address-duplicate`.
pub static ADDRESS_DUPLICATE: Check = Check {
    name: "address-duplicate",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address stands twice among those that are dialed.",
    reason: "Another server was meant, or the list was put together twice. If that one address is down, the others are fewer than they seem; and Consul starts no attempt after 3 seconds.",
    remedy: "Generate the token again with each address once in `-server-external-addresses`.",
    source: "Consul 1.23.0-dev, recorded: the addresses are dialed one by one",
    run: address_duplicate,
};

fn address_duplicate(context: &Context<'_>, findings: &mut Findings) {
    let dialed = || context.dialed().map(|(address, parsed)| (address, (parsed.port, &*parsed.host)));
    for (second, first) in repeated(dialed, context.addresses.len()) {
        let message = format!("{} stands there before, as {}", second.text, first.path());
        findings.add(
            second.path(),
            message,
            [("address", second.text.into()), ("first", first.path().into())],
        );
    }
}

/// `addresses-overridden`.
pub static ADDRESSES_OVERRIDDEN: Check = Check {
    name: "addresses-overridden",
    severity: Severity::Info,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "The servers' own addresses are not dialed, because the token has manual ones.",
    reason: "The token was generated with `-server-external-addresses`. They replace the others altogether: those are no fallback.",
    remedy: "Nothing, if that was meant. To have an address dialed, it must be among the manual ones.",
    source: "Consul 1.23.0-dev, recorded",
    run: addresses_overridden,
};

fn addresses_overridden(context: &Context<'_>, findings: &mut Findings) {
    let manual = context.addresses.iter().filter(|address| address.dialed).count();
    let overridden = context.addresses.len() - manual;
    if overridden > 0 {
        let message = format!(
            "{} dialed; the servers' own {} not",
            count(manual, "manual address"),
            count(overridden, "address")
        );
        findings.add(
            "ServerAddresses",
            message,
            [("manual", manual.into()), ("overridden", overridden.into())],
        );
    }
}

/// `one-server-only`.
pub static ONE_SERVER_ONLY: Check = Check {
    name: "one-server-only",
    severity: Severity::Info,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "There is one IP address to dial.",
    reason: "If that server is down while the peering is established, there is no other to try. Later the acceptor tells the dialer all its servers. A single name is not reported: a load balancer may stand behind it.",
    remedy: "Nothing, if the acceptor has one server. Else wait until all servers are up, and generate the token again.",
    source: "Consul 1.23.0-dev, recorded with one server and three",
    run: one_server_only,
};

fn one_server_only(context: &Context<'_>, findings: &mut Findings) {
    let mut dialed = context.addresses.iter().filter(|address| address.dialed);
    if let (Some(address), None) = (dialed.next(), dialed.next())
        && address.parsed.as_ref().is_ok_and(|parsed| parsed.ip().is_some())
    {
        findings.add(
            address.path(),
            format!("{} is the only address", address.text),
            [("address", address.text.into())],
        );
    }
}
