//! What a message of Consul's means, why it is there, and what to do.
//!
//! [`explain`] takes any text that Consul's command line, HTTP API or log printed around peering. It undoes the
//! wrapping ([`causes`]) and looks every innermost text up among the known messages ([`entries`]). Of several known
//! shapes that match, the one with the most literal text wins. A text that nobody wrote an entry for gives nothing.

pub mod catalog;
mod docs;
mod message;
mod pattern;
mod source_map;

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::LazyLock;

use serde::Serialize;

pub use catalog::entries;
pub use docs::markdown;
pub use message::{Cause, MAX_TEXT_LEN, Operation, causes};
pub use pattern::{Captures, Pattern};

use source_map::MappedText;

/// A message that Consul is known to print, or several that mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Stable name in kebab case: `secret-invalid`.
    pub name: &'static str,
    /// What it is about.
    pub area: Area,
    /// What it means, in one sentence.
    pub summary: &'static str,
    /// The causes, likeliest first.
    pub why: &'static [&'static str],
    /// What to do.
    pub remedy: &'static str,
    /// A command line to run next. Words in capitals stand for what the person knows: `NAME`, `ADDRESS`, `@token`.
    pub next: &'static str,
    /// Where this is known from.
    pub source: &'static str,
    /// The shapes of the message; none for what has no message.
    #[serde(skip)]
    pub patterns: &'static [Pattern],
}

/// The subject of a message. Entries are sorted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// The encoding of the token: base64 and JSON.
    Text,
    /// The fields of the token.
    Token,
    /// Used, superseded and orphaned tokens, and names that are taken.
    Staleness,
    /// Connections to the acceptor's servers.
    Connectivity,
    /// TLS, ports and protocols.
    Tls,
    /// Cluster names, peer names and partitions.
    Identity,
    /// ACLs, and the connection to Consul's HTTP API.
    Access,
    /// The state of servers and of established peerings.
    Established,
    /// Peering resources in Kubernetes.
    Kubernetes,
    /// Flags and environment variables.
    CommandLine,
    /// Causes that `peering diagnose` finds and that have no message in Consul.
    Diagnosis,
}

impl Area {
    /// Returns the title of the area.
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "Token encoding",
            Self::Token => "Token contents",
            Self::Staleness => "Stale tokens and names in use",
            Self::Connectivity => "Connectivity",
            Self::Tls => "TLS and ports",
            Self::Identity => "Clusters, names and partitions",
            Self::Access => "ACLs and the HTTP API",
            Self::Established => "Servers and established peerings",
            Self::Kubernetes => "Kubernetes",
            Self::CommandLine => "Command line",
            Self::Diagnosis => "Causes found by diagnose",
        }
    }
}

/// One known cause that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// What is known about it.
    #[serde(flatten)]
    pub entry: &'static Entry,
    /// The entry's next command, with the values that the text gave.
    pub command: String,
    /// The first text that had this cause, without its wrapping; tokens are replaced.
    pub text: String,
    /// Where it stands in the text that was given, in bytes.
    pub range: Range<usize>,
    /// Values from the first text: names, addresses, certificate names, numbers. Never a secret.
    pub captures: Captures,
    /// How often the cause stands in the text.
    pub count: usize,
    /// The peering server addresses it was said of, each once.
    pub addresses: Vec<String>,
    /// What had been asked of Consul, if the text says it.
    pub operation: Option<Operation>,
    /// The local name that was used, if the text says it.
    pub peering: Option<String>,
    /// The HTTP API's address, if the text is about the way there.
    pub url: Option<String>,
    /// The HTTP API's status, if the text says it.
    pub http_status: Option<u16>,
    /// The innermost gRPC status code, if the text says it.
    pub grpc_code: Option<String>,
    /// How telling the known message is, as its pattern says.
    #[serde(skip)]
    pub telling: usize,
}

/// The longest text that is looked through for one message on several lines, in bytes.
const MAX_WRAPPED_LEN: usize = 64 * 1024;

/// The known causes in a text, each once, in the order in which they stand. Empty if none is known.
pub fn explain(text: &str) -> Vec<Explanation> {
    let source = MappedText::cleaned(message::bounded(text));
    let found = explained(message::causes_of(&source));
    if text.len() > MAX_WRAPPED_LEN || !text.trim_end().contains('\n') {
        return found;
    }
    // One message may have been wrapped over several lines by a terminal: at words, or in the middle of them. Half of one
    // is not known, or known less well.
    [" ", ""].into_iter().map(|glue| explained(message::causes_of(&source.joined(glue)))).fold(found, better)
}

/// The second reading, if it knows as much as the first, and knows it better.
fn better(first: Vec<Explanation>, second: Vec<Explanation>) -> Vec<Explanation> {
    let told = |found: &[Explanation]| {
        let vague = found.iter().filter(|known| known.telling <= VAGUE).count();
        (found.len() - vague, vague, found.iter().map(|known| known.telling).sum::<usize>())
    };
    let ((known, vague, telling), (other_known, other_vague, other_telling)) = (told(&first), told(&second));
    let as_much = other_known >= known && !second.is_empty();
    let better = other_vague < vague || (other_vague == vague && other_telling > telling);
    if as_much && (first.is_empty() || better) { second } else { first }
}

/// How telling a pattern is at most that says no more than that something failed.
const VAGUE: usize = 1;

/// The entry that knows a cause best, and what stood in its holes.
pub fn lookup(cause: &Cause) -> Option<(&'static Entry, Captures)> {
    find(cause).map(|(_, entry, captures)| (entry, captures))
}

/// The same, with the pattern that fits.
fn find(cause: &Cause) -> Option<(&'static Pattern, &'static Entry, Captures)> {
    static MAX_TELLING_FIRST: LazyLock<Vec<(&'static Pattern, &'static Entry)>> = LazyLock::new(|| {
        let mut all: Vec<_> = entries()
            .iter()
            .flat_map(|entry| entry.patterns.iter().map(move |pattern| (pattern, *entry)))
            .collect();
        all.sort_by_key(|(pattern, _)| Reverse(pattern.rank()));
        all
    });
    MAX_TELLING_FIRST.iter().find_map(|(pattern, entry)| Some((*pattern, *entry, pattern.find(cause)?)))
}

/// The entry of that name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.name == name).copied()
}

fn explained(causes: Vec<Cause>) -> Vec<Explanation> {
    let mut found: Vec<Explanation> = Vec::new();
    for cause in causes {
        let Some((pattern, entry, captures)) = find(&cause) else { continue };
        let dialed = captures.get("address").filter(|_| cause.url.is_none());
        let address = cause.address.as_ref().or(dialed).cloned();
        let index = found.iter().position(|known| known.entry.name == entry.name).unwrap_or_else(|| {
            found.push(Explanation { telling: pattern.telling(), ..first(entry, captures, cause) });
            found.len() - 1
        });
        let known = &mut found[index];
        known.count += 1;
        known.addresses.extend(address.filter(|address| !known.addresses.contains(address)));
    }
    found
}

fn first(entry: &'static Entry, captures: Captures, cause: Cause) -> Explanation {
    Explanation {
        entry,
        command: command(entry, &captures, &cause),
        text: cause.text,
        range: cause.range,
        captures,
        count: 0,
        addresses: Vec::new(),
        operation: cause.operation,
        peering: cause.peering,
        url: cause.url,
        http_status: cause.http_status,
        grpc_code: cause.grpc_code,
        telling: 0,
    }
}

/// The next command with `NAME`, `ADDRESS`, `HOST`, `PORT` and `URL` filled in where the text gave them.
///
/// Only harmless values are filled in: what stands in an error may have come from a stranger, and people paste.
fn command(entry: &Entry, captures: &Captures, cause: &Cause) -> String {
    let name = captures.get("name").or(cause.peering.as_ref());
    let address = captures.get("address").or(cause.address.as_ref());
    let host = captures.get("host").map(String::as_str);
    let command = with_values(entry.next, &[("HOST", host), ("URL", cause.url.as_deref())]);
    filled(&command, name.map(String::as_str), address.map(String::as_str), None)
}

/// A command with `NAME`, `ADDRESS`, its `HOST` and `PORT`, and `@token` filled in where they are known.
pub(crate) fn filled(
    command: &str,
    name: Option<&str>,
    address: Option<&str>,
    given_as: Option<&str>,
) -> String {
    let host_port = address.and_then(|address| address.rsplit_once(':'));
    let values = [
        ("NAME", name),
        ("ADDRESS", address),
        ("HOST", host_port.map(|(host, _)| host)),
        ("PORT", host_port.map(|(_, port)| port)),
        ("@token", given_as),
        ("TOKEN_FILE", given_as.and_then(|given| given.strip_prefix('@'))),
    ];
    with_values(command, &values)
}

fn with_values(command: &str, values: &[(&str, Option<&str>)]) -> String {
    command
        .split(' ')
        .map(|word| {
            let known = values.iter().find(|(place, _)| *place == word).and_then(|(_, value)| *value);
            known.filter(|value| harmless(value)).unwrap_or(word)
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn harmless(value: &str) -> bool {
    let value = value.strip_prefix('@').unwrap_or(value);
    let starts_well =
        value.starts_with(|letter: char| letter.is_ascii_alphanumeric() || "[/._".contains(letter));
    let plain = |letter: char| letter.is_ascii_alphanumeric() || ".:-_[]/".contains(letter);
    starts_well && value.len() <= 256 && value.chars().all(plain)
}

#[cfg(test)]
#[path = "explain/explain_tests.rs"]
mod tests;
