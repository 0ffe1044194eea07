//! The screen of `inspect`: Consul's verdict, the facts, the findings.

mod details;

use owo_colors::OwoColorize;

use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::{count, finding, grouped, printable};
use crate::certificate::KeyAlgorithm;
use crate::inspect::answer::sentence;
pub(super) use crate::inspect::answer::{FINGERPRINT_LEN, short_sha256 as fingerprint};
use crate::inspect::{Address, CertificateEntry, Inspection};
use crate::lint::{Acceptance, Finding, Severity};
use crate::shell::{quoted, token_argument};

/// The width of the column of labels.
const LABEL: usize = 11;

/// How many addresses a row lists.
const MAX_ADDRESSES: usize = 4;

/// Renders one token.
pub fn inspection(inspection: &Inspection, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let groups = finding::groups(&inspection.findings);
    page.answer(inspection.status.into(), &answer(inspection));
    if !inspection.consul.exact {
        page.line("(Consul's message may differ)");
    }
    for repair in &inspection.repairs {
        let consequence = if repair.is_document() {
            "only the token is shown"
        } else {
            "Consul rejects the text as it was"
        };
        page.line(&format!("{} {repair}; {consequence}", screen.mark(Mark::Warning)));
    }
    match screen.detail {
        Detail::Short => finding::fixes(&mut page, &groups),
        Detail::Normal => {
            page.empty_line();
            facts(&mut page, inspection);
            if !groups.is_empty() {
                page.empty_line();
            }
            let hints = hints(inspection);
            finding::list(&mut page, &groups, hints.len() + 1);
            page.empty_line();
            page.hints(&hints);
        }
        Detail::Long => {
            if !groups.is_empty() {
                page.heading("Findings");
                finding::list(&mut page, &groups, 0);
            }
            page.heading("Token");
            page.row("Verdict of", &inspection.consul.reference.to_string());
            details::identity(&mut page, inspection);
            details::addresses(&mut page, &inspection.addresses);
            details::certificates(&mut page, inspection);
        }
    }
    page.finish()
}

/// How a token was generated.
#[derive(Debug, Clone, Copy)]
pub struct Generated<'a> {
    /// The local name of the peering.
    pub name: &'a str,
    /// The address of the HTTP API of the acceptor.
    pub address: &'a str,
    /// The file that the token was written to.
    pub file: Option<&'a str>,
}

/// Renders a token that was just generated.
pub fn generated(inspection: &Inspection, generated: &Generated<'_>, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let name = screen.name(generated.name);
    let by = inspection
        .datacenter
        .as_deref()
        .filter(|name| !name.is_empty())
        .map_or_else(String::new, |datacenter| format!(" by {}", screen.name(datacenter)));
    let mark = if inspection.consul.accepted { Mark::Ok } else { Mark::Failure };
    page.answer(mark, &format!("Token for {name:?} generated{by} ({}).", printable(generated.address)));
    let expiry = inspection
        .certificates
        .iter()
        .filter_map(|entry| entry.certificate.as_ref())
        .map(|it| it.not_after)
        .min();
    let expiry = expiry
        .map_or_else(|| "No CA: plain text.".to_owned(), |at| format!("CA expires {}.", screen.day(at)));
    page.line(&format!("Dials {}. {expiry}", dialed(&inspection.addresses)));
    page.line(&format!("Works once, until it is used or another token for {name:?} is generated."));
    let groups = finding::groups(&inspection.findings);
    let is_urgent = |group: &&finding::Group<'_>| group.severity > Severity::Info;
    for group in groups.iter().filter(is_urgent) {
        page.line(&format!(
            "{} {}  {}",
            screen.mark(finding::mark(group.severity)),
            group.check,
            group.message()
        ));
    }
    if !screen.hints {
        return page.finish();
    }
    let file = generated.file.map_or_else(|| "@FILE".to_owned(), |file| quoted(&format!("@{file}")));
    page.line(&format!("On the other cluster:  peering establish -name NAME -peering-token {file}"));
    if generated.file.is_none() {
        let file = quoted(&format!("{}.token", generated.name));
        page.line(&format!("Tip: -out {file} keeps the token out of your scrollback."));
    }
    page.finish()
}

/// Consul's verdict in one sentence, and what our checks found.
fn answer(inspection: &Inspection) -> String {
    let counts = finding::counts(inspection.findings.iter().map(|it| it.severity));
    let counts = if counts.is_empty() { counts } else { format!(" {counts}.") };
    let is_repaired = inspection.repairs.iter().any(|repair| !repair.is_document());
    let verdict = sentence(&inspection.consul, is_repaired);
    match &inspection.consul.message {
        Some(message) => format!("{verdict}: {}", printable(message)),
        None => match worst(&inspection.findings) {
            Some(error) => format!("{verdict}, but {}.{counts}", printable(&error.message)),
            None => format!("{verdict}.{counts}"),
        },
    }
}

/// Returns the first error.
fn worst(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.severity == Severity::Error)
}

fn facts(page: &mut Page, token: &Inspection) {
    let or_missing =
        |text: &str| if text.is_empty() { "(missing)".red().to_string() } else { printable(text) };
    page.labeled("Peer ID", LABEL, &or_missing(&token.peer_id));
    page.labeled("Cluster", LABEL, &cluster(token, page.screen()));
    if token.trust_domain.is_none() {
        page.labeled("Server name", LABEL, &or_missing(&token.server_name));
    }
    if let Some(partition) = token.partition.as_deref().filter(|name| !name.is_empty()) {
        page.labeled("Partition", LABEL, &page.screen().name(partition));
    }
    if let Some(locality) = &token.locality {
        let place = format!("region {:?}, zone {:?}", locality.region, locality.zone);
        page.labeled("Locality", LABEL, &printable(&place));
    }
    page.labeled("Dials", LABEL, &dialed(&token.addresses));
    certificates(page, token);
    let secret = &token.establishment_secret;
    let secret = match (&secret.value, secret.present) {
        (Some(value), _) => printable(value).yellow().to_string(),
        (None, true) => "present, hidden (-show-secret)".to_owned(),
        (None, false) => "(missing)".red().to_string(),
    };
    page.labeled("Secret", LABEL, &secret);
    page.labeled("Fingerprint", LABEL, &format!("sha256 {}", fingerprint(&token.token_sha256)));
}

fn cluster(token: &Inspection, screen: &Screen) -> String {
    let domain = token.trust_domain.as_deref().map(|domain| format!("trust domain {}", printable(domain)));
    let datacenter =
        token.datacenter.as_deref().filter(|name| !name.is_empty()).map(|name| screen.name(name));
    match (datacenter, domain) {
        (Some(datacenter), Some(domain)) => format!("{datacenter}, {domain}"),
        (Some(datacenter), None) => format!("{datacenter} (the server name contains no trust domain)"),
        (None, Some(domain)) => format!("{domain} (the token contains no datacenter)"),
        (None, None) => "unknown: the token contains neither a datacenter nor a trust domain".to_owned(),
    }
}

/// Returns the first addresses that Consul dials.
fn dialed(addresses: &[Address]) -> String {
    let dialed: Vec<&Address> = addresses.iter().filter(|address| address.dialed).collect();
    if dialed.is_empty() {
        return "(no address)".red().to_string();
    }
    let listed: Vec<String> = dialed.iter().take(MAX_ADDRESSES).map(|it| printable(&it.address)).collect();
    let more = dialed.len().saturating_sub(MAX_ADDRESSES);
    let more = if more > 0 { format!(" and {} more", grouped(count(more))) } else { String::new() };
    let ignored = addresses.len() - dialed.len();
    let ignored = match ignored {
        0 => String::new(),
        _ => format!(" (manual; {} of the servers' own ignored)", grouped(count(ignored))),
    };
    format!("{}{more}{ignored}", listed.join(", "))
}

/// Describes the CA that expires first.
fn certificates(page: &mut Page, token: &Inspection) {
    let all = token.certificates.len() + token.unexamined_certificates.unwrap_or_default();
    let is_parsed = |entry: &&CertificateEntry| entry.certificate.is_some();
    let first = token.certificates.iter().filter(is_parsed).min_by_key(|entry| entry.days_left);
    let Some((entry, certificate)) = first.and_then(|entry| Some((entry, entry.certificate.as_ref()?)))
    else {
        let text = match all {
            0 => "none: the dialer uses plain text instead of TLS".to_owned(),
            _ => "(cannot be parsed)".red().to_string(),
        };
        return page.labeled("CA", LABEL, &text);
    };
    let subject = match certificate.subject.strip_prefix("CN=") {
        Some(name) if !name.contains('=') => name,
        _ => &certificate.subject,
    };
    let bits = match certificate.key.algorithm {
        KeyAlgorithm::Rsa => format!(" {}", certificate.key.bits),
        _ => String::new(),
    };
    page.labeled("CA", LABEL, &format!("{}, {}{bits}", printable(subject), certificate.key.algorithm));
    let days = entry.days_left.unwrap_or_default();
    let verb = if days < 0 { "expired" } else { "expires" };
    let more = if all > 1 { format!(", the first of {all} to expire") } else { String::new() };
    let end = format!("{verb} {}{more}", page.screen().day(certificate.not_after));
    page.labeled("", LABEL, &details::expiry(&end, days));
}

fn hints(inspection: &Inspection) -> Vec<String> {
    let token = token_argument(&inspection.source);
    let next = match worst(&inspection.findings) {
        Some(error) => format!("Why? peering explain {}", error.check),
        None if !inspection.consul.accepted => format!("Findings: peering validate {token}"),
        None => format!("Can it connect? peering diagnose {token}"),
    };
    vec!["All details: -long".to_owned(), next]
}

/// Returns Consul's verdict, without its message.
pub(in crate::render) fn verdict_sentence(consul: &Acceptance) -> &'static str {
    if consul.message.is_none() { "Consul accepts this token" } else { "Consul rejects this token:" }
}

/// Writes Consul's verdict, for a screen with other sections.
pub(super) fn verdict(page: &mut Page, consul: &Acceptance) {
    let reference = format!("({})", consul.reference);
    let sentence = verdict_sentence(consul);
    match &consul.message {
        None => page.line(&format!("{} {}", sentence.green(), reference.dimmed())),
        Some(message) => {
            page.line(&format!("{} {}", sentence.red(), reference.dimmed()));
            page.line(&format!("  {}", printable(message)));
        }
    }
    if !consul.exact {
        page.line("  (Consul's message may differ)");
    }
}
