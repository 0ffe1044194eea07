//! What the page shows of a text that someone pasted: a token, a document with tokens, or a message from Consul.
//!
//! The page (`web/`) is this module compiled to WebAssembly, with a script that draws the values. Every word about a token
//! comes from here, so the page, the screens and JSON agree. Lists are capped: a browser draws them.

mod anatomy;
mod authorities;
mod comparison;
mod messages;
mod text;
mod token;

use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::aliases::{Aliases, Scope};
use crate::explain;
use crate::inspect::{Inspection, Inspections};
use crate::lint::{Acceptance, Options, Reference, UnreadableInput, ValidatedToken, check};
use crate::render::{json, jsonl};
use crate::token::given::{Given, TooLong, tokens_in};
use crate::token::recover::{Repair, recover, without_line_end};
use crate::utc;

pub use comparison::compare;
use messages::{MessageView, Problem};
use text::counted_characters;
use token::TokenView;

/// The page, as `peering page` writes it.
#[cfg(feature = "cli")]
pub const HTML: &str = include_str!("page/peering.html");

/// Returns the content security policy in the page, which a server repeats as a header.
#[cfg(feature = "cli")]
pub fn policy() -> &'static str {
    let (_, rest) = HTML.split_once("Content-Security-Policy\" content=\"").unwrap_or_default();
    rest.split_once('"').unwrap_or_default().0
}

/// The source of a text in JSON: that of a token that the command line gets as an argument.
const SOURCE: &str = "argument";

/// How many tokens of a document are shown.
const MAX_TOKENS: usize = 20;

/// The longest text in which messages are searched for if it also contains a token, in bytes.
const MAX_MESSAGES_LEN: usize = 64 * 1024;

/// Everything that the page shows of a text.
#[derive(Debug, Serialize)]
struct View {
    /// The time with which dates are compared.
    now: String,
    input: InputView,
    tokens: Vec<TokenView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_tokens: Option<String>,
    messages: Vec<MessageView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_messages: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
    /// Whether JSON, a report and a comparison make sense.
    has_token: bool,
}

/// The line that replaces the text, which can contain a secret.
#[derive(Debug, Serialize)]
struct InputView {
    /// What the text is; for a token, its start.
    title: String,
    size: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// Returns what the page shows of a text, as JSON.
pub fn look(text: &[u8], now: Timestamp) -> String {
    json::render(&View::of(text, now))
}

impl View {
    fn of(text: &[u8], now: Timestamp) -> Self {
        let mut view = Self {
            now: utc::date_time(now),
            input: InputView {
                title: "A text without a token".to_owned(),
                size: counted_characters(text),
                sha256: None,
            },
            tokens: Vec::new(),
            more_tokens: None,
            messages: Vec::new(),
            more_messages: None,
            problem: None,
            has_token: false,
        };
        match given(text) {
            Err(too_long) => view.problem = Some(Problem::too_long(too_long)),
            Ok(given) => view.add(text, &given, &Options::new(now)),
        }
        view
    }

    fn add(&mut self, text: &[u8], given: &[Given], options: &Options) {
        let is_document = given.iter().any(|it| it.extracted_from.is_some());
        let recovered = (!is_document).then(|| recover(text));
        let is_token = matches!(recovered, Some(Ok(_)));
        let is_inside_other_text =
            matches!(&recovered, Some(Ok(it)) if it.repairs.contains(&Repair::SurroundingText));
        if matches!(recovered, Some(Err(_))) || is_inside_other_text && text.len() <= MAX_MESSAGES_LEN {
            let found = explain::explain(&String::from_utf8_lossy(text));
            (self.messages, self.more_messages) = messages::views(&found);
        }
        if matches!(recovered, Some(Err(_))) {
            if !self.messages.is_empty() {
                self.input.title = match self.messages.len() {
                    1 => "A message from Consul".to_owned(),
                    several => format!("{several} messages from Consul"),
                };
                return;
            }
            if let Some(problem) = Problem::of_sentence(text) {
                self.problem = Some(problem);
                return;
            }
        }
        self.tokens =
            TokenView::all(given.iter().take(MAX_TOKENS), given.len(), options, &mut self.input.sha256);
        self.more_tokens = text::more(given.len(), MAX_TOKENS, "token");
        self.has_token = true;
        if let Some(document) = given.first().and_then(|it| it.extracted_from) {
            self.input.title = match given.len() {
                1 => format!("The token in {}", document.document_name()),
                several => format!("{several} tokens in {}", document.document_name()),
            };
        } else if is_token || text.starts_with(b"eyJ") {
            self.input.title = text::start(text);
        }
    }
}

/// Returns the tokens in a text. A copy: the buffers are wiped.
fn given(text: &[u8]) -> Result<Vec<Given>, TooLong> {
    tokens_in(SOURCE, Zeroizing::new(text.to_vec()), true)
}

/// Returns the message with which Consul rejects a text as it is; nothing if Consul accepts it.
pub fn verdict(text: &[u8]) -> String {
    Acceptance::of_text(text, Reference::default()).message.unwrap_or_default()
}

/// Returns the output of `peering inspect -format json` for a text.
pub fn inspect_json(text: &[u8], now: Timestamp) -> String {
    json::render(&inspections(text, now, false))
}

fn inspections(text: &[u8], now: Timestamp, show_secret: bool) -> Inspections {
    let options = Options::new(now);
    let Ok(given) = given(text) else { return Inspections::new(Vec::new(), false) };
    let count = given.len();
    let tokens: Vec<Inspection> = given
        .into_iter()
        .filter_map(|given| {
            let mut recovered = recover(&given.text).ok()?;
            recovered.repairs.splice(0..0, given.extracted_from);
            Some(Inspection::new(given.source, recovered, &options, show_secret))
        })
        .collect();
    let is_complete = tokens.len() == count;
    Inspections::new(tokens, is_complete)
}

/// Returns the output of `peering validate -format json` for a text.
pub fn validate_json(text: &[u8], now: Timestamp) -> String {
    let options = Options::new(now);
    let validated: Vec<Result<ValidatedToken, UnreadableInput>> = match given(text) {
        Err(too_long) => {
            vec![Err(UnreadableInput { source: SOURCE.to_owned(), reason: too_long.message(SOURCE) })]
        }
        Ok(given) => given
            .into_iter()
            .map(|Given { source, text, extracted_from, place }| {
                let report = check(without_line_end(&text), &options);
                Ok(ValidatedToken { source, file: None, place, extracted_from, report })
            })
            .collect(),
    };
    let entries = (1..).zip(&validated).map(|(index, token)| jsonl::Entry::of_argument(index, token));
    json::render(&jsonl::Document::new(entries.collect()))
}

/// Returns what `peering inspect -format json -redact` writes for a text: aliases replace its names and addresses.
pub fn redacted_report(text: &[u8], now: Timestamp) -> String {
    let aliases = Aliases::new(Scope::All);
    for given in given(text).unwrap_or_default() {
        if let Ok(recovered) = recover(&given.text) {
            aliases.learn_token(&recovered.decoded.token);
        }
        given.place.iter().for_each(|place| aliases.learn_name(place));
    }
    let report = inspect_json(text, now);
    aliases.learn_json(&report);
    aliases.in_json(&report)
}

/// Returns the establishment secret of the token with this index, safe to show. Without a secret, the text is empty.
pub fn secret(text: &[u8], index: usize) -> String {
    let given = given(text).unwrap_or_default();
    let recovered = given.get(index).and_then(|given| recover(&given.text).ok());
    recovered
        .map(|it| crate::token::shown::printable(it.decoded.token.establishment_secret.expose()))
        .unwrap_or_default()
}
