//! Text from a token that is safe to show: without private keys, and of limited length.
//!
//! A token is text that a stranger may have written. Consul accepts a private key in any of its fields.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use zeroize::Zeroize;

use crate::counted::{count, grouped};

/// The maximum length of a text that is shown, in bytes.
pub(crate) const MAX_SHOWN_LEN: usize = 4096;

/// The maximum number of values of one kind that are shown. Tokens that Consul generates have a few.
pub(crate) const MAX_SHOWN: usize = 100;

/// The room for the number of bytes that are left out.
const MAX_SUFFIX_LEN: usize = 48;

/// The label of a private key in PEM, as in `-----BEGIN EC PRIVATE KEY-----`, without its end.
const LABEL: &str = "PRIVATE KEY";

/// What follows [`LABEL`].
const LABEL_ENDS: [&str; 2] = ["-", " BLOCK-"];

static LABEL_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(LABEL));

/// The maximum distance between `BEGIN` or `END` and the end of the label, in bytes.
const MAX_LABEL_LEN: usize = 64;

/// Replaces a private key.
const REPLACEMENT: &str = "<private key>";

/// Returns whether a text contains a private key in PEM, or a part of one. The key may be damaged: if it can be repaired,
/// it is still a key.
pub(crate) fn contains_private_key(text: &str) -> bool {
    find_label(text, 0).is_some()
}

/// Replaces each private key. A key without an end extends to the end of the text.
pub(crate) fn hide_private_keys(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut copied = 0;
    let mut position = 0;
    while let Some((label, after_label)) = find_label(text, position) {
        let (start, end) = match begin_before(text, copied, label) {
            Some(begin) => (begin, end_of_key(text, after_label)),
            // Without a start, everything before the end line can be the key.
            None => (copied, after_dashes(text, after_label)),
        };
        shown.push_str(&text[copied..start]);
        shown.push_str(REPLACEMENT);
        copied = end;
        position = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[copied..]);
    Cow::Owned(shown)
}

/// Returns the text without private keys, and shortened to [`MAX_SHOWN_LEN`]. Wipes a text that contained a key.
pub(crate) fn shown(mut text: String) -> String {
    if let Cow::Owned(without_keys) = hide_private_keys(&text) {
        text.zeroize();
        text = without_keys;
    }
    shorten(text)
}

/// Shortens a text to [`MAX_SHOWN_LEN`]. The end says how many bytes are left out.
fn shorten(mut text: String) -> String {
    if text.len() > MAX_SHOWN_LEN {
        let kept = text.floor_char_boundary(MAX_SHOWN_LEN - MAX_SUFFIX_LEN);
        let left_out = text.len() - kept;
        text.truncate(kept);
        write!(text, "… ({left_out} more bytes)").expect("writing to a string cannot fail");
        text.shrink_to_fit();
    }
    text
}

/// Returns text from outside that is safe to print: control characters are escaped, so that a token cannot control the
/// terminal, private keys are hidden, and long text is truncated.
pub fn printable(text: &str) -> String {
    let text = &*hide_private_keys(text);
    let kept = &text[..text.floor_char_boundary(MAX_SHOWN_LEN)];
    let mut shown = String::with_capacity(kept.len());
    for character in kept.chars() {
        if is_hidden(character) {
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    if kept.len() < text.len() {
        let _ = write!(shown, "… ({} more bytes)", grouped(count(text.len() - kept.len())));
    }
    shown
}

/// Returns whether a terminal shows no glyph for a character: control characters, text direction marks, and characters
/// of zero width.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns the offset of the next label of a private key, and the offset after it.
fn find_label(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = &text.as_bytes()[from..];
    if !may_contain_label(bytes) {
        return None;
    }
    LABEL_FINDER.find_iter(bytes).find_map(|start| {
        let after = &bytes[start + LABEL.len()..];
        let end = LABEL_ENDS.iter().find(|end| after.starts_with(end.as_bytes()))?;
        Some((from + start, from + start + LABEL.len() + end.len()))
    })
}

/// Returns whether a text contains the letter V. Most do not, and finding that out is several times quicker than a search
/// for the label: the loops compare many bytes per instruction.
#[inline]
fn may_contain_label(bytes: &[u8]) -> bool {
    let is_rare = |byte: &u8| *byte == b'V';
    let contains_rare = |bytes: &[u8]| bytes.iter().fold(false, |found, byte| found | is_rare(byte));
    let (chunks, _) = bytes.as_chunks::<16>();
    match bytes.last_chunk::<16>() {
        // The last chunk overlaps the one before it, so that no byte is compared alone.
        Some(last) => chunks.iter().fold(contains_rare(last), |found, chunk| found | contains_rare(chunk)),
        None => bytes.len() >= LABEL.len() && contains_rare(bytes),
    }
}

/// Returns the offset of the dashes before `BEGIN`, if the label belongs to a start line.
fn begin_before(text: &str, from: usize, label: usize) -> Option<usize> {
    let from = text.floor_char_boundary(label.saturating_sub(MAX_LABEL_LEN).max(from));
    let before = &text[from..label];
    let begin = before.rfind("BEGIN")?;
    if before[begin..].contains("END ") {
        return None;
    }
    Some(from + before[..begin].trim_end_matches('-').len())
}

/// Returns the offset after the end line of a key whose start line was read.
fn end_of_key(text: &str, from: usize) -> usize {
    find_label(text, from).map_or(text.len(), |(_, after_label)| after_dashes(text, after_label))
}

fn after_dashes(text: &str, from: usize) -> usize {
    text.len() - text[from..].trim_start_matches('-').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_are_replaced() {
        for (text, expected) in [
            ("no key", "no key"),
            ("a -----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY----- b", "a <private key> b"),
            ("-----BEGIN EC PRIVATE KEY-----\\nMIG\\n-----END EC PRIVATE KEY-----:1", "<private key>:1"),
            ("a-----BEGIN OPENSSH PRIVATE KEY-----MIG", "a<private key>"),
            ("MIG\n-----END PRIVATE KEY-----\nb", "<private key>\nb"),
            ("-----BEGIN RSA PRIVATE KEY----\nMIG", "<private key>"),
            (
                "-----BEGIN PGP PRIVATE KEY BLOCK-----\nMIG\n-----END PGP PRIVATE KEY BLOCK-----",
                "<private key>",
            ),
            (
                "x -----BEGIN PRIVATE KEY-----1-----END PRIVATE KEY----- y \
                 -----BEGIN PRIVATE KEY-----2-----END PRIVATE KEY----- z",
                "x <private key> y <private key> z",
            ),
            ("it is a PRIVATE KEY, not a CERTIFICATE", "it is a PRIVATE KEY, not a CERTIFICATE"),
        ] {
            assert_eq!(hide_private_keys(text), expected);
            assert_eq!(contains_private_key(text), text != expected, "{text}");
        }
    }

    #[test]
    fn a_token_cannot_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\\u{a}c\\u{202e}d");
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        assert_eq!(shown("a".repeat(MAX_SHOWN_LEN)).len(), MAX_SHOWN_LEN);
        for (text, length) in [("a", MAX_SHOWN_LEN + 1), ("é", MAX_SHOWN_LEN), ("🎉", 1_000_000)] {
            let long = text.repeat(length);
            let short = shown(long.clone());
            assert!(short.len() <= MAX_SHOWN_LEN, "{}", short.len());
            let kept = short.find('…').unwrap();
            assert!(long.starts_with(&short[..kept]));
            assert_eq!(&short[kept..], format!("… ({} more bytes)", long.len() - kept));
        }
    }
}
