//! An address is a name that is known within its own network only.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;
use crate::token::HostKind;

/// `address-internal-name`.
pub static ADDRESS_INTERNAL_NAME: Check = Check {
    name: "address-internal-name",
    severity: Severity::Warning,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "An address is a name that is known within its own network only.",
    why: "A name without a dot, or under a domain such as `.svc.cluster.local`, `.internal` or `.consul`, is answered by the acceptor's own DNS. The dialer's servers ask theirs, and get `no such host`.",
    remedy: "Generate the token again with `-server-external-addresses` and names that the dialer's servers can look up; in Kubernetes, those of a load balancer or a mesh gateway.",
    source: "RFC 6762, ICANN's reservation of .internal (2024), and Kubernetes' DNS for services",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    for (address, parsed) in facts.dialed() {
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
        found.fault(address.path(), message, [("address", address.text.into()), ("host", name.into())]);
    }
}

/// Last labels that no public DNS answers for.
const INTERNAL: [&str; 7] = ["svc", "local", "internal", "consul", "lan", "home", "corp"];
