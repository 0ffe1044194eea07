//! A walk over a JSON text that stops at the byte at which Go stops.

#[cfg(test)]
pub(crate) mod tests;

use super::scan;
use super::string::RawString;
use super::syntax::SyntaxError;

/// How deep Go lets objects and lists nest.
pub const MAX_DEPTH: usize = 10_000;

/// Where we are in a JSON text.
///
/// The text is checked as far as it was walked, and no further: [`Reader::end`] must be reached for a text to be good.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: usize,
}

/// What kind of value begins.
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

/// An object or a list that was entered, and whether one of its items was already read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Items {
    object: bool,
    started: bool,
}

type Result<T> = std::result::Result<T, SyntaxError>;

impl<'a> Reader<'a> {
    /// Begins at the text's first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0, depth: 0 }
    }

    /// The byte that comes next; after [`Reader::kind`], the first byte of the value.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Tells what begins here, after white space, and takes nothing of it.
    pub fn kind(&mut self) -> Result<ValueKind> {
        match self.peek_solid() {
            Some(b'{') => Ok(ValueKind::Object),
            Some(b'[') => Ok(ValueKind::List),
            Some(b'"') => Ok(ValueKind::String),
            Some(b'-' | b'0'..=b'9') => Ok(ValueKind::Number),
            Some(b't' | b'f') => Ok(ValueKind::Bool),
            Some(b'n') => Ok(ValueKind::Null),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    /// Takes the quotes and the inside of a string; [`ValueKind::String`] begins here.
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

    /// What stands in a string up to its first quote: all of it, unless there is an escaped one. Takes nothing.
    pub fn up_to_quote(&self) -> &'a [u8] {
        let inside = &self.bytes[self.position + 1..];
        &inside[..memchr::memchr(b'"', inside).unwrap_or(inside.len())]
    }

    /// Takes a string that is known to be good, by what stands between its quotes.
    pub fn pass_string(&mut self, inside: &[u8]) {
        self.position += inside.len() + 2;
    }

    /// Enters an object or a list; one begins here.
    pub fn enter(&mut self) -> Result<Items> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unexpected("exceeded max depth"));
        }
        let object = self.peek() == Some(b'{');
        self.position += 1;
        Ok(Items { object, started: false })
    }

    /// Goes to the next key and value of an object, takes the key and the colon, or leaves the object.
    pub fn next_key(&mut self, items: &mut Items) -> Result<Option<RawString<'a>>> {
        let next = self.peek_solid();
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
        if self.peek_solid() != Some(b'"') {
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        if self.peek_solid() != Some(b':') {
            return Err(self.unexpected("after object key"));
        }
        self.position += 1;
        Ok(Some(key))
    }

    /// Goes to the next element of a list (`Some`), or leaves the list.
    pub fn next_element(&mut self, items: &mut Items) -> Result<Option<()>> {
        let next = self.peek_solid();
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

    /// Takes a whole value, whatever it is.
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
                    if items.object { self.next_key(items)?.map(drop) } else { self.next_element(items)? };
                if more.is_some() {
                    break;
                }
                open.pop();
            }
        }
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Result<()> {
        match self.peek_solid() {
            None => Ok(()),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    fn leave<T>(&mut self) -> Option<T> {
        self.depth -= 1;
        self.position += 1;
        None
    }

    /// Takes what follows a backslash.
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

    /// Takes `true`, `false` or `null`; the first letter is right.
    fn literal(&mut self) -> Result<()> {
        let letters: &[(u8, &str)] = match self.peek() {
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
        letters.iter().try_for_each(|&(letter, context)| self.expect(|byte| byte == letter, context))
    }

    fn expect(&mut self, good: impl Fn(u8) -> bool, context: &'static str) -> Result<()> {
        if self.peek().is_some_and(good) {
            self.position += 1;
            return Ok(());
        }
        Err(self.unexpected_inside(context))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    /// The next byte that is no white space.
    fn peek_solid(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.position += 1;
        }
        self.peek()
    }

    /// The next byte cannot stand here; a text may not end here either.
    fn unexpected(&self, context: &'static str) -> SyntaxError {
        match self.peek() {
            Some(byte) => SyntaxError::unexpected(self.position, byte, context),
            None => SyntaxError::end(self.position),
        }
    }

    /// The same within a literal or an escape, where no white space can stand: Go tells the end of a text by feeding
    /// one more space, and blames that.
    fn unexpected_inside(&self, context: &'static str) -> SyntaxError {
        SyntaxError::unexpected(self.position, self.peek().unwrap_or(b' '), context)
    }
}
