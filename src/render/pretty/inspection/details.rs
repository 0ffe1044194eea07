//! Every field of a token, for `inspect -long`.

use owo_colors::OwoColorize;

use super::super::page::Page;
use super::super::{MAX_SHOWN, count, counted, grouped, printable};
use crate::certificate::{Certificate, SelfSignature};
use crate::inspect::{Address, CertificateEntry, Inspection};

/// An expiry within this many days is colored.
const SOON_DAYS: i64 = 30;

/// Writes all certificates.
pub(super) fn certificates(page: &mut Page, inspection: &Inspection) {
    if inspection.certificates.is_empty() {
        page.heading("CA certificates");
        page.line("none: the dialer uses plain text instead of TLS");
    }
    let all = inspection.certificates.len() + inspection.unexamined_certificates.unwrap_or_default();
    for (index, entry) in inspection.certificates.iter().enumerate() {
        page.heading(&format!("CA certificate {} of {all}", index + 1));
        certificate(page, entry);
    }
    if let Some(more) = inspection.unexamined_certificates {
        page.line(&format!("… and {} more, which this tool does not examine", grouped(count(more))));
    }
}

pub(super) fn identity(page: &mut Page, token: &Inspection) {
    let or_missing =
        |text: &str| if text.is_empty() { "(missing)".red().to_string() } else { printable(text) };
    page.row("Peer ID", &or_missing(&token.peer_id));
    page.row("Server name", &or_missing(&token.server_name));
    page.row(
        "Trust domain",
        &token.trust_domain.as_deref().map_or_else(|| "(not in the server name)".to_owned(), printable),
    );
    match &token.datacenter {
        Some(datacenter) => page.row("Datacenter", &or_missing(datacenter)),
        None => page.row("Datacenter", "(not in the token, as in tokens of Consul 1.13)"),
    }
    match token.partition.as_deref() {
        Some("") | None => page.row("Partition", "(none)"),
        Some(partition) => page.row("Partition", &page.screen().name(partition)),
    }
    if let Some(locality) = &token.locality {
        let place = format!("region {:?}, zone {:?}", locality.region, locality.zone);
        page.row("Locality", &printable(&place));
    }
    let secret = &token.establishment_secret;
    match (&secret.value, secret.present) {
        (Some(value), _) => page.row("Secret", &printable(value).yellow().to_string()),
        (None, true) => page.row("Secret", "present (hidden; use -show-secret to show it)"),
        (None, false) => page.row("Secret", &"(missing)".red().to_string()),
    }
    page.row("Token SHA-256", &token.token_sha256);
}

pub(super) fn addresses(page: &mut Page, addresses: &[Address]) {
    page.heading("Addresses, in the order in which Consul dials them");
    if addresses.is_empty() {
        page.line(&"(none)".red().to_string());
    }
    let mut order = 0;
    for address in addresses.iter().take(MAX_SHOWN) {
        let kind = match address.kind {
            None => "Consul cannot parse this address".red().to_string(),
            Some(kind) => format!("{}, {kind}", address.origin),
        };
        let shown = printable(&address.address);
        if address.dialed {
            order += 1;
            page.line(&format!("{order}. {shown}  ({kind})"));
        } else {
            page.line(&format!("-  {shown}  ({kind}; not dialed: manual addresses replace it)"));
        }
    }
    page.truncated(addresses.len());
}

fn certificate(page: &mut Page, entry: &CertificateEntry) {
    let Some(certificate) = &entry.certificate else {
        let error = entry.error.as_deref().unwrap_or("cannot be parsed");
        page.line(&printable(error).red().to_string());
        return;
    };
    page.row("Subject", &printable(&certificate.subject));
    page.row("Issuer", &issuer(certificate));
    page.row("Serial", &certificate.serial);
    let days = entry.days_left.unwrap_or_default();
    page.row("Valid from", &page.screen().time(certificate.not_before));
    page.row("Valid until", &expiry(&page.screen().time(certificate.not_after), days));
    page.row(
        "Key",
        &format!(
            "{}, {} bits; signed with {}",
            certificate.key.algorithm, certificate.key.bits, certificate.signature_algorithm
        ),
    );
    page.row("CA", &is_ca(certificate));
    if let Some(usage) = &certificate.key_usage {
        page.row("Key usage", &usage.join(", "));
    }
    let names = &certificate.names;
    for (label, values) in [
        ("URI", &names.uris),
        ("DNS name", &names.dns),
        ("IP address", &names.ips),
        ("Other name", &names.others),
    ] {
        for value in values.iter().take(MAX_SHOWN) {
            page.row(label, &printable(value));
        }
        page.truncated(values.len());
    }
    if let Some(id) = &certificate.subject_key_id {
        page.row("Subject key", id);
    }
    match &certificate.authority_key_id {
        Some(id) if Some(id) == certificate.subject_key_id.as_ref() => {
            page.row("Authority key", "same as the subject key");
        }
        Some(id) => page.row("Authority key", id),
        None => {}
    }
    page.row("SHA-256", &certificate.sha256);
    page.row("SHA-1", &certificate.sha1);
}

fn issuer(certificate: &Certificate) -> String {
    match certificate.self_signature {
        SelfSignature::Verified => "itself (self-signed, signature verified)".to_owned(),
        SelfSignature::Failed => "itself (self-signed, but the signature is invalid)".red().to_string(),
        SelfSignature::Unsupported => {
            "itself (self-signed; this tool cannot verify its signature algorithm)".to_owned()
        }
        SelfSignature::OtherIssuer => printable(&certificate.issuer),
    }
}

/// Colors the end of a validity period if it is near.
pub(super) fn expiry(end: &str, days_left: i64) -> String {
    match days_left {
        ..0 => end.red().to_string(),
        0..SOON_DAYS => end.yellow().to_string(),
        _ => end.to_owned(),
    }
}

fn is_ca(certificate: &Certificate) -> String {
    match (certificate.is_ca, certificate.path_length) {
        (Some(true), Some(length)) => format!("yes, with at most {} below it", counted(length.into(), "CA")),
        (Some(true), None) => "yes".to_owned(),
        (Some(false), _) => "no".red().to_string(),
        (None, _) => "no (no basic constraints)".red().to_string(),
    }
}
