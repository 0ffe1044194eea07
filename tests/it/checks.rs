//! The checks: each is complete, fires on its fixture, and does not fire on a similar token without the problem.
//!
//! `UPDATE_FIXTURES=1 cargo test` writes each `finding.txt`, and `UPDATE_DOCS=1 cargo test` writes `docs/checks.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use consul_peering::checks;
use consul_peering::inspect::{Inspection, field};
use consul_peering::lint::rules;
use consul_peering::lint::{Acceptance, Area, Check, Finding, Options, Reference, Report, Severity, check};
use consul_peering::token::decode;
use consul_peering::token::recover::recover;
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use crate::peering::{fixture, recorded_tokens, token_json};

/// A time on the day after the recordings.
const NOW: &str = "2026-11-24T00:00:00Z";

fn report(text: &[u8]) -> Report {
    check(text, &Options::new(NOW.parse().unwrap()))
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
fn every_path_of_a_finding_is_a_field_or_an_error_with_a_reason() {
    let mut paths = BTreeMap::<String, String>::new();
    for check in rules::checks() {
        let text = text(check, "fires.txt");
        let options = Options::new(NOW.parse().unwrap());
        let Ok(recovered) = recover(&text) else { continue };
        let inspection = Inspection::new("argument".to_owned(), recovered, &options, false);
        for finding in &inspection.findings {
            let outcome = match field(&inspection, &finding.path) {
                Ok(value) => format!("{} bytes", value.len()),
                Err(error) => error.to_string(),
            };
            paths.insert(finding.path.to_string(), outcome);
        }
        // The paths of the text as it was given, before it was repaired.
        for finding in report(&text).findings {
            if let Err(error) = field(&inspection, &finding.path) {
                assert!(!error.to_string().is_empty(), "{}", finding.path);
            }
        }
    }
    assert_snapshot!(
        "paths",
        paths.iter().fold(String::new(), |mut lines, (path, outcome)| {
            writeln!(lines, "{path}: {outcome}").unwrap();
            lines
        })
    );
}

#[test]
fn a_token_with_many_cas_is_examined_in_part() {
    let valid = json_of("one-server")["CA"][0].clone();
    let token = |cas: &[serde_json::Value]| {
        let mut token = json_of("one-server");
        token["CA"] = cas.into();
        report(BASE64_STANDARD.encode(token.to_string()).as_bytes())
    };
    let mut cas = vec![valid; 150];
    let report = token(&cas);
    assert!(report.consul.accepted);
    assert_eq!((report.ca_entries.len(), report.unexamined_cas), (100, 50));
    let unread: Vec<_> = report.findings.iter().filter(|finding| finding.check == "ca-unread").collect();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0].message, "the token has 150 CAs; this tool examines the first 100");
    cas[120] = json!("damaged");
    cas[130] = json!("damaged, too");
    let report = token(&cas);
    assert_eq!(
        report.consul.message.as_deref(),
        Some("peering token invalid CA: no PEM-encoded data found"),
        "Consul's verdict is about all entries"
    );
    assert_eq!(report.findings[0].check, "ca-unparsable");
    assert_eq!(report.findings[0].path, "CA[120]");
}

fn json_of(name: &str) -> serde_json::Value {
    let text = fs::read_to_string(fixture("tokens").join(format!("{name}.txt"))).unwrap();
    token_json(text.trim())
}

#[test]
fn trust_domains_are_compared_without_regard_to_case() {
    let mut token = json_of("one-server");
    for name in ["ServerName", "CA"] {
        let upper = match &token[name] {
            serde_json::Value::String(text) => json!(text.to_uppercase()),
            other => other.clone(),
        };
        token[name] = upper;
    }
    let report = report(BASE64_STANDARD.encode(token.to_string()).as_bytes());
    let names: Vec<&str> = report.findings.iter().map(|finding| finding.check).collect();
    for check in ["trust-domain-mismatch", "datacenter-mismatch", "server-name-malformed"] {
        assert!(!names.contains(&check), "{names:?}");
    }
    let trust_domain = report.token().unwrap().trust_domain().unwrap();
    assert_eq!(trust_domain.to_lowercase(), "945d0751-4020-19b5-9e48-55fd8516c7a3.consul");
}

#[test]
fn every_check_is_complete() {
    let mut names = BTreeSet::new();
    for check in checks::all() {
        let name = check.name;
        assert!(names.insert(name), "{name} is not unique");
        let is_name_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(name.split('-').all(is_name_part), "{name} is not kebab-case");
        for text in [check.summary, check.why, check.remedy] {
            assert!(text.ends_with('.') && text.trim() == text, "{name}: {text}");
        }
        assert!(
            !check.source.is_empty() && !check.source.ends_with('.'),
            "{name}: docs/checks.md adds the period"
        );
        assert_eq!(check.summary.matches(". ").count(), 0, "{name}: a summary is one sentence");
        assert_eq!(checks::find(name).map(|found| found.name), Some(name));
    }
    assert!(
        rules::checks().is_sorted_by_key(|check| check.area),
        "the checks are in the order of their areas"
    );
}

#[test]
fn every_fixture_belongs_to_a_check() {
    let directories = fs::read_dir(fixture("checks")).unwrap().map(|entry| entry.unwrap().file_name());
    for directory in directories {
        assert!(rules::find(directory.to_str().unwrap()).is_some(), "{}", directory.display());
    }
}

#[test]
fn every_check_fires_on_its_fixture() {
    let mut wrong = Vec::new();
    for check in rules::checks() {
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
fn every_check_is_quiet_on_a_similar_token_without_the_problem() {
    for check in rules::checks() {
        let report = report(&text(check, "quiet.txt"));
        let found = lines(report.findings.iter().filter(|finding| finding.check == check.name));
        assert_eq!(found, "", "{}", check.name);
    }
}

#[test]
fn no_finding_shows_the_secret() {
    const SECRET: &str = "9d8c7b6a-5f4e-4d3c-8b2a-190817263544";
    for check in rules::checks() {
        for file in ["fires.txt", "quiet.txt"] {
            let text = text(check, file);
            let report = report(&text);
            let report = format!("{:?} {:?}", report.consul, report.findings);
            assert!(!report.contains(SECRET), "{} {file}", check.name);
            let long = String::from_utf8_lossy(&text);
            let long = long.trim();
            assert!(long.len() < 40 || !report.contains(long), "{} {file}", check.name);
        }
    }
}

#[test]
fn the_documentation_of_checks_is_current() {
    let path = fixture("..").join("docs/checks.md");
    let page = checks::markdown();
    if update("UPDATE_DOCS") {
        fs::write(&path, &page).unwrap();
    }
    for check in checks::all() {
        assert!(page.contains(&format!("\n### {}\n", check.name)), "{}", check.name);
        assert!(page.contains(&format!("](#{})", check.name)), "{}", check.name);
    }
    assert!(
        fs::read_to_string(path).unwrap_or_default() == page,
        "docs/checks.md is outdated: run UPDATE_DOCS=1 cargo test"
    );
}

/// The checks for tokens that Consul rejects, each with the start of Consul's message for its fixture. Other errors are
/// about tokens that Consul accepts but that cannot work.
fn rejected_by_consul() -> BTreeMap<&'static str, &'static str> {
    let base64 = "failed to decode token: illegal base64 data at input byte ";
    BTreeMap::from([
        ("address-invalid", "2001:db8::7:8503 is not a valid peering server address"),
        ("addresses-missing", "peering token server addresses value is empty"),
        ("base64-no-padding", base64),
        ("base64-url-alphabet", base64),
        ("whitespace-in-text", base64),
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
        ("not-a-token", base64),
        ("not-base64", base64),
        ("not-encoded", base64),
        ("not-json", "invalid character 'u' looking for beginning of value"),
        ("peer-id-missing", "peering token peer ID value is empty"),
        ("quoted", base64),
        ("server-name-missing", "peering token server name value is empty"),
        ("utf-16", base64),
        ("truncated", "unexpected end of JSON input"),
    ])
}

#[test]
fn consul_rejects_exactly_the_fixtures_of_these_checks() {
    let rejected = rejected_by_consul();
    for check in rules::checks() {
        let consul = Acceptance::of_text(&text(check, "fires.txt"), Reference::default());
        match (rejected.get(check.name), consul.message) {
            (Some(expected), Some(message)) => {
                assert_eq!(check.severity, Severity::Error, "{}", check.name);
                assert!(message.starts_with(expected), "{}: {message}", check.name);
            }
            (None, None) => {}
            (expected, message) => panic!("{}: {message:?} instead of {expected:?}", check.name),
        }
    }
}

/// For thousands of tokens with the verdict of a real Consul.
#[test]
fn only_tokens_that_consul_rejects_have_a_finding_for_it() {
    let rejected = rejected_by_consul();
    let mut wrong = Vec::new();
    for line in fs::read_to_string(fixture("verdicts/verdicts.jsonl")).unwrap().lines() {
        let verdict: serde_json::Value = serde_json::from_str(line).unwrap();
        let report = report(verdict["token"].as_str().unwrap().as_bytes());
        let checks = report.findings.iter().map(|finding| finding.check);
        let checks: Vec<&str> = checks.filter(|name| rejected.contains_key(name)).collect();
        if checks.is_empty() != report.consul.accepted {
            wrong.push(format!("{} {:?} {checks:?}", verdict["id"], report.consul.message));
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
fn a_text_that_cannot_be_decoded_has_one_finding() {
    for check in rules::checks().filter(|check| check.area == Area::Text) {
        let text = text(check, "fires.txt");
        let report = report(&text);
        if decode(&text).is_ok() {
            continue;
        }
        let found: Vec<_> = report.findings.iter().map(|finding| finding.check).collect();
        assert_eq!(found, [check.name]);
    }
}

#[test]
fn recorded_tokens_have_the_expected_findings() {
    let mut list = String::new();
    for (name, text) in recorded_tokens() {
        let report = report(text.as_bytes());
        writeln!(list, "{name}\n{}", lines(&report.findings)).unwrap();
    }
    assert_snapshot!("recorded_tokens", list);
}

#[test]
fn findings_are_sorted_by_severity_and_then_by_path() {
    let report = report(&text(rules::find("addresses-missing").unwrap(), "fires.txt"));
    assert_eq!(report.findings.len(), 1);
    for check in rules::checks() {
        let findings = self::report(&text(check, "fires.txt")).findings;
        assert!(findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.severity)), "{}", check.name);
    }
    let several = self::report(&text(rules::find("address-private").unwrap(), "fires.txt")).findings;
    let paths: Vec<&str> = several.iter().map(|finding| &*finding.path).collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

#[test]
fn a_skipped_check_has_a_reason() {
    let reasons = |name: &str, file: &str| {
        let report = report(&text(rules::find(name).unwrap(), file));
        assert_eq!(
            report.passed + report.skipped.len() + distinct(&report.findings),
            rules::checks().len(),
            "each check passed, was skipped or has findings"
        );
        report.skipped.iter().map(|it| (it.reason, it.check)).collect::<BTreeMap<_, _>>()
    };
    let damaged = reasons("not-base64", "fires.txt");
    assert_eq!(damaged.into_keys().collect::<Vec<_>>(), ["the token cannot be decoded"]);
    let plain = reasons("ca-missing", "fires.txt");
    assert_eq!(plain.into_keys().collect::<Vec<_>>(), ["the token has no CA"]);
    let nowhere = reasons("addresses-missing", "fires.txt");
    assert_eq!(nowhere.into_keys().collect::<Vec<_>>(), ["the token has no addresses"]);
    let old = reasons("server-name-malformed", "quiet.txt");
    assert_eq!(
        old.into_iter().collect::<Vec<_>>(),
        [("the token does not contain its datacenter, as in tokens of Consul 1.13", "datacenter-mismatch")]
    );
    assert_eq!(reasons("not-base64", "quiet.txt"), BTreeMap::new());
}

fn distinct(findings: &[Finding]) -> usize {
    findings.iter().map(|finding| finding.check).collect::<BTreeSet<_>>().len()
}

#[test]
fn findings_are_truncated() {
    let addresses = vec!["\"a.example.net:1\""; 100_000].join(",");
    let token = format!("{{\"ServerAddresses\":[{addresses}],\"PeerID\":\"x\"}}");
    let report = report(BASE64_STANDARD.encode(token).as_bytes());
    let repeated: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.check == "address-duplicate").collect();
    assert_eq!(repeated.len(), 101);
    assert_eq!(repeated[100].message, "99899 more findings not listed");
}

#[test]
fn observations_that_decoding_only_counts_are_counted() {
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
        assert_eq!(found[100].message, format!("{} more findings not listed", first - 100), "{check}");
    }
}

#[expect(clippy::disallowed_methods, reason = "an environment variable requests the update")]
fn update(what: &str) -> bool {
    std::env::var_os(what).is_some()
}
