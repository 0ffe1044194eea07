//! Takes tokens out of text before it is shown again.

use std::borrow::Cow;

/// The shortest run that starts as base64 of JSON does and is taken for a token.
const SHORTEST_TOKEN: usize = 24;
/// Any longer run of mixed base64 letters is taken for a part of one.
const MAX_WORD_LEN: usize = 100;

/// The field of a token's JSON that holds the secret.
const SECRET_FIELD: &str = "EstablishmentSecret";

/// The shortest line that a token is taken to be wrapped into.
const SHORTEST_LINE: usize = 16;

/// The text with everything in it that looks like a peering token, whole or wrapped, replaced by `<token>`.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    let mut was_found = false;
    while let Some(offset) = text[at..].find(is_base64) {
        let start = at + offset;
        let end = end_of_lines(text, start);
        let run = &text[start..end];
        // Where one token was, what looks like a line is one of its, whatever stands between them.
        let is_line = || was_found && run.len() >= SHORTEST_LINE && is_mixed(run);
        if let Some(secret) = token_in(run).or_else(|| is_line().then_some(0)) {
            was_found = true;
            out.push_str(&text[done..start + secret]);
            out.push_str("<token>");
            done = end;
        } else if run.ends_with(SECRET_FIELD) {
            let value = end + text[end..].len() - text[end..].trim_start_matches(['\\', '"', ':', ' ']).len();
            let length = text[value..].find(|letter| !is_base64(letter)).unwrap_or(text.len() - value);
            if length > 0 && text[end..value].contains(':') {
                out.push_str(&text[done..value]);
                out.push_str("<secret>");
                done = value + length;
                at = done;
                continue;
            }
        }
        at = end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Where a run of base64 letters ends, with the runs that look like its further lines.
fn end_of_lines(text: &str, start: usize) -> usize {
    let run = |from: usize| text[from..].find(|letter| !is_base64(letter)).unwrap_or(text.len() - from);
    let mut end = start + run(start);
    if !is_mixed(&text[start..end]) || end - start < SHORTEST_LINE {
        return end;
    }
    loop {
        let line = end + between_lines(&text[end..]);
        let length = run(line);
        if length == 0 || (length < SHORTEST_LINE && !is_mixed(&text[line..line + length])) {
            return end;
        }
        end = line + length;
    }
}

/// How many bytes of what stands between two lines a text begins with: white space, gutters, quotes, and escapes.
fn between_lines(text: &str) -> usize {
    let mut rest = text;
    loop {
        let before = rest.len();
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || "|│>,\"'".contains(letter));
        for escape in ["\\r", "\\n", "\\t"] {
            rest = rest.strip_prefix(escape).unwrap_or(rest);
        }
        if rest.len() == before {
            return text.len() - before;
        }
    }
}

/// Where in runs of base64 letters a token starts.
fn token_in(runs: &str) -> Option<usize> {
    let is_part = |runs: &str, longest| runs.len() > longest && is_mixed(runs);
    if let Some(start) = runs.find("eyJ")
        && runs.len() - start >= SHORTEST_TOKEN
    {
        // The mark may stand in the middle, too, of a token that lost its first letters.
        return Some(if is_part(&runs[..start], SHORTEST_TOKEN) { 0 } else { start });
    }
    is_part(runs, MAX_WORD_LEN).then_some(0)
}

/// Whether there are capitals, small letters and digits, as encoded text has and few words have.
fn is_mixed(run: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| run.bytes().any(|byte| kind(&byte));
    has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit)
}

fn is_base64(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '/' | '-' | '_' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_comes_back_out() {
        let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxs";
        assert_eq!(redact(&format!("read {token} twice")), "read <token> twice");
        assert_eq!(redact(&format!("-peering-token={token}")), "-peering-token=<token>");
    }

    #[test]
    fn nor_does_one_that_lost_its_beginning_though_its_mark_stands_in_the_middle() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        assert!(token[1..].contains("eyJ"), "the mark stands in the middle");
        for lost in 1..24 {
            assert_eq!(redact(&token[lost..]), "<token>", "without the first {lost}");
        }
    }

    #[test]
    fn nor_does_one_that_was_wrapped() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        for width in [20, 40, 64, 76, 80] {
            for break_ in ["\n", "\r\n", "\n│   ", " ", "\\n", "\\r\\n", "\"\n\""] {
                let lines: Vec<&str> =
                    token.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
                let text = format!("token: \"{}\" is refused", lines.join(break_));
                assert_eq!(redact(&text), "token: \"<token>\" is refused", "{width} {break_:?}");
                let tail = lines[lines.len() / 2..].join(break_);
                assert_eq!(redact(&tail), "<token>", "the second half, {width} {break_:?}");
            }
        }
    }

    #[test]
    fn nor_its_lines_whatever_stands_between_them_nor_its_secret_in_the_open() {
        let token = include_str!("../../fixtures/tokens/one-server.txt").trim();
        for between in
            ["\n# ", "\n 12: ", "<br>", "%0A", "\\u000a", "\\x0a", "&#10;", "\u{1b}[0m\n", "\u{200b}", "\\\n"]
        {
            let lines: Vec<&str> =
                token.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let shown = redact(&lines.join(between)).into_owned();
            for line in &lines[..lines.len() - 1] {
                assert!(!shown.contains(line), "{between:?}: {shown}");
            }
        }
        for text in [
            r#"{"PeerID":"1c176ab1","EstablishmentSecret":"695329ee-1d09-40ea-9d75-000000000000","Remote":null}"#,
            r#"{\"EstablishmentSecret\":\"695329ee-1d09-40ea-9d75-000000000000\"}"#,
        ] {
            let shown = redact(text).into_owned();
            assert!(!shown.contains("695329ee") && shown.contains("<secret>"), "{shown}");
        }
    }

    #[test]
    fn addresses_and_names_stay() {
        let text = "server.dc1.peering.945d0751-4020-19b5-9e48-55fd8516c7a3.consul at 10.0.0.1:8503";
        assert_eq!(redact(text), text);
        let name = "a".repeat(200);
        assert_eq!(redact(&name), name);
        let text =
            "Get \"http://Consul1.example:8500/v1/peering/West2/AndMore3\": x509: TLS1 Handshake2 failed";
        assert_eq!(redact(text), text);
    }
}
