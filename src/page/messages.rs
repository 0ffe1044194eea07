//! What the page shows of a message from Consul, and of a text without a token.

use serde::Serialize;

use super::text::{more, value};
use super::token::level;
use crate::counted::{count, counted};
use crate::explain::{Explanation, nearest};
use crate::render::mark::Mark;
use crate::token::given::TooLong;

/// How many messages are shown.
const MAX_MESSAGES: usize = 10;

/// How many addresses of a message are shown.
const MAX_ADDRESSES: usize = 10;

/// A message that was found, and what it means.
#[derive(Debug, Serialize)]
pub(super) struct MessageView {
    name: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addresses: Option<String>,
    summary: &'static str,
    causes: &'static [&'static str],
    remedy: &'static str,
    command: String,
    source: &'static str,
}

/// Returns the first messages, and how many more there are.
pub(super) fn views(found: &[Explanation]) -> (Vec<MessageView>, Option<String>) {
    let views = found.iter().take(MAX_MESSAGES).map(MessageView::of).collect();
    (views, more(found.len(), MAX_MESSAGES, "message"))
}

impl MessageView {
    fn of(found: &Explanation) -> Self {
        let times = || format!("{} in this text", counted(count(found.count), "time"));
        let addresses: Vec<&str> = found.addresses.iter().take(MAX_ADDRESSES).map(String::as_str).collect();
        Self {
            name: found.entry.name,
            message: value(&found.message),
            times: (found.count > 1).then(times),
            addresses: (!addresses.is_empty()).then(|| value(&addresses.join(", "))),
            summary: found.entry.summary,
            causes: found.entry.causes,
            remedy: found.entry.remedy,
            command: value(&found.command),
            source: found.entry.source,
        }
    }
}

/// Why a text contains nothing to show.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    level: &'static str,
    mark: &'static str,
    title: String,
    details: Vec<String>,
    remedy: String,
}

impl Problem {
    pub(super) fn too_long(error: TooLong) -> Self {
        Self::new(sentence(&error.message("this text")), Vec::new(), TooLong::REMEDY.to_owned())
    }

    /// Describes a text of several words without a known message.
    pub(super) fn of_sentence(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let words = text.split_ascii_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
        if words.take(3).count() < 3 || text.trim_start().starts_with(['{', '[']) || text.contains("eyJ") {
            return None;
        }
        let (details, remedy) = match nearest(text) {
            Some((entry, message)) => (
                vec![format!("The most similar known message: {}", value(&message))],
                format!("if that is the message, run: peering explain {}", entry.name),
            ),
            None => (Vec::new(), "paste the token, or the complete output of Consul".to_owned()),
        };
        Some(Self::new("This text contains no token and no known message".to_owned(), details, remedy))
    }

    fn new(title: String, details: Vec<String>, remedy: String) -> Self {
        let mark = Mark::Warning;
        Self { level: level(mark), mark: mark.symbol(), title, details, remedy }
    }
}

/// Starts a message with a capital letter.
fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + characters.as_str()
}
