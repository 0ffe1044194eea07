use super::*;
use crate::explain::mapped_text::MappedText;

fn find(pattern: Pattern, text: &str) -> Option<Captures> {
    find_around(pattern, text, Around::default())
}

fn find_around(pattern: Pattern, text: &str, around: Around<'_>) -> Option<Captures> {
    let parts: Vec<Part> = parts(&pattern).collect();
    let text = MappedText::plain(text);
    let matched = pattern.find(&parts, &Subject { text: text.whole(), around })?;
    Some(matched.captures())
}

#[test]
fn placeholders_match_the_text_between_literals() {
    let template = Pattern::part("certificate is valid for {shown}, not {wanted}");
    let captures = find(template, "tls: x509: certificate is valid for a.example, not b.example").unwrap();
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
        find(Pattern::part("formats are {json|pretty}"), "Invalid format, valid formats are {json|pretty}")
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
    let around = Around { url: Some("http://a"), ..Around::default() };
    assert!(find_around(Pattern::agent("connection refused"), "connection refused", around).is_some());
}

#[test]
fn captured_tokens_are_redacted() {
    let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxs";
    let captures = find(Pattern::part("flag -{flag}"), &format!("flag -{token}")).unwrap();
    assert_eq!(captures["flag"], "<token>");
}
