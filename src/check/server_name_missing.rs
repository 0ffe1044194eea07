//! The token has a CA, but no server name to verify.

use super::wording::count;
use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `server-name-missing`.
pub static SERVER_NAME_MISSING: Check = Check {
    name: "server-name-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The token has a CA, but no server name to verify.",
    why: "The token was edited, or made by something else than Consul.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token server name value is empty`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.token().is_some_and(|token| token.server_name.is_empty()) {
        let authorities = facts.authorities.len();
        let message = format!("ServerName is empty beside {}", count(authorities, "CA"));
        found.fault("ServerName", message, [("authorities", authorities.into())]);
    }
}
