//! The layers that Consul, gRPC and Go wrap around an error.

use std::ops::Range;

use super::mapped_text::Piece;
use super::message::{Message, Operation, split_records, unwrap_layers, value};
use crate::token::redact::redact;

/// Removes one layer and continues with its content.
pub(super) type Unwrap = fn(&Piece<'_>, &Message, usize, &mut Vec<Message>);

/// Returns the layer that starts first. If two start at the same byte, the first in the list wins.
pub(super) fn outermost(text: &str) -> Option<(usize, Unwrap)> {
    let layers: [(Option<usize>, Unwrap); 9] = [
        (logged(text), unwrap_log),
        (escaped(text), unwrap_escapes),
        (operation(text).map(|(start, ..)| start), unwrap_operation),
        (http_status(text).map(|(start, ..)| start), unwrap_http_status),
        (heading(text).map(|(start, _)| start), unwrap_list),
        (text.find(EXCHANGE), unwrap_exchange),
        (grpc(text).map(|(start, ..)| start), unwrap_grpc),
        (text.find(CONNECTION), unwrap_connection),
        (request(text).map(|(start, ..)| start), unwrap_request),
    ];
    layers.into_iter().filter_map(|(start, unwrap)| Some((start?, unwrap))).min_by_key(|(start, _)| *start)
}

const LOG_KEYS: [&str; 6] =
    ["error=\"", "err=\"", "\"error\":\"", "\"error\": \"", "\"message\":\"", "\"message\": \""];

/// Finds a quoted value of a log line or of a JSON object: `error="…"`.
fn logged(text: &str) -> Option<usize> {
    LOG_KEYS.iter().filter_map(|key| text.find(key)).min()
}

fn unwrap_log(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let key = LOG_KEYS.iter().find(|key| piece.text().starts_with(**key)).map_or(0, |key| key.len());
    split_records(&piece.from(key).unescaped(true).whole(), context, depth, found);
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
    let mut context = context.clone();
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
        let context = Message { grpc_code: value(&text[code.clone()]), ..context.clone() };
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
