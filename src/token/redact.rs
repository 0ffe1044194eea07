//! Removes tokens and labeled secrets from text before it is shown.

mod labels;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use labels::labeled_secrets;

use super::shown::hide_private_keys;

/// The minimum length of base64 starting with `eyJ` (base64 of `{"`) that is treated as a token.
const MIN_TOKEN_LEN: usize = 24;
/// The maximum length of mixed base64 that is not treated as a part of a token.
const MAX_NAME_LEN: usize = 100;
/// The minimum length of a line of a wrapped token.
const MIN_LINE_LEN: usize = 16;

/// Replaces a labeled secret.
pub(crate) const SECRET: &str = "<secret>";
/// Replaces a token.
pub(crate) const TOKEN: &str = "<token>";

/// Replaces everything in a text that looks like a peering token, whole or wrapped, by `<token>`, the values of labels
/// such as `EstablishmentSecret` or `X-Consul-Token` by `<secret>`, and private keys.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let without_keys = hide_private_keys(text);
    let without_secrets = match without_keys {
        Cow::Borrowed(text) => replace(text, labeled_secrets(text), SECRET),
        Cow::Owned(text) => Cow::Owned(replace(&text, labeled_secrets(&text), SECRET).into_owned()),
    };
    match without_secrets {
        Cow::Borrowed(text) => redact_tokens(text),
        Cow::Owned(text) => Cow::Owned(redact_tokens(&text).into_owned()),
    }
}

fn redact_tokens(text: &str) -> Cow<'_, str> {
    replace(text, token_ranges(text), TOKEN)
}

/// Replaces ranges, which are in order and do not overlap.
pub(crate) fn replace<'t>(text: &'t str, ranges: Vec<Range<usize>>, by: &str) -> Cow<'t, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for range in ranges {
        out.push_str(&text[copied..range.start]);
        out.push_str(by);
        copied = range.end;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Returns where a text contains something that looks like a peering token, whole or wrapped, in order.
pub(crate) fn token_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut position = 0;
    while let Some(start) = next_base64(text, position) {
        let end = end_of_lines(text, start);
        let run = &text[start..end];
        // After a token, everything that looks like a line of it is redacted, whatever separates the lines.
        let is_line = || !ranges.is_empty() && run.len() >= MIN_LINE_LEN && is_mixed(run);
        position = end;
        if let Some(token) = find_token(run).or_else(|| is_line().then_some(0)) {
            ranges.push(start + token..end);
        }
    }
    ranges
}

/// Returns the ranges of base64 in a text, in order. The command line searches them for known tokens.
#[cfg(feature = "cli")]
pub(crate) fn base64_runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut position = 0;
    std::iter::from_fn(move || {
        let start = next_base64(text, position)?;
        position = start + run_len(&text[start..]);
        Some(start..position)
    })
}

/// Returns the offset of the next base64 that is not the end of an escaped character, such as `\n` or `%0A`.
fn next_base64(text: &str, from: usize) -> Option<usize> {
    let mut position = from;
    loop {
        let start = position + text[position..].find(is_base64)?;
        let (before, rest) = text.split_at(start);
        let escape = match before.as_bytes().last() {
            Some(b'\\') if rest.starts_with('u') => 5,
            Some(b'\\') if rest.starts_with(['n', 'r', 't']) => 1,
            Some(b'%') if encoded_base64(&text[start - 1..]).is_none() => 2,
            _ => return Some(start),
        };
        let escape = rest.chars().take(escape).take_while(char::is_ascii_alphanumeric).count();
        position = start + escape;
        if escape == 0 || rest[escape..].starts_with(is_base64) {
            return Some(position);
        }
    }
}

/// Returns the length of a percent-encoded character of base64 at the start of a text.
fn encoded_base64(text: &str) -> Option<usize> {
    let [b'%', first, second, ..] = text.as_bytes() else { return None };
    matches!((first, second), (b'2', b'B' | b'b' | b'F' | b'f') | (b'3', b'D' | b'd')).then_some(3)
}

/// Returns the end of the base64 that starts at an offset, including the following lines of a wrapped token.
fn end_of_lines(text: &str, start: usize) -> usize {
    let mut end = start + run_len(&text[start..]);
    if end - start < MIN_LINE_LEN || !is_mixed(&text[start..end]) {
        return end;
    }
    loop {
        let line = end + separator_len(&text[end..]);
        let len = run_len(&text[line..]);
        if len == 0 || (len < MIN_LINE_LEN && !is_mixed(&text[line..line + len])) {
            return end;
        }
        end = line + len;
    }
}

/// Returns the number of base64 bytes at the start of a text. Some may be percent-encoded.
fn run_len(text: &str) -> usize {
    let mut len = 0;
    loop {
        let rest = &text[len..];
        len += rest.find(|character| !is_base64(character)).unwrap_or(rest.len());
        match encoded_base64(&text[len..]) {
            Some(encoded) => len += encoded,
            None => return len,
        }
    }
}

/// Returns the length of the line separator at the start of a text: whitespace, gutters, quotes and escapes.
fn separator_len(text: &str) -> usize {
    let mut rest = text;
    loop {
        let before = rest.len();
        rest = rest
            .trim_start_matches(|character: char| character.is_whitespace() || "|│>,\"'".contains(character));
        for escape in ["\\r", "\\n", "\\t", "%0D", "%0A", "%0d", "%0a"] {
            rest = rest.strip_prefix(escape).unwrap_or(rest);
        }
        if rest.len() == before {
            return text.len() - before;
        }
    }
}

/// Returns the offset at which a token starts in lines of base64.
fn find_token(lines: &str) -> Option<usize> {
    let is_part = |text: &str, max_len| text.len() > max_len && is_mixed(text);
    if lines.len() < MIN_TOKEN_LEN {
        return None;
    }
    if let Some(start) = lines.find("eyJ")
        && lines.len() - start >= MIN_TOKEN_LEN
    {
        // A token that lost its start may contain `eyJ` further on.
        return Some(if is_part(&lines[..start], MIN_TOKEN_LEN) { 0 } else { start });
    }
    is_part(lines, MAX_NAME_LEN).then_some(0)
}

/// Returns whether a text has upper-case and lower-case characters and digits. base64 has; few names do.
fn is_mixed(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '-' | '_' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_redacted() {
        let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxs";
        assert_eq!(redact(&format!("read {token} twice")), "read <token> twice");
        assert_eq!(redact(&format!("-peering-token={token}")), "-peering-token=<token>");
    }

    #[test]
    fn a_percent_encoded_token_is_redacted() {
        let encoded = format!("eyJDQSI6{}%3D", "aB3%2BcD4%2Fe%2bF5".repeat(10));
        assert_eq!(redact(&format!("?token={encoded}&partition=x")), "?token=<token>&partition=x");
        let wrapped = format!("{}%0D%0A{}", &encoded[..80], &encoded[80..]);
        assert_eq!(redact(&format!("/v1/{wrapped}?stale")), "/v1/<token>?stale");
        assert_eq!(redact("100%25 of %E9 is %2F"), "100%25 of %E9 is %2F");
    }

    #[test]
    fn a_private_key_is_redacted() {
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----";
        assert_eq!(redact(&format!("cannot read {key}: no")), "cannot read <private key>: no");
    }

    #[test]
    fn a_token_without_its_start_is_redacted() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        assert!(token[1..].contains("eyJ"), "eyJ also occurs further on");
        for missing in 1..24 {
            assert_eq!(redact(&token[missing..]), "<token>", "without the first {missing}");
        }
    }

    #[test]
    fn a_wrapped_token_is_redacted() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        for width in [20, 40, 64, 76, 80] {
            for line_break in ["\n", "\r\n", "\n│   ", " ", "\\n", "\\r\\n", "\"\n\""] {
                let lines: Vec<&str> =
                    token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let text = format!("token: \"{}\" is invalid", lines.join(line_break));
                assert_eq!(redact(&text), "token: \"<token>\" is invalid", "{width} {line_break:?}");
                let tail = lines[lines.len() / 2..].join(line_break);
                assert_eq!(redact(&tail), "<token>", "the second half, {width} {line_break:?}");
            }
        }
    }

    #[test]
    fn lines_of_a_token_with_any_separator_are_redacted() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        for separator in
            ["\n# ", "\n 12: ", "<br>", "%0A", "\\u000a", "\\x0a", "&#10;", "\u{1b}[0m\n", "\u{200b}", "\\\n"]
        {
            let lines: Vec<&str> =
                token.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let shown = redact(&lines.join(separator)).into_owned();
            for line in &lines[..lines.len() - 1] {
                assert!(!shown.contains(line), "{separator:?}: {shown}");
            }
        }
    }

    #[test]
    fn addresses_and_names_are_kept() {
        let text = "server.dc1.peering.945d0751-4020-19b5-9e48-55fd8516c7a3.consul at 10.0.0.1:8503";
        assert_eq!(redact(text), text);
        let name = "a".repeat(200);
        assert_eq!(redact(&name), name);
        let text =
            "Get \"http://Consul1.example:8500/v1/peering/West2/AndMore3\": x509: TLS1 Handshake2 failed";
        assert_eq!(redact(text), text);
    }
}
