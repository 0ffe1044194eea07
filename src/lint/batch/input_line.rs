//! One line: a token, or a JSON object that contains one.

use std::borrow::Cow;

use thiserror::Error;

use crate::ZeroizeBuf;
use crate::gostd::json::{RawString, Reader, SyntaxError, ValueKind};
use crate::lint::InternalError;
use crate::token::MAX_TOKEN_LEN;

/// The key of the token.
const TOKEN_KEY: &str = "token";

/// A parsed line.
pub(super) struct Line<'a> {
    /// The token's text.
    pub(super) token: Result<Text<'a>, LineError>,
    /// For a JSON object: its other keys with their values, as written.
    pub(super) other_keys: Option<Vec<Pair<'a>>>,
}

/// A quoted key and its value, as written.
pub(super) type Pair<'a> = (&'a str, &'a str);

/// A token's text.
pub(super) enum Text<'a> {
    /// As written in the line.
    Plain(&'a [u8]),
    /// Written with escapes.
    Unescaped(ZeroizeBuf),
}

/// The reason why there is no report on a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// The line is longer than any token.
    #[error("the line is longer than {MAX_TOKEN_LEN} bytes, the maximum length of a token")]
    TooLong,
    /// The line starts like a JSON object but is not one.
    #[error("the line starts with {{ but is not valid JSON: {0}")]
    NotJson(SyntaxError),
    /// The line starts like a JSON object but is not UTF-8, at this byte.
    #[error("the line starts with {{ but is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// The JSON object has no key `token`.
    #[error("the JSON object has no key \"token\"")]
    NoKey,
    /// The value of `token` has this type instead of a string.
    #[error("the value of \"token\" is {0}, not a string")]
    OtherType(&'static str),
    /// Checking the line caused a panic.
    #[error(transparent)]
    Internal(#[from] InternalError),
}

impl<'a> Line<'a> {
    /// Parses a line without its line end. Returns `None` if it contains only whitespace.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let first = line.iter().find(|byte| !byte.is_ascii_whitespace())?;
        if line.len() > MAX_TOKEN_LEN {
            return Some(Self::without_token(LineError::TooLong));
        }
        if *first != b'{' {
            return Some(Self { token: Ok(Text::Plain(line)), other_keys: None });
        }
        let object = std::str::from_utf8(line)
            .map_err(|error| LineError::NotUtf8(error.valid_up_to()))
            .and_then(|text| parse_object(text).map_err(LineError::NotJson));
        Some(match object {
            Ok(Object { token: Some(token), other_keys }) => Self { token, other_keys: Some(other_keys) },
            // Another key may contain the token, so the output repeats none of them.
            Ok(Object { token: None, .. }) => Self::without_token(LineError::NoKey),
            Err(error) => Self::without_token(error),
        })
    }

    pub(super) fn without_token(error: LineError) -> Self {
        Self { token: Err(error), other_keys: None }
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
    token: Option<Result<Text<'a>, LineError>>,
    other_keys: Vec<Pair<'a>>,
}

/// Parses a JSON object. If the token is there twice, the last one counts, as in most JSON parsers.
fn parse_object(text: &str) -> Result<Object<'_>, SyntaxError> {
    let mut reader = Reader::new(text.as_bytes());
    let mut object = Object { token: None, other_keys: Vec::new() };
    reader.kind()?;
    let mut items = reader.enter()?;
    while let Some(key) = reader.next_key(&mut items)? {
        let kind = reader.kind()?;
        let start = reader.position();
        if key.unescape().text != TOKEN_KEY {
            reader.skip()?;
            let with_quotes = key.offset - 1..key.offset + key.bytes.len() + 1;
            object.other_keys.push((&text[with_quotes], &text[start..reader.position()]));
        } else if kind == ValueKind::String {
            object.token = Some(Ok(text_of(reader.string()?)));
        } else {
            reader.skip()?;
            object.token = Some(Err(LineError::OtherType(name(kind))));
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
        let line = Line::parse(line.as_bytes()).unwrap();
        let text = line.token.map(|text| String::from_utf8(text.bytes().to_vec()).unwrap());
        text.map_err(|error| error.to_string())
    }

    fn error(line: &[u8]) -> LineError {
        Line::parse(line).unwrap().token.err().unwrap()
    }

    #[test]
    fn a_line_is_a_token_or_an_object_that_contains_one() {
        assert_eq!(token("eyJ9"), Ok("eyJ9".into()));
        assert_eq!(token(" eyJ9 "), Ok(" eyJ9 ".into()));
        assert_eq!(token(r#" {"token" : "eyJ9"} "#), Ok("eyJ9".into()));
        assert_eq!(token(r#"{"tok\u0065n":"a\/b"}"#), Ok("a/b".into()));
        assert_eq!(token(r#"{"token":"a","token":"b"}"#), Ok("b".into()));
    }

    #[test]
    fn a_line_of_whitespace_is_skipped() {
        for line in ["", " ", "\r", "\t \r"] {
            assert!(Line::parse(line.as_bytes()).is_none(), "{line:?}");
        }
    }

    #[test]
    fn other_keys_are_kept_as_written() {
        let line =
            Line::parse(br#"{ "id" : 1.50, "token":"t", "a\u0062": {"token" : [ ]} , "id":null}"#).unwrap();
        let expected = [("\"id\"", "1.50"), ("\"a\\u0062\"", "{\"token\" : [ ]}"), ("\"id\"", "null")];
        assert_eq!(line.other_keys.unwrap(), expected);
        assert!(Line::parse(br#"{"token":null,"id":1}"#).unwrap().other_keys.is_some());
        assert!(
            Line::parse(br#"{"other_token":"eyJ9"}"#).unwrap().other_keys.is_none(),
            "it may contain a token"
        );
    }

    #[test]
    fn an_object_without_a_token_is_an_error_with_a_reason() {
        assert_eq!(error(b"{}"), LineError::NoKey);
        assert_eq!(error(br#"{"Token":"t"}"#), LineError::NoKey);
        assert_eq!(error(b"{\"token\":\"\xFF\"}"), LineError::NotUtf8(10));
        assert_eq!(token(r#"{"token":7}"#), Err("the value of \"token\" is a number, not a string".into()));
        let message = token(r#"{"token":"t""#).unwrap_err();
        assert_eq!(message, "the line starts with { but is not valid JSON: unexpected end of JSON input");
        assert!(token(r#"{"token":"t"} x"#).unwrap_err().contains("after top-level value"));
    }
}
