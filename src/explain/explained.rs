//! Explains the messages of a text, each entry once.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::known::{KNOWN, Ranked};
use super::layers::Sink;
use super::mapped_text::MappedText;
use super::message::{Found, Message};
use super::pattern::{Captures, Subject};
use super::relevance::Relevance;
use super::{Explanation, command};
use crate::token::redact::redact;

/// The explanations of the messages that were taken so far.
#[derive(Default)]
pub(super) struct Explained {
    explanations: Vec<Explanation>,
    /// The position in `explanations` of each entry, by the position among all entries.
    positions: Vec<Option<usize>>,
    /// The addresses of each explanation.
    addresses: BTreeSet<(usize, String)>,
    /// The number of messages that were taken.
    taken: usize,
    /// The number of messages up to the last one that is known.
    known: usize,
}

impl Explained {
    /// Returns the explanations, in the order of the text.
    pub(super) fn finish(self) -> Vec<Explanation> {
        self.explanations
    }

    /// Explains a message, and returns whether it is known.
    fn explain(&mut self, found: &Found<'_>) -> bool {
        // Redacting a message takes longer than this check, and adds no literal.
        if !KNOWN.may_match(found.text.literals().map(|(id, _)| id), &found.around) {
            return false;
        }
        match redact(found.text.text()) {
            Cow::Borrowed(_) => {
                self.explain_redacted(found, &Subject { text: found.text, around: found.around })
            }
            Cow::Owned(text) => {
                let text = MappedText::plain(&text);
                self.explain_redacted(found, &Subject { text: text.whole(), around: found.around })
            }
        }
    }

    fn explain_redacted(&mut self, found: &Found<'_>, subject: &Subject<'_>) -> bool {
        let Some((known, matched)) = KNOWN.find(subject) else { return false };
        let dialed = || matched.value("address").filter(|_| found.around.url.is_none());
        let address = found.address().or_else(dialed);
        let relevance = Relevance::of(known.entry, known.specificity, found.around.origin);
        self.positions.resize(self.positions.len().max(known.entry_index + 1), None);
        let position = *self.positions[known.entry_index].get_or_insert_with(|| {
            let message = found.with_text(subject.text.text().to_owned());
            self.explanations.push(explanation(known, matched.captures(), message));
            self.explanations.len() - 1
        });
        let explanation = &mut self.explanations[position];
        explanation.relevance = explanation.relevance.min(relevance);
        explanation.count += 1;
        if let Some(address) = address
            && self.addresses.insert((position, address.clone()))
        {
            explanation.addresses.push(address);
        }
        true
    }
}

impl Sink for Explained {
    fn taken(&self) -> usize {
        self.taken
    }

    fn take(&mut self, found: &Found<'_>) {
        let has_known_details = self.known > self.taken.saturating_sub(found.details);
        self.taken += 1;
        if !has_known_details && self.explain(found) {
            self.known = self.taken;
        }
    }
}

fn explanation(known: &Ranked, captures: Captures, message: Message) -> Explanation {
    Explanation {
        entry: known.entry,
        relevance: Relevance::of(known.entry, known.specificity, message.origin),
        command: command(known.entry, &captures, &message),
        message: message.text,
        range: message.range,
        captures,
        count: 0,
        addresses: Vec::new(),
        operation: message.operation,
        peering: message.peering,
        url: message.url,
        http_status: message.http_status,
        grpc_code: message.grpc_code,
        specificity: known.specificity,
    }
}
