//! Searches everything that can be read: files of any length, in UTF-8, UTF-16 or binary.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::window::{Hit, Window};
use crate::token::document::{Utf16Order, decode_utf16, utf16_order};

/// The error of a text of which too much looks like the start of a token.
const GIVEN_UP: &str = "too much of it looks like the start of a token, so the rest was not searched";

/// Reads to the end, and searches it. Returns how many bytes were read.
pub(super) fn search(reader: &mut impl Read, window: &mut Window, found: &mut Vec<Hit>) -> io::Result<u64> {
    window.restart(1);
    let mut is_end = fill(reader, window)?;
    if let Some((order, mark_len)) = utf16_order(window.text()) {
        let start = Zeroizing::new(window.text().to_vec());
        let count = search_utf16(&mut start[mark_len..].chain(reader), order, window, found)?;
        return Ok(count + mark_len as u64);
    }
    let mut count = window.text().len() as u64;
    loop {
        search_window(window, is_end, found)?;
        if is_end {
            return Ok(count);
        }
        let before = window.text().len();
        is_end = fill(reader, window)?;
        count += (window.text().len() - before) as u64;
    }
}

/// Searches UTF-16, converted to UTF-8.
fn search_utf16(
    reader: &mut impl Read,
    order: Utf16Order,
    window: &mut Window,
    found: &mut Vec<Hit>,
) -> io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    window.restart(1);
    let mut count = 0;
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        bytes.clear();
        let read = reader.by_ref().take(STEP).read_to_end(&mut bytes)? as u64;
        count += read;
        window.append(Zeroizing::new(decode_utf16(&bytes, order)).as_bytes());
        search_window(window, read < STEP, found)?;
        if read < STEP {
            return Ok(count);
        }
    }
}

/// Searches what a window contains.
pub(super) fn search_window(window: &mut Window, is_end: bool, found: &mut Vec<Hit>) -> io::Result<()> {
    window.search(is_end, found);
    if window.is_given_up() { Err(io::Error::other(GIVEN_UP)) } else { Ok(()) }
}

/// Reads until the window is full. Returns whether the end was reached.
fn fill(reader: &mut impl Read, window: &mut Window) -> io::Result<bool> {
    loop {
        match reader.read(window.room()) {
            Ok(0) => return Ok(true),
            Ok(count) => window.filled(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if window.is_full() {
            return Ok(false);
        }
    }
}
