//! The checks: each is whole, fires on its fixture, and is quiet on the nearest token without the fault.
//!
//! `UPDATE_FIXTURES=1 cargo test` writes every `finding.txt` anew, `UPDATE_DOCS=1 cargo test` the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use consul_peering::lint::acceptance::Acceptance;
use consul_peering::lint::context::{CaEntry, Context};
use consul_peering::lint::report::{Finding, Report, RuleSet};
use consul_peering::lint::rule::{Area, Check, Severity};
use consul_peering::lint::rules::{self, ALL};
use consul_peering::token::decode;
use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::peering::{fixture, recorded_tokens};

/// One second of the day after the recordings.
const NOW: &str = "2026-11-24T00:00:00Z";

fn report(text: &[u8]) -> Report {
    let decoded = decode(text);
    let (now, month) = (NOW.parse::<Timestamp>().unwrap(), SignedDuration::from_hours(30 * 24));
    let read = |entry: &str| Arc::new(CaEntry::read(entry));
    Report::of(&Context::gather(text, decoded.as_ref(), now, month, read), &RuleSet::all())
}

fn path(check: &Check, file: &str) -> PathBuf {
    fixture("checks").join(check.name).join(file)
}

fn text(check: &Check, file: &str) -> Vec<u8> {
    let path = path(check, file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> String {
    findings.into_iter().fold(String::new(), |mut lines, finding| {
        writeln!(lines, "{} {} {}", finding.severity, finding.path, finding.message).unwrap();
        lines
    })
}

#[test]
fn every_check_is_whole() {
    let mut names = BTreeSet::new();
    for check in ALL {
        let name = check.name;
        assert!(names.insert(name), "{name} twice");
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(name.split('-').all(is_word), "{name} is not kebab-case");
        for text in [check.summary, check.why, check.remedy] {
            assert!(text.ends_with('.') && text.trim() == text, "{name}: {text}");
        }
        assert!(
            !check.source.is_empty() && !check.source.ends_with('.'),
            "{name}: the page puts the full stop"
        );
        assert_eq!(check.summary.matches(". ").count(), 0, "{name}: a summary is one sentence");
        assert_eq!(rules::find(name).map(|found| found.name), Some(name));
    }
    assert!(ALL.is_sorted_by_key(|check| check.area), "the checks stand in the order of their areas");
}

#[test]
fn no_fixture_is_left_of_a_check_that_is_gone() {
    let folders = fs::read_dir(fixture("checks")).unwrap().map(|entry| entry.unwrap().file_name());
    for folder in folders {
        assert!(rules::find(folder.to_str().unwrap()).is_some(), "{}", folder.display());
    }
}

#[test]
fn every_check_fires_on_its_fixture_and_says_what_it_found() {
    let mut wrong = Vec::new();
    for check in ALL {
        let report = report(&text(check, "fires.txt"));
        let found = lines(report.findings.iter().filter(|finding| finding.check == check.name));
        if update("UPDATE_FIXTURES") {
            fs::write(path(check, "finding.txt"), &found).unwrap();
        }
        let expected = fs::read_to_string(path(check, "finding.txt")).unwrap_or_default();
        if found.is_empty() || found != expected {
            wrong.push(format!("{}:\n{found}instead of\n{expected}", check.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_is_quiet_on_what_is_nearly_a_fault() {
    for check in ALL {
        let report = report(&text(check, "quiet.txt"));
        let found = lines(report.findings.iter().filter(|finding| finding.check == check.name));
        assert_eq!(found, "", "{}", check.name);
    }
}

#[test]
fn no_finding_shows_the_secret() {
    const SECRET: &str = "9d8c7b6a-5f4e-4d3c-8b2a-190817263544";
    for check in ALL {
        for file in ["fires.txt", "quiet.txt"] {
            let text = text(check, file);
            let report = format!("{:?}", report(&text));
            assert!(!report.contains(SECRET), "{} {file}", check.name);
            let long = String::from_utf8_lossy(&text);
            let long = long.trim();
            assert!(long.len() < 40 || !report.contains(long), "{} {file}", check.name);
        }
    }
}

#[test]
fn the_page_of_checks_is_up_to_date() {
    let path = fixture("..").join("docs/checks.md");
    let page = consul_peering::lint::docs::markdown();
    if update("UPDATE_DOCS") {
        fs::write(&path, &page).unwrap();
    }
    for check in ALL {
        assert!(page.contains(&format!("\n### {}\n", check.name)), "{}", check.name);
        assert!(page.contains(&format!("](#{})", check.name)), "{}", check.name);
    }
    assert!(
        fs::read_to_string(path).unwrap_or_default() == page,
        "docs/checks.md is stale: run UPDATE_DOCS=1 cargo test"
    );
}

/// The checks of what Consul refuses, each with the beginning of Consul's message for its fixture. The other errors are
/// what cannot work although Consul accepts it.
fn refused_by_consul() -> BTreeMap<&'static str, &'static str> {
    let base64 = "failed to decode token: illegal base64 data at input byte ";
    BTreeMap::from([
        ("address-invalid", "2001:db8::7:8503 is not a valid peering server address"),
        ("addresses-missing", "peering token server addresses value is empty"),
        ("base64-no-padding", base64),
        ("base64-url-alphabet", base64),
        ("blanks-in-text", base64),
        ("byte-order-mark", base64),
        ("ca-unparsable", "peering token invalid CA: no PEM-encoded data found"),
        ("empty", base64),
        ("encoded-twice", "invalid character 'e' looking for beginning of value"),
        ("escaped-line-breaks", base64),
        (
            "field-type",
            "json: cannot unmarshal string into Go struct field PeeringToken.ServerAddresses of type []string",
        ),
        ("is-a-jwt", base64),
        ("is-an-acl-token", base64),
        ("is-pem", base64),
        ("more-than-the-token", base64),
        ("not-base64", base64),
        ("not-encoded", base64),
        ("not-json", "invalid character 'u' looking for beginning of value"),
        ("peer-id-missing", "peering token peer ID value is empty"),
        ("quoted", base64),
        ("server-name-missing", "peering token server name value is empty"),
        ("truncated", "unexpected end of JSON input"),
    ])
}

#[test]
fn consul_refuses_exactly_where_an_error_says_so() {
    let refused = refused_by_consul();
    for check in ALL {
        let word = Acceptance::of_text(&text(check, "fires.txt"));
        match (refused.get(check.name), word.message) {
            (Some(expected), Some(message)) => {
                assert_eq!(check.severity, Severity::Error, "{}", check.name);
                assert!(message.starts_with(expected), "{}: {message}", check.name);
            }
            (None, None) => {}
            (expected, message) => panic!("{}: {message:?} instead of {expected:?}", check.name),
        }
    }
}

/// On thousands of tokens that a real Consul took or refused.
#[test]
fn what_consul_refuses_has_a_finding_that_says_so_and_nothing_else_has() {
    let refusing = refused_by_consul();
    let mut wrong = Vec::new();
    for line in fs::read_to_string(fixture("verdicts/verdicts.jsonl")).unwrap().lines() {
        let verdict: serde_json::Value = serde_json::from_str(line).unwrap();
        let report = report(verdict["token"].as_str().unwrap().as_bytes());
        let refusals =
            report.findings.iter().map(|finding| finding.check).filter(|name| refusing.contains_key(name));
        let refusals: Vec<&str> = refusals.collect();
        if refusals.is_empty() != report.consul.accepted {
            wrong.push(format!("{} {:?} {refusals:?}", verdict["id"], report.consul.message));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #[test]
    fn any_text_gets_a_report(text: Vec<u8>) {
        report(&text);
    }

    #[test]
    fn any_fields_get_a_report(texts: [String; 8], datacenter in proptest::option::of(".{0,9}")) {
        let [ca, manual, server, name, peer, secret, partition, key] = &texts;
        let remote = datacenter.map(|datacenter| json!({"Partition": partition, "Datacenter": datacenter}));
        let token = json!({
            "CA": [ca], "ManualServerAddresses": [manual], "ServerAddresses": [server, format!("{server}:8503")],
            "ServerName": name, "PeerID": peer, "EstablishmentSecret": secret, "Remote": remote, key: key,
        });
        report(BASE64_STANDARD.encode(token.to_string()).as_bytes());
    }
}

#[test]
fn a_text_that_cannot_be_decoded_has_one_general_finding_and_one_cause_at_most() {
    let general = ["not-base64", "not-json", "field-type", "empty"];
    for check in ALL.iter().filter(|check| check.area == Area::Text) {
        let text = text(check, "fires.txt");
        let report = report(&text);
        if decode(&text).is_ok() {
            continue;
        }
        let (generals, causes): (Vec<_>, Vec<_>) =
            report.findings.iter().map(|finding| finding.check).partition(|name| general.contains(name));
        assert_eq!(generals.len(), 1, "{}: {generals:?}", check.name);
        assert!(causes.len() <= 1, "{}: {causes:?}", check.name);
    }
}

#[test]
fn recorded_tokens_have_no_findings_but_true_ones() {
    let mut page = String::new();
    for (name, text) in recorded_tokens() {
        let report = report(text.as_bytes());
        writeln!(page, "{name}\n{}", lines(&report.findings)).unwrap();
    }
    assert_snapshot!("recorded_tokens", page);
}

#[test]
fn the_worst_comes_first_and_then_the_order_of_the_token() {
    let report = report(&text(rules::find("addresses-missing").unwrap(), "fires.txt"));
    assert_eq!(report.findings.len(), 1);
    for check in ALL {
        let findings = self::report(&text(check, "fires.txt")).findings;
        assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)), "{}", check.name);
    }
    let several = self::report(&text(rules::find("address-private").unwrap(), "fires.txt")).findings;
    let paths: Vec<&str> = several.iter().map(|finding| &*finding.path).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn a_check_that_did_not_run_says_why() {
    let reasons = |name: &str, file: &str| {
        let report = report(&text(rules::find(name).unwrap(), file));
        assert_eq!(
            report.passed + report.not_applied.len() + distinct(&report.findings),
            ALL.len(),
            "each check passed, did not run or found something"
        );
        report.not_applied.iter().map(|it| (it.because, it.check)).collect::<BTreeMap<_, _>>()
    };
    let damaged = reasons("not-base64", "fires.txt");
    assert_eq!(damaged.into_keys().collect::<Vec<_>>(), ["the token could not be decoded"]);
    let plain = reasons("ca-missing", "fires.txt");
    assert_eq!(plain.into_keys().collect::<Vec<_>>(), ["the token has no CA"]);
    let nowhere = reasons("addresses-missing", "fires.txt");
    assert_eq!(nowhere.into_keys().collect::<Vec<_>>(), ["the token has no addresses"]);
    let old = reasons("server-name-malformed", "quiet.txt");
    assert_eq!(
        old.into_iter().collect::<Vec<_>>(),
        [("the token does not tell its datacenter; Consul 1.13 wrote none", "datacenter-mismatch")]
    );
    assert_eq!(reasons("not-base64", "quiet.txt"), BTreeMap::new());
}

fn distinct(findings: &[Finding]) -> usize {
    findings.iter().map(|finding| finding.check).collect::<BTreeSet<_>>().len()
}

#[test]
fn a_token_full_of_faults_takes_no_time_and_little_room() {
    let addresses = vec!["\"a.example.net:1\""; 100_000].join(",");
    let token = format!("{{\"ServerAddresses\":[{addresses}],\"PeerID\":\"x\"}}");
    let report = report(BASE64_STANDARD.encode(token).as_bytes());
    let repeated: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.check == "address-duplicate").collect();
    assert_eq!(repeated.len(), 101);
    assert_eq!(repeated[100].message, "and 99899 more, which are not listed");
}

#[test]
fn faults_that_decoding_only_counted_are_counted_by_their_checks() {
    for (check, key, value) in [
        ("unknown-field", "\"x\"", "0"),
        ("field-case", "\"peerid\"", "\"x\""),
        ("duplicate-field", "\"PeerID\"", "\"x\""),
        ("invalid-utf8", "\"PeerID\"", "\"\\ud800\""),
    ] {
        let field = format!("{key}:{value}");
        let token = format!("{{{}}}", vec![field; 1000].join(","));
        let report = report(BASE64_STANDARD.encode(token).as_bytes());
        let found: Vec<&Finding> = report.findings.iter().filter(|finding| finding.check == check).collect();
        assert_eq!(found.len(), 101, "{check}");
        let first = if check == "duplicate-field" { 999 } else { 1000 };
        assert_eq!(found[100].message, format!("and {} more, which are not listed", first - 100), "{check}");
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so by a variable")]
fn update(what: &str) -> bool {
    std::env::var_os(what).is_some()
}
