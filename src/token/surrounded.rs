//! Finds a token in other text, such as a terminal session with a prompt and a command before the token.

use zeroize::Zeroizing;

use super::decode;

/// The start of every token: base64 of `{"`.
const TOKEN_START: &[u8] = b"eyJ";

/// Returns the token in a text that contains more than a token; `None` if there is none, or if there are different ones.
pub(super) fn find(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut found: Option<&[u8]> = None;
    let mut rest = text;
    while let Some(at) = rest.windows(TOKEN_START.len()).position(|window| window == TOKEN_START) {
        let candidate = &rest[at..];
        let end = end(candidate);
        let wrapped = end_of_wrapped(candidate);
        let token = [end, wrapped].map(|end| &candidate[..end]).into_iter().find(|it| is_token(it));
        if let Some(token) = token {
            if found.is_some_and(|before| before != token) {
                return None;
            }
            found = Some(token);
        }
        rest = &candidate[token.map_or(end.max(wrapped), <[u8]>::len)..];
    }
    found.filter(|token| token.len() < text.len()).map(|token| Zeroizing::new(token.to_vec()))
}

/// Returns the token at the start of a text: the complete one if it can be decoded, otherwise everything up to a space.
pub(super) fn token_at(text: &[u8]) -> &[u8] {
    let ends = [end_of_wrapped(text), end(text)];
    let complete = ends.into_iter().map(|end| &text[..end]).find(|token| is_token(token));
    complete.unwrap_or_else(|| {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`,;".contains(byte);
        &text[..text.iter().position(is_end).unwrap_or(text.len()).max(end_of_wrapped(text))]
    })
}

/// Returns whether a text is a token. Any JSON object decodes as a token, so a peer ID or an address is required.
fn is_token(text: &[u8]) -> bool {
    decode(text).is_ok_and(|decoded| {
        let token = decoded.token;
        !token.peer_id.is_empty() || token.server_addresses.is_some_and(|addresses| !addresses.is_empty())
    })
}

/// Returns the length of the base64 at the start of a text, including padding.
fn end(text: &[u8]) -> usize {
    let digits = text.iter().take_while(|byte| is_digit(**byte)).count();
    digits + text[digits..].iter().take(2).take_while(|byte| **byte == b'=').count()
}

/// Returns the length of the base64 at the start of a text, including the following lines that consist of base64.
fn end_of_wrapped(text: &[u8]) -> usize {
    let mut end = end(text);
    loop {
        let rest = &text[end..];
        let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let more = self::end(&rest[breaks..]);
        let is_line = matches!(rest.get(breaks + more), None | Some(b'\r' | b'\n'));
        if breaks == 0 || more == 0 || !is_line {
            return end;
        }
        end += breaks + more;
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tokens/one-server.txt");
        std::fs::read_to_string(path).unwrap().trim().to_owned()
    }

    fn found(text: &str) -> Option<String> {
        find(text.as_bytes()).map(|token| String::from_utf8(token.to_vec()).unwrap())
    }

    #[test]
    fn a_token_in_other_text_is_found() {
        let token = token();
        let wrapped =
            token.as_bytes().chunks(80).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n");
        for text in [
            format!("{token} # west"),
            format!("root@consul-1:~# peering inspect {token}\nroot@consul-1:~# "),
            format!("‘{token}’"),
            format!("\"{token}\","),
            format!("{token}."),
            format!("{token}{token}"),
            format!("see eyJhIjoxfQ== and {token}"),
        ] {
            assert_eq!(found(&text).as_ref(), Some(&token), "{text}");
        }
        let lines = found(&format!("$ cat token\n{wrapped}\n$ ")).unwrap();
        assert_eq!(lines, wrapped);
    }

    #[test]
    fn a_bare_token_and_two_different_ones_are_not_found() {
        let token = token();
        let other = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tokens/three-servers.txt"),
        );
        assert_eq!(found(&token), None);
        assert_eq!(found(&format!("{token} {}", other.unwrap())), None);
        assert_eq!(found("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln"), None);
        assert_eq!(found(&"eyJ\n".repeat(100_000)), None);
    }
}
