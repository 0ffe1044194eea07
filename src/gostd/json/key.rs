//! Which field a JSON key means: Go compares by Unicode's simple case folding.

/// Whether a key (unescaped) means the field of this ASCII name.
///
/// Apart from ASCII's own two cases, simple folding leads just two characters to ASCII: `ſ` (U+017F) to `s` and the
/// Kelvin sign (U+212A) to `k`.
pub fn is_key(key: &str, name: &str) -> bool {
    if key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    let mut names = name.bytes();
    let all = key.chars().all(|letter| {
        let folded = match letter {
            'ſ' => b's',
            '\u{212A}' => b'k',
            _ => u8::try_from(letter).unwrap_or_default(),
        };
        names.next().is_some_and(|byte| byte.eq_ignore_ascii_case(&folded))
    });
    all && names.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_as_unicode_does_one_letter_at_a_time() {
        assert!(is_key("CA", "CA"));
        assert!(is_key("serverNAME", "ServerName"));
        assert!(is_key("ſerverName", "ServerName"));
        assert!(is_key("\u{212A}ey", "key"));
        for key in
            ["", "C", "CAA", "СA", "Server Name", "ServerName\0", "ServerNameſ", "PeerİD", "PeerıD", "é"]
        {
            assert!(!is_key(key, "ServerName") && !is_key(key, "PeerID") && !is_key(key, "CA"), "{key:?}");
        }
    }
}
