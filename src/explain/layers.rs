//! The layers that Consul, gRPC and Go wrap around an error.

use std::ops::Range;

use super::mapped_text::Piece;
use super::message::{Message, Operation, push_wrapper, split_records, unwrap_layers, value};
use super::origin::Origin;
use crate::token::redact::redact;

/// Removes one layer and continues with its content.
pub(super) type Unwrap = fn(&Piece<'_>, &Message, usize, &mut Vec<Message>);

/// A layer that was found in a text.
pub(super) struct Layer {
    pub(super) start: usize,
    pub(super) unwrap: Unwrap,
    /// Whether the text before the layer is a message of its own if the layer contains no known one.
    pub(super) keeps_text_before: bool,
}

/// Returns the layer that starts first. If two start at the same byte, the first in the list wins.
pub(super) fn outermost(text: &str) -> Option<Layer> {
    let layers: [(Option<usize>, Unwrap); 10] = [
        (logged(text), unwrap_log),
        (escaped(text), unwrap_escapes),
        (operation(text).map(|(start, ..)| start), unwrap_operation),
        (http_status(text).map(|(start, ..)| start), unwrap_http_status),
        (heading(text).map(|(start, _)| start), unwrap_list),
        (text.find(EXCHANGE), unwrap_exchange),
        (text.find(FORWARDED), unwrap_forwarded),
        (grpc(text).map(|(start, ..)| start), unwrap_grpc),
        (text.find(CONNECTION), unwrap_connection),
        (request(text).map(|(start, ..)| start), unwrap_request),
    ];
    let found = layers.into_iter().enumerate();
    let first =
        found.filter_map(|(index, (start, unwrap))| Some((start?, index, unwrap))).min_by_key(|it| it.0);
    first.map(|(start, index, unwrap)| Layer { start, unwrap, keeps_text_before: index == 0 })
}

/// Maximum length of the key of a quoted value, in bytes.
const MAX_KEY_LEN: usize = 64;

/// A quoted value with a key: `error="…"` in a log line, or `"error": "…"` in JSON.
struct QuotedValue {
    /// The start of the key or of its quote.
    start: usize,
    key: Range<usize>,
    /// The value without its quotes.
    value: Range<usize>,
}

/// Finds the first quoted value at or after an offset.
fn quoted_value(text: &str, from: usize) -> Option<QuotedValue> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(quote) = text[at..].find('"').map(|offset| at + offset) {
        let value = quote + 1..end_of_quoted(bytes, quote + 1);
        if let Some((start, key)) = key_before(text, quote).filter(|(start, _)| *start >= from) {
            return Some(QuotedValue { start, key, value });
        }
        at = quote + 1;
    }
    None
}

/// Returns the offset of the unescaped quote that ends a value, or the end of the text.
fn end_of_quoted(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(offset) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) {
        if bytes[at + offset] == b'"' {
            return at + offset;
        }
        at += offset + 2;
    }
    bytes.len()
}

/// Returns the key before the quote that starts a value: where it starts with its own quote, and its range.
fn key_before(text: &str, quote: usize) -> Option<(usize, Range<usize>)> {
    let before = &text[text.floor_char_boundary(quote.saturating_sub(2 * MAX_KEY_LEN))..quote];
    let offset = quote - before.len();
    if let Some(key) = before.strip_suffix('=') {
        let len =
            key.len() - key.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_-.@".contains(c)).len();
        let end = offset + key.len();
        return (len > 0 && len <= MAX_KEY_LEN).then(|| (end - len, end - len..end));
    }
    let key = before.trim_end_matches(['[', ' ']).strip_suffix(':')?.trim_end().strip_suffix('"')?;
    let start = key.rfind('"')? + 1;
    let plain = !key[start..].is_empty() && !key[start..].contains(['\\', ' ', ':']);
    (plain && key.len() - start <= MAX_KEY_LEN)
        .then(|| (offset + start - 1, offset + start..offset + key.len()))
}

/// Finds a quoted value that may contain a message.
fn logged(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = quoted_value(text, at) {
        if is_message(&text[found.value.clone()]) {
            return Some(found.start);
        }
        at = found.value.end.min(text.len());
    }
    None
}

/// Whether a value may contain a message: it has several words or escapes.
fn is_message(value: &str) -> bool {
    value.contains([' ', '\\']) || ["EOF", "\u{00a0}"].contains(&value)
}

/// Explains each quoted value, and what is left between them if no value is known.
fn unwrap_log(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    let mut values = Vec::new();
    let mut origin = context.origin;
    let mut at = 0;
    while let Some(it) = quoted_value(text, at) {
        at = (it.value.end + 1).min(text.len());
        origin = origin.with_json_value(&text[it.key.clone()], &text[it.value.clone()]);
        values.push(it);
    }
    let context = Message { origin, ..context.clone() };
    let before = found.len();
    let mut left = 0;
    let mut wrappers = Vec::new();
    for it in values.iter().filter(|it| is_message(&text[it.value.clone()])) {
        wrappers.push(left..it.start);
        left = (it.value.end + 1).min(text.len());
        split_records(&piece.part(it.value.clone()).unescaped(false).whole(), &context, depth, found);
    }
    wrappers.push(left..text.len());
    let details = before;
    for wrapper in wrappers {
        push_wrapper(&piece.part(wrapper), &context, details, found);
    }
}

/// Finds escapes without quotes: a message that was copied out of JSON or of a log line.
fn escaped(text: &str) -> Option<usize> {
    let marked = ["occurred:\\n", "desc = \\\""].iter().any(|mark| text.contains(mark));
    (marked && logged(text).is_none()).then_some(0)
}

fn unwrap_escapes(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    split_records(&piece.unescaped(false).whole(), context, depth, found);
}

const OPERATIONS: [(&str, Operation); 6] = [
    ("Error generating peering token for ", Operation::Generate),
    ("Error establishing peering for ", Operation::Establish),
    ("Error listing peerings", Operation::List),
    ("Error reading peering", Operation::Read),
    ("Error deleting peering for ", Operation::Delete),
    ("Error connect to Consul agent", Operation::Connect),
];

/// Finds the command line's prefix: its start, the operation, the range of the name, and the start of the rest.
fn operation(text: &str) -> Option<(usize, Operation, Range<usize>, usize)> {
    OPERATIONS.iter().find_map(|(prefix, operation)| {
        let start = text.find(prefix)?;
        let name = start + prefix.len();
        let end = name + text[name..].find(": ")?;
        Some((start, *operation, name..end, end + 2))
    })
}

fn unwrap_operation(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    if let Some((_, operation, name, rest)) = operation(piece.text()) {
        let peering = value(&piece.text()[name]);
        let context = Message { operation: Some(operation), peering, ..context.clone() };
        unwrap_layers(&piece.from(rest), &context, depth, found);
    }
}

const HTTP_STATUS: &str = "Unexpected response code: ";

/// Finds `Unexpected response code: N (`: its start, the status, and the start of the body.
pub(super) fn http_status(text: &str) -> Option<(usize, u16, usize)> {
    let start = text.find(HTTP_STATUS)?;
    let number = start + HTTP_STATUS.len();
    let digits = text[number..].bytes().take_while(u8::is_ascii_digit).count();
    let body = number + digits;
    let opens = text[body..].starts_with(" (");
    Some((start, text[number..body].parse().ok()?, body + if opens { 2 } else { 0 }))
}

/// Returns the parenthesis that closes the body: the matching one, or else the last one.
///
/// Consul quotes single characters, so `')'` is not a closing parenthesis.
pub(super) fn body_end(text: &str) -> Option<usize> {
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

fn unwrap_http_status(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    if let Some((_, status, body)) = http_status(text) {
        let context = Message { http_status: Some(status), ..context.clone() };
        let end = body_end(&text[body..]).map_or(text.len(), |length| body + length);
        if text[body..end].trim().is_empty() {
            found.push(Message { text: text.trim().to_owned(), range: piece.range(), ..context });
            return;
        }
        unwrap_layers(&piece.part(body..end), &context, depth, found);
    }
}

pub(super) const OCCURRED: &str = " occurred:";

/// Finds `N error(s) occurred:`: its start, and the start of its items.
fn heading(text: &str) -> Option<(usize, usize)> {
    let end = text.find(OCCURRED)?;
    let before = text[..end].strip_suffix("errors").or_else(|| text[..end].strip_suffix("error"))?.trim_end();
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    (start < before.len()).then_some((start, end + OCCURRED.len()))
}

fn unwrap_list(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    let items = heading(text).map_or(0, |(_, items)| items);
    let mut starts: Vec<usize> = text[items..]
        .match_indices("* ")
        .map(|(at, _)| items + at)
        .filter(|at| text[..*at].ends_with(char::is_whitespace))
        .collect();
    starts.push(text.len());
    for item in starts.windows(2) {
        unwrap_layers(&piece.part(item[0] + 2..item[1]), context, depth, found);
    }
}

const EXCHANGE: &str = "failed to exchange peering secret ";

fn unwrap_exchange(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    let mut context = answered(context);
    let mut rest = EXCHANGE.len();
    // Consul 1.13 prints `with "A"`, later releases `through address "A"`.
    for marker in ["through address \"", "with \""] {
        if text[rest..].starts_with(marker)
            && let Some(length) = text[rest + marker.len()..].find('"')
        {
            let start = rest + marker.len();
            context.address = value(&text[start..start + length]);
            rest = start + length + 1;
            break;
        }
    }
    let colon = text[rest..].len() - text[rest..].trim_start_matches([':', ' ']).len();
    unwrap_layers(&piece.from(rest + colon), &context, depth, found);
}

const FORWARDED: &str = "rpc error making call: ";

fn unwrap_forwarded(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let origin = Origin { forwarded: true, ..context.origin };
    unwrap_layers(&piece.from(FORWARDED.len()), &Message { origin, ..context.clone() }, depth, found);
}

/// Returns the context of what the server did that the call was forwarded to. It is not the forwarding itself.
fn answered(context: &Message) -> Message {
    Message { origin: Origin { forwarded: false, ..context.origin }, ..context.clone() }
}

const GRPC: &str = "rpc error: code = ";
const DESC: &str = " desc = ";

/// Finds `rpc error: code = X desc = `: its start, the range of the code, and the start of the rest.
fn grpc(text: &str) -> Option<(usize, Range<usize>, usize)> {
    let start = text.find(GRPC)?;
    let code = start + GRPC.len();
    let end = code + text[code..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let rest = if text[end..].starts_with(DESC) { end + DESC.len() } else { end };
    Some((start, code..end, rest))
}

fn unwrap_grpc(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    if let Some((_, code, rest)) = grpc(text) {
        let context = Message { grpc_code: value(&text[code.clone()]), ..answered(context) };
        if text[rest..].trim().is_empty() {
            found.push(Message { text: redact(&text[code]).into_owned(), range: piece.range(), ..context });
        } else {
            unwrap_layers(&piece.from(rest), &context, depth, found);
        }
    }
}

const CONNECTION: &str = "connection error: desc = \"";

fn unwrap_connection(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let inner = piece.from(CONNECTION.len());
    let text = inner.text();
    if text.contains("\\\"") {
        unwrap_layers(&inner.unescaped(true).whole(), context, depth, found);
    } else {
        // Older gRPC does not escape the quotes inside.
        unwrap_layers(&inner.part(0..text.rfind('"').unwrap_or(text.len())), context, depth, found);
    }
}

/// Finds Go's `Post "URL": `: its start, the range of the URL, and the start of the rest.
fn request(text: &str) -> Option<(usize, Range<usize>, usize)> {
    let quote =
        [" \"http://", " \"https://", " \"unix://"].iter().filter_map(|mark| text.find(mark)).min()?;
    let start = ["Get", "Post", "Put", "Delete", "Head", "Patch"]
        .iter()
        .find_map(|method| text[..quote].strip_suffix(method))?
        .len();
    let url = quote + 2;
    let end = url + text[url..].find("\": ")?;
    // A webhook that Kubernetes calls is not Consul's HTTP API.
    let is_webhook = ["/mutate-", "/validate-"].iter().any(|path| text[url..end].contains(path));
    if is_webhook {
        return None;
    }
    Some((start, url..end, end + 3))
}

fn unwrap_request(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    if let Some((_, url, rest)) = request(text) {
        let context = Message { url: value(&public_url(&text[url])), ..context.clone() };
        unwrap_layers(&piece.from(rest), &context, depth, found);
    }
}

/// Returns a URL without user, password, query and fragment, which may contain a secret.
fn public_url(url: &str) -> String {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let Some(host) = url.find("://").map(|at| at + 3) else { return url.to_owned() };
    let path = url[host..].find('/').map_or(url.len(), |length| host + length);
    let after_user = url[host..path].rfind('@').map_or(host, |at| host + at + 1);
    format!("{}{}", &url[..host], &url[after_user..])
}
