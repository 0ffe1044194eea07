//! Replaces values in a text, at word boundaries only.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::known::{Entry, Known, first_word, is_word};
use super::{Kind, Scope};
use crate::token::resemblance::is_uuid;

/// Texts that a name follows. An ordinary word is replaced only after one of them, or in quotes.
const MARKS: [&str; 28] = [
    "-name ",
    "-name=",
    "-partition ",
    "-partition=",
    "name=",
    "partition=",
    "://",
    "lookup ",
    "server.",
    "/v1/peering/",
    "Name:         ",
    "Partition:    ",
    "No peering with name ",
    "peering connection with ",
    "een from ",
    "observed from ",
    "CN=",
    "O=",
    "OU=",
    "L=",
    "ST=",
    "C=",
    "/dc/",
    "/ap/",
    "/ns/",
    "token for ",
    "peering for ",
    "peering connection, ",
];

/// Replaces a certificate, whose names are not readable but are there.
const CERTIFICATE: &str = "<certificate>";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The length of a UUID, in bytes.
const UUID_LEN: usize = 36;

/// Replaces the known values in a text. Learns and replaces addresses, trust domains and names that show by their form.
pub(super) fn replace<'t>(known: &mut Known, scope: Scope, text: &'t str) -> Cow<'t, str> {
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let color = color_len(rest);
        if color > 0 {
            at += color;
            continue;
        }
        if let Some(len) = certificate_len(rest).filter(|_| scope == Scope::All) {
            out.extend([&text[copied..at], CERTIFICATE]);
            at += len;
            copied = at;
            continue;
        }
        learn_by_form(known, scope, text, at);
        let found = known.at(text, at).filter(|entry| !entry.is_ordinary || is_marked(text, at, entry));
        match found {
            Some(entry) => {
                out.extend([&text[copied..at], &entry.alias]);
                at += entry.value.len();
                copied = at;
            }
            None => at += first_word(rest).len(),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Whether an ordinary word is the name here.
fn is_marked(text: &str, start: usize, entry: &Entry) -> bool {
    let (before, after) = (&text[..start], &text[start + entry.value.len()..]);
    let is_quoted =
        ['"', '\'', '`'].into_iter().any(|quote| before.ends_with(quote) && after.starts_with(quote));
    let has_port =
        || after.strip_prefix(':').is_some_and(|port| port.starts_with(|it: char| it.is_ascii_digit()));
    is_quoted || MARKS.iter().any(|mark| before.ends_with(mark)) || entry.is_host() && has_port()
}

/// Learns a value that starts at an offset, if its form shows what it is.
fn learn_by_form(known: &mut Known, scope: Scope, text: &str, at: usize) {
    let (before, rest) = (&text[..at], &text[at..]);
    if let Some(ip) = ip_at(before, rest) {
        known.learn(scope, Kind::Address, ip);
    }
    let word = first_word(rest);
    let after = &rest[word.len()..];
    if word.len() == UUID_LEN && is_uuid(word.as_bytes()) && after.starts_with(".consul") {
        known.learn(scope, Kind::TrustDomain, &rest[..UUID_LEN + ".consul".len()]);
    }
    if after.starts_with(".consul.ca.") {
        let end = rest.find(|it| !is_word(it) && it != '.').unwrap_or(rest.len());
        known.learn(scope, Kind::Name, rest[..end].trim_end_matches('.'));
    }
    if word == "server"
        && let Some((datacenter, _)) = after.strip_prefix('.').and_then(|it| it.split_once(".peering."))
        && datacenter.chars().all(is_word)
    {
        known.learn(scope, Kind::Name, datacenter);
    }
    let is_name = || ["peering ", "name ", "datacenter "].iter().any(|label| before.ends_with(label));
    if word == "\""
        && is_name()
        && let Some((name, _)) = rest[1..].split_once('"')
        && name.chars().all(|it| is_word(it) || it == '.')
        && name.contains(char::is_lowercase)
    {
        known.learn(scope, Kind::Name, name);
    }
}

/// Returns the IP address at the start of a text. Loopback addresses give nothing away, and our texts contain networks such
/// as `10.0.0.0/8` and sections of RFCs.
fn ip_at<'t>(before: &str, text: &'t str) -> Option<&'t str> {
    if !text.starts_with(|it: char| it.is_ascii_hexdigit() || it == ':') {
        return None;
    }
    let end = text.find(|it: char| !(it.is_ascii_hexdigit() || ".:".contains(it))).unwrap_or(text.len());
    let (ip, after) = (&text[..end], &text[end..]);
    let is_part = before.ends_with(|it: char| is_word(it) || ".:".contains(it)) || after.starts_with(is_word);
    let is_other = ["section ", "sections "].iter().any(|it| before.ends_with(it))
        || after.starts_with('/') && after[1..].starts_with(|it: char| it.is_ascii_digit());
    if is_part || is_other {
        return None;
    }
    let ip = ip.trim_end_matches('.');
    let without_port = ip.split_once(':').map_or(ip, |(ip, _)| ip);
    if let Ok(address) = without_port.parse::<Ipv4Addr>() {
        return (!is_local(address.into())).then_some(without_port);
    }
    let ip = ip.strip_suffix(':').filter(|it| !it.ends_with(':')).unwrap_or(ip);
    let address: Ipv6Addr = ip.parse().ok()?;
    (!is_local(address.into())).then_some(ip)
}

fn is_local(ip: IpAddr) -> bool {
    ip.is_loopback() || ip.is_unspecified()
}

fn certificate_len(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(BEGIN)?;
    Some(BEGIN.len() + rest.find(END).map_or(rest.len(), |end| end + END.len()))
}

/// Returns the length of a color sequence at the start of a text. It is no part of the word after it.
fn color_len(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    parameters.find(|it: char| !it.is_ascii_digit() && it != ';').map_or(0, |end| end + 3)
}
