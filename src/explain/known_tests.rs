//! Tests of what literals select, against a search that tries all patterns and does not use literals.

use proptest::prelude::*;

use super::*;
use crate::explain::layers::Sink;
use crate::explain::mapped_text::MappedText;
use crate::explain::message::Found;
use crate::explain::messages;
use crate::token::redact::{SECRET, TOKEN, redact};

/// Finds patterns in each message both ways.
#[derive(Default)]
struct Compared {
    messages: usize,
    known: usize,
    different: Vec<String>,
}

impl Sink for Compared {
    fn taken(&self) -> usize {
        self.messages
    }

    fn take(&mut self, found: &Found<'_>) {
        self.messages += 1;
        let redacted = redact(found.text.text());
        let text = MappedText::plain(&redacted);
        let subject = Subject { text: text.whole(), around: found.around };
        let may_match = KNOWN.may_match(found.text.literals().map(|(id, _)| id), &found.around);
        let selected = may_match.then(|| KNOWN.find(&subject)).flatten();
        let selected = selected.map(|(it, matched)| (it.pattern, matched.captures()));
        let tried =
            KNOWN.ranked.iter().filter(|it| relevance::may_explain(it.entry, found.around.origin)).find_map(
                |it| {
                    let parts: Vec<Part> = parts(it.pattern).collect();
                    Some((it.pattern, it.pattern.find(&parts, &subject)?.captures()))
                },
            );
        self.known += usize::from(tried.is_some());
        if selected != tried {
            self.different.push(format!("{redacted:?}: {selected:?}, not {tried:?}"));
        }
    }
}

/// Returns literals of patterns, layers and origins, and what is between them in texts.
fn words() -> Vec<&'static str> {
    let of_patterns = KNOWN.ranked.iter().flat_map(|it| it.parts.iter().map(|part| part.literal));
    let between = [
        "\n",
        "\n  ",
        "\t* ",
        "\"",
        "\\\"",
        "error=\"",
        ": ",
        "42",
        "503 (",
        ")",
        "2 errors",
        "10.0.0.1:8503",
        " east ",
        "PermissionDenied",
        "Unavailable",
        " desc = ",
        "[ERROR] agent.server.raft: ",
        "[WARN] agent.xds: ",
        "level=warn ",
        "{\"@level\":\"error\",\"@module\":\"agent.server.raft\",\"@message\":\"",
        "é",
        "“",
        "\u{1b}[31m",
        "EOF",
        "\u{a0}",
        "token=",
        "secret_id: ",
        "11111111-2222-3333-4444-555555555555",
        "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpu",
    ];
    // As often as all literals of patterns together.
    let around: Vec<_> = FORMS.into_iter().chain(signs::literals()).chain(between).collect();
    of_patterns.chain(around.repeat(8)).collect()
}

proptest! {
    #[test]
    fn literals_select_the_same_patterns_as_trying_all(
        words in prop::collection::vec(prop::sample::select(words()), 1..12),
    ) {
        let mut compared = Compared::default();
        messages::read(&MappedText::cleaned(&words.concat()), &mut compared);
        prop_assert!(compared.different.is_empty(), "{:#?}", compared.different);
    }
}

#[test]
fn recorded_messages_select_the_same_patterns_as_trying_all() {
    let mut compared = Compared::default();
    for file in ["cli.json", "faults.json", "http.json", "verdict-messages.txt"] {
        let recorded = std::fs::read_to_string(format!("fixtures/consul/{file}")).unwrap();
        for line in recorded.lines() {
            messages::read(&MappedText::cleaned(line), &mut compared);
        }
    }
    assert!(compared.different.is_empty(), "{:#?}", compared.different);
    assert!(compared.known > 100, "{} of {} messages", compared.known, compared.messages);
}

#[test]
fn redaction_adds_no_literal() {
    for replacement in [SECRET, TOKEN, "<private key>"] {
        for part in KNOWN.ranked.iter().flat_map(|it| &it.parts).filter(|part| part.id.is_some()) {
            let (literal, replacement) = (part.literal.as_bytes(), replacement.as_bytes());
            // Each way in which they can overlap: the bytes that they share are equal.
            for shift in 1 - literal.len().cast_signed()..replacement.len().cast_signed() {
                let shared = (0..literal.len()).filter_map(|at| {
                    let other = at.checked_add_signed(shift)?;
                    Some((literal[at], *replacement.get(other)?))
                });
                assert!(
                    shared.clone().any(|(one, other)| one != other),
                    "redaction can add {:?}, so that no literal selects its pattern",
                    part.literal
                );
            }
        }
    }
}
