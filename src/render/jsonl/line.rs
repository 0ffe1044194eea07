//! An [`Entry`] as a line of JSON, quickly: the same bytes as serde's, in well under half of the instructions.

use serde::Serialize;
use serde_json::Value;

use super::Entry;
use crate::lint::report::Finding;

/// Adds an entry and a line end.
pub(super) fn write(entry: &Entry<'_>, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"index\":");
    any(&entry.index, line);
    for (key, value) in [
        (",\"source\":", entry.source),
        (",\"peer_id\":", entry.peer_id),
        (",\"server_name\":", entry.server_name),
        (",\"status\":", Some(entry.status)),
    ] {
        if let Some(value) = value {
            line.extend_from_slice(key.as_bytes());
            text(value, line);
        }
    }
    line.extend_from_slice(b",\"consul\":{\"accepted\":");
    flag(entry.consul.accepted, line);
    line.extend_from_slice(b",\"message\":");
    match entry.consul.message {
        Some(message) => text(message, line),
        None => line.extend_from_slice(b"null"),
    }
    line.extend_from_slice(b",\"exact\":");
    flag(entry.consul.exact, line);
    line.extend_from_slice(b"},\"findings\":[");
    for (at, found) in entry.findings.iter().enumerate() {
        line.extend_from_slice(if at == 0 { b"" } else { b"," });
        finding(found, line);
    }
    line.push(b']');
    if let Some(error) = &entry.error {
        line.extend_from_slice(b",\"error\":");
        text(error, line);
    }
    if let Some(passed) = entry.passed {
        line.extend_from_slice(b",\"passed\":");
        any(&passed, line);
    }
    if let Some(not_applied) = entry.not_applied {
        line.extend_from_slice(b",\"not_applied\":");
        any(not_applied, line);
    }
    line.extend_from_slice(b"}\n");
}

fn finding(finding: &Finding, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"check\":\"");
    // Names of checks and severities need no escapes.
    line.extend_from_slice(finding.check.as_bytes());
    line.extend_from_slice(b"\",\"severity\":\"");
    line.extend_from_slice(finding.severity.name().as_bytes());
    line.extend_from_slice(b"\",\"message\":");
    text(&finding.message, line);
    line.extend_from_slice(b",\"path\":");
    text(&finding.path, line);
    line.extend_from_slice(b",\"values\":{");
    for (at, (name, value)) in finding.values.iter().enumerate() {
        line.extend_from_slice(if at == 0 { b"" } else { b"," });
        text(name, line);
        line.push(b':');
        match value {
            Value::String(value) => text(value, line),
            other => any(other, line),
        }
    }
    line.extend_from_slice(b"}}");
}

/// A string; nearly all need no escapes, which can be seen many bytes at a time.
fn text(text: &str, line: &mut Vec<u8>) {
    let is_special = |byte| matches!(byte, 0..0x20 | b'"' | b'\\');
    if text.bytes().fold(false, |special, byte| special | is_special(byte)) {
        return any(text, line);
    }
    line.push(b'"');
    line.extend_from_slice(text.as_bytes());
    line.push(b'"');
}

fn flag(flag: bool, line: &mut Vec<u8>) {
    line.extend_from_slice(if flag { b"true" } else { b"false" });
}

fn any<T: Serialize + ?Sized>(value: &T, line: &mut Vec<u8>) {
    serde_json::to_writer(line, value).expect("a value of plain fields has a JSON form");
}

#[cfg(test)]
mod tests {
    use std::fs;

    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::lint::context::{CaEntry, Context};
    use crate::lint::report::{Report, RuleSet};
    use crate::render::jsonl::ConsulVerdict;
    use crate::token::decode;

    fn assert_as_serde_writes_it(entry: &Entry<'_>) {
        let mut line = Vec::new();
        write(entry, &mut line);
        assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(entry).unwrap() + "\n");
    }

    #[test]
    fn a_line_is_what_serde_writes() {
        for folder in fs::read_dir("fixtures/checks").unwrap() {
            let text = fs::read(folder.unwrap().path().join("fires.txt")).unwrap();
            let decoded = decode(&text);
            let now = "2026-12-01T00:00:00Z".parse().unwrap();
            let facts = Context::gather(&text, decoded.as_ref(), now, SignedDuration::ZERO, |entry| {
                CaEntry::read(entry).into()
            });
            let report = Report::of(&facts, &RuleSet::all());
            assert_as_serde_writes_it(&Entry::new(7, "argument", facts.token(), &report));
            assert_as_serde_writes_it(&Entry::short(u64::MAX, facts.token(), &report));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_escaped(text: String, control in "[\"\\\\\\x00-\\x1f\\x7fa]{0,9}") {
            let consul = ConsulVerdict { message: Some(&control), ..ConsulVerdict::default() };
            let error = Some(format!("{control}{text}"));
            assert_as_serde_writes_it(&Entry { server_name: Some(&text), error, consul, ..Entry::default() });
        }
    }
}
