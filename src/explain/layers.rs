//! The layers that Consul, gRPC and Go wrap around an error.

use super::layer_forms::{
    CONNECTION, EXCHANGE, FORWARDED, OCCURRED, body_end, escaped, grpc, heading, http_status, is_message,
    logged, operation, public_url, request,
};
use super::mapped_text::{Piece, undecorated};
use super::message::Message;
use super::origin::{Origin, is_log_line};
use super::quoted_value::quoted_value;
use crate::token::redact::redact;

/// Maximum number of messages in one text.
const MAX_MESSAGES: usize = 100_000;

/// Maximum length of a name or address from a layer, in bytes.
const MAX_VALUE_LEN: usize = 512;

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
fn unwrap_layers(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
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
fn push_wrapper(piece: &Piece<'_>, context: &Message, before: usize, found: &mut Vec<Message>) {
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
fn value(text: &str) -> Option<String> {
    let text = redact(&text[..text.floor_char_boundary(MAX_VALUE_LEN)]).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Removes one layer and continues with its content.
type Unwrap = fn(&Piece<'_>, &Message, usize, &mut Vec<Message>);

/// A layer that was found in a text.
struct Layer {
    start: usize,
    unwrap: Unwrap,
    /// Whether the text before the layer is a message of its own if the layer contains no known one.
    keeps_text_before: bool,
}

/// Returns the layer that starts first. If two start at the same byte, the first in the list wins.
fn outermost(text: &str) -> Option<Layer> {
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

fn unwrap_escapes(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    split_records(&piece.unescaped(false).whole(), context, depth, found);
}

fn unwrap_operation(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    if let Some((_, operation, name, rest)) = operation(piece.text()) {
        let peering = value(&piece.text()[name]);
        let context = Message { operation: Some(operation), peering, ..context.clone() };
        unwrap_layers(&piece.from(rest), &context, depth, found);
    }
}

fn unwrap_http_status(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    if let Some((_, status, body)) = http_status(text) {
        let context = Message { http_status: Some(status), ..context.clone() };
        let end = body_end(&text[body..]).map_or(text.len(), |length| body + length);
        if text[body..end].trim().is_empty() {
            let text = redact(text.trim()).into_owned();
            found.push(Message { text, range: piece.range(), ..context });
            return;
        }
        unwrap_layers(&piece.part(body..end), &context, depth, found);
    }
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

fn unwrap_forwarded(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let origin = Origin { forwarded: true, ..context.origin };
    unwrap_layers(&piece.from(FORWARDED.len()), &Message { origin, ..context.clone() }, depth, found);
}

/// Returns the context of what the server did that the call was forwarded to. It is not the forwarding itself.
fn answered(context: &Message) -> Message {
    Message { origin: Origin { forwarded: false, ..context.origin }, ..context.clone() }
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

fn unwrap_request(piece: &Piece<'_>, context: &Message, depth: usize, found: &mut Vec<Message>) {
    let text = piece.text();
    if let Some((_, url, rest)) = request(text) {
        let context = Message { url: value(&public_url(&text[url])), ..context.clone() };
        unwrap_layers(&piece.from(rest), &context, depth, found);
    }
}
