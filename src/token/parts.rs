//! Where each field is in the text of a token: byte ranges in the JSON, and ranges of base64 digits in the text.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::gostd::base64;
use crate::gostd::json::{Reader, SyntaxError, ValueKind, key_matches};

/// One key of a token's JSON with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field that Consul reads it as; `None` for a key that Consul ignores.
    pub field: Option<&'static str>,
    /// The key as written.
    pub key: String,
    /// The key and its value in the JSON, in bytes.
    pub json: Range<usize>,
    /// The base64 digits that contain them, as a range of bytes in the text. Neighbors can share a digit.
    pub text: Range<usize>,
    /// The base64 digits that contain the value alone.
    pub value_text: Range<usize>,
}

/// The fields of a token, in Consul's order.
pub const FIELDS: [&str; 7] = [
    "CA",
    "ManualServerAddresses",
    "ServerAddresses",
    "ServerName",
    "PeerID",
    "EstablishmentSecret",
    "Remote",
];

/// The number of base64 digits per three bytes.
const DIGITS: usize = 4;

/// Returns the parts of a token in the order of its text. Duplicates of a field are parts of their own. Returns none for a
/// text that Consul cannot decode.
pub fn parts(text: &[u8]) -> Vec<Part> {
    let Ok(json) = base64::decode(text) else { return Vec::new() };
    let digits = Digits::of(text);
    keys(&json, &digits).unwrap_or_default()
}

fn keys(json: &[u8], digits: &Digits) -> Result<Vec<Part>, SyntaxError> {
    let mut reader = Reader::new(json);
    let mut parts = Vec::new();
    if reader.kind()? != ValueKind::Object {
        return Ok(parts);
    }
    let mut items = reader.enter()?;
    while let Some(key) = reader.next_key(&mut items)? {
        reader.kind()?;
        let value_start = reader.position();
        reader.skip()?;
        let end = reader.position();
        let start = key.offset - 1;
        let key = key.unescape().text.into_owned();
        parts.push(Part {
            field: FIELDS.into_iter().find(|field| key_matches(&key, field)),
            key,
            text: digits.holding(start..end),
            value_text: digits.holding(value_start..end),
            json: start..end,
        });
    }
    Ok(parts)
}

/// The places of the base64 digits in a text. Consul ignores line breaks between them.
struct Digits {
    /// The offset of each digit, if there are line breaks.
    offsets: Option<Zeroizing<Vec<usize>>>,
}

impl Digits {
    fn of(text: &[u8]) -> Self {
        let is_break = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let with_breaks = text.iter().any(is_break);
        let offsets = || (0..text.len()).filter(|at| !is_break(&text[*at])).collect::<Vec<_>>();
        Self { offsets: with_breaks.then(|| Zeroizing::new(offsets())) }
    }

    /// Returns the range in the text of all digits that hold a bit of these bytes.
    fn holding(&self, bytes: Range<usize>) -> Range<usize> {
        let (first, end) = (bytes.start * DIGITS / 3, (bytes.end * DIGITS).div_ceil(3));
        match &self.offsets {
            None => first..end,
            Some(offsets) => {
                let last = end.saturating_sub(1).max(first);
                offsets.get(first).copied().unwrap_or_default()
                    ..offsets.get(last).map_or(0, |offset| offset + 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::prelude::BASE64_STANDARD;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str =
        r#"{ "CA":null,"serveraddresses":["a:1"],"x":{"PeerID":"no"},"PeerID":"1","PeerID" : "2"}"#;

    fn found(text: &[u8]) -> Vec<(Option<&'static str>, String)> {
        let json = base64::decode(text).unwrap();
        let text_of = |part: &Part| String::from_utf8_lossy(&json[part.json.clone()]).into_owned();
        parts(text).iter().map(|part| (part.field, text_of(part))).collect()
    }

    #[test]
    fn each_key_of_the_token_is_a_part() {
        assert_eq!(
            found(BASE64_STANDARD.encode(TOKEN).as_bytes()),
            [
                (Some("CA"), r#""CA":null"#.to_owned()),
                (Some("ServerAddresses"), r#""serveraddresses":["a:1"]"#.to_owned()),
                (None, r#""x":{"PeerID":"no"}"#.to_owned()),
                (Some("PeerID"), r#""PeerID":"1""#.to_owned()),
                (Some("PeerID"), r#""PeerID" : "2""#.to_owned()),
            ]
        );
    }

    #[test]
    fn a_text_that_is_not_a_token_has_no_parts() {
        for text in ["", "e3", "WzFd", "eyJhIjo="] {
            assert_eq!(parts(text.as_bytes()), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_digits_of_a_value_contain_it(before in "[a-z]{0,9}", value in "[a-z0-9]{1,40}", width in 3_usize..90) {
            let json = format!(r#"{{"{before}":1,"EstablishmentSecret":"{value}"}}"#);
            let text = BASE64_STANDARD.encode(&json);
            let wrapped: Vec<u8> = text.as_bytes().chunks(width).flat_map(|line| [line, b"\r\n"].concat()).collect();
            for text in [text.into_bytes(), wrapped] {
                let parts = parts(&text);
                let range = parts[1].value_text.clone();
                prop_assert_eq!(parts[1].field, Some("EstablishmentSecret"));
                // Without these digits, no part of the value can be decoded.
                let mut without = text.clone();
                let zeroed = |digit: &u8| if digit.is_ascii_whitespace() || *digit == b'=' { *digit } else { b'A' };
                let zeroes: Vec<u8> = without[range.clone()].iter().map(zeroed).collect();
                without[range].copy_from_slice(&zeroes);
                let decoded = base64::decode(&without).unwrap();
                let start = json.find(&format!("\"{value}\"}}")).unwrap();
                prop_assert!(decoded[start..start + value.len() + 2].iter().all(|byte| *byte == 0));
                prop_assert_eq!(&decoded[..start - 1], &json.as_bytes()[..start - 1]);
            }
        }
    }
}
