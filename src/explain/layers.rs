//! The layers that Consul, gRPC and Go wrap around an error.

use memchr::memmem;

use super::layer_forms::{
    CONNECTION, EXCHANGE, FORWARDED, OCCURRED, body_end, escaped, grpc, heading, http_status, is_message,
    logged, operation, request,
};
use super::mapped_text::{Piece, undecorated};
use super::message::{Around, Found};
use super::origin::{Origin, is_log_line};
use super::quoted_value::quoted_value;

/// Maximum number of messages in one text.
const MAX_MESSAGES: usize = 100_000;

/// Takes the messages of a text, one after another.
pub(super) trait Sink {
    /// Returns the number of messages that it took.
    fn taken(&self) -> usize;

    /// Takes the next message.
    fn take(&mut self, found: &Found<'_>);
}

/// Splits text into records: a line, or the lines of an HTTP body or of a list of errors.
pub(super) fn split_records(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let mut at = 0;
    let text = piece.text();
    let mut previous = around.origin;
    let mut piece = *piece;
    while at < text.len() && sink.taken() < MAX_MESSAGES {
        piece = piece.located_at(at);
        let line_end = end_of_line(text, at);
        let line = &text[at..line_end];
        let end = if let Some((_, _, body)) =
            http_status(&piece.part(at..line_end)).filter(|(_, _, body)| line[..*body].ends_with('('))
        {
            let body = at + body;
            body_end(&text[body..]).map_or(text.len(), |length| body + length + 1)
        } else if line.trim_end().ends_with(OCCURRED.text) {
            end_of_list(text, line_end)
        } else {
            line_end
        };
        let record = &text[at..end];
        // A line that continues a log line has its origin.
        let outer = if record.starts_with([' ', '\t', '|', '│']) && !is_log_line(record) {
            previous
        } else {
            around.origin
        };
        let record = piece.part(at..end);
        previous = Origin::of(&record, outer);
        unwrap_layers(&record, &Around { origin: previous, ..*around }, depth, sink);
        at = end;
        at += text[at..].bytes().take_while(|byte| matches!(byte, b'\n' | b')')).count();
    }
}

fn end_of_line(text: &str, from: usize) -> usize {
    memchr::memchr(b'\n', &text.as_bytes()[from..]).map_or(text.len(), |length| from + length)
}

/// Returns the end of the items below a heading `N errors occurred:`.
fn end_of_list(text: &str, heading_end: usize) -> usize {
    let mut end = heading_end;
    let mut at = heading_end + 1;
    while at < text.len() {
        let line_end = end_of_line(text, at);
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

/// Removes all layers of a record and passes the innermost messages to the sink.
fn unwrap_layers(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let piece = without_prefix(piece);
    if piece.text().is_empty() || sink.taken() >= MAX_MESSAGES {
        return;
    }
    let layer = if depth == 0 { None } else { outermost(&piece) };
    if let Some(layer) = layer {
        let before = sink.taken();
        (layer.unwrap)(&piece.from(layer.start), around, depth - 1, sink);
        if layer.keeps_text_before {
            take_wrapper(&piece.part(0..layer.start), around, before, sink);
        }
    } else {
        sink.take(&Found { text: piece, place: piece, around: *around, details: 0 });
    }
}

/// Passes the text around details to the sink. The details start with the message at an index.
fn take_wrapper(piece: &Piece<'_>, around: &Around<'_>, before: usize, sink: &mut dyn Sink) {
    let piece = without_prefix(piece);
    if !piece.text().is_empty() && sink.taken() < MAX_MESSAGES {
        let details = sink.taken() - before;
        sink.take(&Found { text: piece, place: piece, around: *around, details });
    }
}

/// Maximum length of what precedes the level of a log line, in bytes.
const MAX_LEVEL_AT: usize = 64;

/// Removes `2026-11-23T18:00:00Z [ERROR] `, `Error: ` and gutters.
fn without_prefix<'a>(piece: &Piece<'a>) -> Piece<'a> {
    let piece = piece.trimmed();
    let text = piece.text();
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '|') {
        let start = &text[..text.floor_char_boundary(MAX_LEVEL_AT + 8)];
        for level in ["[ERROR] ", "[WARN] ", "[INFO] ", "[DEBUG] ", "[TRACE] "] {
            if let Some(at) = start.find(level).filter(|at| *at < MAX_LEVEL_AT) {
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

/// Removes one layer and continues with its content.
type Unwrap = fn(&Piece<'_>, &Around<'_>, usize, &mut dyn Sink);

/// A layer that was found in a text.
struct Layer {
    start: usize,
    unwrap: Unwrap,
    /// Whether the text before the layer is a message of its own if the layer contains no known one.
    keeps_text_before: bool,
}

/// Returns the layer that starts first. If two start at the same byte, the first in this list wins: quoted values,
/// escapes, and what follows below.
fn outermost(piece: &Piece<'_>) -> Option<Layer> {
    let has_forms = piece.may_contain_forms();
    let first = if has_forms { first_form(piece) } else { None };
    let last = first.map_or(usize::MAX, |(start, _)| start);
    // Where the first layer starts is known, so values that start after it are not searched for.
    if let Some(start) = logged(piece.text(), last) {
        return Some(Layer { start, unwrap: unwrap_log, keeps_text_before: true });
    }
    let escaped = if has_forms { escaped(piece) } else { None };
    let (start, unwrap) = escaped.map(|start| (start, unwrap_escapes as Unwrap)).or(first)?;
    Some(Layer { start, unwrap, keeps_text_before: false })
}

/// Returns the layer with a literal of its own that starts first.
fn first_form(piece: &Piece<'_>) -> Option<(usize, Unwrap)> {
    let layers: [(Option<usize>, Unwrap); 8] = [
        (operation(piece).map(|(start, ..)| start), unwrap_operation),
        (http_status(piece).map(|(start, ..)| start), unwrap_http_status),
        (heading(piece).map(|(start, _)| start), unwrap_list),
        (piece.find_form(EXCHANGE), unwrap_exchange),
        (piece.find_form(FORWARDED), unwrap_forwarded),
        (grpc(piece).map(|(start, ..)| start), unwrap_grpc),
        (piece.find_form(CONNECTION), unwrap_connection),
        (request(piece).map(|(start, ..)| start), unwrap_request),
    ];
    let found = layers.into_iter().filter_map(|(start, unwrap)| Some((start?, unwrap)));
    found.min_by_key(|(start, _)| *start)
}

/// Reads each quoted value, and what is left between them.
fn unwrap_log(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    let mut values = Vec::new();
    let mut origin = around.origin;
    let mut at = 0;
    while let Some(it) = quoted_value(text, at..text.len()) {
        at = (it.value.end + 1).min(text.len());
        origin = origin.with_json_value(&text[it.key.clone()], &text[it.value.clone()]);
        values.push(it);
    }
    let around = Around { origin, ..*around };
    let before = sink.taken();
    let mut left = 0;
    let mut wrappers = Vec::new();
    for it in values.iter().filter(|it| is_message(&text[it.value.clone()])) {
        wrappers.push(left..it.start);
        left = (it.value.end + 1).min(text.len());
        split_records(&piece.part(it.value.clone()).unescaped(false).whole(), &around, depth, sink);
    }
    wrappers.push(left..text.len());
    for wrapper in wrappers {
        take_wrapper(&piece.part(wrapper), &around, before, sink);
    }
}

fn unwrap_escapes(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    split_records(&piece.unescaped(false).whole(), around, depth, sink);
}

fn unwrap_operation(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    if let Some((_, operation, name, rest)) = operation(piece) {
        let around = Around { operation: Some(operation), peering: Some(&piece.text()[name]), ..*around };
        unwrap_layers(&piece.from(rest), &around, depth, sink);
    }
}

fn unwrap_http_status(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    if let Some((_, status, body)) = http_status(piece) {
        let around = Around { http_status: Some(status), ..*around };
        let end = body_end(&text[body..]).map_or(text.len(), |length| body + length);
        if text[body..end].trim().is_empty() {
            sink.take(&Found { text: piece.trimmed(), place: *piece, around, details: 0 });
            return;
        }
        unwrap_layers(&piece.part(body..end), &around, depth, sink);
    }
}

fn unwrap_list(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    let items = heading(piece).map_or(0, |(_, items)| items);
    let mut starts: Vec<usize> = memmem::find_iter(&text.as_bytes()[items..], b"* ")
        .map(|at| items + at)
        .filter(|at| text[..*at].ends_with(char::is_whitespace))
        .collect();
    starts.push(text.len());
    for item in starts.windows(2) {
        unwrap_layers(&piece.part(item[0] + 2..item[1]), around, depth, sink);
    }
}

fn unwrap_exchange(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    let mut around = answered(around);
    let mut rest = EXCHANGE.text.len();
    // Consul 1.13 prints `with "A"`, later releases `through address "A"`.
    for marker in ["through address \"", "with \""] {
        if text[rest..].starts_with(marker)
            && let Some(length) = text[rest + marker.len()..].find('"')
        {
            let start = rest + marker.len();
            around.address = Some(&text[start..start + length]);
            rest = start + length + 1;
            break;
        }
    }
    let colon = text[rest..].len() - text[rest..].trim_start_matches([':', ' ']).len();
    unwrap_layers(&piece.from(rest + colon), &around, depth, sink);
}

fn unwrap_forwarded(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let origin = Origin { forwarded: true, ..around.origin };
    unwrap_layers(&piece.from(FORWARDED.text.len()), &Around { origin, ..*around }, depth, sink);
}

/// Returns the context of what the server did that the call was forwarded to. It is not the forwarding itself.
fn answered<'t>(around: &Around<'t>) -> Around<'t> {
    Around { origin: Origin { forwarded: false, ..around.origin }, ..*around }
}

fn unwrap_grpc(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    if let Some((_, code, rest)) = grpc(piece) {
        let around = Around { grpc_code: Some(&text[code.clone()]), ..answered(around) };
        if text[rest..].trim().is_empty() {
            sink.take(&Found { text: piece.part(code), place: *piece, around, details: 0 });
        } else {
            unwrap_layers(&piece.from(rest), &around, depth, sink);
        }
    }
}

fn unwrap_connection(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let inner = piece.from(CONNECTION.text.len());
    let text = inner.text();
    if memmem::find(text.as_bytes(), b"\\\"").is_some() {
        unwrap_layers(&inner.unescaped(true).whole(), around, depth, sink);
    } else {
        // Older gRPC does not escape the quotes inside.
        unwrap_layers(&inner.part(0..text.rfind('"').unwrap_or(text.len())), around, depth, sink);
    }
}

fn unwrap_request(piece: &Piece<'_>, around: &Around<'_>, depth: usize, sink: &mut dyn Sink) {
    let text = piece.text();
    if let Some((_, url, rest)) = request(piece) {
        let around = Around { url: Some(&text[url]), ..*around };
        unwrap_layers(&piece.from(rest), &around, depth, sink);
    }
}
