use proptest::prelude::*;

use super::*;

fn check(json: &[u8]) -> Result<()> {
    let mut reader = Reader::new(json);
    reader.skip()?;
    reader.end()
}

fn error(json: &str) -> (usize, String) {
    let error = check(json.as_bytes()).expect_err("an error");
    (error.offset, error.to_string())
}

#[test]
fn valid_texts_are_read_to_the_end() {
    for json in [
        "{}",
        " [ ] ",
        "\t{\"a\" : [1, -0.5e+3 ,true,false , null,\"\\u00e9\"],\"b\":{}}\r\n",
        "0",
        "\"\x7f\"",
    ] {
        assert_eq!(check(json.as_bytes()), Ok(()), "{json}");
    }
}

#[test]
fn a_text_that_ends_too_early_is_an_error() {
    for json in ["", " ", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "[", "[1", "[1,", "\"", "\"a"] {
        assert_eq!(error(json), (json.len(), "unexpected end of JSON input".into()), "{json}");
    }
}

#[test]
fn a_literal_that_ends_too_early_reports_a_space() {
    assert_eq!(error("tru"), (3, "invalid character ' ' in literal true (expecting 'e')".into()));
    assert_eq!(error("-"), (1, "invalid character ' ' in numeric literal".into()));
    assert_eq!(error("1."), (2, "invalid character ' ' after decimal point in numeric literal".into()));
    assert_eq!(error("1e+"), (3, "invalid character ' ' in exponent of numeric literal".into()));
    assert_eq!(error("\"\\"), (2, "invalid character ' ' in string escape code".into()));
    assert_eq!(error("\"\\u1"), (4, "invalid character ' ' in \\u hexadecimal character escape".into()));
}

#[test]
fn an_unexpected_byte_is_reported_with_its_context() {
    assert_eq!(error("{,"), (1, "invalid character ',' looking for beginning of object key string".into()));
    assert_eq!(error("{\"a\":1,}").0, 7);
    assert_eq!(error("[1,]"), (3, "invalid character ']' looking for beginning of value".into()));
    assert_eq!(error("{\"a\",1}"), (4, "invalid character ',' after object key".into()));
    assert_eq!(error("{\"a\":1]"), (6, "invalid character ']' after object key:value pair".into()));
    assert_eq!(error("[1}"), (2, "invalid character '}' after array element".into()));
    assert_eq!(error("01"), (1, "invalid character '1' after top-level value".into()));
    assert_eq!(error("\"\n\""), (1, "invalid character '\\n' in string literal".into()));
    assert_eq!(error("\"\\x\""), (2, "invalid character 'x' in string escape code".into()));
}

#[test]
fn nesting_is_limited_to_ten_thousand() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(check(nested(MAX_DEPTH).as_bytes()), Ok(()));
    assert_eq!(error(&nested(MAX_DEPTH + 1)), (MAX_DEPTH, "invalid character '[' exceeded max depth".into()));
    assert_eq!(error(&"{\"a\":".repeat(MAX_DEPTH + 1)).0, MAX_DEPTH * 5);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_rejected(json: Vec<u8>) {
        if let Err(error) = check(&json) {
            prop_assert!(error.offset <= json.len());
        }
    }
}
