//! Finds the addresses and names in an error message or a log line.

use std::net::IpAddr;

use super::fields::Field;

/// Texts before a value, and what the value is.
const LABELS: [(&str, Field); 26] = [
    ("/v1/peering/", Field::Name),
    ("peer_name=", Field::Name),
    ("peering_name=", Field::Name),
    ("peerName=", Field::Name),
    ("peering=", Field::Name),
    ("peer=", Field::Name),
    ("-name ", Field::Name),
    ("-name=", Field::Name),
    ("-partition ", Field::Name),
    ("-partition=", Field::Name),
    ("partition=", Field::Name),
    ("datacenter=", Field::Name),
    ("dc=", Field::Name),
    ("node=", Field::Name),
    ("node_name=", Field::Name),
    ("No peering with name ", Field::Name),
    ("peering connection with ", Field::Name),
    ("Error generating peering token for ", Field::Name),
    ("Error establishing peering for ", Field::Name),
    ("Error deleting peering for ", Field::Name),
    ("lookup ", Field::Host),
    ("://", Field::Host),
    ("addr=", Field::Address),
    ("address=", Field::Address),
    ("trust_domain=", Field::TrustDomain),
    ("spiffe://", Field::TrustDomain),
];

/// Extensions of source files, which a line number follows: `client.go:123`.
const SOURCES: [&str; 2] = [".go", ".rs"];

/// Returns the values in a text.
pub(super) fn values(text: &str) -> Vec<(Field, &str)> {
    let mut found = Vec::new();
    for (label, field) in LABELS {
        for (at, _) in text.match_indices(label) {
            let rest = text[at + label.len()..].trim_start_matches(['"', '\'', '[']);
            let is_part =
                |it: char| it.is_alphanumeric() || "-_.".contains(it) || field == Field::Address && it == ':';
            let value = &rest[..rest.find(|it| !is_part(it)).unwrap_or(rest.len())];
            found.push((field, value.trim_end_matches(['.', ':'])));
        }
    }
    found.extend(certificate_names(text));
    let is_separator = |it: char| !(it.is_alphanumeric() || "-_.:%[]".contains(it));
    for word in text.split(is_separator) {
        let word = word.trim_end_matches(['.', ':']).trim_start_matches(':');
        if is_address(word) {
            found.push((Field::Address, word));
        }
    }
    found
}

/// Returns whether a word is an IP address, or `host:port` with a host name that has a dot.
fn is_address(word: &str) -> bool {
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port),
        _ => (word, ""),
    };
    let is_port = (2..=5).contains(&port.len()) && port.bytes().all(|it| it.is_ascii_digit());
    let host = host.trim_matches(['[', ']']);
    let is_ip = |text: &str| text.split('%').next().is_some_and(|it| it.parse::<IpAddr>().is_ok());
    let is_name = is_port
        && host.contains('.')
        && host.ends_with(|it: char| it.is_ascii_alphabetic())
        && !SOURCES.iter().any(|extension| host.ends_with(extension));
    is_ip(host) && (is_port || port.is_empty()) || is_ip(word) || is_name
}

/// Returns the names in Go's error for a certificate with other names: `x509: certificate is valid for A, B, not C`.
fn certificate_names(text: &str) -> Vec<(Field, &str)> {
    let mut found = Vec::new();
    for (at, label) in text.match_indices("is valid for ") {
        let line = text[at + label.len()..].split('\n').next().unwrap_or_default();
        let Some((names, other)) = line.split_once(", not ") else { continue };
        let other = other.split([' ', '"']).next().unwrap_or_default();
        found.extend(names.split(", ").chain([other]).map(|name| (Field::ServerName, name.trim())));
    }
    found
}
