//! Patterns of messages: literal text with named placeholders.

use std::collections::BTreeMap;

use super::message::Message;
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

    /// Returns the hashes of the trigrams that a matching text contains.
    pub(super) fn trigrams(&self) -> Vec<usize> {
        match self.position {
            Position::Code | Position::Status | Position::Subsystem(_) => Vec::new(),
            _ => pieces(self.template).flat_map(|piece| hashes(piece.literal)).collect(),
        }
    }

    /// Returns the values of the placeholders, or `None` if the message does not match.
    pub(super) fn find(&self, message: &Message) -> Option<Captures> {
        let origin = &message.origin;
        // What a server writes about its clients never explains an error of a dialer.
        let required = match self.requires {
            Requires::Nothing => !origin.accepted,
            Requires::Url => message.url.is_some(),
            Requires::Accepted => origin.accepted,
            Requires::BlockingQuery => origin.blocking_query,
            Requires::Forwarded => origin.forwarded,
        };
        if !required {
            return None;
        }
        match self.position {
            Position::Code => (message.grpc_code.as_deref() == Some(self.template)).then(Captures::new),
            Position::Status => is_status(message, self.template).then(Captures::new),
            Position::Subsystem(subsystem) => {
                (origin.subsystem == Some(subsystem) && is_failure(message)).then(Captures::new)
            }
            Position::Word => contains_word(&message.text, self.template).then(Captures::new),
            Position::Part | Position::Vague | Position::Outer => {
                matched(self.template, &message.text, false)
            }
            Position::Whole => matched(self.template, &message.text, true),
        }
    }
}

/// The number of different hashes of trigrams.
const TRIGRAMS: usize = 4096;

/// The trigrams of a text. A pattern can match only if the text has those of its literals, which is fast to check.
pub(super) struct Trigrams([u64; TRIGRAMS / 64]);

impl Trigrams {
    pub(super) fn of(text: &str) -> Self {
        let mut bits = [0; TRIGRAMS / 64];
        hashes(text).for_each(|hash| bits[hash / 64] |= 1 << (hash % 64));
        Self(bits)
    }

    pub(super) fn contain(&self, required: &[usize]) -> bool {
        required.iter().all(|hash| self.0[hash / 64] & (1 << (hash % 64)) != 0)
    }
}

fn hashes(text: &str) -> impl Iterator<Item = usize> {
    let hash = |it: &[u8]| usize::from(it[0]) * 961 + usize::from(it[1]) * 31 + usize::from(it[2]);
    text.as_bytes().windows(3).map(move |it| hash(it) % TRIGRAMS)
}

/// Whether a message is the answer with an HTTP status, and its text adds nothing to the status.
fn is_status(message: &Message, status: &str) -> bool {
    let Some(number) = message.http_status.filter(|number| status.parse() == Ok(*number)) else {
        return false;
    };
    let text = message.text.trim().trim_end_matches('.').to_ascii_lowercase();
    let text = text.strip_prefix(status).unwrap_or(&text).trim();
    PROXY_STATUSES.contains(&number)
        || text.starts_with("unexpected response code")
        || STATUS_TEXTS.contains(&text)
}

/// Whether a line reports a failure: by its level, or by its words if it has no level.
fn is_failure(message: &Message) -> bool {
    match message.origin.level {
        Some(level) => level <= Level::Warning,
        None => ["fail", "error", "refused", "timeout", "denied", "cannot", "unable"]
            .iter()
            .any(|word| message.text.to_ascii_lowercase().contains(word)),
    }
}

/// A literal, and the name of the placeholder after it.
struct Part {
    literal: &'static str,
    placeholder: Option<&'static str>,
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
                return Some(Part { literal: &text[..open], placeholder: Some(&text[name..name + length]) });
            }
            from = name;
        }
        rest = None;
        Some(Part { literal: text, placeholder: None })
    })
}

/// Searches each literal once, after the previous one. There is no backtracking, so the time is linear.
fn matched(template: &'static str, text: &str, whole: bool) -> Option<Captures> {
    let mut captures = Captures::new();
    let mut open: Option<&'static str> = None;
    let mut at = 0;
    for (index, Part { literal, placeholder }) in pieces(template).enumerate() {
        let rest = &text[at..];
        let last = placeholder.is_none();
        let found = match (open, last) {
            (None, _) if whole || index > 0 => rest.starts_with(literal).then_some(0)?,
            (Some(_), true) if literal.is_empty() => end_of_value(rest, whole),
            (_, true) if whole => {
                rest.len().checked_sub(literal.len()).filter(|_| rest.ends_with(literal))?
            }
            _ => rest.find(literal)?,
        };
        if let Some(name) = open {
            captures.insert(name, captured(name, &rest[..found])?);
        }
        at += found + literal.len();
        open = placeholder;
    }
    (!whole || at == text.len()).then_some(captures)
}

/// Returns the end of a placeholder at the end of the template: it matches the rest of the line.
fn end_of_value(rest: &str, whole: bool) -> usize {
    if whole { rest.len() } else { rest.find('\n').unwrap_or(rest.len()) }
}

fn captured(name: &str, value: &str) -> Option<String> {
    let mut value = value.trim();
    if NUMBERS.contains(&name) {
        value = &value[..value.bytes().take_while(u8::is_ascii_digit).count()];
        if value.is_empty() {
            return None;
        }
    }
    Some(redact(&value[..value.floor_char_boundary(MAX_CAPTURE_LEN)]).into_owned())
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let joins = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        !text[..at].ends_with(joins) && !text[at + word.len()..].starts_with(joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: Pattern, text: &str) -> Option<Captures> {
        pattern.find(&Message { text: text.to_owned(), ..Message::default() })
    }

    #[test]
    fn placeholders_match_the_text_between_literals() {
        let template = Pattern::part("certificate is valid for {shown}, not {wanted}");
        let captures =
            find(template, "tls: x509: certificate is valid for a.example, not b.example").unwrap();
        assert_eq!(captures["shown"], "a.example");
        assert_eq!(captures["wanted"], "b.example");
        assert!(find(template, "certificate is valid for a.example").is_none());
    }

    #[test]
    fn a_placeholder_at_the_start_matches_everything_before_the_literal() {
        let template = Pattern::part("{address} is not a valid peering server address");
        assert_eq!(
            find(template, "::1:8503 is not a valid peering server address").unwrap()["address"],
            "::1:8503"
        );
    }

    #[test]
    fn number_placeholders_match_only_digits() {
        let template = Pattern::part("illegal base64 data at input byte {byte}");
        assert_eq!(find(template, "illegal base64 data at input byte 42) again").unwrap()["byte"], "42");
        assert!(find(template, "illegal base64 data at input byte x").is_none());
    }

    #[test]
    fn other_braces_are_literal() {
        assert!(
            find(
                Pattern::part("formats are {json|pretty}"),
                "Invalid format, valid formats are {json|pretty}"
            )
            .is_some()
        );
    }

    #[test]
    fn whole_and_word_patterns_do_not_match_inside_a_word() {
        assert!(find(Pattern::whole("EOF"), "EOF").is_some());
        assert!(find(Pattern::whole("EOF"), "unexpected EOF").is_none());
        assert!(find(Pattern::word("FAILING"), "cluster-02  FAILING  0").is_some());
        assert!(find(Pattern::word("FAILING"), "my-FAILING-thing").is_none());
    }

    #[test]
    fn a_whole_pattern_must_reach_the_end() {
        let template = Pattern::whole("\"{name}\" gone");
        assert_eq!(find(template, "\"a\" gone").unwrap()["name"], "a");
        assert!(find(template, "\"a\" gone again").is_none());
    }

    #[test]
    fn agent_patterns_require_a_url() {
        assert!(find(Pattern::agent("connection refused"), "connection refused").is_none());
        let message =
            Message { text: "connection refused".into(), url: Some("http://a".into()), ..Message::default() };
        assert!(Pattern::agent("connection refused").find(&message).is_some());
    }

    #[test]
    fn captured_tokens_are_redacted() {
        let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxs";
        let captures = find(Pattern::part("flag -{flag}"), &format!("flag -{token}")).unwrap();
        assert_eq!(captures["flag"], "<token>");
    }
}
