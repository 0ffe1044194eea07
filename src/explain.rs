//! Consul's messages around peering: what they mean, their causes and remedies.
//!
//! [`explain`] accepts any text that Consul's command line, HTTP API or log printed. It removes the layers around each
//! message ([`messages()`]) and looks the message up in the [`catalog`]. If several patterns match, the one with the most
//! literal text wins. Text without an entry yields nothing. What is about the peering, and what is its cause, comes first.

pub mod catalog;
mod docs;
mod explained;
mod http_status;
mod known;
mod layer_forms;
mod layers;
mod literals;
pub mod log;
mod log_lines;
mod mapped_text;
mod message;
mod messages;
mod nearest;
mod origin;
mod pattern;
mod quoted_value;
mod relevance;
mod signs;

use std::ops::Range;

use serde::Serialize;

pub use catalog::entries;
pub use docs::markdown;
pub use http_status::with_status;
pub use message::{Message, Operation};
pub use messages::{MAX_TEXT_LEN, messages};
pub use nearest::nearest;
pub use origin::{Level, Origin, Subsystem};
pub use pattern::{Captures, Pattern};

use explained::Explained;
use known::KNOWN;
use mapped_text::MappedText;
use message::Around;
use pattern::Subject;
use relevance::Relevance;

/// A message of Consul, or several with the same meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// The stable name in kebab case, such as `secret-invalid`.
    pub name: &'static str,
    /// The subject.
    pub area: Area,
    /// The meaning, in one sentence.
    pub summary: &'static str,
    /// The causes, most likely first.
    pub causes: &'static [&'static str],
    /// What to do.
    pub remedy: &'static str,
    /// The next command to run. Words in capitals are placeholders: `NAME`, `ADDRESS`, `@token`.
    pub next: &'static str,
    /// The source of this information.
    pub source: &'static str,
    /// The messages. Empty for a cause without a message.
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
    /// Mesh gateways and Envoy.
    MeshGateways,
    /// Peering resources in Kubernetes.
    Kubernetes,
    /// Errors of other parts of Consul.
    OtherSubsystems,
    /// Lines that look like problems and are none.
    Harmless,
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
            Self::MeshGateways => "Mesh gateways and Envoy",
            Self::Kubernetes => "Kubernetes",
            Self::OtherSubsystems => "Other parts of Consul",
            Self::Harmless => "Harmless lines",
            Self::CommandLine => "Command line",
            Self::Diagnosis => "Causes found by diagnose",
        }
    }
}

/// An entry that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The entry.
    #[serde(flatten)]
    pub entry: &'static Entry,
    /// The entry's next command, with placeholders replaced by values from the text.
    pub command: String,
    /// The first matching message, without layers. Tokens are redacted.
    pub message: String,
    /// The byte range of that message in the text.
    pub range: Range<usize>,
    /// Values from that message: names, addresses, certificate names, numbers. Never a secret.
    pub captures: Captures,
    /// The number of messages in the text that match the entry.
    pub count: usize,
    /// The peering server addresses in these messages, without duplicates.
    pub addresses: Vec<String>,
    /// The operation that failed, if the text contains it.
    pub operation: Option<Operation>,
    /// The local name of the peering, if the text contains it.
    pub peering: Option<String>,
    /// The URL of the HTTP API, if the request did not reach Consul.
    pub url: Option<String>,
    /// The HTTP status of the API's response, if the text contains it.
    pub http_status: Option<u16>,
    /// The innermost gRPC status code, if the text contains it.
    pub grpc_code: Option<String>,
    /// The rank of the pattern that matched.
    #[serde(skip)]
    pub specificity: usize,
    #[serde(skip)]
    relevance: Relevance,
}

impl Explanation {
    /// Whether the message comes from another part of Consul than peering.
    pub fn is_about_other_subsystem(&self) -> bool {
        self.relevance.other_subsystem
    }
}

/// Maximum length of a text whose lines are also read as one wrapped message, in bytes.
const MAX_WRAPPED_LEN: usize = 64 * 1024;

/// Returns the known messages in a text, each once, the most relevant first.
///
/// Messages about a peering come before those of other parts of Consul, causes before states, errors before warnings.
/// Equally relevant messages keep the order of the text.
pub fn explain(text: &str) -> Vec<Explanation> {
    let mut found = read(text);
    found.sort_by_key(|explanation| explanation.relevance);
    found
}

fn read(text: &str) -> Vec<Explanation> {
    let source = MappedText::cleaned(messages::bounded(text));
    let found = explained(&source);
    let log_lines = || text.lines().filter(|line| origin::is_log_line(line)).take(2).count();
    if text.len() > MAX_WRAPPED_LEN || !text.trim_end().contains('\n') || log_lines() > 1 {
        return found;
    }
    // A terminal may have wrapped one message over several lines, between words or inside a word. A part of a message
    // matches no pattern, or a less specific one.
    [" ", ""].into_iter().map(|separator| explained(&source.joined(separator))).fold(found, better)
}

/// Returns the second reading if it finds at least as many entries and fewer vague ones, or more specific ones.
fn better(first: Vec<Explanation>, second: Vec<Explanation>) -> Vec<Explanation> {
    let score = |found: &[Explanation]| {
        let vague = found.iter().filter(|it| it.specificity <= VAGUE).count();
        (found.len() - vague, vague, found.iter().map(|it| it.specificity).sum::<usize>())
    };
    let ((exact, vague, specificity), (other_exact, other_vague, other_specificity)) =
        (score(&first), score(&second));
    let enough = other_exact >= exact && !second.is_empty();
    let better = other_vague < vague || (other_vague == vague && other_specificity > specificity);
    if enough && (first.is_empty() || better) { second } else { first }
}

/// The specificity of patterns that match only a general error, at most.
const VAGUE: usize = 1;

/// Returns the entry with the most specific pattern that matches, and the values of its placeholders.
pub fn lookup(message: &Message) -> Option<(&'static Entry, Captures)> {
    let text = MappedText::plain(&message.text);
    let around = Around {
        operation: message.operation,
        peering: message.peering.as_deref(),
        url: message.url.as_deref(),
        http_status: message.http_status,
        address: message.address.as_deref(),
        grpc_code: message.grpc_code.as_deref(),
        origin: message.origin,
    };
    let (known, matched) = KNOWN.find(&Subject { text: text.whole(), around })?;
    Some((known.entry, matched.captures()))
}

/// Returns the address at which nothing listens, from Go's error of a refused connection: `dial tcp ADDRESS: connect:
/// connection refused`.
pub(crate) fn refused_address(error: &str) -> Option<&str> {
    let (before, _) = error.split_once(": connect: connection refused")?;
    let (_, address) = before.rsplit_once("dial tcp ")?;
    Some(address)
}

/// Returns the entry with a name.
pub fn entry(name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.name == name).copied()
}

fn explained(source: &MappedText<'_>) -> Vec<Explanation> {
    let mut explained = Explained::default();
    messages::read(source, &mut explained);
    explained.finish()
}

/// Returns the next command with `NAME`, `ADDRESS`, `HOST`, `PORT` and `URL` replaced by values from the text.
///
/// Only values without shell metacharacters are used: an attacker may control the text, and people paste commands.
fn command(entry: &Entry, captures: &Captures, message: &Message) -> String {
    let name = captures.get("name").or(message.peering.as_ref());
    let address = captures.get("address").or(message.address.as_ref());
    let host = captures.get("host").map(String::as_str);
    let command = with_values(entry.next, &[("HOST", host), ("URL", message.url.as_deref())]);
    filled(&command, name.map(String::as_str), address.map(String::as_str), None)
}

/// Returns a command with `NAME`, `ADDRESS`, its `HOST` and `PORT`, and `@token` replaced by values.
pub(crate) fn filled(
    command: &str,
    name: Option<&str>,
    address: Option<&str>,
    token: Option<&str>,
) -> String {
    let host_port = address.and_then(|address| address.rsplit_once(':'));
    let values = [
        ("NAME", name),
        ("ADDRESS", address),
        ("HOST", host_port.map(|(host, _)| host)),
        ("PORT", host_port.map(|(_, port)| port)),
        ("@token", token),
        ("TOKEN_FILE", token.and_then(|token| token.strip_prefix('@'))),
    ];
    with_values(command, &values)
}

fn with_values(command: &str, values: &[(&str, Option<&str>)]) -> String {
    command
        .split(' ')
        .map(|argument| {
            let value = values.iter().find(|(placeholder, _)| *placeholder == argument);
            value.and_then(|(_, value)| *value).filter(|value| is_shell_safe(value)).unwrap_or(argument)
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_shell_safe(value: &str) -> bool {
    let value = value.strip_prefix('@').unwrap_or(value);
    value.starts_with(|c: char| c.is_ascii_alphanumeric() || "[/._".contains(c))
        && value.len() <= 256
        && value.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_[]/".contains(c))
}

#[cfg(test)]
#[path = "explain/explain_tests.rs"]
mod tests;
