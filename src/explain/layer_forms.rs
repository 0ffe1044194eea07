//! How the layers around an error look in a text: where each starts, and the values in it.

use std::ops::Range;

use memchr::memmem;

use super::mapped_text::Piece;
use super::message::Operation;
use super::quoted_value::{MAX_KEY_DISTANCE, quoted_value};

/// A literal that is a part of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) text: &'static str,
    /// The index in [`FORMS`].
    pub(super) index: usize,
}

const OPERATIONS: [(Form, Operation); 6] = [
    (form(0), Operation::Generate),
    (form(1), Operation::Establish),
    (form(2), Operation::List),
    (form(3), Operation::Read),
    (form(4), Operation::Delete),
    (form(5), Operation::Connect),
];
const HTTP_STATUS: Form = form(6);
pub(super) const OCCURRED: Form = form(7);
pub(super) const EXCHANGE: Form = form(8);
pub(super) const FORWARDED: Form = form(9);
const GRPC: Form = form(10);
pub(super) const CONNECTION: Form = form(11);
const URLS: [Form; 3] = [form(12), form(13), form(14)];
const ESCAPES: [Form; 2] = [form(15), form(16)];

/// The literals of all layers.
pub(super) const FORMS: [&str; 17] = [
    "Error generating peering token for ",
    "Error establishing peering for ",
    "Error listing peerings",
    "Error reading peering",
    "Error deleting peering for ",
    "Error connect to Consul agent",
    "Unexpected response code: ",
    " occurred:",
    "failed to exchange peering secret ",
    "rpc error making call: ",
    "rpc error: code = ",
    "connection error: desc = \"",
    " \"http://",
    " \"https://",
    " \"unix://",
    "occurred:\\n",
    "desc = \\\"",
];

const fn form(index: usize) -> Form {
    Form { text: FORMS[index], index }
}

/// Finds the first quoted value that may contain a message, if it starts at an offset or before.
pub(super) fn logged(text: &str, last: usize) -> Option<usize> {
    let end = last.saturating_add(MAX_KEY_DISTANCE).min(text.len());
    let mut at = 0;
    while let Some(found) = quoted_value(text, at..end) {
        if is_message(&text[found.value.clone()]) {
            return Some(found.start).filter(|start| *start <= last);
        }
        at = found.value.end.min(text.len());
    }
    None
}

/// Whether a value may contain a message: it has several words or escapes.
pub(super) fn is_message(value: &str) -> bool {
    memchr::memchr2(b' ', b'\\', value.as_bytes()).is_some() || ["EOF", "\u{00a0}"].contains(&value)
}

/// Finds escapes without quotes: a message that was copied out of JSON or of a log line.
pub(super) fn escaped(piece: &Piece<'_>) -> Option<usize> {
    let marked = ESCAPES.iter().any(|mark| piece.find_form(*mark).is_some());
    (marked && logged(piece.text(), usize::MAX).is_none()).then_some(0)
}

/// Finds the command line's prefix: its start, the operation, the range of the name, and the start of the rest.
pub(super) fn operation(piece: &Piece<'_>) -> Option<(usize, Operation, Range<usize>, usize)> {
    OPERATIONS.iter().find_map(|(prefix, operation)| {
        let start = piece.find_form(*prefix)?;
        let name = start + prefix.text.len();
        let end = name + memmem::find(&piece.text().as_bytes()[name..], b": ")?;
        Some((start, *operation, name..end, end + 2))
    })
}

/// Finds `Unexpected response code: N (`: its start, the status, and the start of the body.
pub(super) fn http_status(piece: &Piece<'_>) -> Option<(usize, u16, usize)> {
    let text = piece.text();
    let start = piece.find_form(HTTP_STATUS)?;
    let number = start + HTTP_STATUS.text.len();
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
    let last = memchr::memrchr(b')', bytes)?;
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
    Some(last)
}

/// Finds `N error(s) occurred:`: its start, and the start of its items.
pub(super) fn heading(piece: &Piece<'_>) -> Option<(usize, usize)> {
    let end = piece.find_form(OCCURRED)?;
    let before = &piece.text()[..end];
    let before = before.strip_suffix("errors").or_else(|| before.strip_suffix("error"))?.trim_end();
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    (start < before.len()).then_some((start, end + OCCURRED.text.len()))
}

const DESC: &str = " desc = ";

/// Finds `rpc error: code = X desc = `: its start, the range of the code, and the start of the rest.
pub(super) fn grpc(piece: &Piece<'_>) -> Option<(usize, Range<usize>, usize)> {
    let text = piece.text();
    let start = piece.find_form(GRPC)?;
    let code = start + GRPC.text.len();
    let end = code + text[code..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let rest = if text[end..].starts_with(DESC) { end + DESC.len() } else { end };
    Some((start, code..end, rest))
}

/// Finds Go's `Post "URL": `: its start, the range of the URL, and the start of the rest.
pub(super) fn request(piece: &Piece<'_>) -> Option<(usize, Range<usize>, usize)> {
    let text = piece.text();
    let quote = URLS.iter().filter_map(|mark| piece.find_form(*mark)).min()?;
    let start = ["Get", "Post", "Put", "Delete", "Head", "Patch"]
        .iter()
        .find_map(|method| text[..quote].strip_suffix(method))?
        .len();
    let url = quote + 2;
    let end = url + memmem::find(&text.as_bytes()[url..], b"\": ")?;
    // A webhook that Kubernetes calls is not Consul's HTTP API.
    let is_webhook = ["/mutate-", "/validate-"].iter().any(|path| text[url..end].contains(path));
    if is_webhook {
        return None;
    }
    Some((start, url..end, end + 3))
}
