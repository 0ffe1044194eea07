//! Splits text that Consul printed into its innermost messages.
//!
//! The command line, the HTTP API, lists of errors, gRPC and Go's TLS library each wrap an error in text of their own.
//! [`messages`] removes these layers and keeps the values that they contain.

use std::ops::Range;

use serde::Serialize;

use super::layers::{OCCURRED, body_end, http_status, outermost};
use super::mapped_text::{MappedText, Piece, undecorated};
use super::origin::{Origin, is_log_line};
use crate::token::redact::redact;

/// Maximum length of the text that is read, in bytes. The rest is ignored.
pub const MAX_TEXT_LEN: usize = 1024 * 1024;
/// Maximum number of messages in one text.
const MAX_MESSAGES: usize = 100_000;
/// Maximum number of layers around one message. Consul writes about seven.
const MAX_DEPTH: usize = 24;
/// Maximum length of a name or address from a layer, in bytes.
const MAX_VALUE_LEN: usize = 512;

/// The operation that failed.
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
    /// The command could not connect to an agent.
    Connect,
}

/// An innermost message, and the values of the layers around it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The operation in the command line's prefix.
    pub operation: Option<Operation>,
    /// The local name of the peering in the command line's prefix.
    pub peering: Option<String>,
    /// The URL of the HTTP API, without user and query, if the request did not reach Consul.
    pub url: Option<String>,
    /// The HTTP status of the API's response.
    pub http_status: Option<u16>,
    /// The peering server address in `failed to exchange peering secret through address`.
    pub address: Option<String>,
    /// The innermost gRPC status code, such as `Unavailable`.
    pub grpc_code: Option<String>,
    /// The message without layers. Tokens are redacted.
    pub text: String,
    /// The byte range of the message in the original text.
    pub range: Range<usize>,
    /// The part of Consul and the end of the connection that the message comes from.
    #[serde(skip)]
    pub origin: Origin,
    /// The number of messages before this one that are its details. It matters only if none of them is known.
    #[serde(skip)]
    pub details: usize,
}

/// Returns the innermost messages, in the order of the text.
///
/// Text without any layer yields one message per line. The result contains no token. Takes linear time.
pub fn messages(text: &str) -> Vec<Message> {
    messages_in(&MappedText::cleaned(bounded(text)))
}

pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

pub(super) fn messages_in(source: &MappedText) -> Vec<Message> {
    let mut found = Vec::new();
    split_records(&source.whole(), &Message::default(), MAX_DEPTH, &mut found);
    found
}

/// Splits text into records: a line, or the lines of an HTTP body or of a list of errors.
pub(super) fn split_records(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let mut at = 0;
    let text = piece.text();
    let mut previous = context.origin;
    while at < text.len() && found.len() < MAX_MESSAGES {
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
        let record = &text[at..end];
        // A line that continues a log line has its origin.
        let outer = if record.starts_with([' ', '\t', '|', '│']) && !is_log_line(record) {
            previous
        } else {
            context.origin
        };
        previous = Origin::of(record, outer);
        let context = Message { origin: previous, ..context.clone() };
        unwrap_layers(&piece.part(at..end), &context, depth, found);
        at = end;
        at += text[at..].bytes().take_while(|byte| matches!(byte, b'\n' | b')')).count();
    }
}

/// Returns the end of the items below a heading `N errors occurred:`.
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

/// Removes all layers of a record and adds the innermost messages to `found`.
pub(super) fn unwrap_layers(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let piece = without_prefix(piece);
    let text = piece.text();
    if text.is_empty() || found.len() >= MAX_MESSAGES {
        return;
    }
    let layer = if depth == 0 { None } else { outermost(text) };
    if let Some(layer) = layer {
        let before = found.len();
        (layer.unwrap)(&piece.from(layer.start), context, depth - 1, found);
        if layer.keeps_text_before {
            push_wrapper(&piece.part(0..layer.start), context, before, found);
        }
    } else {
        found.push(Message { text: redact(text).into_owned(), range: piece.range(), ..context.clone() });
    }
}

/// Adds the text around details that start at an index of `found`.
pub(super) fn push_wrapper(piece: &Piece<'_>, context: &Message, before: usize, found: &mut Vec<Message>) {
    let piece = without_prefix(piece);
    if !piece.text().is_empty() && found.len() < MAX_MESSAGES {
        let (text, range) = (redact(piece.text()).into_owned(), piece.range());
        found.push(Message { text, range, details: found.len() - before, ..context.clone() });
    }
}

/// Removes `2026-11-23T18:00:00Z [ERROR] `, `Error: ` and gutters.
fn without_prefix<'a>(piece: &Piece<'a>) -> Piece<'a> {
    let piece = piece.trimmed();
    let text = piece.text();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '|') {
        for level in ["[ERROR] ", "[WARN] ", "[INFO] ", "[DEBUG] ", "[TRACE] "] {
            if let Some(at) = text.find(level).filter(|at| *at < 64) {
                return piece.from(at + level.len()).trimmed();
            }
        }
    }
    for prefix in ["Error: ", "error: ", "│ ", "| "] {
        if text.starts_with(prefix) {
            return piece.from(prefix.len()).trimmed();
        }
    }
    piece
}

/// Returns a value of a layer with tokens redacted, or `None` if it is empty.
pub(super) fn value(text: &str) -> Option<String> {
    let text = redact(&text[..text.floor_char_boundary(MAX_VALUE_LEN)]).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
