//! Text that was unquoted or joined, and where each of its bytes stood in the text that was given.

use std::ops::Range;

/// A text and, for each of its bytes, the offset in the original.
#[derive(Debug, Clone)]
pub(super) struct MappedText {
    text: String,
    /// One offset a byte, and one for the end.
    origin: Vec<usize>,
}

impl MappedText {
    /// The text as given, without terminal colours and with typographic quotes (chat programs make them) made plain.
    pub(super) fn cleaned(text: &str) -> Self {
        let mut source =
            Self { text: String::with_capacity(text.len()), origin: Vec::with_capacity(text.len() + 1) };
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\u{1b}' => {
                    // A control sequence (ECMA-48, section 5.4); what is none stays.
                    if letters.next_if(|(_, next)| *next == '[').is_some() {
                        while letters.next_if(|(_, next)| (' '..='?').contains(next)).is_some() {}
                        letters.next_if(|(_, next)| ('@'..='~').contains(next));
                    }
                }
                '“' | '”' => source.push('"', at),
                '‘' | '’' => source.push('\'', at),
                _ => source.push(letter, at),
            }
        }
        source.origin.push(text.len());
        source
    }

    /// The same text with its lines joined by `glue`: a terminal or a ticket may have wrapped one message.
    pub(super) fn joined(&self, glue: &str) -> Self {
        let mut source = Self {
            text: String::with_capacity(self.text.len()),
            origin: Vec::with_capacity(self.text.len() + 1),
        };
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let bare = undecorated(line);
            if start > 0 {
                glue.chars().for_each(|letter| source.push(letter, self.origin[start]));
            }
            let skipped = bare.as_ptr() as usize - line.as_ptr() as usize;
            for (at, letter) in bare.char_indices() {
                source.push(letter, self.origin[start + skipped + at]);
            }
            start += line.len();
        }
        source.origin.push(self.origin[self.text.len()]);
        source
    }

    fn push(&mut self, letter: char, at: usize) {
        self.text.push(letter);
        self.origin.resize(self.text.len(), at);
    }

    /// All of it.
    pub(super) fn whole(&self) -> Piece<'_> {
        Piece { source: self, start: 0, end: self.text.len() }
    }
}

/// A line without indentation and without the gutter (`|`, `│`) that log writers and Terraform draw.
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
    /// What stands there.
    pub(super) fn text(&self) -> &'a str {
        &self.source.text[self.start..self.end]
    }

    /// Where it stood in the original.
    pub(super) fn range(&self) -> Range<usize> {
        self.source.origin[self.start]..self.source.origin[self.end]
    }

    /// The part from one byte to another, counted from the start of this piece.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self { source: self.source, start: self.start + range.start, end: self.start + range.end }
    }

    /// The part from a byte on.
    pub(super) fn from(&self, start: usize) -> Self {
        self.part(start..self.text().len())
    }

    /// Without white space around it.
    pub(super) fn trimmed(&self) -> Self {
        let text = self.text();
        let start = text.len() - text.trim_start().len();
        self.part(start..start + text.trim().len())
    }

    /// With Go's (or JSON's) escapes undone, up to the first bare quote if `quoted`, else to the end.
    pub(super) fn unescaped(&self, quoted: bool) -> MappedText {
        let text = self.text();
        let mut out = MappedText {
            text: String::with_capacity(text.len()),
            origin: Vec::with_capacity(text.len() + 1),
        };
        let mut end = text.len();
        let mut letters = text.char_indices();
        while let Some((at, letter)) = letters.next() {
            let origin = self.source.origin[self.start + at];
            match letter {
                '"' if quoted => {
                    end = at;
                    break;
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => out.push('\n', origin),
                    Some((_, 't')) => out.push('\t', origin),
                    Some((_, 'r')) => out.push('\r', origin),
                    Some((_, same @ ('"' | '\\' | '/'))) => out.push(same, origin),
                    Some((hex, 'u')) => match four_hex(&text[hex + 1..]) {
                        Some(character) => {
                            out.push(character, origin);
                            letters.nth(3);
                        }
                        None => "\\u".chars().for_each(|same| out.push(same, origin)),
                    },
                    Some((_, other)) => ['\\', other].into_iter().for_each(|same| out.push(same, origin)),
                    None => out.push('\\', origin),
                },
                _ => out.push(letter, origin),
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
    fn colours_and_typographic_quotes_are_undone() {
        let text = "\u{1b}[31mPeering not found for “x”\u{1b}[0m";
        let source = MappedText::cleaned(text);
        let piece = source.whole();
        assert_eq!(piece.text(), "Peering not found for \"x\"");
        let start = piece.text().find("not").unwrap();
        assert_eq!(&text[piece.part(start..start + 3).range()], "not");
    }

    #[test]
    fn what_is_no_control_sequence_eats_nothing() {
        let cleaned = |text: &str| MappedText::cleaned(text).whole().text().to_owned();
        assert_eq!(cleaned("a\u{1b}[\u{1b}é\nbc"), "aé\nbc");
        assert_eq!(cleaned("\u{1b}[1;31 qred\u{1b}"), "red");
    }

    #[test]
    fn unescaped_text_knows_where_it_stood() {
        let text = r#"a \"b\"\n\u0026 c" d"#;
        let source = MappedText::cleaned(text);
        let inner = source.whole().unescaped(true);
        assert_eq!(inner.whole().text(), "a \"b\"\n& c");
        assert_eq!(&text[inner.whole().range()], r#"a \"b\"\n\u0026 c"#);
    }

    #[test]
    fn wrapped_lines_are_joined_without_their_gutter() {
        let source = MappedText::cleaned("│ connection\n│   refused\n");
        assert_eq!(source.joined(" ").whole().text(), "connection refused");
        assert_eq!(source.joined("").whole().text(), "connectionrefused");
    }
}
