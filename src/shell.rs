//! Words of commands that people paste into a shell.

/// Quotes a word for a POSIX shell, if it needs it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.,/:@%+=".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Returns how to give a token again: its file, or `TOKEN` for one that was an argument or on standard input.
#[cfg(feature = "cli")]
pub(crate) fn token_argument(source: &str) -> String {
    match source {
        "argument" | "-" | "generated" | "token" => "TOKEN".to_owned(),
        file => quoted(file),
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_if_it_must_be() {
        assert_eq!(quoted("@tokens/west-1.token"), "@tokens/west-1.token");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(token_argument("-"), "TOKEN");
    }
}
