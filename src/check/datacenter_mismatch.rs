//! The server name and `Remote.Datacenter` name different datacenters.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `datacenter-mismatch`.
pub static DATACENTER_MISMATCH: Check = Check {
    name: "datacenter-mismatch",
    severity: Severity::Warning,
    area: Area::Identity,
    subject: Subject::Datacenter,
    summary: "The server name and `Remote.Datacenter` name different datacenters.",
    why: "The token was edited, or put together from two. Consul does not compare them: if the server name is the wrong one, the TLS handshake fails; if the datacenter is, the dialer shows and uses a wrong one.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: both come from the acceptor's configuration",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let (Some(token), Some(datacenter)) = (facts.token(), facts.datacenter()) else { return };
    let named = token.server_name.strip_prefix("server.").and_then(|rest| rest.split_once('.'));
    if let Some((named, _)) = named
        && !named.eq_ignore_ascii_case(datacenter)
    {
        let message = format!("Remote.Datacenter is {datacenter}, ServerName is of {named}");
        found.fault(
            "Remote.Datacenter",
            message,
            [("datacenter", datacenter.into()), ("server_name", named.into())],
        );
    }
}
