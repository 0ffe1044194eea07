//! Unescaped or joined text that maps each byte to its offset in the original text.

use std::ops::Range;

use crate::token::redact::{SECRET, labeled_secrets};

/// A text, and the original offset of each of its bytes.
#[derive(Debug, Clone)]
pub(super) struct MappedText {
    text: String,
    /// One offset per byte, and one for the end.
    origin: Vec<usize>,
}

impl MappedText {
    /// Returns the text without terminal colors and labeled secrets, and with typographic quotes from chat programs
    /// replaced.
    pub(super) fn cleaned(text: &str) -> Self {
        let mut source =
            Self { text: String::with_capacity(text.len()), origin: Vec::with_capacity(text.len() + 1) };
        let mut chars = text.char_indices().peekable();
        let mut secrets = labeled_secrets(text).into_iter().peekable();
        while let Some((at, c)) = chars.next() {
            if let Some(secret) = secrets.next_if(|secret| at >= secret.start) {
                SECRET.chars().for_each(|shown| source.push(shown, secret.start));
                while chars.next_if(|(next, _)| *next < secret.end).is_some() {}
                continue;
            }
            match c {
                '\u{1b}' => {
                    // A control sequence (ECMA-48, section 5.4).
                    if chars.next_if(|(_, next)| *next == '[').is_some() {
                        while chars.next_if(|(_, next)| (' '..='?').contains(next)).is_some() {}
                        chars.next_if(|(_, next)| ('@'..='~').contains(next));
                    }
                }
                '“' | '”' => source.push('"', at),
                '‘' | '’' => source.push('\'', at),
                _ => source.push(c, at),
            }
        }
        source.origin.push(text.len());
        source
    }

    /// Returns the text with its lines joined by `separator`, because terminals and tickets wrap long messages.
    pub(super) fn joined(&self, separator: &str) -> Self {
        let mut source = Self {
            text: String::with_capacity(self.text.len()),
            origin: Vec::with_capacity(self.text.len() + 1),
        };
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let bare = undecorated(line);
            if start > 0 {
                separator.chars().for_each(|c| source.push(c, self.origin[start]));
            }
            let skipped = bare.as_ptr() as usize - line.as_ptr() as usize;
            for (at, c) in bare.char_indices() {
                source.push(c, self.origin[start + skipped + at]);
            }
            start += line.len();
        }
        source.origin.push(self.origin[self.text.len()]);
        source
    }

    fn push(&mut self, c: char, at: usize) {
        self.text.push(c);
        self.origin.resize(self.text.len(), at);
    }

    /// Returns the whole text.
    pub(super) fn whole(&self) -> Piece<'_> {
        Piece { source: self, start: 0, end: self.text.len() }
    }
}

/// Returns a line without indentation and without the gutter (`|`, `│`) that log writers and Terraform print.
pub(super) fn undecorated(line: &str) -> &str {
    let bare = line.trim();
    bare.strip_prefix(['|', '│', '╷', '╵']).map_or(bare, str::trim_start)
}

/// A part of a [`MappedText`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    source: &'a MappedText,
    start: usize,
    end: usize,
}

impl<'a> Piece<'a> {
    /// Returns the text of the piece.
    pub(super) fn text(&self) -> &'a str {
        &self.source.text[self.start..self.end]
    }

    /// Returns the byte range in the original text.
    pub(super) fn range(&self) -> Range<usize> {
        self.source.origin[self.start]..self.source.origin[self.end]
    }

    /// Returns a part of this piece. The range is relative to its start.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self { source: self.source, start: self.start + range.start, end: self.start + range.end }
    }

    /// Returns the rest of this piece from a byte on.
    pub(super) fn from(&self, start: usize) -> Self {
        self.part(start..self.text().len())
    }

    /// Returns the piece without surrounding white space.
    pub(super) fn trimmed(&self) -> Self {
        let text = self.text();
        let start = text.len() - text.trim_start().len();
        self.part(start..start + text.trim().len())
    }

    /// Returns the text with Go and JSON escapes decoded, up to the first unescaped quote if `quoted`.
    pub(super) fn unescaped(&self, quoted: bool) -> MappedText {
        let text = self.text();
        let mut out = MappedText {
            text: String::with_capacity(text.len()),
            origin: Vec::with_capacity(text.len() + 1),
        };
        let mut end = text.len();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            let origin = self.source.origin[self.start + at];
            match c {
                '"' if quoted => {
                    end = at;
                    break;
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n', origin),
                    Some((_, 't')) => out.push('\t', origin),
                    Some((_, 'r')) => out.push('\r', origin),
                    Some((_, same @ ('"' | '\\' | '/'))) => out.push(same, origin),
                    Some((hex, 'u')) => match four_hex(&text[hex + 1..]) {
                        Some(character) => {
                            out.push(character, origin);
                            chars.nth(3);
                        }
                        None => "\\u".chars().for_each(|same| out.push(same, origin)),
                    },
                    Some((_, other)) => ['\\', other].into_iter().for_each(|same| out.push(same, origin)),
                    None => out.push('\\', origin),
                },
                _ => out.push(c, origin),
            }
        }
        out.origin.push(self.source.origin[self.start + end]);
        out
    }
}

fn four_hex(text: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(text.get(..4)?, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_and_typographic_quotes_are_removed() {
        let text = "\u{1b}[31mPeering not found for “x”\u{1b}[0m";
        let source = MappedText::cleaned(text);
        let piece = source.whole();
        assert_eq!(piece.text(), "Peering not found for \"x\"");
        let start = piece.text().find("not").unwrap();
        assert_eq!(&text[piece.part(start..start + 3).range()], "not");
    }

    #[test]
    fn incomplete_control_sequences_remove_no_text() {
        let cleaned = |text: &str| MappedText::cleaned(text).whole().text().to_owned();
        assert_eq!(cleaned("a\u{1b}[\u{1b}é\nbc"), "aé\nbc");
        assert_eq!(cleaned("\u{1b}[1;31 qred\u{1b}"), "red");
    }

    #[test]
    fn unescaped_text_maps_to_its_original_range() {
        let text = r#"a \"b\"\n\u0026 c" d"#;
        let source = MappedText::cleaned(text);
        let inner = source.whole().unescaped(true);
        assert_eq!(inner.whole().text(), "a \"b\"\n& c");
        assert_eq!(&text[inner.whole().range()], r#"a \"b\"\n\u0026 c"#);
    }

    #[test]
    fn joined_lines_have_no_gutter() {
        let source = MappedText::cleaned("│ connection\n│   refused\n");
        assert_eq!(source.joined(" ").whole().text(), "connection refused");
        assert_eq!(source.joined("").whole().text(), "connectionrefused");
    }
}
