//! Splits text that Consul printed into its innermost messages.
//!
//! The command line, the HTTP API, lists of errors, gRPC and Go's TLS library each wrap an error in text of their own.
//! [`messages()`] removes these layers and keeps the values that they contain.

use super::layers::split_records;
use super::mapped_text::MappedText;
use super::message::Message;

/// Maximum length of the text that is read, in bytes. The rest is ignored.
pub const MAX_TEXT_LEN: usize = 1024 * 1024;

/// Maximum number of layers around one message. Consul writes about seven.
const MAX_DEPTH: usize = 24;

/// Returns the innermost messages, in the order of the text.
///
/// Text without any layer yields one message per line. The result contains no token. Takes linear time.
pub fn messages(text: &str) -> Vec<Message> {
    messages_in(&MappedText::cleaned(bounded(text)))
}

pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

pub(super) fn messages_in(source: &MappedText) -> Vec<Message> {
    let mut found = Vec::new();
    split_records(&source.whole(), &Message::default(), MAX_DEPTH, &mut found);
    found
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
