//! Takes tokens out of text before it is shown again.

use std::borrow::Cow;

/// The shortest run that starts as base64 of JSON does and is taken for a token.
const SHORTEST_TOKEN: usize = 24;
/// Any longer run of mixed base64 letters is taken for a part of one.
const LONGEST_WORD: usize = 100;

/// The text with everything in it that looks like a peering token replaced by `<token>`.
pub(super) fn redacted(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find(is_base64) {
        let start = at + offset;
        let end = text[start..].find(|letter| !is_base64(letter)).map_or(text.len(), |length| start + length);
        if let Some(secret) = token_in(&text[start..end]) {
            out.push_str(&text[done..start + secret]);
            out.push_str("<token>");
            done = end;
        }
        at = end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Where in a run of base64 letters a token starts.
fn token_in(run: &str) -> Option<usize> {
    if let Some(start) = run.find("eyJ")
        && run.len() - start >= SHORTEST_TOKEN
    {
        return Some(start);
    }
    let mixed = run.contains(|letter: char| letter.is_ascii_uppercase())
        && run.contains(|letter: char| letter.is_ascii_lowercase())
        && run.contains(|letter: char| letter.is_ascii_digit());
    (run.len() > LONGEST_WORD && mixed).then_some(0)
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
        assert_eq!(redacted(&format!("read {token} twice")), "read <token> twice");
        assert_eq!(redacted(&format!("-peering-token={token}")), "-peering-token=<token>");
    }

    #[test]
    fn addresses_and_names_stay() {
        let text = "server.dc1.peering.945d0751-4020-19b5-9e48-55fd8516c7a3.consul at 10.0.0.1:8503";
        assert_eq!(redacted(text), text);
        let name = "a".repeat(200);
        assert_eq!(redacted(&name), name);
    }
}
