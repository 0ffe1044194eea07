//! `peering validate`: Consul's verdict and our findings, in every format.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use insta::{assert_snapshot, with_settings};
use serde_json::Value;

use crate::peering::{Finished, Peering, fixture, recorded_tokens};

const NOW: &str = "2026-11-24T00:00:00Z";

fn token(name: &str) -> String {
    std::fs::read_to_string(fixture("tokens").join(format!("{name}.txt"))).unwrap().trim_end().to_owned()
}

/// A token that Consul rejects, with findings of every severity.
fn rejected() -> String {
    BASE64_STANDARD.encode(
        r#"{"CA":["nonsense"],"ServerAddresses":["10.0.0.1:8300","10.0.0.1:8300"],"ServerName":"x","PeerID":"y"}"#,
    )
}

fn validate(arguments: &[&str]) -> Finished {
    Peering::new().args(["validate", "-now", NOW].iter().chain(arguments)).run()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&validate(arguments).stdout).unwrap()
}

#[test]
fn the_page_shows_consuls_verdict_then_our_findings_with_remedies() {
    assert_snapshot!("accepted", validate(&[&token("external-addresses")]).status(0).stdout);
    assert_snapshot!("rejected", validate(&[&rejected()]).status(1).stdout);
    let quoted = format!("\"{}\"", token("one-server"));
    assert_snapshot!("quoted", validate(&[&quoted]).status(1).stdout);
}

#[test]
fn every_format_has_the_same_exit_code() {
    let (good, bad) = (token("three-servers"), rejected());
    for (token, status) in [(&good, 0), (&bad, 1)] {
        for format in ["pretty", "json", "jsonl", "sarif", "junit"] {
            let finished = validate(&["-format", format, token]).status(status);
            assert_eq!(finished.stderr, "", "{format}");
            let name = if status == 0 { "good" } else { "bad" };
            if format != "pretty" && format != "sarif" {
                with_settings!({ snapshot_suffix => format!("{name}-{format}") }, {
                    assert_snapshot!("format", finished.stdout);
                });
            }
        }
    }
}

#[test]
fn sarif_is_valid_and_contains_rule_location_and_values() {
    let mut schema: Value =
        serde_json::from_slice(&std::fs::read(fixture("schema/sarif-2.1.0.json")).unwrap()).unwrap();
    // The pattern for languages in OASIS's schema has an extra bracket. The document contains no language.
    schema["definitions"]["run"]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    schema["definitions"]["toolComponent"]["properties"]["language"]
        .as_object_mut()
        .unwrap()
        .remove("pattern");
    let schema = jsonschema::options().should_validate_formats(false).build(&schema).unwrap();
    for tokens in [vec![token("two-roots")], vec![rejected(), token("consul-1.13"), "damaged".to_owned()]] {
        let arguments: Vec<&str> =
            ["-format", "sarif"].into_iter().chain(tokens.iter().map(String::as_str)).collect();
        let document = json(&arguments);
        let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for result in document["runs"][0]["results"].as_array().unwrap() {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
    let finished = Peering::new().args(["validate", "-now", NOW, "-format", "sarif", "@tokens/a b.token"]);
    std::fs::create_dir(finished.home().join("tokens")).unwrap();
    let document: Value =
        serde_json::from_str(&finished.file("tokens/a b.token", rejected()).run().status(1).stdout).unwrap();
    assert_snapshot!("sarif_results", serde_json::to_string_pretty(&document["runs"][0]["results"]).unwrap());
}

#[test]
fn a_junit_parser_reads_the_document() {
    let finished = validate(&["-format", "junit", &rejected(), &token("one-server"), "\u{1b}[2J"]).status(1);
    let report = quick_junit::Report::deserialize_from_str(&finished.stdout).unwrap();
    assert_eq!(report.test_suites.len(), 3);
    let failed = |suite: &quick_junit::TestSuite| {
        let cases = suite.test_cases.iter();
        cases.filter(|case| matches!(case.status, quick_junit::TestCaseStatus::NonSuccess { .. })).count()
    };
    assert!(failed(&report.test_suites[0]) > 1);
    assert_eq!(failed(&report.test_suites[1]), 0);
    // Each suite has a case for Consul's verdict and one for each check.
    let cases = consul_peering::lint::rules::ALL.len() + 1;
    assert!(report.test_suites.iter().all(|suite| suite.test_cases.len() == cases));
}

#[test]
fn severities_and_thresholds_set_the_exit_code_unless_consul_rejects_the_token() {
    let good = token("one-server");
    for (arguments, status) in [
        (&[][..], 0),
        (&["-fail-on", "warning"], 1),
        (&["-fail-on", "warning", "-skip", "address-loopback"], 0),
        (&["-fail-on", "info", "-skip", "address-loopback"], 1),
        (&["-fail-on", "info", "-skip", "address-loopback,one-server-only"], 0),
        (&["-fail-on", "warning", "-severity", "address-loopback=info"], 0),
        (&["-severity", "one-server-only=error"], 1),
        (&["-severity=one-server-only=error", "-severity", "one-server-only=info"], 0),
        (&["-fail-on", "info", "-only", "ca-expired"], 0),
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain([good.as_str()]).collect();
        validate(&arguments).status(status);
    }
    // Skipping checks does not change Consul's verdict.
    let rejected = rejected();
    let shown = json(&["-only", "one-server-only", "-format", "json", &rejected]);
    assert_eq!((&shown["status"], &shown["tokens"][0]["status"]), (&"refused".into(), &"refused".into()));
    validate(&["-only", "one-server-only", &rejected]).status(1);
}

#[test]
fn now_and_warn_before_decide_which_certificates_are_reported() {
    let token = token("one-server");
    let checks = |arguments: &[&str]| -> Vec<String> {
        let arguments: Vec<&str> =
            ["validate", "-format", "json", &token].into_iter().chain(arguments.iter().copied()).collect();
        let shown: Value = serde_json::from_str(&Peering::new().args(arguments).run().stdout).unwrap();
        let findings = shown["tokens"][0]["findings"].as_array().unwrap().clone();
        findings.iter().map(|finding| finding["check"].as_str().unwrap().to_owned()).collect()
    };
    let certificates = |arguments: &[&str]| -> Vec<String> {
        checks(arguments).into_iter().filter(|check| check.starts_with("ca-")).collect()
    };
    assert_eq!(certificates(&["-now", "2026-11-24"]), Vec::<String>::new());
    assert_eq!(certificates(&["-now", "2026-11-23"]), ["ca-not-yet-valid"]);
    assert_eq!(certificates(&["-now", "2036-11-01"]), ["ca-expires-soon"]);
    assert_eq!(certificates(&["-now", "2036-11-01", "-warn-before", "1w"]), Vec::<String>::new());
    assert_eq!(certificates(&["-now", "2036-11-21"]), ["ca-expired"]);
}

#[test]
fn consul_accepts_every_recorded_token() {
    for (name, token) in recorded_tokens() {
        let shown = json(&["-format", "json", &token]);
        // Consul generated this token with an address without a port, and rejects it.
        let accepted = name != "external-address-without-port";
        assert_eq!(shown["tokens"][0]["consul"]["accepted"], accepted, "{name}");
        assert_eq!(shown["reference"], "Consul 1.23.0-dev, Go 1.26");
    }
}

#[test]
fn usage_errors_name_the_fix() {
    let errors: Vec<String> = [
        &["-only", "ca-expird", "x"][..],
        &["-skip", "nonsense", "x"],
        &["-severity", "ca-expired=bad", "x"],
        &["-severity", "ca-expired", "x"],
        &["-warn-before", "soon", "x"],
        &["-now", "tomorrow", "x"],
        &["-format", "xml", "x"],
        &["-formt", "json", "x"],
        &[],
        &["-batch", "x", "y"],
    ]
    .iter()
    .map(|arguments| format!("# {}\n{}", arguments.join(" "), validate(arguments).status(2).stderr))
    .collect();
    assert_snapshot!("usage_errors", errors.concat());
}

#[test]
fn an_unreadable_file_does_not_hide_other_tokens() {
    let finished = validate(&["@absent", &token("three-servers"), "-format=json"]).status(2);
    let shown: Value = serde_json::from_str(&finished.stdout).unwrap();
    let unreadable = &shown["tokens"][0];
    assert_eq!(shown["status"], "unreadable");
    let reason = "cannot read @absent: no such file or directory";
    assert_eq!((&unreadable["index"], &unreadable["status"]), (&1.into(), &"unreadable".into()));
    assert_eq!((&unreadable["source"], &unreadable["error"]), (&"@absent".into(), &reason.into()));
    assert_eq!(
        (&shown["tokens"][1]["index"], &shown["tokens"][1]["source"]),
        (&2.into(), &"argument".into())
    );
    assert_eq!(finished.stderr, "Error: cannot read @absent: no such file or directory\n");
}

/// Without the error, a CI job would pass.
#[test]
fn an_unreadable_file_is_an_error_in_every_document() {
    let shown =
        |format: &str| validate(&["@absent", &token("three-servers"), "-format", format]).status(2).stdout;
    let sarif: Value = serde_json::from_str(&shown("sarif")).unwrap();
    let invocation = &sarif["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let message = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(message, "cannot read @absent: no such file or directory");
    let junit = shown("junit");
    assert!(
        junit.contains(r#"errors="1""#) && junit.contains("<error message=\"cannot read @absent:"),
        "{junit}"
    );
}

#[test]
fn a_clock_that_is_centuries_off_is_accepted() {
    for (now, check) in [
        ("-009998-01-01T00:00:00Z", "ca-not-yet-valid"),
        ("1900-01-01", "ca-not-yet-valid"),
        ("9999-12-30", "ca-expired"),
    ] {
        for before in ["0d", "1000000d"] {
            let now = format!("-now={now}");
            let finished = Peering::new()
                .args(["validate", "@token", &now, "-warn-before", before])
                .file("token", std::fs::read(fixture("tokens/one-server.txt")).unwrap())
                .run()
                .status(1);
            assert!(finished.stdout.contains(check), "{now} {before}: {}", finished.stdout);
        }
    }
}
