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
    let cases = consul_peering::lint::rules::checks().len() + 1;
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
    assert_eq!(certificates(&["-now", "2036-11-01", "-expires-within", "1w"]), Vec::<String>::new());
    assert_eq!(certificates(&["-now", "2036-11-21"]), ["ca-expired"]);
}

#[test]
fn consul_accepts_every_recorded_token() {
    for (name, token) in recorded_tokens() {
        let shown = json(&["-format", "json", &token]);
        // Consul generated this token with an address without a port, and rejects it.
        let accepted = name != "external-address-without-port";
        assert_eq!(shown["tokens"][0]["consul"]["accepted"], accepted, "{name}");
        assert_eq!(shown["tokens"][0]["consul"]["reference"], "2.1");
    }
}

#[test]
fn consul_2_1_generated_tokens_without_problems() {
    for entry in std::fs::read_dir(fixture("consul/versions/v2.1/tokens")).unwrap() {
        let token = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let shown = json(&["-format", "json", token.trim()]);
        let token = &shown["tokens"][0];
        assert_eq!(token["consul"]["accepted"], true, "{token}");
        for finding in token["findings"].as_array().unwrap() {
            // The recorded clusters have loopback addresses, and their clock was ahead of the test's.
            let expected = [
                "address-loopback",
                "address-private",
                "one-server-only",
                "addresses-overridden",
                "ca-not-yet-valid",
            ];
            assert!(expected.contains(&finding["check"].as_str().unwrap()), "{finding}");
        }
    }
}

#[test]
fn reference_selects_the_consul_whose_verdict_is_shown() {
    let lines = std::fs::read_to_string(fixture("verdicts/by-version.jsonl")).unwrap();
    let recorded: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let token = recorded["token"].as_str().unwrap();
    for (arguments, accepted, reference) in [
        (&[][..], false, "2.1"),
        (&["-reference", "2.1"], false, "2.1"),
        (&["-reference=1.22"], true, "1.22"),
        (&["-reference", "1.23"], true, "1.23"),
    ] {
        let with = |format: &str| {
            let all: Vec<&str> = arguments.iter().copied().chain(["-format", format, token]).collect();
            validate(&all).stdout
        };
        let shown: Value = serde_json::from_str(&with("json")).unwrap();
        let consul = &shown["tokens"][0]["consul"];
        assert_eq!((&consul["accepted"], &consul["reference"]), (&accepted.into(), &reference.into()));
        let line: Value = serde_json::from_str(&with("jsonl")).unwrap();
        assert_eq!(&line["consul"], consul);
        assert!(with("sarif").contains(&format!("Consul {reference}")));
        let long: Vec<&str> = arguments.iter().copied().chain(["-long", token]).collect();
        assert!(validate(&long).stdout.contains(&format!("Verdict of Consul {reference}\n")));
        let inspect = Peering::new()
            .args(["inspect", "-format", "json", token].iter().chain(arguments))
            .run()
            .status(0);
        let inspected: Value = serde_json::from_str(&inspect.stdout).unwrap();
        assert_eq!(&inspected["tokens"][0]["consul"], consul);
        let diagnose = Peering::new()
            .args(["diagnose", "-offline", "-format", "json", token].iter().chain(arguments))
            .run();
        let diagnosis: Value = serde_json::from_str(&diagnose.stdout).unwrap();
        assert_eq!(&diagnosis["consul"], consul);
    }
    validate(&["-reference", "1.9", token]).status(2);
}

#[test]
fn texts_and_lists_are_bounded_in_every_format() {
    let long = "h".repeat(100_000);
    let addresses: Vec<String> = (0..500).map(|number| format!("{long}{number}")).take(20).collect();
    let many: Vec<String> =
        (0..3_000).map(|number| format!("10.0.{}.{}:1", number / 250, number % 250)).collect();
    let cas = vec!["x"; 20_000];
    let mut unknown = serde_json::Map::new();
    unknown.insert(long.clone(), 1.into());
    for token in [
        serde_json::json!({"ServerAddresses": addresses, "PeerID": long, "ServerName": long}),
        serde_json::json!({"ServerAddresses": many, "PeerID": "p"}),
        serde_json::json!({"CA": cas, "ServerAddresses": ["h:1"], "PeerID": "p", "ServerName": "n"}),
        Value::Object(unknown),
    ] {
        let token = BASE64_STANDARD.encode(token.to_string());
        for format in ["pretty", "json", "jsonl", "sarif", "junit"] {
            let finished = Peering::new()
                .args(["validate", "-now", NOW, "-format", format, "@token"])
                .file("token", &token)
                .run();
            if format == "json" {
                let shown: Value = serde_json::from_str(&finished.stdout).unwrap();
                assert_bounded(&shown["tokens"][0]["findings"]);
                assert_bounded(&shown["tokens"][0]["consul"]);
            }
            // 100 findings of at most 4 KiB per check, each shown up to three times.
            assert!(finished.stdout.len() < 2_000_000, "{format}: {} bytes", finished.stdout.len());
        }
    }
}

/// Asserts that every text has at most 4 KiB.
fn assert_bounded(value: &Value) {
    match value {
        Value::String(text) => assert!(text.len() <= 4096, "{} bytes: {:.80}", text.len(), text),
        Value::Array(list) => list.iter().for_each(assert_bounded),
        Value::Object(fields) => fields.values().for_each(assert_bounded),
        _ => {}
    }
}

#[test]
fn usage_errors_name_the_fix() {
    let errors: Vec<String> = [
        &["-only", "ca-expird", "x"][..],
        &["-skip", "nonsense", "x"],
        &["-severity", "ca-expired=bad", "x"],
        &["-severity", "ca-expired", "x"],
        &["-expires-within", "soon", "x"],
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
    let error = "Error: cannot read @absent: no such file or directory\n  \
                 Likely cause: the name is misspelled, or relative to a different directory\n  \
                 Fix: check the path with ls\n";
    assert_eq!(finished.stderr, error);
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
    assert_eq!(message, "cannot read @absent: no such file or directory.");
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
                .args(["validate", "@token", &now, "-expires-within", before])
                .file("token", std::fs::read(fixture("tokens/one-server.txt")).unwrap())
                .run()
                .status(1);
            assert!(finished.stdout.contains(check), "{now} {before}: {}", finished.stdout);
        }
    }
}

#[test]
fn findings_are_lines_for_editors_and_annotations_for_github() {
    let run = |format: &str| {
        let peering =
            Peering::new().args(["validate", "east.token", "gone.token", "-now", NOW, "-format", format]);
        peering.file("east.token", format!("\"{}\"", token("three-servers"))).run().status(2).stdout
    };
    assert_eq!(
        run("line").lines().collect::<Vec<_>>(),
        [
            "east.token: error: consul-rejects-token: Consul rejects this token: failed to decode token: illegal base64 data \
             at input byte 0",
            "east.token: error: quoted: the token is in double quotes, the first at byte 0",
            "gone.token: error: unreadable: cannot read gone.token: no such file or directory",
        ]
    );
    let github = run("github");
    let quoted = "::error file=east.token,title=quoted::the token is in double quotes, the first at byte 0. Remove the";
    assert!(github.lines().any(|line| line.starts_with(quoted)), "{github}");
    assert!(github.contains("::error file=gone.token,title=unreadable::"), "{github}");
}

#[test]
fn every_text_of_sarif_is_a_sentence_and_every_rule_has_a_page() {
    let run = Peering::new().args(["validate", "fires.txt", "-format", "sarif"]);
    let fires = std::fs::read(fixture("checks/quoted/fires.txt")).unwrap();
    let sarif: Value = serde_json::from_str(&run.file("fires.txt", fires).run().status(1).stdout).unwrap();
    let run = &sarif["runs"][0];
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        assert!(rule["helpUri"].as_str().unwrap().starts_with("https://"), "{rule}");
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().unwrap().ends_with('.'), "{rule}");
        }
    }
    for result in run["results"].as_array().unwrap() {
        assert!(result["message"]["text"].as_str().unwrap().ends_with('.'), "{result}");
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "fires.txt");
    }
}
