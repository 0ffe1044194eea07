//! Secrets that the text itself labels as such: `EstablishmentSecret: …`, `-token=…`, `X-Consul-Token: …`.

use std::ops::Range;

/// The words at the end of a label, in lower case.
const WORDS: [&str; 4] = ["secret", "token", "bearer", "management"];
/// Labels whose value is a secret in any form, in lower case and without separators. Other labels need a UUID.
const STRICT: [&str; 6] =
    ["establishmentsecret", "streamsecretid", "streamsecret", "secretid", "consultoken", "httptoken"];
/// Words between a label and its value.
const FILLERS: [&str; 10] = ["is", "was", "value", "id", "of", "to", "header", "set", "with", "for"];
/// Maximum distance between a label and its value, in bytes.
const MAX_GAP: usize = 48;
/// Maximum length of a label, in bytes.
const MAX_LABEL_LEN: usize = 64;
/// The minimum length of a part of a UUID that is treated as one, in hexadecimal digits.
const MIN_UUID_DIGITS: usize = 16;

/// Returns the ranges of the secrets, in order. Takes linear time.
pub(crate) fn labeled_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    // Every label word contains an `e`, the rarest way to look for all of them at once.
    while let Some(offset) = memchr::memchr2(b'e', b'E', &bytes[at..]) {
        let e = at + offset;
        at = e + 1;
        // The letter before it excludes most words that are not labels.
        if !matches!(bytes[e.saturating_sub(1)] | 0x20, b's' | b'k' | b'b' | b'g') {
            continue;
        }
        let Some(end) = WORDS.iter().find_map(|word| end_of_word(bytes, e, word)) else { continue };
        let word_end = end;
        let (end, is_id) = end_of_id(bytes, word_end);
        if bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            continue;
        }
        let Some((value, assigned)) = value_after(text, end) else { continue };
        let is_secret = is_uuid(&bytes[value..]) || {
            let start = label_start(bytes, word_end);
            let label = plain(&bytes[start..end]);
            let is_flag = label == b"token" && start >= 1 && bytes[start - 1] == b'-' && !is_id;
            let is_strict = is_flag || STRICT.iter().any(|strict| label.ends_with(strict.as_bytes()));
            is_strict && (assigned || is_flag)
        };
        // Only the end of a secret is searched for: otherwise, a long word with many labels takes quadratic time.
        if is_secret && found.last().is_none_or(|last| last.end <= value) {
            at = value + value_len(&text[value..]);
            found.push(value..at);
        }
    }
    found
}

/// Returns the end of a label word whose first `e` is at an offset.
fn end_of_word(bytes: &[u8], e: usize, word: &str) -> Option<usize> {
    let start = e.checked_sub(word.find('e')?)?;
    let found = bytes.get(start..start + word.len())?;
    found.eq_ignore_ascii_case(word.as_bytes()).then_some(start + word.len())
}

/// Returns the start of the label that ends at an offset: letters, digits, `_` and `-`.
fn label_start(bytes: &[u8], end: usize) -> usize {
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let first = end.saturating_sub(MAX_LABEL_LEN);
    let len = bytes[first..end].iter().rev().take_while(|byte| is_label(byte)).count();
    let dashes = bytes[end - len..end].iter().take_while(|byte| **byte == b'-').count();
    end - len + dashes
}

/// Returns the end of the label with `ID`, `_id`, `-id` or ` ID` after the word, and whether there is one.
fn end_of_id(bytes: &[u8], end: usize) -> (usize, bool) {
    let separator = usize::from(matches!(bytes.get(end), Some(b'_' | b'-' | b' ')));
    match bytes.get(end + separator..end + separator + 2) {
        Some(id) if id.eq_ignore_ascii_case(b"id") => (end + separator + 2, true),
        _ => (end, false),
    }
}

/// Returns a label in lower case, without separators.
fn plain(label: &[u8]) -> Vec<u8> {
    label.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

/// Returns the start of the value after a label, and whether `:` or `=` assigns it.
fn value_after(text: &str, end: usize) -> Option<(usize, bool)> {
    let limit = text.floor_char_boundary(end + MAX_GAP);
    let mut at = end;
    let mut assigned = false;
    while at < limit {
        let rest = &text[at..];
        if let Some(len) = encoded_separator(rest) {
            assigned |= !rest[..len].starts_with("%2");
            at += len;
            continue;
        }
        let next = rest.chars().next()?;
        if next.is_whitespace() || "\\\"'`:=>([{<,|".contains(next) {
            assigned |= matches!(next, ':' | '=');
            at += next.len_utf8();
            continue;
        }
        if !is_of_value(next) {
            return None;
        }
        match filler_len(rest).filter(|_| at > end) {
            Some(len) => at += len,
            None => return (at > end).then_some((at, assigned)),
        }
    }
    None
}

/// Returns the length of a filler at the start of a text, if it is a whole word.
fn filler_len(text: &str) -> Option<usize> {
    let filler = FILLERS.iter().find(|filler| {
        let len = filler.len();
        text.get(..len).is_some_and(|word| word.eq_ignore_ascii_case(filler))
            && !text[len..].starts_with(is_of_value)
    });
    filler.map(|filler| filler.len())
}

/// Returns the length of the value at the start of a text.
fn value_len(text: &str) -> usize {
    text.find(|c: char| !is_of_value(c)).unwrap_or(text.len())
}

fn is_of_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~')
}

/// Returns the length of an escaped separator at the start of a text: `\n`, `%3D`, `&#34;`.
fn encoded_separator(text: &str) -> Option<usize> {
    let escapes = [
        "\\n", "\\t", "\\r", "\\u0022", "\\u003d", "\\u003D", "%3D", "%3d", "%3A", "%3a", "%22", "%20",
        "&#34;", "&#39;", "&quot;",
    ];
    if !text.starts_with(['\\', '%', '&']) {
        return None;
    }
    escapes.iter().find(|escape| text.starts_with(**escape)).map(|escape| escape.len())
}

/// Returns whether a value is a UUID, with or without dashes, or a long part of one.
fn is_uuid(value: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| byte.is_ascii_hexdigit() || **byte == b'-');
    digits.filter(|byte| byte.is_ascii_hexdigit()).take(MIN_UUID_DIGITS).count() == MIN_UUID_DIGITS
}

#[cfg(test)]
mod tests {
    use crate::token::redact::redact;

    const UUID: &str = "695329ee-1d09-40ea-9d75-000000000000";

    #[test]
    fn the_values_of_secret_labels_are_redacted() {
        for form in [
            r#"{"PeerID":"1c176ab1","EstablishmentSecret":"UUID","Remote":null}"#,
            r#"{\"EstablishmentSecret\":\"UUID\"}"#,
            r#"establishment_secret:"UUID""#,
            "EstablishmentSecret \"UUID\" is malformed",
            "establishment secret UUID is malformed",
            "ESTABLISHMENT-SECRET = 'UUID'",
            "stream_secret_id:\"UUID\"",
            "StreamSecretID=UUID",
            "pending_stream_secret: UUID",
            "active_stream_secret_id = \"UUID\"",
            "X-Consul-Token: UUID",
            "-H \"x-consul-token:UUID\"",
            "X-Consul-Token%3A%20UUID",
            "SecretID:         UUID",
            "Secret ID: UUID",
            "\"secret_id\": \"UUID\"",
            "consul peering list -token=UUID",
            "consul peering list -token UUID",
            "--token \"UUID\"",
            "CONSUL_HTTP_TOKEN=UUID",
            "export CONSUL_HTTP_TOKEN='UUID'",
            "CONSUL_HTTP_TOKEN\": \"UUID\"",
            "Authorization: Bearer UUID",
            "/v1/peerings?token=UUID&stale",
            "initial_management = \"UUID\"",
            "EstablishmentSecret is UUID",
            "establishment_secret => \"UUID\"",
            "EstablishmentSecret:\n  UUID",
            "token UUID not found",
        ] {
            for uuid in [UUID.to_owned(), UUID.to_uppercase(), UUID.replace('-', ""), UUID[..23].to_owned()] {
                let shown = redact(&form.replace("UUID", &uuid)).into_owned();
                let start: String = uuid.chars().take(8).collect();
                assert!(!shown.contains(&start) && shown.contains("<secret>"), "{form}: {shown}");
            }
        }
        for form in
            ["-token=hunter2", "X-Consul-Token: hunter2", "CONSUL_HTTP_TOKEN=hunter2", "SecretID: hunter2"]
        {
            assert!(!redact(form).contains("hunter2"), "{form}");
        }
    }

    #[test]
    fn other_values_are_kept() {
        for text in [
            "unknown peering \"695329ee-1d09-40ea-9d75-000000000000\" for secret",
            "token with AccessorID '695329ee-1d09-40ea-9d75-000000000000' lacks permission 'peering:write'",
            "initial subscription for unknown PeerID: 695329ee-1d09-40ea-9d75-000000000000",
            "peer_id=695329ee-1d09-40ea-9d75-000000000000 peer_name=east",
            "a new peering token must be generated: invalid peering establishment secret",
            "invalid establishment secret: peering was already established",
            "-token-file=/etc/consul/token",
            "failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error",
            "peering token server addresses value is empty",
            "missing stream secret for peering stream authorization",
            "CONSUL_HTTP_TOKEN is not set",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
