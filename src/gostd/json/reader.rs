//! A JSON reader that stops at the same byte as Go.

#[cfg(test)]
pub(crate) mod tests;

use super::scan;
use super::string::RawString;
use super::syntax::SyntaxError;

/// The maximum depth of nested objects and lists in Go.
pub const MAX_DEPTH: usize = 10_000;

/// A position in a JSON text.
///
/// The text is checked only up to that position. It is valid if [`Reader::end`] returns no error.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: usize,
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // JSON's own kinds
pub enum ValueKind {
    Object,
    List,
    String,
    Number,
    Bool,
    Null,
}

/// The state of reading an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Items {
    is_object: bool,
    started: bool,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Reader<'a> {
    /// Creates a reader at the start of a text.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, depth: 0 }
    }

    /// Returns the offset of the next byte; after [`Reader::kind`], of the first byte of the value.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Skips whitespace and returns the type of the next value, without reading it.
    pub fn kind(&mut self) -> Result<ValueKind> {
        match self.peek_token() {
            Some(b'{') => Ok(ValueKind::Object),
            Some(b'[') => Ok(ValueKind::List),
            Some(b'"') => Ok(ValueKind::String),
            Some(b'-' | b'0'..=b'9') => Ok(ValueKind::Number),
            Some(b't' | b'f') => Ok(ValueKind::Bool),
            Some(b'n') => Ok(ValueKind::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    /// Reads a string. The next value must be a [`ValueKind::String`].
    pub fn string(&mut self) -> Result<RawString<'a>> {
        let offset = self.position + 1;
        let mut raw = RawString { bytes: &[], offset, escaped: false };
        self.position = offset;
        loop {
            self.position += scan::plain_run(&self.bytes[self.position..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    raw.escaped = true;
                    self.position += 1;
                    self.escape()?;
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
        raw.bytes = &self.bytes[offset..self.position];
        self.position += 1;
        Ok(raw)
    }

    /// Enters an object or a list. The next value must be one.
    pub fn enter(&mut self) -> Result<Items> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        let is_object = self.peek() == Some(b'{');
        self.position += 1;
        Ok(Items { is_object, started: false })
    }

    /// Reads the next key of an object and the colon, or leaves the object (`None`).
    pub fn next_key(&mut self, items: &mut Items) -> Result<Option<RawString<'a>>> {
        let next = self.peek_token();
        if items.started {
            match next {
                Some(b',') => self.position += 1,
                Some(b'}') => return Ok(self.leave()),
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        } else if next == Some(b'}') {
            return Ok(self.leave());
        }
        items.started = true;
        if self.peek_token() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        if self.peek_token() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.position += 1;
        Ok(Some(key))
    }

    /// Advances to the next element of a list (`Some`), or leaves the list (`None`).
    pub fn next_element(&mut self, items: &mut Items) -> Result<Option<()>> {
        let next = self.peek_token();
        if items.started {
            match next {
                Some(b',') => self.position += 1,
                Some(b']') => return Ok(self.leave()),
                _ => return Err(self.unexpected("after array element")),
            }
        } else if next == Some(b']') {
            return Ok(self.leave());
        }
        items.started = true;
        Ok(Some(()))
    }

    /// Reads a complete value of any type.
    pub fn skip(&mut self) -> Result<()> {
        let mut open = Vec::new();
        loop {
            match self.kind()? {
                ValueKind::Object | ValueKind::List => open.push(self.enter()?),
                ValueKind::String => drop(self.string()?),
                ValueKind::Number => self.number()?,
                ValueKind::Bool | ValueKind::Null => self.literal()?,
            }
            loop {
                let Some(items) = open.last_mut() else { return Ok(()) };
                let more =
                    if items.is_object { self.next_key(items)?.map(drop) } else { self.next_element(items)? };
                if more.is_some() {
                    break;
                }
                open.pop();
            }
        }
    }

    /// Checks that only whitespace is left.
    pub fn end(&mut self) -> Result<()> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    fn leave<T>(&mut self) -> Option<T> {
        self.depth -= 1;
        self.position += 1;
        None
    }

    /// Reads the rest of an escape sequence after the backslash.
    fn escape(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => {
                self.position += 1;
                Ok(())
            }
            Some(b'u') => {
                self.position += 1;
                (0..4).try_for_each(|_| {
                    self.expect(|byte| byte.is_ascii_hexdigit(), "in \\u hexadecimal character escape")
                })
            }
            _ => Err(self.unexpected_inside("in string escape code")),
        }
    }

    fn number(&mut self) -> Result<()> {
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        match self.peek() {
            Some(b'0') => self.position += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected_inside("in numeric literal")),
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.expect(|byte| byte.is_ascii_digit(), "after decimal point in numeric literal")?;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.position += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.position += 1;
            }
            self.expect(|byte| byte.is_ascii_digit(), "in exponent of numeric literal")?;
            self.digits();
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
    }

    /// Reads `true`, `false` or `null`. The first character was checked.
    fn literal(&mut self) -> Result<()> {
        let expected: &[(u8, &str)] = match self.peek() {
            Some(b't') => &[
                (b'r', "in literal true (expecting 'r')"),
                (b'u', "in literal true (expecting 'u')"),
                (b'e', "in literal true (expecting 'e')"),
            ],
            Some(b'f') => &[
                (b'a', "in literal false (expecting 'a')"),
                (b'l', "in literal false (expecting 'l')"),
                (b's', "in literal false (expecting 's')"),
                (b'e', "in literal false (expecting 'e')"),
            ],
            _ => &[
                (b'u', "in literal null (expecting 'u')"),
                (b'l', "in literal null (expecting 'l')"),
                (b'l', "in literal null (expecting 'l')"),
            ],
        };
        self.position += 1;
        expected.iter().try_for_each(|&(character, context)| self.expect(|byte| byte == character, context))
    }

    fn expect(&mut self, is_expected: impl Fn(u8) -> bool, context: &'static str) -> Result<()> {
        if self.peek().is_some_and(is_expected) {
            self.position += 1;
            return Ok(());
        }
        Err(self.unexpected_inside(context))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// Skips whitespace and returns the next byte.
    fn peek_token(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.position += 1;
        }
        self.peek()
    }

    /// Returns the error for an unexpected byte or an unexpected end.
    fn unexpected(&self, context: &'static str) -> SyntaxError {
        match self.peek() {
            Some(byte) => SyntaxError::unexpected(self.position, byte, context),
            None => SyntaxError::end(self.position),
        }
    }

    /// Returns the error for an unexpected byte within a literal or an escape. At the end of the text Go reports a space
    /// there, because it appends one to detect the end.
    fn unexpected_inside(&self, context: &'static str) -> SyntaxError {
        SyntaxError::unexpected(self.position, self.peek().unwrap_or(b' '), context)
    }
}
