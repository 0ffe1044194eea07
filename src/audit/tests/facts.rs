//! Reading and writing facts.

use super::*;

fn read(text: &str) -> Result<Facts, String> {
    let mut facts = Facts::default();
    facts.read_lines("facts.jsonl", text.as_bytes()).map(|()| facts).map_err(|error| error.to_string())
}

#[test]
fn facts_survive_a_round_trip_in_one_form() {
    let text = pair().to_lines();
    let mut reversed: Vec<&str> = text.lines().rev().collect();
    reversed.push("");
    reversed.push(reversed[0]);
    assert_eq!(read(&reversed.join("\r\n")).unwrap().to_lines(), text);
    assert_eq!(text.lines().count(), 4);
    assert!(text.starts_with(r#"{"kind":"cluster","version":1,"cluster":"dc1","partition":"","observed_at":"2026-11-27T17:57:20Z","status":"ok","#));
}

#[test]
fn a_bad_line_is_an_error_with_its_place() {
    let good = pair().to_lines();
    for (line, expected) in [
        ("{\"kind\":\"peering\",\"version\":1,\"cluster\":\"dc", "not JSON, or truncated (column 43)"),
        ("not json", "not JSON, or truncated (column 2)"),
        ("[]", "not a fact of an audit: a field has an unexpected type or value"),
        ("{\"PeeringToken\":\"c2VjcmV0\"}", "not a fact of an audit: it has no version"),
        (
            "{\"kind\":\"cluster\",\"version\":2}",
            "version 2 of facts is not supported: this program reads version 1",
        ),
        ("{\"kind\":\"cluster\",\"version\":1}", "not a fact of an audit: missing field `cluster`"),
        (
            "{\"kind\":\"c2VjcmV0\",\"version\":1}",
            "not a fact of an audit: a field has an unexpected type or value",
        ),
        (
            "{\"kind\":\"cluster\",\"version\":\"c2VjcmV0\"}",
            "not a fact of an audit: a field has an unexpected type or value",
        ),
    ] {
        assert_eq!(
            read(&format!("{good}\n{line}\n")).unwrap_err(),
            format!("facts.jsonl:6: {expected}"),
            "{line}"
        );
    }
}

#[test]
fn a_key_of_a_later_version_is_ignored() {
    let text = pair().to_lines().replace("\"kind\"", "\"mood\":\"fine\",\"kind\"");
    assert_eq!(read(&text).unwrap(), read(&pair().to_lines()).unwrap());
}

#[test]
fn a_state_that_is_unknown_keeps_its_name() {
    let text = pair().to_lines().replace("ACTIVE", "UNDEFINED");
    let facts = read(&text).unwrap();
    assert_eq!(facts.peerings[0].state.name(), "UNDEFINED");
    assert_eq!(lines(&judged(&facts)), [""; 0]);
    assert_eq!(facts.to_lines(), text);
}
