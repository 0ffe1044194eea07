//! Decodes, encodes, repairs, validates and renders the text of a token.
#![no_main]

use consul_peering::inspect::Inspection;
use consul_peering::lint::{Acceptance, Options, Reference, Severity, ValidatedToken, check};
use consul_peering::render::pretty::{Detail, Screen};
use consul_peering::render::{html, json, junit, pretty, sarif, yaml};
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
        round_trip(token);
    }
    let validated = [Ok(ValidatedToken {
        source: "argument".to_owned(),
        file: None,
        place: None,
        extracted_from: None,
        report,
    })];
    let screen = Screen { width: 80, ascii: false, detail: Detail::Long, hints: true, now, aliases: None };
    let renderings = [
        pretty::reports(validated.iter().flatten(), &screen),
        sarif::render(&validated),
        junit::render(&validated, Severity::Error),
        html::reports(&validated, &screen),
    ];
    for rendered in &renderings {
        // A finding may repeat a field name of any length a few times.
        assert!(
            rendered.len() <= 128 * 1024 + 512 * text.len(),
            "{} bytes for {}",
            rendered.len(),
            text.len()
        );
    }
    assert!(!renderings[0].contains('\u{1b}') || !text.contains(&0x1b) || !raw_escape(&renderings[0]));
    assert!(!renderings[3].contains("<script"), "a token can add an element to a report");
    if let Ok(recovered) = recover(text) {
        round_trip(&recovered.decoded.token);
        let secret = recovered.decoded.token.establishment_secret.clone();
        let other_fields = without_secret(&recovered.decoded.token);
        let inspection = Inspection::new("argument".to_owned(), recovered, &Options::new(now), false);
        let outputs =
            [json::render(&inspection), yaml::render(&inspection), pretty::inspection(&inspection, &screen)];
        // Unless the secret also occurs elsewhere in the token, no output contains it.
        if secret.expose().len() >= 16 && !other_fields.contains(secret.expose()) {
            assert!(
                outputs.iter().all(|text| !text.contains(secret.expose())),
                "the output contains the secret"
            );
        }
    }
});

/// Checks that encoding and decoding returns the same token.
fn round_trip(token: &Token) {
    let again = decode(encode(token).as_bytes()).expect("an encoded token can be decoded");
    let mut expected = token.clone();
    // Tokens of Consul 1.13 have no `Remote`; current Consul writes an empty one.
    expected.remote.get_or_insert_default();
    assert!(again.token == expected, "a token changes when it is encoded");
    assert!(again.observations.is_empty(), "an encoded token has observations");
}

/// Returns all fields of a token except the secret.
fn without_secret(token: &Token) -> String {
    format!("{:?}", Token { establishment_secret: "".into(), ..token.clone() })
}

/// Returns whether the text has an escape that does not start a color.
fn raw_escape(rendered: &str) -> bool {
    rendered.split('\u{1b}').skip(1).any(|after| !after.starts_with('['))
}
