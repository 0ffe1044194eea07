//! A token's text: read, written again, put right, judged and rendered.
#![no_main]

use std::sync::Arc;

use consul_peering::inspect::Inspection;
use consul_peering::lint::acceptance::Acceptance;
use consul_peering::lint::context::{CaEntry, Context, WARN_BEFORE};
use consul_peering::lint::report::{Report, RuleSet, ValidatedToken};
use consul_peering::lint::rule::Severity;
use consul_peering::render::{json, junit, pretty, sarif, yaml};
use consul_peering::token::recover::recover;
use consul_peering::token::{Token, decode, encode};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let now = Timestamp::from_second(1_795_000_000).unwrap();
    let word = Acceptance::of_text(text);
    let decoded = decode(text);
    assert!(decoded.is_ok() || !word.accepted, "Consul takes what it cannot read");
    assert_eq!(word.accepted, word.message.is_none());
    if let Ok(decoded) = &decoded {
        stays_as_it_is(&decoded.token);
    }
    let read = |entry: &str| Arc::new(CaEntry::read(entry));
    let facts = Context::gather(text, decoded.as_ref(), now, WARN_BEFORE, read);
    let report = Report::of(&facts, &RuleSet::all());
    drop(facts);
    assert_eq!(report.consul, word, "a report tells another word of Consul's");
    let validated = [Ok(ValidatedToken { source: "argument".to_owned(), decoded, report })];
    let renderings = [
        pretty::reports(validated.iter().flatten(), 80),
        sarif::render(&validated),
        junit::render(&validated, Severity::Error),
    ];
    for rendered in &renderings {
        // A finding may name a field, whose name is as long as its author likes; but it names it a few times only.
        assert!(
            rendered.len() <= 128 * 1024 + 512 * text.len(),
            "{} bytes for {}",
            rendered.len(),
            text.len()
        );
    }
    assert!(!renderings[0].contains('\u{1b}') || !text.contains(&0x1b) || !raw_escape(&renderings[0]));
    if let Ok(recovered) = recover(text) {
        stays_as_it_is(&recovered.decoded.token);
        let secret = recovered.decoded.token.establishment_secret.clone();
        let rest = without_secret(&recovered.decoded.token);
        let inspection = Inspection::new("argument".to_owned(), recovered, now, false);
        let shown =
            [json::render(&inspection), yaml::render(&inspection), pretty::inspection(&inspection, 80)];
        // A long secret that stands nowhere else in the token must be nowhere in what is shown.
        if secret.expose().len() >= 16 && !rest.contains(secret.expose()) {
            assert!(shown.iter().all(|text| !text.contains(secret.expose())), "a secret is shown");
        }
    }
});

/// What was read is written, and reads as the same.
fn stays_as_it_is(token: &Token) {
    let again = decode(encode(token).as_bytes()).expect("what was written can be read");
    let mut expected = token.clone();
    // Tokens of 1.13 have no `Remote`; today's Consul writes an empty one.
    expected.remote.get_or_insert_default();
    assert!(again.token == expected, "a token changes by being written");
    assert!(again.observations.is_empty(), "what was written is remarkable");
}

/// Everything that the token says but its secret.
fn without_secret(token: &Token) -> String {
    format!("{:?}", Token { establishment_secret: "".into(), ..token.clone() })
}

/// Whether there is an escape that no colour begins with.
fn raw_escape(rendered: &str) -> bool {
    rendered.split('\u{1b}').skip(1).any(|after| !after.starts_with('['))
}
