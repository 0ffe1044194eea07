//! The server name is not one that Consul's servers have certificates for.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `server-name-malformed`.
pub static SERVER_NAME_MALFORMED: Check = Check {
    name: "server-name-malformed",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The server name is not one that Consul's servers have certificates for.",
    why: "The dialer verifies the acceptor's certificate against this name, so that any other name fails the TLS handshake. Consul writes `server.<datacenter>.peering.<trust-domain>`, Consul 1.13 `server.<datacenter>.<domain>`.",
    remedy: "Generate a token anew on the accepting cluster; the name is not to be edited.",
    source: "Consul 1.23.0-dev and 1.13, recorded: `establish-wrong-server-name`",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    let Some(token) = facts.token().filter(|token| !token.server_name.is_empty()) else { return };
    let (form, is_good) = if token.remote.is_some() {
        ("server.<datacenter>.peering.<trust-domain>", is_of_today(&token.server_name))
    } else {
        ("server.<datacenter>.<domain>", is_of_1_13(&token.server_name))
    };
    if !is_good {
        let name = token.server_name.as_str();
        let message = format!("{name} does not have the form {form}");
        found.fault("ServerName", message, [("server_name", name.into()), ("form", form.into())]);
    }
}

fn is_of_today(name: &str) -> bool {
    datacenter_and_rest(name).is_some_and(|(datacenter, rest)| {
        is_label(datacenter) && rest.strip_prefix("peering.").is_some_and(are_labels)
    })
}

fn is_of_1_13(name: &str) -> bool {
    datacenter_and_rest(name).is_some_and(|(datacenter, rest)| is_label(datacenter) && are_labels(rest))
}

fn datacenter_and_rest(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("server.")?.split_once('.')
}

fn are_labels(domain: &str) -> bool {
    domain.split('.').all(is_label)
}

/// Of any length but none: it is the form that is judged.
fn is_label(label: &str) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.as_bytes().iter().filter(|byte| is_sign(byte)).count() == label.len()
}
