//! A token's text: read, written again, put right, judged and rendered.
#![no_main]

use consul_peering::inspect::Inspection;
use consul_peering::lint::{Acceptance, Options, Reference, Severity, ValidatedToken, check};
use consul_peering::render::{json, junit, pretty, sarif, yaml};
use consul_peering::token::recover::recover;
use consul_peering::token::{Token, decode, encode};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let now = Timestamp::from_second(1_795_000_000).unwrap();
    let consul = Acceptance::of_text(text, Reference::default());
    assert_eq!(consul.accepted, consul.message.is_none());
    let report = check(text, &Options::new(now));
    assert_eq!(report.consul, consul, "the report contains another verdict of Consul's");
    assert!(report.decoded.is_ok() || !consul.accepted, "Consul accepts a text that it cannot decode");
    if let Some(token) = report.token() {
        stays_as_it_is(token);
    }
    let validated = [Ok(ValidatedToken { source: "argument".to_owned(), report })];
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
        let inspection = Inspection::new("argument".to_owned(), recovered, &Options::new(now), false);
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
