//! What a real Consul said of 4,515 tokens, and what we say.
//!
//! `cargo test --test it verdicts -- --nocapture` prints the agreement of each family.

use std::collections::BTreeMap;
use std::fs;

use consul_peering::lint::acceptance::Acceptance;
use consul_peering::token::decode;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Verdict {
    id: String,
    token: String,
    accepted: bool,
    error: String,
}

impl Verdict {
    fn all() -> Vec<Self> {
        let lines = fs::read_to_string("fixtures/verdicts/verdicts.jsonl").unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn family(&self) -> (&str, &str) {
        let mut parts = self.id.split('/');
        (parts.next().unwrap(), parts.next().unwrap())
    }

    /// Whether the verdict depends on a certificate.
    fn touches_a_ca(&self) -> bool {
        let (family, sub_family) = self.family();
        family == "ca"
            || (family == "random" && (sub_family.starts_with("der-") || sub_family == "pem-text"))
            || self.error.starts_with("peering token invalid CA")
    }
}

#[derive(Default)]
struct Agreement {
    total: usize,
    verdict: usize,
    message: usize,
}

#[test]
fn verdicts_and_messages_agree_with_consuls() {
    let mut agreements = BTreeMap::<String, Agreement>::new();
    let mut differences = Vec::new();
    for verdict in Verdict::all() {
        let word = Acceptance::of_text(verdict.token.as_bytes());
        let message = word.message.unwrap_or_default();
        let (family, sub_family) = verdict.family();
        let kind = if verdict.touches_a_ca() { "certificates" } else { "text" };
        for name in [format!("{kind}: {family}"), format!("{kind}: {family}/{sub_family}"), "all".into()] {
            let agreement = agreements.entry(name).or_default();
            agreement.total += 1;
            agreement.verdict += usize::from(word.accepted == verdict.accepted);
            agreement.message += usize::from(message == verdict.error);
        }
        if word.accepted != verdict.accepted || message != verdict.error {
            differences.push(format!("{}: Consul: {:?}; we: {message:?}", verdict.id, verdict.error));
        }
    }
    println!("{:40} {:>5} {:>8} {:>8}", "family", "total", "verdict", "message");
    for (family, Agreement { total, verdict, message }) in &agreements {
        println!("{family:40} {total:5} {verdict:8} {message:8}");
    }
    assert_eq!(agreements["all"].total, 4515);
    // Certificates, too: the order of checks is Go's own.
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn a_word_on_text_alone_is_always_exact() {
    for verdict in Verdict::all() {
        assert!(Acceptance::of_text(verdict.token.as_bytes()).exact, "{}", verdict.id);
    }
}

proptest! {
    #[test]
    fn a_mutated_token_never_panics(
        (seed, position, byte, length) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4_usize)
    ) {
        thread_local!(static VERDICTS: Vec<Verdict> = Verdict::all());
        VERDICTS.with(|verdicts| {
            let mut text = seed.get(verdicts).token.clone().into_bytes();
            let start = position.index(text.len().max(1)).min(text.len());
            let end = (start + length).min(text.len());
            text.splice(start..end, [byte]);
            let word = Acceptance::of_text(&text);
            assert_eq!(word.accepted, word.message.is_none());
            if let Err(error) = decode(&text) {
                assert_eq!(word.message, Some(error.message));
            }
        });
    }
}
