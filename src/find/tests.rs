//! Tokens in everything that contains one.

use proptest::prelude::*;

use super::*;
use crate::gostd::base64::encode;

pub(crate) fn token() -> String {
    fixture("one-server")
}

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/tokens/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().trim().to_owned()
}

fn search(text: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    Search::default().file("x", &mut &text[..], &mut found).unwrap();
    found
}

/// Checks that the text contains the token once, at the place where `before` ends, encoded so often.
#[track_caller]
fn is_found(before: &str, token: &str, rest: &str, encodings: usize) {
    let text = format!("{before}{rest}");
    let found = search(text.as_bytes());
    let fingerprints: Vec<&str> = found.iter().map(|found| found.fingerprint.as_str()).collect();
    assert_eq!(fingerprints, [fingerprint(token)], "{text}");
    assert_eq!(found[0].encodings, encodings, "{text}");
    let line = before.split('\n').next_back().unwrap();
    let place = (before.matches('\n').count() as u64 + 1, line.chars().count() as u64 + 1);
    assert_eq!((found[0].place.span.line, found[0].place.span.column), place, "{text}");
}

fn lines(text: &str, width: usize) -> Vec<&str> {
    text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect()
}

#[test]
fn a_token_is_found_in_all_forms() {
    let token = &token();
    let json = serde_json::to_string(token).unwrap();
    for (before, after) in [
        ("", ""),
        ("", "\n"),
        ("PEERING_TOKEN=", "\n"),
        ("export PEERING_TOKEN=\"", "\"\nNEXT=1"),
        ("a: 1\ntoken: ", "\nb: 2\n"),
        ("resource \"consul\" \"x\" {\n  token = \"", "\"\n}\n"),
        ("{\"PeeringToken\":\"", "\"}"),
        ("<a href=\"?token=", "&x=1\">"),
        ("é ü '", "'"),
        ("\0\x01SQLite ", "\0more"),
        ("see eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln and ", "."),
        ("eyJDQSI6", ""),
        ("eyJDQSI6 ", " eyJDQSI6"),
        ("token", "="),
    ] {
        is_found(before, token, &format!("{token}{after}"), 1);
    }
    let escaped = json.replace('+', "\\u002b").replace('/', "\\/").replace('=', "\\u003d");
    is_found("{\"a\":", token, &escaped.replacen('"', "", 1).replace("\",", ""), 1);
}

#[test]
fn an_escaped_token_is_found() {
    // Base64 of this token contains both special digits.
    let json = r#"{"CA":null,"ServerAddresses":["10.0.0.1:8503"],"PeerID":"a?b>c~~~?>~","ServerName":"???>>>","X":"~~~"}"#;
    let token = &encode(json.as_bytes());
    assert!(token.contains('+') && token.contains('/'), "{token}");
    let replaced =
        |plus: &str, slash: &str, pad: &str| token.replace('+', plus).replace('/', slash).replace('=', pad);
    for text in [
        replaced("\\u002b", "\\u002f", "\\u003d"),
        replaced("\\u002B", "\\/", "="),
        replaced("\\\\u002b", "\\\\/", "\\\\u003d"),
        replaced("\\x2b", "\\x2f", "\\x3d"),
        replaced("%2B", "%2F", "%3D"),
        replaced("%2b", "%2f", "%3d"),
        replaced("&#43;", "&#47;", "&#61;"),
        replaced("&#x2B;", "&#x2F;", "&#x3D;"),
        replaced("-", "_", ""),
        replaced("-", "_", "="),
    ] {
        is_found("x = \"", token, &format!("{text}\" and more"), 1);
    }
}

#[test]
fn a_wrapped_token_is_found() {
    let token = &token();
    for width in [10, 20, 64, 76, 80, 200] {
        for (before, separator, after) in [
            ("", "\n", ""),
            ("", "\r\n", "\r\n"),
            ("-----BEGIN PEERING TOKEN-----\n", "\n", "\n-----END PEERING TOKEN-----\n"),
            ("token: |\n  ", "\n  ", "\nnext: 1\n"),
            ("token: >-\n    ", "\n    ", "\n"),
            ("token: >-\n    ", "\n\n    ", "\n"),
            ("token = <<-EOT\n\t", "\n\t", "\nEOT\n"),
            ("# ", "\n# ", "\n"),
            ("# token: ", "\n#        ", "\n"),
            ("  // ", "\n  // ", "\ncode\n"),
            ("/* ", "\n * ", "\n */"),
            ("-- ", "\n-- ", "\n"),
            ("; ", "\n; ", "\n"),
            ("> > ", "\n> > ", "\n> more"),
            ("+  ", "\n+  ", "\n+more\n"),
            ("+# ", "\n+# ", "\n more\n"),
            ("x=\"", "\\\n", "\""),
            ("x='", "'\\\n'", "'\n"),
            ("x = \"", "\" +\n    \"", "\";\n"),
            ("x = (\"", "\"\n    \"", "\")\n"),
            ("x = (b\"", "\"\n    b\"", "\")\n"),
            ("\"source\": [\n  \"token = '", "\\n\",\n  \"", "'\\n\"\n]"),
            ("{\"a\":\"", "\\n", "\"}"),
            ("{\"a\":\"{\\\"b\\\":\\\"", "\\\\n", "\\\"}\"}"),
            ("{\"a\":\"", "\\u000a", "\"}"),
            ("?token=", "%0A", "&b=1"),
            ("", "=\r\n", ""),
            ("", " ", ""),
            ("| ", " |\n| ", " |\n"),
            ("│ ", " │\n│ ", " │\n"),
            ("<td>", "<br>", "</td>"),
            ("\x1b[32m", "\x1b[0m\n\x1b[32m", "\x1b[0m"),
        ] {
            let text = lines(token, width).join(separator) + after;
            is_found(before, token, &text, 1);
        }
    }
}

#[test]
fn a_token_that_is_encoded_again_is_found() {
    let token = &token();
    for before in ["", "x", "xy", "xyz", "token: ", "TOKEN=\"", "{\"token\":\"", "line\nline\n"] {
        for after in ["", "\n", "\"}", " and much more text that follows it"] {
            let again = encode(format!("{before}{token}{after}").as_bytes());
            let place = again.len() - encode(format!("{token}{after}").as_bytes()).len();
            for width in [9, 64, 76, 10_000] {
                let found = search(format!("data: |\n  {}\n", lines(&again, width).join("\n  ")).as_bytes());
                let fingerprints: Vec<&str> = found.iter().map(|found| found.fingerprint.as_str()).collect();
                assert_eq!(fingerprints, [fingerprint(token)], "{before:?} {after:?} {width}");
                assert_eq!(found[0].encodings, 2);
                let line = found[0].place.span.line;
                assert!(line.abs_diff((place / width) as u64 + 2) <= 1, "{before:?} {width} {line}");
            }
        }
    }
    is_found("  token: ", token, &format!("{}\n  next: 1\n", encode(token.as_bytes())), 2);
    is_found("  token: ", token, &format!("{}\n", encode(encode(token.as_bytes()).as_bytes())), 3);
    // The inner text is wrapped, as in a Secret of a file.
    let inner = format!("{}\n", lines(token, 64).join("\n"));
    is_found("  token: ", token, &format!("{}\n", encode(inner.as_bytes())), 2);
}

#[test]
fn a_token_in_utf16_is_found() {
    let token = token();
    let text = format!("a\r\nü = \"{token}\"\r\n");
    let units = || text.encode_utf16();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect();
    for bytes in [little, [&[0xFE, 0xFF], &big[..]].concat()] {
        let found = search(&bytes);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].place.span.line, found[0].place.span.column), (2, 6));
    }
}

#[test]
fn json_that_was_formatted_again_is_found() {
    let json = r#"{ "CA": null, "ServerAddresses": ["10.0.0.1:8503"], "PeerID": "x" }"#;
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    for json in
        [json, &pretty, &pretty.replace("  ", "\t"), &pretty.replace('\n', "\r\n"), &format!("{json}\n")]
    {
        let token = encode(json.as_bytes());
        is_found("token: ", &token, &format!("{token}\n"), 1);
        is_found("token: ", &token, &format!("{}\n", encode(token.as_bytes())), 2);
    }
}

#[test]
fn what_is_not_a_token_is_not_found() {
    let token = &token();
    for text in [
        "",
        "eyJDQSI6",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
        &token[..token.len() - 8],
        &token[1..],
        &token.replacen("SUJB", "SU!B", 1),
        &encode(b"{\"CA\":null}"),
        &encode(b"{\"PeerID\":\"\",\"ServerAddresses\":[]}"),
        &encode(b"{\"name\":\"x\",\"PeerID\":\"x\"}"),
        &encode(b"{\"PeerID\":7}"),
        &"eyJDQSI6".repeat(10_000),
        &"eyJDQSI6Ii".repeat(10_000),
        &encode(&"{\"CA\":".repeat(10_000).into_bytes()),
    ] {
        let found = search(text.as_bytes());
        assert!(found.is_empty(), "{} in {:.80}", found.len(), text);
    }
}

#[test]
fn several_tokens_are_found_in_order() {
    let (one, three) = (token(), fixture("three-servers"));
    let text = format!("{one}{three}\n{one} {}\n", encode(three.as_bytes()));
    let places: Vec<_> = search(text.as_bytes())
        .iter()
        .map(|found| (found.place.span.line, found.place.span.column, found.fingerprint.clone()))
        .collect();
    let (first, second) = (fingerprint(&one), fingerprint(&three));
    let column = |text: &str| text.len() as u64 + 1;
    let expected = [
        (1, 1, first.clone()),
        (1, column(&one), second.clone()),
        (2, 1, first),
        (2, column(&one) + 1, second),
    ];
    assert_eq!(places, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_token_in_any_bytes_is_found_at_its_place(
        before in proptest::collection::vec(any::<u8>(), 0..2000),
        after in proptest::collection::vec(any::<u8>(), 0..200),
        filler in 0_usize..600_000,
        width in 10_usize..100,
        indent in 0_usize..9,
        again in 0_usize..2,
    ) {
        let token = token();
        let encoded = if again == 1 { encode(token.as_bytes()) } else { token.clone() };
        let wrapped = lines(&encoded, width).join(&format!("\n{}", " ".repeat(indent)));
        let mut start = vec![b'.'; filler];
        start.extend(&before);
        // A line that does not start with the marker of a comment.
        start.extend(b"\nx ");
        let text = [&start[..], wrapped.as_bytes(), b"\n.", &after].concat();
        let found = search(&text);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].fingerprint, &fingerprint(&token));
        let line = memchr::memchr_iter(b'\n', &start).count() as u64 + 1;
        let last_line = (wrapped.matches('\n').count() as u64) + line;
        let span = found[0].place.span;
        prop_assert_eq!((span.line, span.column, span.end_line), (line, 3, last_line));
    }

    #[test]
    fn any_bytes_are_searched(text: Vec<u8>, with_starts: bool) {
        let text = if with_starts { [&b"eyJDQSI6WyI"[..], &text, b"eyJDQSI6WyI", &text].concat() } else { text };
        prop_assert!(search(&text).is_empty());
    }
}
