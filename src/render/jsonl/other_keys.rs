//! The other keys of a line of a batch: as written, without tokens, labeled secrets and private keys.

use serde_json::{Map, Value};

use crate::token::redact::{SECRET, redact};
use crate::token::shown::contains_private_key;

/// Appends the keys, which are quoted, and their values, without the braces. A pair that contains a private key is left out.
pub(super) fn write(pairs: &[(&str, &str)], line: &mut Vec<u8>) {
    let start = line.len();
    let mut pair = String::new();
    for (key, value) in pairs {
        if contains_private_key(key) || contains_private_key(value) {
            continue;
        }
        pair.clear();
        pair.extend([*key, ":", *value]);
        // An escape can hide a token, and few texts have one.
        let is_plain = !pair.contains('\\') && redact(&pair) == pair;
        let shown = if is_plain { Some(std::mem::take(&mut pair)) } else { without_secrets(&pair) };
        let Some(shown) = shown else { continue };
        if line.len() > start {
            line.push(b',');
        }
        line.extend_from_slice(shown.as_bytes());
        pair = shown;
    }
}

/// Returns a pair without secrets, as written if it contains none; `None` if it cannot be read, so that it could hide one.
fn without_secrets(pair: &str) -> Option<String> {
    let mut members: Map<String, Value> = serde_json::from_str(&format!("{{{pair}}}")).ok()?;
    if !redact_members(&mut members) {
        return Some(pair.to_owned());
    }
    let object = Value::Object(members).to_string();
    Some(object.strip_prefix('{')?.strip_suffix('}')?.to_owned())
}

/// Redacts keys and values. Returns whether anything was.
fn redact_members(members: &mut Map<String, Value>) -> bool {
    let mut is_changed = false;
    let redacted = std::mem::take(members).into_iter().map(|(key, mut value)| {
        is_changed |= redact_value(&mut value);
        if let Value::String(text) = &mut value {
            let labeled = format!("{key}: {text}");
            let is_secret = redact(&labeled) != labeled && redact(&key) == key && !text.contains('<');
            if is_secret {
                SECRET.clone_into(text);
                is_changed = true;
            }
        }
        let shown = redact(&key).into_owned();
        is_changed |= shown != key;
        (shown, value)
    });
    *members = redacted.collect();
    is_changed
}

/// Redacts the strings of a value. Returns whether anything was.
fn redact_value(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let shown = redact(text);
            let is_changed = shown != *text;
            if is_changed {
                *text = shown.into_owned();
            }
            is_changed
        }
        Value::Array(values) => values.iter_mut().fold(false, |is_changed, it| redact_value(it) | is_changed),
        Value::Object(members) => redact_members(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, value: &str) -> String {
        let mut line = Vec::new();
        write(&[(key, value)], &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn tokens_and_secrets_are_redacted_in_any_spelling() {
        let token = std::fs::read_to_string("fixtures/tokens/one-server.txt").unwrap();
        let token = token.trim();
        let escaped = token.bytes().fold(String::new(), |text, byte| text + &format!("\\u{byte:04x}"));
        let uuid = "11111111-2222-3333-4444-555555555555";
        for (key, value, expected) in [
            ("\"old\"", format!("\"{token}\""), "\"old\":\"<token>\""),
            ("\"old\"", format!("\"{escaped}\""), "\"old\":\"<token>\""),
            (
                "\"a\"",
                format!("[1, {{\"b\": \"-peering-token {token}\"}}]"),
                "\"a\":[1,{\"b\":\"-peering-token <token>\"}]",
            ),
            ("\"EstablishmentSecret\"", format!("\"{uuid}\""), "\"EstablishmentSecret\":\"<secret>\""),
            ("\"a\"", format!("{{\"\\u0053ecretID\": \"{uuid}\"}}"), "\"a\":{\"SecretID\":\"<secret>\"}"),
            ("\"a\"", "\"-----BEGIN PRIVATE KEY-----\"".to_owned(), ""),
        ] {
            assert_eq!(shown(key, &value), expected);
        }
        assert_eq!(shown(&format!("\"{token}\""), "1"), "\"<token>\":1");
    }

    #[test]
    fn everything_else_is_copied_as_written() {
        for value in
            ["1.50", "{\"a\" : [ ]}", "\"a\\/b \\u00e4\"", "\"93c1687c-b386-e919-73b8-252a9bb5621f\""]
        {
            assert_eq!(shown("\"i\\u0064\"", value), format!("\"i\\u0064\":{value}"));
        }
    }
}
