//! How the layers around an error look in a text: where each starts, and the values in it.

use std::ops::Range;

use super::message::Operation;
use super::quoted_value::quoted_value;

/// Finds a quoted value that may contain a message.
pub(super) fn logged(text: &str) -> Option<usize> {
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
pub(super) fn is_message(value: &str) -> bool {
    value.contains([' ', '\\']) || ["EOF", "\u{00a0}"].contains(&value)
}

/// Finds escapes without quotes: a message that was copied out of JSON or of a log line.
pub(super) fn escaped(text: &str) -> Option<usize> {
    let marked = ["occurred:\\n", "desc = \\\""].iter().any(|mark| text.contains(mark));
    (marked && logged(text).is_none()).then_some(0)
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
pub(super) fn operation(text: &str) -> Option<(usize, Operation, Range<usize>, usize)> {
    OPERATIONS.iter().find_map(|(prefix, operation)| {
        let start = text.find(prefix)?;
        let name = start + prefix.len();
        let end = name + text[name..].find(": ")?;
        Some((start, *operation, name..end, end + 2))
    })
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

pub(super) const OCCURRED: &str = " occurred:";

/// Finds `N error(s) occurred:`: its start, and the start of its items.
pub(super) fn heading(text: &str) -> Option<(usize, usize)> {
    let end = text.find(OCCURRED)?;
    let before = text[..end].strip_suffix("errors").or_else(|| text[..end].strip_suffix("error"))?.trim_end();
    let start = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    (start < before.len()).then_some((start, end + OCCURRED.len()))
}

pub(super) const EXCHANGE: &str = "failed to exchange peering secret ";

pub(super) const FORWARDED: &str = "rpc error making call: ";

const GRPC: &str = "rpc error: code = ";

const DESC: &str = " desc = ";

/// Finds `rpc error: code = X desc = `: its start, the range of the code, and the start of the rest.
pub(super) fn grpc(text: &str) -> Option<(usize, Range<usize>, usize)> {
    let start = text.find(GRPC)?;
    let code = start + GRPC.len();
    let end = code + text[code..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let rest = if text[end..].starts_with(DESC) { end + DESC.len() } else { end };
    Some((start, code..end, rest))
}

pub(super) const CONNECTION: &str = "connection error: desc = \"";

/// Finds Go's `Post "URL": `: its start, the range of the URL, and the start of the rest.
pub(super) fn request(text: &str) -> Option<(usize, Range<usize>, usize)> {
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

/// Returns a URL without user, password, query and fragment, which may contain a secret.
pub(super) fn public_url(url: &str) -> String {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let Some(host) = url.find("://").map(|at| at + 3) else { return url.to_owned() };
    let path = url[host..].find('/').map_or(url.len(), |length| host + length);
    let after_user = url[host..path].rfind('@').map_or(host, |at| host + at + 1);
    format!("{}{}", &url[..host], &url[after_user..])
}
