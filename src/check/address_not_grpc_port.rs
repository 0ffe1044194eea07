//! An address has a port on which Consul usually serves something else.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-not-grpc-port`.
pub static ADDRESS_NOT_GRPC_PORT: Check = Check {
    name: "address-not-grpc-port",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address has a port on which Consul usually serves something else.",
    why: "Peering wants the gRPC port: 8503 with TLS, 8502 without. At the other ports the handshake fails: `tls: first record does not look like a TLS handshake`, or `error reading server preface: EOF`. It is a warning because ports can be configured, and because a load balancer may map them.",
    remedy: "Generate the token again with `-server-external-addresses HOST:8503`, or look where the load balancer sends this port. `peering diagnose` tries it.",
    source: "Consul's default ports; Consul 1.23.0-dev, recorded for 8500 and 8502; hashicorp/consul#15894",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let tls = !facts.authorities.is_empty();
    for (address, parsed) in facts.dialed() {
        let Some(usual) = usual_use(parsed.port, tls) else { continue };
        let message = format!("{}: {} is usually {usual}", address.text, parsed.port);
        found.fault(
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
