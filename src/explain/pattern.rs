//! Patterns of messages: literal text with named placeholders.

use std::collections::BTreeMap;

use memchr::memmem;

use super::literals::LiteralId;
use super::mapped_text::Piece;
use super::message::{Around, Layer};
use super::origin::{Level, Subsystem};
use crate::token::redact::redact;

/// The values of a pattern's placeholders, by name.
pub type Captures = BTreeMap<&'static str, String>;

/// Maximum length of a captured value, in bytes.
const MAX_CAPTURE_LEN: usize = 512;
/// Placeholders that match only digits.
const NUMBERS: [&str; 5] = ["byte", "size", "limit", "status", "length"];

/// A template such as `{address} is not a valid peering server address`, and where it must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    template: &'static str,
    position: Position,
    requires: Requires,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    /// Anywhere in the text.
    Part,
    /// Anywhere in the text, with the lowest rank.
    Vague,
    /// As a whole word.
    Word,
    /// The whole text.
    Whole,
    /// Anywhere in the text, with the highest rank.
    Outer,
    /// The gRPC status code instead of the text.
    Code,
    /// The HTTP status of an answer without a text of its own.
    Status,
    /// A failure that a part of Consul reports, whatever the text.
    Subsystem(Subsystem),
}

/// What the layers around the message must contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requires {
    Nothing,
    /// The URL of Consul's HTTP API.
    Url,
    /// A connection that the writer of the line accepted.
    Accepted,
    /// A blocking query.
    BlockingQuery,
    /// An answer to a call that a server forwarded.
    Forwarded,
}

/// Texts of an HTTP answer that only repeat its status.
const STATUS_TEXTS: [&str; 10] = [
    "gateway timeout",
    "gateway time-out",
    "bad gateway",
    "service unavailable",
    "service temporarily unavailable",
    "unauthorized",
    "authorization required",
    "forbidden",
    "request timeout",
    "proxy authentication required",
];
/// The start of a text that repeats the layer with the status.
const REPEATED_STATUS: &str = "unexpected response code";
/// HTTP statuses that Consul's API never uses. The text of such an answer is a proxy's.
const PROXY_STATUSES: [u16; 4] = [401, 407, 502, 504];

impl Pattern {
    const fn new(template: &'static str, position: Position, requires: Requires) -> Self {
        Self { template, position, requires }
    }

    /// Matches anywhere in the text.
    pub(super) const fn part(template: &'static str) -> Self {
        Self::new(template, Position::Part, Requires::Nothing)
    }

    /// Matches anywhere, but only if no other pattern does.
    pub(super) const fn vague(template: &'static str) -> Self {
        Self::new(template, Position::Vague, Requires::Nothing)
    }

    /// Matches anywhere in an error of the connection to Consul's HTTP API.
    pub(super) const fn agent(template: &'static str) -> Self {
        Self::new(template, Position::Part, Requires::Url)
    }

    /// Matches the whole text of an error of the connection to Consul's HTTP API.
    pub(super) const fn whole_agent(template: &'static str) -> Self {
        Self::new(template, Position::Whole, Requires::Url)
    }

    /// Matches anywhere in an error of a connection that the server accepted.
    pub(super) const fn accepted(template: &'static str) -> Self {
        Self::new(template, Position::Part, Requires::Accepted)
    }

    /// Matches anywhere in the end of a blocking query.
    pub(super) const fn blocking(template: &'static str) -> Self {
        Self::new(template, Position::Outer, Requires::BlockingQuery)
    }

    /// Matches anywhere in the answer to a call that a server forwarded.
    pub(super) const fn forwarded(template: &'static str) -> Self {
        let position = if template.as_bytes()[0] == b'{' { Position::Vague } else { Position::Part };
        Self::new(template, position, Requires::Forwarded)
    }

    /// Matches the whole answer to a call that a server forwarded.
    pub(super) const fn whole_forwarded(template: &'static str) -> Self {
        Self::new(template, Position::Whole, Requires::Forwarded)
    }

    /// Matches a whole word, anywhere.
    pub(super) const fn word(template: &'static str) -> Self {
        Self::new(template, Position::Word, Requires::Nothing)
    }

    /// Matches the whole text.
    pub(super) const fn whole(template: &'static str) -> Self {
        Self::new(template, Position::Whole, Requires::Nothing)
    }

    /// Matches anywhere, and wins over every other pattern.
    pub(super) const fn outer(template: &'static str) -> Self {
        Self::new(template, Position::Outer, Requires::Nothing)
    }

    /// Matches the gRPC status code, but only if no other pattern matches the text.
    pub(super) const fn code(code: &'static str) -> Self {
        Self::new(code, Position::Code, Requires::Nothing)
    }

    /// Matches the HTTP status of an answer that has no text of its own.
    pub(super) const fn status(status: &'static str) -> Self {
        Self::new(status, Position::Status, Requires::Nothing)
    }

    /// Matches a failure in a part of Consul. The template is an example.
    pub(super) const fn subsystem(subsystem: Subsystem, example: &'static str) -> Self {
        Self::new(example, Position::Subsystem(subsystem), Requires::Nothing)
    }

    /// Returns the rank as one number.
    pub(super) fn specificity(&self) -> usize {
        let (outer, required, literal) = self.rank();
        // A pattern without literal text stays vague, whatever it requires.
        let required = required && literal > 1;
        literal.min(1023) + 1024 * usize::from(required) + 2048 * usize::from(outer)
    }

    /// Returns the message that the pattern matches, with placeholders in braces.
    pub fn template_text(&self) -> String {
        let template = self.template;
        match (self.position, self.requires) {
            (Position::Code, _) => format!("rpc error: code = {template} desc = {{detail}}"),
            (Position::Status, _) => format!("Unexpected response code: {template} ()"),
            (Position::Subsystem(_), _) => format!("[ERROR] {template}"),
            (_, Requires::Url) => format!("Get \"{{url}}\": {template}"),
            (_, Requires::Accepted) => format!("http: TLS handshake error from {{client}}: {template}"),
            (_, Requires::BlockingQuery) => format!("Get \"{{url}}?wait=60s\": {template}"),
            (_, Requires::Forwarded) => format!("rpc error making call: {template}"),
            (_, Requires::Nothing) => template.to_owned(),
        }
    }

    /// Returns the rank: of several patterns that match, the highest wins.
    pub(super) fn rank(&self) -> (bool, bool, usize) {
        let literal = match self.position {
            Position::Code | Position::Status | Position::Subsystem(_) => 0,
            Position::Vague => 1,
            _ => pieces(self.template).map(|piece| piece.literal.len()).sum(),
        };
        (self.position == Position::Outer, self.requires != Requires::Nothing && literal > 1, literal)
    }

    /// Whether a message must contain the text of the template.
    pub(super) fn has_text(&self) -> bool {
        !matches!(self.position, Position::Code | Position::Status | Position::Subsystem(_))
    }

    /// Returns the layer that selects a pattern without literals.
    pub(super) fn layer(&self) -> Layer {
        match (self.position, self.requires) {
            (Position::Code, _) => Layer::GrpcCode,
            (Position::Status, _) => Layer::HttpStatus,
            (Position::Subsystem(subsystem), _) => Layer::Subsystem(subsystem),
            (_, Requires::Accepted) => Layer::Accepted,
            (_, Requires::Forwarded) => Layer::Forwarded,
            _ => unreachable!("a pattern without literals has a layer: {}", self.template),
        }
    }

    /// Whether the layers around a message are those that the pattern needs.
    pub(super) fn is_selected_by(&self, around: &Around<'_>) -> bool {
        let origin = &around.origin;
        // What a server writes about its clients never explains an error of a dialer.
        let has_required = match self.requires {
            Requires::Nothing => !origin.accepted,
            Requires::Url => around.url.is_some(),
            Requires::Accepted => origin.accepted,
            Requires::BlockingQuery => origin.blocking_query,
            Requires::Forwarded => origin.forwarded,
        };
        has_required
            && match self.position {
                Position::Code => around.grpc_code == Some(self.template),
                Position::Status => around.http_status.is_some(),
                Position::Subsystem(subsystem) => origin.subsystem == Some(subsystem),
                _ => true,
            }
    }

    /// Returns the values of the placeholders, or `None` if the message does not match. `parts` are those of the pattern.
    pub(super) fn find<'t>(&self, parts: &[Part], subject: &Subject<'t>) -> Option<Matched<'t>> {
        let Subject { text, around } = subject;
        if !self.is_selected_by(around) {
            return None;
        }
        match self.position {
            Position::Code => Some(Matched::default()),
            Position::Status => is_status(subject, self.template).then(Matched::default),
            Position::Subsystem(_) => is_failure(subject).then(Matched::default),
            Position::Word => contains_word(text, parts.first()?).then(Matched::default),
            Position::Part | Position::Vague | Position::Outer => matched(parts, text, false),
            Position::Whole => matched(parts, text, true),
        }
    }
}

/// A redacted message, and the layers around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'t> {
    pub(super) text: Piece<'t>,
    pub(super) around: Around<'t>,
}

/// The values of the placeholders of a pattern that matches, as the text contains them.
#[derive(Debug, Default)]
pub(super) struct Matched<'t>(Vec<(&'static str, &'t str)>);

impl Matched<'_> {
    /// Returns the value of a placeholder.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.0.iter().rfind(|(it, _)| *it == name).map(|(_, value)| shown(value))
    }

    /// Returns all values.
    pub(super) fn captures(&self) -> Captures {
        self.0.iter().map(|(name, value)| (*name, shown(value))).collect()
    }
}

/// Whether a message is the answer with an HTTP status, and its text adds nothing to the status.
fn is_status(subject: &Subject<'_>, status: &str) -> bool {
    let Some(number) = subject.around.http_status.filter(|number| status.parse() == Ok(*number)) else {
        return false;
    };
    if PROXY_STATUSES.contains(&number) {
        return true;
    }
    let text = subject.text.text().trim().trim_end_matches('.');
    let text = text.strip_prefix(status).unwrap_or(text).trim();
    let start = text.get(..REPEATED_STATUS.len()).unwrap_or_default();
    start.eq_ignore_ascii_case(REPEATED_STATUS) || STATUS_TEXTS.iter().any(|it| it.eq_ignore_ascii_case(text))
}

/// Whether a line reports a failure: by its level, or by its words if it has no level.
fn is_failure(subject: &Subject<'_>) -> bool {
    subject.around.origin.level.map_or_else(
        || {
            let text = subject.text.text().to_ascii_lowercase();
            ["fail", "error", "refused", "timeout", "denied", "cannot", "unable"]
                .iter()
                .any(|word| memmem::find(text.as_bytes(), word.as_bytes()).is_some())
        },
        |level| level <= Level::Warning,
    )
}

/// A literal, and the name of the placeholder after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) literal: &'static str,
    /// The number of the literal; `None` if it is short.
    pub(super) id: Option<LiteralId>,
    pub(super) placeholder: Option<&'static str>,
}

impl Part {
    /// Returns the first start of the literal in a text, at or after an offset.
    fn find(&self, text: &Piece<'_>, from: usize) -> Option<usize> {
        match self.id {
            Some(id) => text.find(id, from),
            None => {
                memmem::find(&text.text().as_bytes()[from..], self.literal.as_bytes()).map(|at| from + at)
            }
        }
    }
}

/// Splits the template of a pattern at its placeholders.
pub(super) fn parts(pattern: &Pattern) -> impl Iterator<Item = Part> + use<> {
    pieces(pattern.template)
}

/// Splits a template at its placeholders. Braces around anything but a lowercase name are literal.
fn pieces(template: &'static str) -> impl Iterator<Item = Part> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(open) = text[from..].find('{').map(|at| from + at) {
            let name = open + 1;
            let length = text[name..].find(|c: char| !c.is_ascii_lowercase() && c != '_')?;
            if length > 0 && text[name + length..].starts_with('}') {
                rest = Some(&text[name + length + 1..]);
                let placeholder = Some(&text[name..name + length]);
                return Some(Part { literal: &text[..open], id: None, placeholder });
            }
            from = name;
        }
        rest = None;
        Some(Part { literal: text, id: None, placeholder: None })
    })
}

/// Searches each literal once, after the previous one. There is no backtracking, and the places of literals are known.
fn matched<'t>(parts: &[Part], piece: &Piece<'t>, whole: bool) -> Option<Matched<'t>> {
    let text = piece.text();
    let mut values = Matched::default();
    let mut open: Option<&'static str> = None;
    let mut at = 0;
    for (index, part) in parts.iter().enumerate() {
        let (literal, rest) = (part.literal, &text[at..]);
        let last = part.placeholder.is_none();
        let found = match (open, last) {
            (None, _) if whole || index > 0 => rest.starts_with(literal).then_some(0)?,
            (Some(_), true) if literal.is_empty() => end_of_value(rest, whole),
            (_, true) if whole => {
                rest.len().checked_sub(literal.len()).filter(|_| rest.ends_with(literal))?
            }
            _ => part.find(piece, at)? - at,
        };
        if let Some(name) = open {
            values.0.push((name, value_of(name, &rest[..found])?));
        }
        at += found + literal.len();
        open = part.placeholder;
    }
    (!whole || at == text.len()).then_some(values)
}

/// Returns the end of a placeholder at the end of the template: it matches the rest of the line.
fn end_of_value(rest: &str, whole: bool) -> usize {
    if whole { rest.len() } else { rest.find('\n').unwrap_or(rest.len()) }
}

/// Returns the value of a placeholder, or `None` if it must be a number and is not.
fn value_of<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let value = text.trim();
    if !NUMBERS.contains(&name) {
        return Some(value);
    }
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| &value[..digits])
}

fn shown(value: &str) -> String {
    redact(&value[..value.floor_char_boundary(MAX_CAPTURE_LEN)]).into_owned()
}

fn contains_word(piece: &Piece<'_>, word: &Part) -> bool {
    let text = piece.text();
    let joins = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut from = 0;
    while let Some(at) = word.find(piece, from) {
        from = at + word.literal.len();
        if !text[..at].ends_with(joins) && !text[from..].starts_with(joins) {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
