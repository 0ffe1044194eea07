//! Comparison of JSON keys with field names: Go uses Unicode's simple case folding.

/// Returns whether an unescaped key matches an ASCII field name.
///
/// In addition to upper and lower case, simple folding maps only two characters to ASCII: `ſ` (U+017F) to `s` and the Kelvin
/// sign (U+212A) to `k`.
pub fn key_matches(key: &str, name: &str) -> bool {
    if key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    let mut names = name.bytes();
    let all = key.chars().all(|character| {
        let folded = match character {
            'ſ' => b's',
            '\u{212A}' => b'k',
            _ => u8::try_from(character).unwrap_or_default(),
        };
        names.next().is_some_and(|byte| byte.eq_ignore_ascii_case(&folded))
    });
    all && names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_match_by_simple_case_folding() {
        assert!(key_matches("CA", "CA"));
        assert!(key_matches("serverNAME", "ServerName"));
        assert!(key_matches("ſerverName", "ServerName"));
        assert!(key_matches("\u{212A}ey", "key"));
        for key in
            ["", "C", "CAA", "СA", "Server Name", "ServerName\0", "ServerNameſ", "PeerİD", "PeerıD", "é"]
        {
            assert!(
                !key_matches(key, "ServerName") && !key_matches(key, "PeerID") && !key_matches(key, "CA"),
                "{key:?}"
            );
        }
    }
}
