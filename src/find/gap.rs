//! What is between two digits of base64 that belong together: line breaks, quotes and escapes.

use super::alphabet::value;
use super::marker::{Marker, skip_spaces};

/// The longest gap between a closing and an opening quotation mark, in bytes.
const MAX_BETWEEN_QUOTES: usize = 512;

/// What can be between two literals: operators, and the kind of a literal, such as b"" and r"" of Python.
const BETWEEN_LITERALS: &[u8] = b",+.&()\\bBfFrRuUn";

/// What is at an offset that is not a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing of the base64: continue at this offset.
    Skip(usize),
    /// A digit that is escaped, and the offset after it.
    Digit(u8, usize),
    /// The end of the base64.
    End,
    /// The text ends before this is clear.
    OutOfText,
}

/// Returns what is at an offset. Lines may start with `marker`.
pub(super) fn gap(text: &[u8], at: usize, marker: Marker<'_>) -> Gap {
    let Some(&byte) = text.get(at) else { return Gap::OutOfText };
    match byte {
        b' ' | b'\t' => Gap::Skip(at + 1),
        b'\r' | b'\n' => Gap::Skip(marker.skip(text, at + 1)),
        b'\\' => after_backslash(text, at, marker),
        b'"' | b'\'' | b'`' => between_quotes(text, at + 1, byte, marker),
        b'%' => escaped(text, at + 1, 2),
        b'=' => soft_line_break(text, at + 1),
        b'&' => entity(text, at),
        b'<' => line_break_element(text, at),
        0x1B => color(text, at),
        // A table around the text.
        b'|' | b'*' => end_of_line(text, at),
        // The first byte of a box around the text.
        0xE2 if text[at..].starts_with("│".as_bytes()) => Gap::Skip(at + "│".len()),
        0xE2 if text.len() - at < "│".len() => Gap::OutOfText,
        _ => Gap::End,
    }
}

/// An escape: `\n`, `\u002b`, `\/`, an escaped quotation mark, or a line that continues. Texts in texts have more backslashes.
fn after_backslash(text: &[u8], at: usize, marker: Marker<'_>) -> Gap {
    let next = at + text[at..].iter().take_while(|byte| **byte == b'\\').count();
    match text.get(next) {
        None => Gap::OutOfText,
        Some(b'n' | b'r' | b't') => Gap::Skip(next + 1),
        // The slash itself is a digit.
        Some(b'/' | b' ' | b'\r' | b'\n') => Gap::Skip(next),
        Some(b'u') => escaped(text, next + 1, 4),
        Some(b'x') => escaped(text, next + 1, 2),
        Some(quote @ (b'"' | b'\'')) => between_quotes(text, next + 1, *quote, marker),
        Some(_) => Gap::End,
    }
}

/// A character as a number of `len` hexadecimal digits, such as the 2B of `%2B`.
fn escaped(text: &[u8], number: usize, len: usize) -> Gap {
    let Some(digits) = text.get(number..number + len) else { return Gap::OutOfText };
    let code = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.map_or(Gap::End, |code| character(code, number + len))
}

/// A character that was given by its number.
fn character(code: u32, next: usize) -> Gap {
    let Ok(byte) = u8::try_from(code) else { return Gap::End };
    match value(byte) {
        Some(digit) => Gap::Digit(digit, next),
        None if byte.is_ascii_whitespace() => Gap::Skip(next),
        None => Gap::End,
    }
}

/// A text that consists of several literals: a closing quotation mark, then an opening one.
fn between_quotes(text: &[u8], after: usize, quote: u8, marker: Marker<'_>) -> Gap {
    let mut at = after;
    while at - after < MAX_BETWEEN_QUOTES {
        let Some(&byte) = text.get(at) else { return Gap::OutOfText };
        at = match byte {
            _ if byte == quote => return Gap::Skip(at + 1),
            b'\n' | b'\r' => marker.skip(text, at + 1),
            _ if byte.is_ascii_whitespace() || BETWEEN_LITERALS.contains(&byte) => at + 1,
            _ => return Gap::End,
        };
    }
    Gap::End
}

/// The end of a line of quoted-printable mail.
fn soft_line_break(text: &[u8], after: usize) -> Gap {
    match (text.get(after), text.get(after + 1)) {
        (None, _) | (Some(b'\r'), None) => Gap::OutOfText,
        (Some(b'\n'), _) => Gap::Skip(after + 1),
        (Some(b'\r'), Some(b'\n')) => Gap::Skip(after + 2),
        _ => Gap::End,
    }
}

/// A character reference of HTML, such as `&#43;`.
fn entity(text: &[u8], at: usize) -> Gap {
    const MAX_LEN: usize = 8;
    let rest = &text[at + 1..text.len().min(at + 1 + MAX_LEN)];
    let Some(len) = rest.iter().position(|byte| *byte == b';') else {
        return if rest.len() < MAX_LEN { Gap::OutOfText } else { Gap::End };
    };
    let number = std::str::from_utf8(&rest[..len]).ok().and_then(|name| name.strip_prefix('#'));
    let code = number.and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
        None => number.parse().ok(),
    });
    code.map_or(Gap::End, |code| character(code, at + 1 + len + 1))
}

/// `<br>` and `<wbr>`.
fn line_break_element(text: &[u8], at: usize) -> Gap {
    let rest = &text[at..text.len().min(at + 8)];
    let is_break =
        [&b"<br>"[..], b"<br/>", b"<br />", b"<wbr>"].into_iter().find(|tag| rest.starts_with(tag));
    match is_break {
        Some(tag) => Gap::Skip(at + tag.len()),
        None if rest.len() < 8 && b"<br />".starts_with(rest) => Gap::OutOfText,
        None => Gap::End,
    }
}

/// A color of a terminal.
fn color(text: &[u8], at: usize) -> Gap {
    const MAX_LEN: usize = 24;
    let rest = &text[at..text.len().min(at + MAX_LEN)];
    match rest.iter().position(|byte| *byte == b'm') {
        Some(len) if rest.starts_with(b"\x1b[") => Gap::Skip(at + len + 1),
        None if rest.len() < MAX_LEN => Gap::OutOfText,
        _ => Gap::End,
    }
}

/// The border after a line of a table.
fn end_of_line(text: &[u8], at: usize) -> Gap {
    let mut end = at;
    loop {
        end = skip_spaces(text, end);
        match text.get(end) {
            None => return Gap::OutOfText,
            Some(b'\r' | b'\n') => return Gap::Skip(end),
            Some(b'|' | b'*') => end += 1,
            Some(_) => return Gap::End,
        }
    }
}
