//! There is one IP address to dial.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `one-server-only`.
pub static ONE_SERVER_ONLY: Check = Check {
    name: "one-server-only",
    severity: Severity::Info,
    area: Area::Addresses,
    subject: Subject::Addresses,
    summary: "There is one IP address to dial.",
    why: "If that server is down while the peering is established, there is no other to try. Later the acceptor tells the dialer all its servers. A single name is not reported: a load balancer may stand behind it.",
    remedy: "Nothing, if the acceptor has one server. Else wait until all servers are up, and generate the token again.",
    source: "Consul 1.23.0-dev, recorded with one server and three",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let mut dialed = facts.addresses.iter().filter(|address| address.dialed);
    if let (Some(address), None) = (dialed.next(), dialed.next())
        && address.parsed.as_ref().is_ok_and(|parsed| parsed.ip().is_some())
    {
        found.fault(
            address.path(),
            format!("{} is the only address", address.text),
            [("address", address.text.into())],
        );
    }
}
