//! What a token consists of: its fields by their share, and its base64 in the same colors.

use serde::Serialize;
use zeroize::Zeroizing;

use super::text::value;
use crate::counted::{count, counted, grouped};
use crate::inspect::Inspection;
use crate::token::parts::{FIELDS, Part, parts};

/// How many parts are listed. A token that Consul generates has seven.
const MAX_PARTS: usize = 30;

/// The longest run of base64 that is shown whole, in digits.
const MAX_RUN: usize = 180;

/// How much of a longer run is shown: of its start and of its end, in digits.
const KEPT: [usize; 2] = [100, 40];

/// What replaces each digit of the secret.
const DOT: &str = "•";

/// The parts of a token.
#[derive(Debug, Default, Serialize)]
pub(super) struct AnatomyView {
    parts: Vec<PartView>,
    digits: Vec<Run>,
}

/// One field, or a key that Consul ignores.
#[derive(Debug, Serialize)]
struct PartView {
    /// The number of its color.
    color: usize,
    name: String,
    value: String,
    /// Its share of the JSON, in thousandths.
    share: usize,
    size: String,
    /// Whether the value is the secret, which can be shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_secret: bool,
}

/// Digits of one part.
#[derive(Debug, Serialize)]
struct Run {
    color: usize,
    text: String,
    /// Whether the text is the number of digits that are left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_gap: bool,
}

/// The colors: both lists of addresses share one.
fn color(field: Option<&str>) -> usize {
    match field.and_then(|field| FIELDS.iter().position(|name| *name == field)) {
        Some(0) => 0,
        Some(index) => index.max(2) - 1,
        None => FIELDS.len() - 1,
    }
}

impl AnatomyView {
    /// Describes a token. `text` is its base64, as Consul accepts it.
    pub(super) fn of(text: &[u8], inspection: &Inspection) -> Self {
        let all = parts(text);
        let total = all.iter().map(|part| part.json.len()).sum::<usize>().max(1);
        let shown = all.iter().take(MAX_PARTS);
        Self {
            parts: shown.clone().map(|part| PartView::of(part, total, inspection)).collect(),
            digits: runs(text, &all),
        }
    }
}

impl PartView {
    fn of(part: &Part, total: usize, inspection: &Inspection) -> Self {
        let is_secret = part.field == Some("EstablishmentSecret");
        Self {
            color: color(part.field),
            name: value(part.field.unwrap_or(&part.key)),
            value: described(part.field, inspection),
            share: part.json.len() * 1000 / total,
            size: counted(count(part.json.len()), "byte"),
            is_secret: is_secret && inspection.establishment_secret.present,
        }
    }
}

/// Describes the value of a field.
fn described(field: Option<&str>, token: &Inspection) -> String {
    let or_missing = |text: &str| if text.is_empty() { "(missing)".to_owned() } else { value(text) };
    let addresses = |origin: &str| {
        let all = token.addresses.iter().filter(|address| address.origin == origin).count();
        counted(count(all), "address")
    };
    match field {
        Some("CA") => {
            let all = token.certificates.len() + token.unexamined_certificates.unwrap_or_default();
            counted(count(all), "certificate")
        }
        Some("ManualServerAddresses") => addresses("manual"),
        Some("ServerAddresses") => addresses("server"),
        Some("ServerName") => or_missing(&token.server_name),
        Some("PeerID") => or_missing(&token.peer_id),
        Some("EstablishmentSecret") if token.establishment_secret.present => DOT.repeat(12),
        Some("EstablishmentSecret") => "(missing)".to_owned(),
        Some("Remote") => remote(token),
        _ => "a key that Consul ignores".to_owned(),
    }
}

fn remote(token: &Inspection) -> String {
    let named = |label: &str, name: Option<&str>| {
        name.filter(|name| !name.is_empty()).map(|name| format!("{label} {}", value(name)))
    };
    let locality = token.locality.as_ref();
    let all: Vec<String> = [
        named("datacenter", token.datacenter.as_deref()),
        named("partition", token.partition.as_deref()),
        named("region", locality.map(|it| it.region.as_str())),
        named("zone", locality.map(|it| it.zone.as_str())),
    ]
    .into_iter()
    .flatten()
    .collect();
    if all.is_empty() { "(empty)".to_owned() } else { all.join(", ") }
}

/// Splits the base64 into runs of one part each. A digit that two parts share belongs to the first. The digits of the
/// secret are replaced, and the middle of a long run is left out.
fn runs(text: &[u8], parts: &[Part]) -> Vec<Run> {
    let other = FIELDS.len();
    let mut runs = Vec::new();
    let mut at = 0;
    for part in parts.iter().take(MAX_PARTS) {
        let start = part.text.start.max(at);
        push(&mut runs, other, &text[at..start]);
        let secret = (part.field == Some("EstablishmentSecret")).then(|| part.value_text.clone());
        let end = part.text.end.max(start);
        match secret {
            Some(secret) if secret.start >= start => {
                push(&mut runs, color(part.field), &text[start..secret.start]);
                let dots = Zeroizing::new(DOT.repeat(secret.len().min(MAX_RUN)));
                runs.push(Run { color: color(part.field), text: dots.to_string(), is_gap: false });
                push(&mut runs, color(part.field), &text[secret.end..end.max(secret.end)]);
                at = end.max(secret.end);
                continue;
            }
            Some(_) => {}
            None => push(&mut runs, color(part.field), &text[start..end]),
        }
        at = end;
    }
    if parts.len() <= MAX_PARTS {
        push(&mut runs, other, &text[at.min(text.len())..]);
    }
    runs
}

fn push(runs: &mut Vec<Run>, color: usize, digits: &[u8]) {
    let digits = String::from_utf8_lossy(digits);
    if digits.is_empty() {
        return;
    }
    let [first, last] = KEPT;
    if digits.len() <= MAX_RUN || !digits.is_ascii() {
        let text = digits.chars().take(MAX_RUN).collect();
        return runs.push(Run { color, text, is_gap: false });
    }
    let gap = digits.len() - first - last;
    runs.push(Run { color, text: digits[..first].to_owned(), is_gap: false });
    runs.push(Run { color, text: format!("… {} more …", grouped(count(gap))), is_gap: true });
    runs.push(Run { color, text: digits[digits.len() - last..].to_owned(), is_gap: false });
}
