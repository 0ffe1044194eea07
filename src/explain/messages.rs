//! Splits text that Consul printed into its innermost messages.
//!
//! The command line, the HTTP API, lists of errors, gRPC and Go's TLS library each wrap an error in text of their own.
//! [`messages()`] removes these layers and keeps the values that they contain.

use super::layers::{Sink, split_records};
use super::mapped_text::MappedText;
use super::message::{Around, Found, Message};
use crate::token::redact::redact;

/// Maximum length of the text that is read, in bytes. The rest is ignored.
pub const MAX_TEXT_LEN: usize = 1024 * 1024;

/// Maximum number of layers around one message. Consul writes about seven.
const MAX_DEPTH: usize = 24;

/// Returns the innermost messages, in the order of the text.
///
/// Text without any layer yields one message per line. The result contains no token. Takes linear time.
pub fn messages(text: &str) -> Vec<Message> {
    let mut messages = Vec::new();
    read(&MappedText::cleaned(bounded(text)), &mut messages);
    messages
}

pub(super) fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_LEN)]
}

/// Passes the innermost messages to a sink, in the order of the text.
pub(super) fn read(source: &MappedText<'_>, sink: &mut dyn Sink) {
    split_records(&source.whole(), &Around::default(), MAX_DEPTH, sink);
}

impl Sink for Vec<Message> {
    fn taken(&self) -> usize {
        self.len()
    }

    fn take(&mut self, found: &Found<'_>) {
        self.push(found.with_text(redact(found.text.text()).into_owned()));
    }
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
