//! Takes a text that Consul printed apart: the layers of wrapping, and what stands inside each.
//!
//! One failed establish may reach a person through the command line, the HTTP API, a list of errors, gRPC, and Go's
//! TLS library, each of which put its own words in front. [`causes`] undoes them all and gives the innermost texts.

use std::ops::Range;

use serde::Serialize;

use super::source_map::{MappedText, Piece, undecorated};
use crate::token::redact::redact;

/// The longest text that is read, in bytes; what follows is ignored.
pub const MAX_TEXT_LEN: usize = 1024 * 1024;
/// The most causes that one text is taken apart into.
const MAX_CAUSES: usize = 10_000;
/// The most layers around one cause. Consul makes about seven.
const MAX_LAYERS: usize = 24;
/// The longest name or address that is kept from a layer, in bytes.
const MAX_VALUE_LEN: usize = 512;

/// What the person had asked Consul to do when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `consul peering generate-token`
    Generate,
    /// `consul peering establish`
    Establish,
    /// `consul peering list`
    List,
    /// `consul peering read` or `exported-services`
    Read,
    /// `consul peering delete`
    Delete,
    /// The command could not even set up its connection to an agent.
    Connect,
}

/// One innermost text, and what its wrapping said.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// What was asked for, if the command line's prefix says it.
    pub operation: Option<Operation>,
    /// The local name of the peering that was asked for.
    pub peering: Option<String>,
    /// The HTTP API's address, without user and query, if the text is about the way to Consul's own API.
    pub url: Option<String>,
    /// The status with which the HTTP API answered.
    pub http_status: Option<u16>,
    /// The peering server address that was dialed.
    pub address: Option<String>,
    /// The innermost gRPC status code, as gRPC names it: `Unavailable`.
    pub grpc_code: Option<String>,
    /// What is left when every layer is off; tokens in it are replaced.
    pub text: String,
    /// Where it stands in the text that was given, in bytes.
    pub range: Range<usize>,
}

/// The innermost texts, in the order in which they stand. Takes linear time, never fails, and keeps no token.
///
/// A text without any known wrapping gives one cause a line.
pub fn causes(text: &str) -> Vec<Cause> {
    causes_of(&MappedText::cleaned(bounded(text)))
}

pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

pub(super) fn causes_of(source: &MappedText) -> Vec<Cause> {
    let mut found = Vec::new();
    records(&source.whole(), &Cause::default(), MAX_LAYERS, &mut found);
    found
}

/// Cuts free text into records: a line, or the several lines of an HTTP body or of a list of errors.
fn records(piece: &Piece<'_>, context: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let mut at = 0;
    let text = piece.text();
    while at < text.len() && found.len() < MAX_CAUSES {
        let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = &text[at..line_end];
        let end = if let Some((_, _, body)) =
            http_status(line).filter(|(_, _, body)| line[..*body].ends_with('('))
        {
            let body = at + body;
            body_end(&text[body..]).map_or(text.len(), |length| body + length + 1)
        } else if line.trim_end().ends_with(OCCURRED) {
            end_of_list(text, line_end)
        } else {
            line_end
        };
        peel(&piece.part(at..end), context, layers, found);
        at = end;
        at += text[at..].bytes().take_while(|byte| matches!(byte, b'\n' | b')')).count();
    }
}

const OCCURRED: &str = " occurred:";

/// Where the items below a heading `N errors occurred:` end.
fn end_of_list(text: &str, heading_end: usize) -> usize {
    let mut end = heading_end;
    let mut at = heading_end + 1;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let bare = undecorated(&text[at..line_end]);
        if bare.starts_with("* ") {
            end = line_end;
        } else if !bare.is_empty() {
            break;
        }
        at = line_end + 1;
    }
    end
}

/// Takes one layer off and goes on with what is inside.
type Undo = fn(&Piece<'_>, &Cause, usize, &mut Vec<Cause>);

/// Takes off the outermost layer, and so on, until a text without one is left.
fn peel(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let piece = without_prefix(piece);
    let text = piece.text();
    if text.is_empty() || found.len() >= MAX_CAUSES {
        return;
    }
    let layer = if layers == 0 { None } else { outermost(text) };
    if let Some((start, undo)) = layer {
        undo(&piece.from(start), cause, layers - 1, found);
    } else {
        found.push(Cause { text: redact(text).into_owned(), range: piece.range(), ..cause.clone() });
    }
}

/// The layer that starts first; of two that start together, the one listed first.
fn outermost(text: &str) -> Option<(usize, Undo)> {
    let layers: [(Option<usize>, Undo); 9] = [
        (logged(text), undo_log),
        (escaped(text), undo_escapes),
        (operation(text).map(|(start, ..)| start), undo_operation),
        (http_status(text).map(|(start, ..)| start), undo_http_status),
        (heading(text).map(|(start, _)| start), undo_list),
        (text.find(EXCHANGE), undo_exchange),
        (grpc(text).map(|(start, ..)| start), undo_grpc),
        (text.find(CONNECTION), undo_connection),
        (request(text).map(|(start, ..)| start), undo_request),
    ];
    layers.into_iter().filter_map(|(start, undo)| Some((start?, undo))).min_by_key(|(start, _)| *start)
}

/// `2026-11-23T18:00:00Z [ERROR] ` and `Error: ` in front say nothing about the cause.
fn without_prefix<'a>(piece: &Piece<'a>) -> Piece<'a> {
    let piece = piece.trimmed();
    let text = piece.text();
    if text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '|') {
        for level in ["[ERROR] ", "[WARN] ", "[INFO] ", "[DEBUG] ", "[TRACE] "] {
            if let Some(at) = text.find(level).filter(|at| *at < 64) {
                return piece.from(at + level.len()).trimmed();
            }
        }
    }
    for word in ["Error: ", "error: ", "│ ", "| "] {
        if text.starts_with(word) {
            return piece.from(word.len()).trimmed();
        }
    }
    piece
}

const LOG_KEYS: [&str; 6] =
    ["error=\"", "err=\"", "\"error\":\"", "\"error\": \"", "\"message\":\"", "\"message\": \""];

/// A quoted value of a log line or of a JSON object: `error="…"`.
fn logged(text: &str) -> Option<usize> {
    LOG_KEYS.iter().filter_map(|key| text.find(key)).min()
}

fn undo_log(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let key = LOG_KEYS.iter().find(|key| piece.text().starts_with(**key)).map_or(0, |key| key.len());
    records(&piece.from(key).unescaped(true).whole(), cause, layers, found);
}

/// Escapes without quotes around them: a message cut out of JSON or of a log line.
fn escaped(text: &str) -> Option<usize> {
    let marked = ["occurred:\\n", "desc = \\\""].iter().any(|mark| text.contains(mark));
    (marked && logged(text).is_none()).then_some(0)
}

fn undo_escapes(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    records(&piece.unescaped(false).whole(), cause, layers, found);
}

const OPERATIONS: [(&str, Operation); 6] = [
    ("Error generating peering token for ", Operation::Generate),
    ("Error establishing peering for ", Operation::Establish),
    ("Error listing peerings", Operation::List),
    ("Error reading peering", Operation::Read),
    ("Error deleting peering for ", Operation::Delete),
    ("Error connect to Consul agent", Operation::Connect),
];

/// The command line's prefix: where it starts, what was asked for, the name's range, and where the rest starts.
fn operation(text: &str) -> Option<(usize, Operation, Range<usize>, usize)> {
    OPERATIONS.iter().find_map(|(prefix, operation)| {
        let start = text.find(prefix)?;
        let name = start + prefix.len();
        let end = name + text[name..].find(": ")?;
        Some((start, *operation, name..end, end + 2))
    })
}

fn undo_operation(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    if let Some((_, operation, name, rest)) = operation(piece.text()) {
        let peering = value(&piece.text()[name]);
        let cause = Cause { operation: Some(operation), peering, ..cause.clone() };
        peel(&piece.from(rest), &cause, layers, found);
    }
}

const HTTP_STATUS: &str = "Unexpected response code: ";

/// `Unexpected response code: N (`: where it starts, the status, and where the body starts.
fn http_status(text: &str) -> Option<(usize, u16, usize)> {
    let start = text.find(HTTP_STATUS)?;
    let number = start + HTTP_STATUS.len();
    let digits = text[number..].bytes().take_while(u8::is_ascii_digit).count();
    let body = number + digits;
    let opens = text[body..].starts_with(" (");
    Some((start, text[number..body].parse().ok()?, body + if opens { 2 } else { 0 }))
}

/// Where the parenthesis closes that was open before the text: the matching one, or else the last.
///
/// Consul quotes single characters, so `')'` closes nothing.
fn body_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let quoted = |at: usize| at > 0 && bytes[at - 1] == b'\'' && bytes.get(at + 1) == Some(&b'\'');
    let mut open = 1_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' if !quoted(at) => open += 1,
            b')' if !quoted(at) => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    text.rfind(')')
}

fn undo_http_status(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let text = piece.text();
    if let Some((_, status, body)) = http_status(text) {
        let cause = Cause { http_status: Some(status), ..cause.clone() };
        let end = body_end(&text[body..]).map_or(text.len(), |length| body + length);
        peel(&piece.part(body..end), &cause, layers, found);
    }
}

/// `N error(s) occurred:`: where it starts, and where its items do.
fn heading(text: &str) -> Option<(usize, usize)> {
    let end = text.find(OCCURRED)?;
    let before = text[..end].strip_suffix("errors").or_else(|| text[..end].strip_suffix("error"))?.trim_end();
    let start = before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
    (start < before.len()).then_some((start, end + OCCURRED.len()))
}

fn undo_list(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let text = piece.text();
    let items = heading(text).map_or(0, |(_, items)| items);
    let mut starts: Vec<usize> = text[items..]
        .match_indices("* ")
        .map(|(at, _)| items + at)
        .filter(|at| text[..*at].ends_with(char::is_whitespace))
        .collect();
    starts.push(text.len());
    for item in starts.windows(2) {
        peel(&piece.part(item[0] + 2..item[1]), cause, layers, found);
    }
}

const EXCHANGE: &str = "failed to exchange peering secret ";

fn undo_exchange(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let text = piece.text();
    let mut cause = cause.clone();
    let mut rest = EXCHANGE.len();
    // Consul 1.13 wrote `with "A"`, later ones `through address "A"`.
    for words in ["through address \"", "with \""] {
        if text[rest..].starts_with(words)
            && let Some(length) = text[rest + words.len()..].find('"')
        {
            let start = rest + words.len();
            cause.address = value(&text[start..start + length]);
            rest = start + length + 1;
            break;
        }
    }
    let colon = text[rest..].len() - text[rest..].trim_start_matches([':', ' ']).len();
    peel(&piece.from(rest + colon), &cause, layers, found);
}

const GRPC: &str = "rpc error: code = ";
const DESC: &str = " desc = ";

/// `rpc error: code = X desc = `: where it starts, the code's range, and where the rest starts.
fn grpc(text: &str) -> Option<(usize, Range<usize>, usize)> {
    let start = text.find(GRPC)?;
    let code = start + GRPC.len();
    let end = code + text[code..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let rest = if text[end..].starts_with(DESC) { end + DESC.len() } else { end };
    Some((start, code..end, rest))
}

fn undo_grpc(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let text = piece.text();
    if let Some((_, code, rest)) = grpc(text) {
        let cause = Cause { grpc_code: value(&text[code.clone()]), ..cause.clone() };
        if text[rest..].trim().is_empty() {
            found.push(Cause { text: redact(&text[code]).into_owned(), range: piece.range(), ..cause });
        } else {
            peel(&piece.from(rest), &cause, layers, found);
        }
    }
}

const CONNECTION: &str = "connection error: desc = \"";

fn undo_connection(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let inner = piece.from(CONNECTION.len());
    let text = inner.text();
    if text.contains("\\\"") {
        peel(&inner.unescaped(true).whole(), cause, layers, found);
    } else {
        // Older gRPC did not escape the quotes inside.
        peel(&inner.part(0..text.rfind('"').unwrap_or(text.len())), cause, layers, found);
    }
}

/// Go's `Post "URL": `: where it starts, the URL's range, and where the rest starts.
fn request(text: &str) -> Option<(usize, Range<usize>, usize)> {
    let quote =
        [" \"http://", " \"https://", " \"unix://"].iter().filter_map(|mark| text.find(mark)).min()?;
    let start = ["Get", "Post", "Put", "Delete", "Head", "Patch"]
        .iter()
        .find_map(|method| text[..quote].strip_suffix(method))?
        .len();
    let url = quote + 2;
    let end = url + text[url..].find("\": ")?;
    Some((start, url..end, end + 3))
}

fn undo_request(piece: &Piece<'_>, cause: &Cause, layers: usize, found: &mut Vec<Cause>) {
    let text = piece.text();
    if let Some((_, url, rest)) = request(text) {
        let cause = Cause { url: value(&public_url(&text[url])), ..cause.clone() };
        peel(&piece.from(rest), &cause, layers, found);
    }
}

/// A URL without user, password, query and fragment: any of them may hold a secret.
fn public_url(url: &str) -> String {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let Some(host) = url.find("://").map(|at| at + 3) else { return url.to_owned() };
    let path = url[host..].find('/').map_or(url.len(), |length| host + length);
    let after_user = url[host..path].rfind('@').map_or(host, |at| host + at + 1);
    format!("{}{}", &url[..host], &url[after_user..])
}

/// A value to keep: without tokens, not too long, and not empty.
fn value(text: &str) -> Option<String> {
    let text = redact(&text[..text.floor_char_boundary(MAX_VALUE_LEN)]).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
