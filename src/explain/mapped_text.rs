//! Unescaped or joined text that maps each byte to its offset in the original text.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};

use super::known::KNOWN;
use super::layer_forms::Form;
use super::literals::{Hits, LiteralId};
use crate::token::redact::{SECRET, labeled_secrets};

/// A text, the original offset of each of its bytes, and the literals that it contains.
#[derive(Debug)]
pub(super) struct MappedText<'t> {
    text: Cow<'t, str>,
    /// In the order of the text. The last one is its end.
    runs: Vec<Run>,
    hits: Hits,
}

/// Bytes of the text up to the next run.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    origin: usize,
    /// Whether the bytes are a copy of the original ones. Others all have the same origin.
    is_copy: bool,
}

impl<'t> MappedText<'t> {
    /// Returns the text without terminal colors and labeled secrets, and with typographic quotes from chat programs
    /// replaced.
    pub(super) fn cleaned(text: &'t str) -> Self {
        let secrets = labeled_secrets(text);
        // The bytes that escape sequences and typographic quotes start with.
        let special = |from: usize| memchr2(0x1b, 0xe2, &text.as_bytes()[from..]).map(|at| from + at);
        if secrets.is_empty() && special(0).is_none() {
            return Self::plain(text);
        }
        let mut out = Writer::with_capacity(text.len());
        let mut secrets = secrets.into_iter().peekable();
        let mut next_special = special(0);
        let mut at = 0;
        while at < text.len() {
            if next_special.is_some_and(|next| next < at) {
                next_special = special(at);
            }
            let secret = secrets.peek().map_or(text.len(), |secret| secret.start.max(at));
            let plain = next_special.unwrap_or(text.len()).min(secret);
            out.copy(&text[at..plain], at);
            at = plain;
            if at == secret
                && let Some(secret) = secrets.next()
            {
                out.put(SECRET, secret.start);
                at = at.max(secret.end);
            } else if let Some(c) = text[at..].chars().next() {
                match c {
                    '\u{1b}' => at += control_sequence_len(&text[at..]),
                    '“' | '”' => out.put("\"", at),
                    '‘' | '’' => out.put("'", at),
                    _ => out.copy(&text[at..at + c.len_utf8()], at),
                }
                at += if c == '\u{1b}' { 0 } else { c.len_utf8() };
            }
        }
        out.finish(text.len())
    }

    /// Returns the text as it is.
    pub(super) fn plain(text: &'t str) -> Self {
        let run = |at| Run { start: at, origin: at, is_copy: true };
        let runs = vec![run(0), run(text.len())];
        Self { text: Cow::Borrowed(text), runs, hits: KNOWN.literals.find_all(text) }
    }

    /// Returns the text with its lines joined by `separator`, because terminals and tickets wrap long messages.
    pub(super) fn joined(&self, separator: &str) -> MappedText<'static> {
        let mut out = Writer::with_capacity(self.text.len());
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            let bare = undecorated(line);
            if start > 0 {
                out.put(separator, self.origin(start));
            }
            let skipped = bare.as_ptr() as usize - line.as_ptr() as usize;
            self.copy(start + skipped..start + skipped + bare.len(), &mut out);
            start += line.len();
        }
        out.finish(self.origin(self.text.len()))
    }

    /// Returns the whole text.
    pub(super) fn whole(&self) -> Piece<'_> {
        Piece { source: self, start: 0, end: self.text.len(), first_hit: 0 }
    }

    /// Returns the offset in the original text.
    fn origin(&self, at: usize) -> usize {
        let run = self.runs[self.run_at(at)];
        run.origin + if run.is_copy { at - run.start } else { 0 }
    }

    fn run_at(&self, at: usize) -> usize {
        self.runs.partition_point(|run| run.start <= at) - 1
    }

    /// Appends a part of this text to another one.
    fn copy(&self, range: Range<usize>, out: &mut Writer) {
        let mut index = self.run_at(range.start);
        let mut at = range.start;
        while at < range.end {
            let end = self.runs.get(index + 1).map_or(range.end, |next| next.start.min(range.end));
            if self.runs[index].is_copy {
                out.copy(&self.text[at..end], self.origin(at));
            } else {
                out.put(&self.text[at..end], self.origin(at));
            }
            (at, index) = (end, index + 1);
        }
    }
}

/// Returns the length of a control sequence (ECMA-48, section 5.4).
fn control_sequence_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.get(1) != Some(&b'[') {
        return 1;
    }
    let parameters = bytes[2..].iter().take_while(|byte| (b' '..=b'?').contains(byte)).count();
    let end = bytes.get(2 + parameters).is_some_and(|byte| (b'@'..=b'~').contains(byte));
    2 + parameters + usize::from(end)
}

/// Returns a line without indentation and without the gutter (`|`, `│`) that log writers and Terraform print.
pub(super) fn undecorated(line: &str) -> &str {
    let bare = line.trim();
    bare.strip_prefix(['|', '│', '╷', '╵']).map_or(bare, str::trim_start)
}

/// A mapped text that grows.
struct Writer {
    text: String,
    runs: Vec<Run>,
}

impl Writer {
    fn with_capacity(len: usize) -> Self {
        Self { text: String::with_capacity(len), runs: Vec::new() }
    }

    /// Appends a copy of the original text at an offset.
    fn copy(&mut self, text: &str, origin: usize) {
        self.append(text, origin, true);
    }

    /// Appends text instead of the original text at an offset.
    fn put(&mut self, text: &str, origin: usize) {
        self.append(text, origin, false);
    }

    fn append(&mut self, text: &str, origin: usize, is_copy: bool) {
        let start = self.text.len();
        if text.is_empty() {
            return;
        }
        let continues = self
            .runs
            .last()
            .is_some_and(|run| run.is_copy && is_copy && run.origin + start - run.start == origin);
        if !continues {
            self.runs.push(Run { start, origin, is_copy });
        }
        self.text.push_str(text);
    }

    fn finish(mut self, origin: usize) -> MappedText<'static> {
        self.runs.push(Run { start: self.text.len(), origin, is_copy: true });
        let hits = KNOWN.literals.find_all(&self.text);
        MappedText { text: Cow::Owned(self.text), runs: self.runs, hits }
    }
}

/// A part of a [`MappedText`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    source: &'a MappedText<'a>,
    start: usize,
    end: usize,
    /// The index of a hit. All hits before it are before the piece.
    first_hit: usize,
}

impl<'a> Piece<'a> {
    /// Returns the text of the piece.
    pub(super) fn text(&self) -> &'a str {
        &self.source.text[self.start..self.end]
    }

    /// Returns the byte range in the original text.
    pub(super) fn range(&self) -> Range<usize> {
        self.source.origin(self.start)..self.source.origin(self.end)
    }

    /// Returns a part of this piece. The range is relative to its start.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self { start: self.start + range.start, end: self.start + range.end, ..*self }
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

    /// Returns the first start of a literal at or after an offset.
    pub(super) fn find(&self, id: LiteralId, from: usize) -> Option<usize> {
        let start = self.source.hits.next(id, self.start + from)?;
        (start + KNOWN.literals.len_of(id) <= self.end).then(|| start - self.start)
    }

    /// Returns the same piece, of which only parts from an offset on are read. Their literals are found faster.
    pub(super) fn located_at(&self, offset: usize) -> Self {
        Self { first_hit: self.source.hits.first(self.first_hit, self.start + offset), ..*self }
    }

    /// Whether the piece may contain a literal of a layer.
    pub(super) fn may_contain_forms(&self) -> bool {
        const MAX_READ: usize = 16;
        let mut literals = self.literals();
        literals.by_ref().take(MAX_READ).any(|(id, _)| KNOWN.is_form(id)) || literals.next().is_some()
    }

    /// Returns the first start of a literal of a layer.
    pub(super) fn find_form(&self, form: Form) -> Option<usize> {
        self.find(KNOWN.form(form), 0)
    }

    /// Returns the literals that the piece contains, with their starts.
    pub(super) fn literals(&self) -> impl Iterator<Item = (LiteralId, usize)> + 'a {
        let start = self.start;
        let found = self.source.hits.within(&KNOWN.literals, self.first_hit, start..self.end);
        found.map(move |(id, at)| (id, at - start))
    }

    /// Returns the text with Go and JSON escapes decoded, up to the first unescaped quote if `quoted`.
    pub(super) fn unescaped(&self, quoted: bool) -> MappedText<'static> {
        let text = self.text();
        let bytes = text.as_bytes();
        let mut out = Writer::with_capacity(text.len());
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            let plain = if quoted { memchr2(b'\\', b'"', rest) } else { memchr(b'\\', rest) };
            let end = at + plain.unwrap_or(rest.len());
            self.source.copy(self.start + at..self.start + end, &mut out);
            at = end;
            if bytes.get(at) != Some(&b'\\') {
                break;
            }
            let origin = self.source.origin(self.start + at);
            let escaped = text[at + 1..].chars().next();
            match escaped {
                Some('n') => out.put("\n", origin),
                Some('t') => out.put("\t", origin),
                Some('r') => out.put("\r", origin),
                Some('"') => out.put("\"", origin),
                Some('/') => out.put("/", origin),
                Some('\\') | None => out.put("\\", origin),
                Some('u') => {
                    if let Some(character) = four_hex(&text[at + 2..]) {
                        out.put(character.encode_utf8(&mut [0; 4]), origin);
                        at += 4;
                    } else {
                        out.put("\\u", origin);
                    }
                }
                Some(other) => out.put(&text[at..at + 1 + other.len_utf8()], origin),
            }
            at += 1 + escaped.map_or(0, char::len_utf8);
        }
        out.finish(self.source.origin(self.start + at))
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
