//! Writes an [`Entry`] as a line of JSON: the same bytes as serde, with less than half of the instructions.

use serde::Serialize;
use serde_json::Value;

use super::Entry;
use crate::bytes::all;
use crate::lint::Finding;

/// Appends an entry and a line end.
pub(super) fn write(entry: &Entry<'_>, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"index\":");
    any(&entry.index, line);
    if let Some(source) = entry.source {
        line.extend_from_slice(b",\"source\":");
        text(source, line);
    }
    if let Some(document) = entry.extracted_from {
        line.extend_from_slice(b",\"extracted_from\":");
        any(&document, line);
    }
    for (key, value) in
        [(",\"peer_id\":", entry.peer_id.as_deref()), (",\"server_name\":", entry.server_name.as_deref())]
    {
        if let Some(value) = value {
            line.extend_from_slice(key.as_bytes());
            text(value, line);
        }
    }
    line.extend_from_slice(b",\"status\":");
    name(entry.status.name(), line);
    line.extend_from_slice(b",\"consul\":{\"accepted\":");
    boolean(entry.consul.accepted, line);
    line.extend_from_slice(b",\"message\":");
    match entry.consul.message {
        Some(message) => text(message, line),
        None => line.extend_from_slice(b"null"),
    }
    line.extend_from_slice(b",\"exact\":");
    boolean(entry.consul.exact, line);
    line.extend_from_slice(b",\"reference\":");
    match entry.consul.reference {
        Some(reference) => name(reference.name(), line),
        None => line.extend_from_slice(b"null"),
    }
    line.extend_from_slice(b"},\"findings\":[");
    for (index, entry) in entry.findings.iter().enumerate() {
        line.extend_from_slice(if index == 0 { b"" } else { b"," });
        finding(entry, line);
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
    if let Some(skipped) = entry.skipped {
        line.extend_from_slice(b",\"skipped\":");
        any(skipped, line);
    }
    line.extend_from_slice(b"}\n");
}

fn finding(finding: &Finding, line: &mut Vec<u8>) {
    line.extend_from_slice(b"{\"check\":");
    name(finding.check, line);
    line.extend_from_slice(b",\"severity\":");
    name(finding.severity.name(), line);
    line.extend_from_slice(b",\"message\":");
    text(&finding.message, line);
    line.extend_from_slice(b",\"path\":");
    text(&finding.path, line);
    line.extend_from_slice(b",\"values\":{");
    for (index, (key, value)) in finding.values.iter().enumerate() {
        line.extend_from_slice(if index == 0 { b"" } else { b"," });
        name(key, line);
        line.push(b':');
        match value {
            Value::String(value) => text(value, line),
            other => any(other, line),
        }
    }
    line.extend_from_slice(b"}}");
}

/// Writes a string. Almost none needs escapes.
#[expect(clippy::needless_bitwise_bool, reason = "without branches, the loop becomes vector instructions")]
fn text(text: &str, line: &mut Vec<u8>) {
    if all(text.as_bytes(), |byte| (byte >= b' ') & (byte != b'"') & (byte != b'\\')) {
        name(text, line);
    } else {
        any(text, line);
    }
}

/// Writes a string that needs no escapes, such as the name of a check.
fn name(name: &str, line: &mut Vec<u8>) {
    line.push(b'"');
    line.extend_from_slice(name.as_bytes());
    line.push(b'"');
}

fn boolean(value: bool, line: &mut Vec<u8>) {
    line.extend_from_slice(if value { b"true" } else { b"false" });
}

fn any<T: Serialize + ?Sized>(value: &T, line: &mut Vec<u8>) {
    serde_json::to_writer(line, value).expect("a value of plain fields has a JSON form");
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::lint::{Options, check};
    use crate::render::jsonl::ConsulVerdict;
    use crate::token::recover::Repair;

    fn assert_equals_serde(entry: &Entry<'_>) {
        let mut line = Vec::new();
        write(entry, &mut line);
        assert_eq!(String::from_utf8(line).unwrap(), serde_json::to_string(entry).unwrap() + "\n");
    }

    #[test]
    fn a_line_equals_the_output_of_serde() {
        let options = Options::new("2026-12-01T00:00:00Z".parse().unwrap());
        for directory in fs::read_dir("fixtures/checks").unwrap() {
            let text = fs::read(directory.unwrap().path().join("fires.txt")).unwrap();
            let report = check(&text, &options);
            assert_equals_serde(&Entry::new(7, "argument", &report));
            assert_equals_serde(&Entry::in_batch(u64::MAX, &report));
            let extracted_from = Some(Repair::SecretManifest);
            assert_equals_serde(&Entry { extracted_from, ..Entry::new(7, "argument", &report) });
        }
    }

    proptest! {
        #[test]
        fn any_text_is_escaped(text: String, control in "[\"\\\\\\x00-\\x1f\\x7fa]{0,9}") {
            let consul = ConsulVerdict { message: Some(&control), ..ConsulVerdict::default() };
            let error = Some(format!("{control}{text}"));
            assert_equals_serde(&Entry { server_name: Some(Cow::Borrowed(&text)), error, consul, ..Entry::default() });
        }
    }
}
