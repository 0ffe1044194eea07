//! The verdicts of a real Consul on 4,515 tokens, compared with ours.
//!
//! `cargo test --test it verdicts -- --nocapture` prints the agreement by family.

use std::collections::BTreeMap;
use std::fs;

use consul_peering::lint::{Acceptance, Reference};
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

    /// Returns whether the verdict depends on a certificate.
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
fn verdicts_and_messages_equal_those_of_consul() {
    let mut agreements = BTreeMap::<String, Agreement>::new();
    let mut differences = Vec::new();
    for verdict in Verdict::all() {
        let ours = Acceptance::of_text(verdict.token.as_bytes(), Reference::default());
        let message = ours.message.unwrap_or_default();
        let (family, sub_family) = verdict.family();
        let kind = if verdict.touches_a_ca() { "certificates" } else { "text" };
        for name in [format!("{kind}: {family}"), format!("{kind}: {family}/{sub_family}"), "all".into()] {
            let agreement = agreements.entry(name).or_default();
            agreement.total += 1;
            agreement.verdict += usize::from(ours.accepted == verdict.accepted);
            agreement.message += usize::from(message == verdict.error);
        }
        if ours.accepted != verdict.accepted || message != verdict.error {
            differences.push(format!("{}: Consul: {:?}; we: {message:?}", verdict.id, verdict.error));
        }
    }
    println!("{:40} {:>5} {:>8} {:>8}", "family", "total", "verdict", "message");
    for (family, Agreement { total, verdict, message }) in &agreements {
        println!("{family:40} {total:5} {verdict:8} {message:8}");
    }
    assert_eq!(agreements["all"].total, 4515);
    // Certificates are included: their checks have the order of Go's parser.
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn every_verdict_on_a_recorded_token_is_exact() {
    for verdict in Verdict::all() {
        for reference in Reference::ALL {
            assert!(Acceptance::of_text(verdict.token.as_bytes(), reference).exact, "{}", verdict.id);
        }
    }
}

/// The verdicts of two lines of Consul on one token.
#[derive(Deserialize)]
struct ByVersion {
    id: String,
    token: String,
    consul_1_22_and_1_23: Recorded,
    consul_2_1: Recorded,
}

#[derive(Deserialize)]
struct Recorded {
    accepted: bool,
    error: String,
}

#[test]
fn each_reference_has_the_verdicts_of_its_consul() {
    let lines = fs::read_to_string("fixtures/verdicts/by-version.jsonl").unwrap();
    assert_eq!(lines.lines().count(), 14);
    for line in lines.lines() {
        let recorded: ByVersion = serde_json::from_str(line).unwrap();
        for reference in Reference::ALL {
            let expected = if reference < Reference::V2_0 {
                &recorded.consul_1_22_and_1_23
            } else {
                &recorded.consul_2_1
            };
            let ours = Acceptance::of_text(recorded.token.as_bytes(), reference);
            assert_eq!(ours.accepted, expected.accepted, "{}, {reference}", recorded.id);
            assert_eq!(ours.message.unwrap_or_default(), expected.error, "{}, {reference}", recorded.id);
            assert_eq!(ours.reference, reference);
        }
    }
}

#[test]
fn verdicts_and_messages_equal_those_of_consul_for_every_reference() {
    for verdict in Verdict::all() {
        for reference in Reference::ALL {
            let ours = Acceptance::of_text(verdict.token.as_bytes(), reference);
            let is_equal = (ours.accepted, ours.message.unwrap_or_default())
                == (verdict.accepted, verdict.error.clone());
            assert!(is_equal, "{}, {reference}", verdict.id);
        }
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
            let ours = Acceptance::of_text(&text, Reference::default());
            assert_eq!(ours.accepted, ours.message.is_none());
            if let Err(error) = decode(&text) {
                assert_eq!(ours.message, Some(error.message));
            }
        });
    }
}
