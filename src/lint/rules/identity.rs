//! Checks of the server name, the datacenter, the peer ID and the secret.

use super::format::count;
use crate::lint::{Area, Check, Context, Findings, Severity, Subject};
use crate::token::Token;
use crate::token::resemblance::is_uuid;

/// `server-name-missing`.
pub static SERVER_NAME_MISSING: Check = Check {
    name: "server-name-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The token has a CA, but no server name to verify.",
    reason: "The token was edited, or made by something else than Consul.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token server name value is empty`",
    run: server_name_missing,
};

fn server_name_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.token().is_some_and(|token| token.server_name.is_empty()) {
        let ca_entries = context.ca_entries.len();
        let message = format!("ServerName is empty beside {}", count(ca_entries, "CA"));
        findings.add("ServerName", message, [("ca_entries", ca_entries.into())]);
    }
}

/// `server-name-malformed`.
pub static SERVER_NAME_MALFORMED: Check = Check {
    name: "server-name-malformed",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The server name is not one that Consul's servers have certificates for.",
    reason: "The dialer verifies the acceptor's certificate against this name, so that any other name fails the TLS handshake. Consul writes `server.<datacenter>.peering.<trust-domain>`, Consul 1.13 `server.<datacenter>.<domain>`.",
    remedy: "Generate a token anew on the accepting cluster; the name is not to be edited.",
    source: "Consul 1.23.0-dev and 1.13, recorded: `establish-wrong-server-name`",
    run: server_name_malformed,
};

fn server_name_malformed(context: &Context<'_>, findings: &mut Findings) {
    let Some(token) = context.token().filter(|token| !token.server_name.is_empty()) else { return };
    let (form, is_good) = if token.remote.is_some() {
        ("server.<datacenter>.peering.<trust-domain>", is_of_today(&token.server_name))
    } else {
        ("server.<datacenter>.<domain>", is_of_1_13(&token.server_name))
    };
    if !is_good {
        let name = token.server_name.as_str();
        let message = format!("{name} does not have the form {form}");
        findings.add("ServerName", message, [("server_name", name.into()), ("form", form.into())]);
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

/// `datacenter-mismatch`.
pub static DATACENTER_MISMATCH: Check = Check {
    name: "datacenter-mismatch",
    severity: Severity::Warning,
    area: Area::Identity,
    subject: Subject::Datacenter,
    summary: "The server name and `Remote.Datacenter` name different datacenters.",
    reason: "The token was edited, or put together from two. Consul does not compare them: if the server name is the wrong one, the TLS handshake fails; if the datacenter is, the dialer shows and uses a wrong one.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: both come from the acceptor's configuration",
    run: datacenter_mismatch,
};

fn datacenter_mismatch(context: &Context<'_>, findings: &mut Findings) {
    let (Some(token), Some(datacenter)) = (context.token(), context.datacenter()) else { return };
    let named = token.server_name.strip_prefix("server.").and_then(|rest| rest.split_once('.'));
    if let Some((named, _)) = named
        && !named.eq_ignore_ascii_case(datacenter)
    {
        let message = format!("Remote.Datacenter is {datacenter}, ServerName is of {named}");
        findings.add(
            "Remote.Datacenter",
            message,
            [("datacenter", datacenter.into()), ("server_name", named.into())],
        );
    }
}

/// `trust-domain-mismatch`.
pub static TRUST_DOMAIN_MISMATCH: Check = Check {
    name: "trust-domain-mismatch",
    severity: Severity::Warning,
    area: Area::Identity,
    subject: Subject::Certificates,
    summary: "The server name and the CA belong to different trust domains.",
    reason: "The CA is another cluster's, so that the TLS handshake will fail, if the token was edited or put together from two. It is a warning because clusters that share a root of Vault or of the company may rightly differ.",
    remedy: "If you did not expect a shared root, generate a token anew on the accepting cluster.",
    source: "SPIFFE X509-SVID, and the URI in the certificates of Consul's CA",
    run: trust_domain_mismatch,
};

fn trust_domain_mismatch(context: &Context<'_>, findings: &mut Findings) {
    let Some(expected) = context.token().and_then(Token::trust_domain) else { return };
    for (index, certificate) in context.certificates() {
        if let Some(actual) =
            certificate.trust_domain().filter(|actual| !actual.eq_ignore_ascii_case(expected))
        {
            let message = format!("the CA is of the trust domain {actual}, ServerName of {expected}");
            let values = [("ca", actual.into()), ("server_name", expected.into())];
            findings.add(format!("CA[{index}]"), message, values);
        }
    }
}

/// `peer-id-missing`.
pub static PEER_ID_MISSING: Check = Check {
    name: "peer-id-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The token has no peer ID.",
    reason: "The token was edited, or made by something else than Consul.",
    remedy: "Generate a token anew on the accepting cluster.",
    source: "Consul 1.23.0-dev, recorded: `peering token peer ID value is empty`",
    run: peer_id_missing,
};

fn peer_id_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.token().is_some_and(|token| token.peer_id.is_empty()) {
        findings.add("PeerID", "PeerID is empty", []);
    }
}

/// `peer-id-not-uuid`.
pub static PEER_ID_NOT_UUID: Check = Check {
    name: "peer-id-not-uuid",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The peer ID is not a UUID.",
    reason: "Consul gives every peering a UUID. The acceptor knows no peering by another ID, so that establishing cannot succeed; the dialing Consul does not look.",
    remedy: "Generate a token anew on the accepting cluster; the ID is not to be edited.",
    source: "every token recorded from Consul 1.13 to 1.23",
    run: peer_id_not_uuid,
};

fn peer_id_not_uuid(context: &Context<'_>, findings: &mut Findings) {
    let Some(token) = context.token() else { return };
    let id = token.peer_id.as_str();
    if !id.is_empty() && !is_uuid(id.as_bytes()) {
        findings.add("PeerID", format!("{id} is not a UUID"), [("peer_id", id.into())]);
    }
}

/// `secret-missing`.
pub static SECRET_MISSING: Check = Check {
    name: "secret-missing",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The token has no establishment secret.",
    reason: "Somebody removed it to show the token around, or it was made by something else than Consul. The dialing Consul does not look; the acceptor answers `invalid peering establishment secret`, or `peering was already established` once a token of the peering was used.",
    remedy: "Use the token as it was generated, or generate another one.",
    source: "Consul 1.23.0-dev, recorded",
    run: secret_missing,
};

fn secret_missing(context: &Context<'_>, findings: &mut Findings) {
    if context.token().is_some_and(|token| token.establishment_secret.is_empty()) {
        findings.add("EstablishmentSecret", "EstablishmentSecret is empty", []);
    }
}

/// `secret-not-uuid`.
pub static SECRET_NOT_UUID: Check = Check {
    name: "secret-not-uuid",
    severity: Severity::Error,
    area: Area::Identity,
    subject: Subject::Fields,
    summary: "The establishment secret is not a UUID.",
    reason: "Consul makes a UUID. Another text is not the secret that the acceptor expects: somebody blackened it, or it was damaged. The acceptor answers `invalid peering establishment secret`.",
    remedy: "Use the token as it was generated, or generate another one.",
    source: "every token recorded from Consul 1.13 to 1.23",
    run: secret_not_uuid,
};

fn secret_not_uuid(context: &Context<'_>, findings: &mut Findings) {
    let Some(token) = context.token() else { return };
    let secret = token.establishment_secret.expose().as_bytes();
    if !secret.is_empty() && !is_uuid(secret) {
        let length = secret.len();
        let message = format!("EstablishmentSecret is {}, and not a UUID", count(length, "byte"));
        findings.add("EstablishmentSecret", message, [("bytes", length.into())]);
    }
}
