//! An address is not `host:port` with a port from 1 to 65535.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `address-invalid`.
pub static ADDRESS_INVALID: Check = Check {
    name: "address-invalid",
    severity: Severity::Error,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is not `host:port` with a port from 1 to 65535.",
    why: "The port was forgotten in `-server-external-addresses`: generating does not check them, establishing does. One such address is enough for Consul to refuse the whole token, even if it would not be dialed. An IPv6 address needs brackets.",
    remedy: "Generate the token again with `-server-external-addresses HOST:PORT,…`; the gRPC TLS port is 8503 unless configured otherwise.",
    source: "Consul 1.23.0-dev, recorded: `X is not a valid peering server address`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for address in &facts.addresses {
        if let Err(error) = &address.parsed {
            let values = [("address", address.text.into()), ("reason", error.reason.into())];
            found.fault(address.path(), format!("{}: {}", address.text, error.reason), values);
        }
    }
}
