//! The shape of a message: literal text with named holes.

use std::collections::BTreeMap;

use super::message::Cause;
use crate::token::redact::redact;

/// What stood in a shape's holes, by the holes' names.
pub type Captures = BTreeMap<&'static str, String>;

/// The longest captured value, in bytes.
const MAX_CAPTURE_LEN: usize = 512;
/// Holes that take digits only.
const NUMBERS: [&str; 5] = ["byte", "size", "limit", "status", "length"];

/// A shape such as `{address} is not a valid peering server address`, and where it may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    shape: &'static str,
    place: Place,
    to_agent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anywhere in the text.
    Part,
    /// Anywhere in the text, when nothing better is known.
    Vague,
    /// As a word of its own.
    Word,
    /// The whole text.
    Whole,
    /// Anywhere in the text, and more telling than what follows it.
    Outer,
    /// Not in the text: the gRPC status code.
    Code,
}

impl Pattern {
    /// Stands anywhere in the text.
    pub(super) const fn part(shape: &'static str) -> Self {
        Self { shape, place: Place::Part, to_agent: false }
    }

    /// Stands anywhere, but says little: any other shape wins.
    pub(super) const fn vague(shape: &'static str) -> Self {
        Self { shape, place: Place::Vague, to_agent: false }
    }

    /// Stands anywhere in a text about the way to Consul's own HTTP API.
    pub(super) const fn agent(shape: &'static str) -> Self {
        Self { shape, place: Place::Part, to_agent: true }
    }

    /// Is the whole text about the way to Consul's own HTTP API.
    pub(super) const fn whole_agent(shape: &'static str) -> Self {
        Self { shape, place: Place::Whole, to_agent: true }
    }

    /// Stands anywhere, with no letter or digit on either side.
    pub(super) const fn word(shape: &'static str) -> Self {
        Self { shape, place: Place::Word, to_agent: false }
    }

    /// Is the whole text.
    pub(super) const fn whole(shape: &'static str) -> Self {
        Self { shape, place: Place::Whole, to_agent: false }
    }

    /// Stands anywhere, and wins over whatever follows it.
    pub(super) const fn outer(shape: &'static str) -> Self {
        Self { shape, place: Place::Outer, to_agent: false }
    }

    /// Any text that comes with this gRPC status code and that nothing else knows.
    pub(super) const fn code(code: &'static str) -> Self {
        Self { shape: code, place: Place::Code, to_agent: false }
    }

    /// The rank as one number: the length of what does not vary, but for what ranks before any length.
    pub(super) fn telling(&self) -> usize {
        let (outer, to_agent, literal) = self.rank();
        literal.min(1023) + 1024 * usize::from(to_agent) + 2048 * usize::from(outer)
    }

    /// The shape as a person reads it.
    pub fn shown(&self) -> String {
        match self.place {
            Place::Code => format!("rpc error: code = {} desc = {{detail}}", self.shape),
            _ if self.to_agent => format!("Get \"{{url}}\": {}", self.shape),
            _ => self.shape.to_owned(),
        }
    }

    /// How telling a match is: of several shapes that match, the greatest wins.
    pub(super) fn rank(&self) -> (bool, bool, usize) {
        let literal = match self.place {
            Place::Code => 0,
            Place::Vague => 1,
            _ => pieces(self.shape).map(|piece| piece.literal.len()).sum(),
        };
        (self.place == Place::Outer, self.to_agent, literal)
    }

    /// What stands in the holes, if the cause has this shape.
    pub(super) fn find(&self, cause: &Cause) -> Option<Captures> {
        if self.to_agent && cause.url.is_none() {
            return None;
        }
        match self.place {
            Place::Code => (cause.grpc_code.as_deref() == Some(self.shape)).then(Captures::new),
            Place::Word => word_in(&cause.text, self.shape).then(Captures::new),
            Place::Part | Place::Vague | Place::Outer => matched(self.shape, &cause.text, false),
            Place::Whole => matched(self.shape, &cause.text, true),
        }
    }
}

/// A literal, and the name of the hole behind it.
struct Part {
    literal: &'static str,
    hole: Option<&'static str>,
}

/// Cuts a shape into its literals and holes. Braces around anything but a lower-case name are literal.
fn pieces(shape: &'static str) -> impl Iterator<Item = Part> {
    let mut rest = Some(shape);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(open) = text[from..].find('{').map(|at| from + at) {
            let name = open + 1;
            let length = text[name..].find(|letter: char| !letter.is_ascii_lowercase() && letter != '_')?;
            if length > 0 && text[name + length..].starts_with('}') {
                rest = Some(&text[name + length + 1..]);
                return Some(Part { literal: &text[..open], hole: Some(&text[name..name + length]) });
            }
            from = name;
        }
        rest = None;
        Some(Part { literal: text, hole: None })
    })
}

/// Each literal is looked for once, behind the one before it; there is no going back, so the time is linear.
fn matched(shape: &'static str, text: &str, whole: bool) -> Option<Captures> {
    let mut captures = Captures::new();
    let mut open: Option<&'static str> = None;
    let mut at = 0;
    for (index, Part { literal, hole }) in pieces(shape).enumerate() {
        let rest = &text[at..];
        let last = hole.is_none();
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
        open = hole;
    }
    (!whole || at == text.len()).then_some(captures)
}

/// A hole at the end takes the rest of the line.
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

fn word_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let joins = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        !text[..at].ends_with(joins) && !text[at + word.len()..].starts_with(joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: Pattern, text: &str) -> Option<Captures> {
        pattern.find(&Cause { text: text.to_owned(), ..Cause::default() })
    }

    #[test]
    fn holes_take_what_stands_between_literals() {
        let shape = Pattern::part("certificate is valid for {shown}, not {wanted}");
        let captures = find(shape, "tls: x509: certificate is valid for a.example, not b.example").unwrap();
        assert_eq!(captures["shown"], "a.example");
        assert_eq!(captures["wanted"], "b.example");
        assert!(find(shape, "certificate is valid for a.example").is_none());
    }

    #[test]
    fn a_hole_in_front_takes_everything_before() {
        let shape = Pattern::part("{address} is not a valid peering server address");
        assert_eq!(
            find(shape, "::1:8503 is not a valid peering server address").unwrap()["address"],
            "::1:8503"
        );
    }

    #[test]
    fn number_holes_take_digits_only() {
        let shape = Pattern::part("illegal base64 data at input byte {byte}");
        assert_eq!(find(shape, "illegal base64 data at input byte 42) again").unwrap()["byte"], "42");
        assert!(find(shape, "illegal base64 data at input byte x").is_none());
    }

    #[test]
    fn braces_around_anything_but_a_name_are_literal() {
        assert!(
            find(
                Pattern::part("formats are {json|pretty}"),
                "Invalid format, valid formats are {json|pretty}"
            )
            .is_some()
        );
    }

    #[test]
    fn whole_and_word_do_not_match_inside() {
        assert!(find(Pattern::whole("EOF"), "EOF").is_some());
        assert!(find(Pattern::whole("EOF"), "unexpected EOF").is_none());
        assert!(find(Pattern::word("FAILING"), "cluster-02  FAILING  0").is_some());
        assert!(find(Pattern::word("FAILING"), "my-FAILING-thing").is_none());
    }

    #[test]
    fn a_whole_shape_with_holes_must_reach_the_end() {
        let shape = Pattern::whole("\"{name}\" gone");
        assert_eq!(find(shape, "\"a\" gone").unwrap()["name"], "a");
        assert!(find(shape, "\"a\" gone again").is_none());
    }

    #[test]
    fn agent_shapes_need_a_url() {
        assert!(find(Pattern::agent("connection refused"), "connection refused").is_none());
        let cause =
            Cause { text: "connection refused".into(), url: Some("http://a".into()), ..Cause::default() };
        assert!(Pattern::agent("connection refused").find(&cause).is_some());
    }

    #[test]
    fn tokens_are_not_captured() {
        let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxs";
        let captures = find(Pattern::part("flag -{flag}"), &format!("flag -{token}")).unwrap();
        assert_eq!(captures["flag"], "<token>");
    }
}
