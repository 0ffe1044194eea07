//! Reading and writing facts.

use std::io::{BufReader, Read};

use super::*;
use crate::audit::facts::MAX_LINE_LEN;

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
fn a_large_file_is_read_on_all_cores_and_its_first_bad_line_is_named() {
    let pair = pair().to_lines();
    // About 3 MB: more than any thread takes at once.
    let lines: Vec<&str> = pair.lines().cycle().take(6000).collect();
    let facts = read(&lines.join("\n")).unwrap();
    assert_eq!((facts.clusters.len(), facts.peerings.len()), (3000, 3000));
    assert_eq!(facts.to_lines(), pair);
    for bad in [1, 2, 800, 3000, 5999, 6000] {
        let mut lines = lines.clone();
        lines[bad - 1] = "not json";
        // The later ones are in the way of a thread that is faster.
        lines[bad..].iter_mut().step_by(100).for_each(|line| *line = "[]");
        let error = read(&lines.join("\n")).unwrap_err();
        assert_eq!(error, format!("facts.jsonl:{bad}: not JSON, or truncated (column 2)"));
    }
}

#[test]
fn the_lines_of_a_large_fleet_come_in_parts() {
    let one = pair();
    let mut facts = one.clone();
    facts.peerings = (0..3000)
        .map(|number| PeeringFact { name: format!("peer-{number:04}"), ..one.peerings[0].clone() })
        .collect();
    let parts: Vec<String> = facts.parts_of_lines().collect();
    assert!(parts.len() > 1 && parts.iter().all(|part| part.ends_with('\n') && part.len() < 2_000_000));
    assert_eq!(read(&parts.concat()).unwrap().peerings.len(), 3000);
    assert_eq!(parts.concat(), facts.to_lines());
}

#[test]
fn a_line_without_an_end_is_an_error_after_the_errors_before_it() {
    let endless = || std::io::repeat(b' ').take(MAX_LINE_LEN + 1);
    for (start, expected) in [
        (String::new(), "zero:1: the line is longer than 16 MiB, so it is not a fact"),
        (pair().to_lines(), "zero:5: the line is longer than 16 MiB, so it is not a fact"),
        ("\n[]\n".to_owned(), "zero:2: not a fact of an audit: a field has an unexpected type or value"),
    ] {
        let input = BufReader::new(start.as_bytes().chain(endless()));
        assert_eq!(Facts::default().read_lines("zero", input).unwrap_err().to_string(), expected);
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
