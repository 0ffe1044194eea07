//! `-redact`: what is learned in a run, and the one place through which all output goes.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::args::go_flags::{parse_bool, value_of};
use super::env::{host, user, variable};
use crate::aliases::{Aliases, Scope};
use crate::audit::Facts;
use crate::gostd::base64;
use crate::lint::batch::LineResult;
use crate::net::context::Context;
use crate::net::ledger::{Filter, Ledger};
use crate::net::snapshot::Snapshot;
use crate::token::recover::recover;

/// The aliases of this process; none without `-redact` and `-bundle`.
static ALIASES: OnceLock<Aliases> = OnceLock::new();

/// Whether the output is redacted. With `-bundle` alone, only the bundle is.
static REDACTS_OUTPUT: AtomicBool = AtomicBool::new(false);

/// Options with a name, and the variables with the same value.
const NAMES: [(&str, Option<&str>); 3] =
    [("name", None), ("partition", Some("CONSUL_PARTITION")), ("context", Some("PEERING_CONTEXT"))];

/// Options with addresses, and the variables with the same value.
const ADDRESSES: [(&str, Option<&str>); 5] = [
    ("http-addr", Some("CONSUL_HTTP_ADDR")),
    ("tls-server-name", Some("CONSUL_TLS_SERVER_NAME")),
    ("server-external-addresses", None),
    ("listen", None),
    ("grpc-listen", None),
];

/// Variables with the address of a proxy.
const PROXIES: [&str; 4] = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

/// Starts to redact if the command line or the environment asks for it. This precedes parsing: errors are redacted too.
pub fn start_if_asked(words: &[OsString]) {
    let given = |name: &str| {
        words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str()).any(|word| {
            let word = word.trim_start_matches('-').split_once('=').map_or_else(
                || (word.starts_with('-').then(|| word.trim_start_matches('-')), true),
                |(option, value)| (Some(option), parse_bool(value) == Some(true)),
            );
            word == (Some(name), true)
        })
    };
    let is_bundle =
        |word: &str| ["bundle", "bundle="].iter().any(|it| word.trim_start_matches('-').starts_with(it));
    if words.first().is_some_and(|it| it == "diagnose")
        && words.iter().filter_map(|word| word.to_str()).any(|word| word.starts_with('-') && is_bundle(word))
    {
        learn_only();
    }
    let is_set = |name: &str| variable(name).is_some_and(|value| parse_bool(&value) == Some(true));
    if given("redact") || is_set("PEERING_REDACT") {
        start(Scope::All);
    } else if given("redact-addresses") || is_set("PEERING_REDACT_ADDRESSES") {
        start(Scope::Addresses);
    }
}

/// Starts to redact. The first scope counts.
pub fn start(scope: Scope) {
    learn_in(scope);
    REDACTS_OUTPUT.store(true, Ordering::Relaxed);
}

/// Starts to learn, and leaves the output as it is. Returns the aliases.
pub fn learn_only() -> &'static Aliases {
    learn_in(Scope::All)
}

fn learn_in(scope: Scope) -> &'static Aliases {
    ALIASES.get_or_init(|| {
        let aliases = Aliases::new(scope);
        aliases.learn_host(&host());
        aliases.learn_name(&user());
        aliases
    })
}

/// Returns the aliases, if output is redacted.
pub fn aliases() -> Option<&'static Aliases> {
    ALIASES.get().filter(|_| REDACTS_OUTPUT.load(Ordering::Relaxed))
}

/// Returns the aliases, if names and addresses are learned.
fn learning() -> Option<&'static Aliases> {
    ALIASES.get()
}

/// Redacts a text, or returns it unchanged without `-redact`.
pub fn in_text(text: &str) -> Cow<'_, str> {
    aliases().map_or(Cow::Borrowed(text), |aliases| aliases.in_text(text))
}

/// Redacts a result, which is text or JSON.
pub fn in_output(text: &str) -> Cow<'_, str> {
    let is_json = || text.lines().next().is_some_and(|it| it.starts_with(['{', '[', '"']));
    match aliases() {
        Some(_) if is_json() => Cow::Owned(in_json(text.to_owned())),
        _ => in_text(text),
    }
}

/// Redacts a name that stands alone.
pub fn of_name(name: &str) -> Cow<'_, str> {
    aliases().map_or(Cow::Borrowed(name), |aliases| aliases.of_name(name))
}

/// Redacts a value that can be read again from its JSON.
pub fn in_value<T: Serialize + DeserializeOwned>(value: T) -> T {
    let redacted = || serde_json::from_str(&in_json(serde_json::to_string(&value).ok()?)).ok();
    aliases().and_then(|_| redacted()).unwrap_or(value)
}

/// Redacts the strings of JSON text, or returns it unchanged without `-redact`. Learns what the JSON itself shows.
pub fn in_json(json: String) -> String {
    let Some(aliases) = aliases() else { return json };
    aliases.learn_json(&json);
    aliases.in_json(&json)
}

/// Appends the result for a line of a batch, redacted.
pub fn write_line(
    line: &LineResult<'_>,
    render: &(dyn Fn(&LineResult<'_>, &mut Vec<u8>) + Sync),
    lines: &mut Vec<u8>,
) {
    if let (Some(aliases), Ok(report)) = (aliases(), &line.report) {
        report.token().iter().for_each(|token| aliases.learn_token(token));
    }
    let mut rendered = Vec::new();
    render(line, &mut rendered);
    lines.extend_from_slice(in_output(&String::from_utf8_lossy(&rendered)).as_bytes());
}

/// Learns the names and addresses that options and variables contain.
pub fn learn_options(words: &[OsString]) {
    let Some(aliases) = learning() else { return };
    let values = |(option, name): (&str, Option<&str>)| {
        [value_of(words, option), name.and_then(variable)].into_iter().flatten().collect::<Vec<_>>()
    };
    NAMES.into_iter().flat_map(values).for_each(|name| aliases.learn_name(&name));
    let proxies = PROXIES.into_iter().filter_map(variable);
    for addresses in ADDRESSES.into_iter().flat_map(values).chain(proxies) {
        addresses
            .split(',')
            .filter(|it| *it != "embedded")
            .for_each(|address| aliases.learn_address(address));
    }
    let metadata = words.iter().filter_map(|word| word.to_str()?.strip_prefix("--meta=")?.split_once('='));
    metadata.for_each(|(_, value)| aliases.learn_name(value));
}

/// Learns the names and addresses of contexts.
pub fn learn_contexts(contexts: &[Context]) {
    let Some(aliases) = learning() else { return };
    for context in contexts {
        aliases.learn_name(&context.name);
        context.partition.iter().chain(context.labels.values()).for_each(|name| aliases.learn_name(name));
        let addresses = std::iter::once(&context.http_addr).chain(&context.tls_server_name);
        addresses.filter(|it| *it != "embedded").for_each(|address| aliases.learn_address(address));
    }
}

/// Learns what a token contains, also if it is damaged.
pub fn learn_token(text: &[u8]) {
    let Some(aliases) = learning() else { return };
    if let Ok(recovered) = recover(text) {
        return aliases.learn_token(&recovered.decoded.token);
    }
    aliases.learn_text(&readable_part(text));
    // Not base64, such as a document or the token's JSON.
    aliases.learn_text(&String::from_utf8_lossy(text));
}

/// Learns the names of the tokens' peerings in a snapshot.
pub fn learn_snapshot(snapshot: &Snapshot, peer_ids: &BTreeSet<String>) {
    let Some(aliases) = learning() else { return };
    for view in peer_ids.iter().map(|id| snapshot.of(id)) {
        let names = view.peering.map(|peering| peering.name).into_iter().chain(view.dialed_as);
        names.for_each(|name| aliases.learn_name(&name));
        let document = serde_json::json!({ "trust_domain": view.trust_domain });
        aliases.learn_json(&document.to_string());
    }
}

/// Learns the place of a token in a document, such as the namespace and name of a Secret.
pub fn learn_place(place: &str) {
    if let Some(aliases) = learning() {
        aliases.learn_name(place);
    }
}

/// Decodes the base64 of a damaged token as far as possible.
fn readable_part(text: &[u8]) -> String {
    let is_base64 = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'/' | b'-' | b'_');
    let as_standard = |it: u8| match it {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let mut digits: Vec<u8> = text.iter().copied().filter(is_base64).map(as_standard).collect();
    let mut readable = String::new();
    // A part may be missing anywhere, so that only one of four offsets leads to text.
    for _ in 0..4 {
        let whole = digits.len() / 4 * 4;
        let bytes = base64::decode(&digits[..whole]).unwrap_or_default();
        readable += &String::from_utf8_lossy(&bytes);
        readable.push('\n');
        if !digits.is_empty() {
            digits.remove(0);
        }
    }
    readable
}

/// Returns whether texts are learned.
pub fn is_learning() -> bool {
    learning().is_some()
}

/// Learns the names and addresses in a message or a log.
pub fn learn_text(text: &str) {
    if let Some(aliases) = learning() {
        aliases.learn_text(text);
    }
}

/// Learns what the facts of an audit contain.
pub fn learn_facts(facts: &Facts) {
    let Some(aliases) = learning() else { return };
    let names = facts.clusters.iter().map(|fact| &fact.cluster);
    names.chain(facts.peerings.iter().map(|fact| &fact.name)).for_each(|name| aliases.learn_name(name));
    facts.to_lines().lines().for_each(|line| aliases.learn_json(line));
}

/// Learns what an answer of Consul contains.
pub fn learn_answer(path: &str, body: &[u8]) {
    if let Some(aliases) = learning() {
        aliases.learn_answer(path, body);
    }
}

/// Learns what the records of a ledger in a file contain. Those in Consul's KV are answers.
pub fn learn_ledger(ledger: &Ledger<'_>) {
    let (Some(aliases), Ledger::Sqlite(sqlite)) = (learning(), ledger) else { return };
    for numbered in sqlite.records(Filter::All).unwrap_or_default() {
        let record = serde_json::json!({ "records": numbered.record });
        aliases.learn_json(&record.to_string());
    }
}
