//! What one line holds: a token, or a JSON object with a token in it.

use std::borrow::Cow;

use thiserror::Error;

use crate::ZeroizeBuf;
use crate::gostd::json::{RawString, Reader, SyntaxError, ValueKind};
use crate::token::MAX_TOKEN_LEN;

/// The key that holds the token.
const TOKEN: &str = "token";

/// A line's token, and what stands beside it.
pub(super) struct Line<'a> {
    /// The token's text as given.
    pub(super) token: Result<Text<'a>, LineFault>,
    /// The line's other keys with their values as written, for a JSON object.
    pub(super) beside: Option<Vec<Pair<'a>>>,
}

/// A key with its quotes, and its value, as written.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// A token's text.
pub(super) enum Text<'a> {
    /// As it stands in the line.
    Plain(&'a [u8]),
    /// It had escapes.
    Unescaped(ZeroizeBuf),
}

/// Why a line holds no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineFault {
    /// Nothing that long is a token.
    #[error("the line is longer than {MAX_TOKEN_LEN} bytes: that is no peering token")]
    TooLong,
    /// It begins as a JSON object and is none.
    #[error("the line begins with {{ and is not JSON: {0}")]
    NotJson(SyntaxError),
    /// It begins as a JSON object and is not text; the byte of the line.
    #[error("the line begins with {{ and is not UTF-8, at byte {0}")]
    NotText(usize),
    /// A JSON object without the key.
    #[error("the JSON object has no key \"token\"")]
    NoKey,
    /// The key's value is no string, but this.
    #[error("the key \"token\" holds {0}, not a string")]
    OtherType(&'static str),
}

impl<'a> Line<'a> {
    /// Reads a line without its end; `None` when it is blank.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if line.len() > MAX_TOKEN_LEN {
            return Some(Self::without_token(LineFault::TooLong));
        }
        if *first != b'{' {
            return Some(Self { token: Ok(Text::Plain(line)), beside: None });
        }
        let object = std::str::from_utf8(line)
            .map_err(|error| LineFault::NotText(error.valid_up_to()))
            .and_then(|text| read_object(text).map_err(LineFault::NotJson));
        Some(match object {
            Ok(Object { token: Some(token), beside }) => Self { token, beside: Some(beside) },
            // The token may stand under another key: nothing of such a line is repeated.
            Ok(Object { token: None, .. }) => Self::without_token(LineFault::NoKey),
            Err(fault) => Self::without_token(fault),
        })
    }

    fn without_token(fault: LineFault) -> Self {
        Self { token: Err(fault), beside: None }
    }
}

impl Text<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Unescaped(bytes) => bytes,
        }
    }
}

struct Object<'a> {
    token: Option<Result<Text<'a>, LineFault>>,
    beside: Vec<Pair<'a>>,
}

/// Reads a JSON object. Of several tokens the last one counts, as in most readers of JSON.
fn read_object(text: &str) -> Result<Object<'_>, SyntaxError> {
    let mut reader = Reader::new(text.as_bytes());
    let mut object = Object { token: None, beside: Vec::new() };
    reader.kind()?;
    let mut items = reader.enter()?;
    while let Some(key) = reader.next_key(&mut items)? {
        let kind = reader.kind()?;
        let start = reader.position();
        if key.unescape().text != TOKEN {
            reader.skip()?;
            let with_quotes = key.offset - 1..key.offset + key.bytes.len() + 1;
            object.beside.push((&text[with_quotes], &text[start..reader.position()]));
        } else if kind == ValueKind::String {
            object.token = Some(Ok(text_of(reader.string()?)));
        } else {
            reader.skip()?;
            object.token = Some(Err(LineFault::OtherType(name(kind))));
        }
    }
    reader.end()?;
    Ok(object)
}

fn text_of(string: RawString<'_>) -> Text<'_> {
    match string.unescape().text {
        Cow::Borrowed(text) => Text::Plain(text.as_bytes()),
        Cow::Owned(text) => Text::Unescaped(text.into_bytes().into()),
    }
}

fn name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Object => "an object",
        ValueKind::List => "a list",
        ValueKind::String => "a string",
        ValueKind::Number => "a number",
        ValueKind::Bool => "a boolean",
        ValueKind::Null => "null",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(line: &str) -> Result<String, String> {
        let line = Line::read(line.as_bytes()).unwrap();
        let text = line.token.map(|text| String::from_utf8(text.bytes().to_vec()).unwrap());
        text.map_err(|fault| fault.to_string())
    }

    fn fault(line: &[u8]) -> LineFault {
        Line::read(line).unwrap().token.err().unwrap()
    }

    #[test]
    fn a_line_is_a_token_or_an_object_that_holds_one() {
        assert_eq!(token("eyJ9"), Ok("eyJ9".into()));
        assert_eq!(token(" eyJ9 "), Ok(" eyJ9 ".into()));
        assert_eq!(token(r#" {"token" : "eyJ9"} "#), Ok("eyJ9".into()));
        assert_eq!(token(r#"{"tok\u0065n":"a\/b"}"#), Ok("a/b".into()));
        assert_eq!(token(r#"{"token":"a","token":"b"}"#), Ok("b".into()));
    }

    #[test]
    fn a_blank_line_is_nothing() {
        for blank in ["", " ", "\r", "\t \r"] {
            assert!(Line::read(blank.as_bytes()).is_none(), "{blank:?}");
        }
    }

    #[test]
    fn what_stands_beside_a_token_is_kept_as_written() {
        let line =
            Line::read(br#"{ "id" : 1.50, "token":"t", "a\u0062": {"token" : [ ]} , "id":null}"#).unwrap();
        let beside = [("\"id\"", "1.50"), ("\"a\\u0062\"", "{\"token\" : [ ]}"), ("\"id\"", "null")];
        assert_eq!(line.beside.unwrap(), beside);
        assert!(Line::read(br#"{"token":null,"id":1}"#).unwrap().beside.is_some());
        assert!(Line::read(br#"{"other_token":"eyJ9"}"#).unwrap().beside.is_none(), "it may hold a token");
    }

    #[test]
    fn an_object_without_a_token_says_what_is_wrong_with_it() {
        assert_eq!(fault(b"{}"), LineFault::NoKey);
        assert_eq!(fault(br#"{"Token":"t"}"#), LineFault::NoKey);
        assert_eq!(fault(b"{\"token\":\"\xFF\"}"), LineFault::NotText(10));
        assert_eq!(token(r#"{"token":7}"#), Err("the key \"token\" holds a number, not a string".into()));
        let message = token(r#"{"token":"t""#).unwrap_err();
        assert_eq!(message, "the line begins with { and is not JSON: unexpected end of JSON input");
        assert!(token(r#"{"token":"t"} x"#).unwrap_err().contains("after top-level value"));
    }
}
