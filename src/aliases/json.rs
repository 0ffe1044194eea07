//! Reads and changes the strings of a JSON text without parsing it: the layout stays, and damaged JSON is read as far as
//! it goes.

use std::borrow::Cow;

/// The maximum depth that is followed. Deeper values have the keys of this depth.
const MAX_DEPTH: usize = 256;

/// Calls `see` with the key of the containing object, the key, and each string that is a value. The values of a list have
/// the key of the list.
pub(super) fn for_each_string(json: &str, mut see: impl FnMut(&str, &str, &str)) {
    walk(json, |parent, key, value| {
        see(parent, key, value);
        None
    });
}

/// Replaces the strings for which `map` returns another text.
pub(super) fn map_strings(json: &str, map: impl FnMut(&str, &str, &str) -> Option<String>) -> String {
    walk(json, map)
}

fn walk(json: &str, mut map: impl FnMut(&str, &str, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut copied, mut at) = (0, 0);
    let mut parents: Vec<String> = Vec::new();
    let mut key = String::new();
    while let Some(next) = json[at..].find(['"', '{', '[', '}', ']']) {
        at += next;
        match json.as_bytes()[at] {
            b'{' | b'[' if parents.len() < MAX_DEPTH => parents.push(key.clone()),
            b'}' | b']' => key = parents.pop().unwrap_or_default(),
            b'"' => {
                let Some(end) = end_of_string(json, at) else { break };
                let value = unquoted(&json[at..end]);
                if json[end..].trim_start().starts_with(':') {
                    key = value.into_owned();
                } else {
                    let parent = parents.last().map_or("", String::as_str);
                    if let Some(replaced) = map(parent, &key, &value) {
                        out.push_str(&json[copied..at]);
                        out.push_str(&serde_json::Value::from(replaced).to_string());
                        copied = end;
                    }
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    out.push_str(&json[copied..]);
    out
}

/// Returns the offset after the string that starts at an offset.
fn end_of_string(json: &str, start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += json.get(at..)?.find(['"', '\\'])?;
        if json.as_bytes()[at] == b'"' {
            return Some(at + 1);
        }
        at += 1 + json[at + 1..].chars().next()?.len_utf8();
    }
}

fn unquoted(string: &str) -> Cow<'_, str> {
    match serde_json::from_str::<String>(string) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(string.trim_matches('"')),
    }
}
