//! `peering audit judge`: facts to findings in each format.
//!
//! `fixtures/audit/mesh.jsonl` are the facts of a recorded mesh of four clusters. In `broken.jsonl`, a service is not
//! imported, one end is FAILING, one was deleted, and a fifth cluster is unreachable.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;
use serde_json::Value;

use crate::peering::{Finished, Peering, fixture};

/// A time shortly after the facts were read.
const NOW: &str = "2026-11-27T17:57:21Z";

fn facts(name: &str) -> String {
    std::fs::read_to_string(fixture("audit").join(name)).unwrap()
}

fn judge(arguments: &[&str]) -> Finished {
    let run = Peering::new().args(["audit", "judge", "-now", NOW]).args(arguments);
    run.file("mesh.jsonl", facts("mesh.jsonl")).file("broken.jsonl", facts("broken.jsonl")).run()
}

fn screen(arguments: &[&str], status: i32) -> String {
    judge(arguments).status(status).stdout
}

#[test]
fn a_healthy_mesh_is_one_table() {
    assert_snapshot!("healthy", screen(&["mesh.jsonl"], 0));
}

#[test]
fn problems_come_first() {
    assert_snapshot!("broken", screen(&["broken.jsonl"], 1));
    assert_snapshot!("broken_short", screen(&["broken.jsonl", "-short"], 1));
    assert_snapshot!("broken_long", screen(&["broken.jsonl", "-long"], 1));
}

#[test]
fn what_changed_is_shown() {
    assert_snapshot!("changes", screen(&["broken.jsonl", "-diff", "mesh.jsonl"], 1));
    assert_eq!(screen(&["mesh.jsonl", "-diff", "mesh.jsonl"], 0), "✓ Nothing changed.\n");
    assert_snapshot!("changes_back", screen(&["mesh.jsonl", "-diff", "broken.jsonl"], 0));
}

#[test]
fn a_mesh_of_many_clusters_fits_on_one_screen() {
    // Each copy has its own names, IDs and trust domains.
    let start_of_uuid = regex::Regex::new("[0-9a-f]{4}([0-9a-f]{4}-[0-9a-f]{4}-)").unwrap();
    let copies = (0..40).map(|copy| {
        let text = facts("broken.jsonl").replace("\"cluster\":\"", &format!("\"cluster\":\"c{copy}-"));
        start_of_uuid.replace_all(&text, format!("{copy:04x}$1")).into_owned()
    });
    let lines: String = copies.collect();
    let run = Peering::new().args(["audit", "judge", "-", "-now", NOW]).stdin(lines).run().status(1);
    assert!(run.stdout.lines().count() < 24, "{}", run.stdout);
    assert!(run.stdout.contains("40 of 200 clusters could not be read"), "{}", run.stdout);
}

#[test]
fn metrics_have_a_bounded_number_of_series() {
    let metrics = screen(&["broken.jsonl", "-format", "openmetrics"], 1);
    assert_snapshot!("metrics", metrics);
    let per_peering = screen(&["broken.jsonl", "-format", "openmetrics", "-metrics", "per-peering"], 1);
    assert_snapshot!(
        "metrics_of_one_peering",
        per_peering.lines().filter(|line| line.contains("to-dc32\"")).collect::<Vec<_>>().join("\n")
    );
    // A state that a server made up is no label.
    let odd = facts("mesh.jsonl").replace("\"ACTIVE\"", "\"x\\\"} 1\\n\"");
    let run =
        Peering::new().args(["audit", "judge", "-", "-now", NOW, "-format", "openmetrics"]).stdin(odd).run();
    assert!(run.stdout.contains("state=\"other\"") && !run.stdout.contains("x\\\""), "{}", run.stdout);
}

#[test]
fn values_of_labels_are_escaped() {
    let odd = facts("mesh.jsonl").replace("\"dc31\"", r#""a\"} 1\n\\b""#);
    let run =
        Peering::new().args(["audit", "judge", "-", "-now", NOW, "-format", "openmetrics"]).stdin(odd).run();
    assert!(run.stdout.contains(r#"peering_audit_cluster_up{cluster="a\"} 1\n\\b"} 1"#), "{}", run.stdout);
    for line in run.stdout.lines().filter(|line| !line.starts_with('#')) {
        let value = line.rsplit(' ').next().unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(run.stdout.ends_with("# EOF\n"));
}

#[test]
fn all_formats_report_the_same_findings() {
    let json: Value = serde_json::from_str(&screen(&["broken.jsonl", "-format", "json"], 1)).unwrap();
    assert_eq!((&json["status"], &json["version"]), (&"error".into(), &1.into()));
    let findings = json["findings"].as_array().unwrap();
    let names: Vec<&str> = findings.iter().map(|it| it["check"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["exports-not-imported", "peering-states-differ", "cluster-unreachable", "terminated-left-behind"]
    );
    assert_eq!(findings[0]["values"]["services"], serde_json::json!(["web"]));
    let jsonl = screen(&["broken.jsonl", "-format", "jsonl"], 1);
    let kinds =
        |kind: &str| jsonl.lines().filter(|line| line.contains(&format!("{{\"kind\":\"{kind}\""))).count();
    assert_eq!((kinds("cluster"), kinds("peering"), kinds("finding")), (5, 11, 4));
    let yaml = screen(&["broken.jsonl", "-format", "yaml"], 1);
    let yaml: Value = serde_json::from_value(serde_saphyr::from_str(&yaml).unwrap()).unwrap();
    assert_eq!(yaml, json);
    let sarif: Value = serde_json::from_str(&screen(&["broken.jsonl", "-format", "sarif"], 1)).unwrap();
    let run = &sarif["runs"][0];
    let rules: Vec<&str> =
        run["results"].as_array().unwrap().iter().map(|it| it["ruleId"].as_str().unwrap()).collect();
    assert_eq!(rules, names);
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let junit =
        quick_junit::Report::deserialize_from_str(&screen(&["broken.jsonl", "-format", "junit"], 1)).unwrap();
    let cases = junit.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let failed =
        cases.filter(|case| matches!(case.status, quick_junit::TestCaseStatus::NonSuccess { .. })).count();
    assert_eq!((junit.test_suites.len(), failed), (5, 3), "a warning is not a failure");
}

#[test]
fn the_order_and_number_of_files_do_not_matter() {
    let whole = screen(&["broken.jsonl", "-format", "json"], 1);
    let text = facts("broken.jsonl");
    let mut run = Peering::new().args(["audit", "judge", "-now", NOW, "-format", "json"]);
    for (number, line) in text.lines().enumerate() {
        let name = format!("shard-{}.jsonl", number * 7 % 16);
        run = run.file(&name, line).args([name.as_str()]);
    }
    let sharded = run.args(["broken.jsonl"]).file("broken.jsonl", &text).run().status(1).stdout;
    assert_eq!(sharded, whole);
}

#[test]
fn checks_and_severities_are_selected_like_those_of_validate() {
    let found = |arguments: &[&str], status: i32| {
        let arguments = [&["broken.jsonl", "-format", "json"], arguments].concat();
        let json: Value = serde_json::from_str(&screen(&arguments, status)).unwrap();
        json["findings"].as_array().unwrap().len()
    };
    assert_eq!(found(&["-only", "terminated-left-behind"], 0), 1);
    assert_eq!(found(&["-only", "terminated-left-behind", "-fail-on", "warning"], 1), 1);
    assert_eq!(found(&["-skip", "cluster-unreachable,exports-not-imported"], 1), 2);
    assert_eq!(
        found(&["-only", "terminated-left-behind", "-severity", "terminated-left-behind=error"], 1),
        1
    );
    let wrong = judge(&["broken.jsonl", "-only", "ca-expired"]).status(2);
    assert!(wrong.stderr.contains("no such check"), "{}", wrong.stderr);
}

#[test]
fn severities_of_the_configuration_file_reach_the_command_that_has_the_check() {
    let config = "[severity]\nterminated-left-behind = \"error\"\naddress-loopback = \"error\"\n";
    let run = |arguments: &[&str]| {
        let run = Peering::new().args(arguments).args(["-config", "c.toml"]).file("c.toml", config);
        run.file("broken.jsonl", facts("broken.jsonl")).run()
    };
    let audit = ["audit", "judge", "broken.jsonl", "-now", NOW, "-only", "terminated-left-behind", "-short"];
    assert_eq!(run(&audit).stderr, "");
    assert_eq!(run(&audit).status, 1);
    let token = fixture("tokens/one-server.txt").display().to_string();
    assert_eq!(run(&["validate", "-now", "2026-11-24", &token, "-short"]).status, 1);
    // Also those of a variable.
    let skip = Peering::new().env("PEERING_SKIP", "terminated-left-behind,address-loopback");
    let run = skip.args(["audit", "judge", "broken.jsonl", "-now", NOW, "-format", "json"]);
    let run = run.file("broken.jsonl", facts("broken.jsonl")).run().status(1);
    assert_eq!(
        (run.stderr.as_str(), run.stdout.contains("\"check\": \"terminated-left-behind\",\n      \"sev")),
        ("", false)
    );
}

#[test]
fn the_result_replaces_a_file_at_once() {
    let run =
        Peering::new().args(["audit", "judge", "broken.jsonl", "-format", "openmetrics", "-out", "p.prom"]);
    let run = run.file("broken.jsonl", facts("broken.jsonl")).file("p.prom", "old").run().status(1);
    assert_eq!(run.stdout, "");
    let written = std::fs::read_to_string(run.home.path().join("p.prom")).unwrap();
    assert!(written.starts_with("# HELP peering_audit_cluster_up ") && written.ends_with("# EOF\n"));
    let mode = std::fs::metadata(run.home.path().join("p.prom")).unwrap().permissions().mode();
    assert_eq!(mode & 0o044, 0o044, "an agent of another user collects it");
}

#[test]
fn a_file_that_is_not_facts_is_an_error_with_its_place() {
    let truncated = &facts("mesh.jsonl")[..3000];
    let run = Peering::new().args(["audit", "judge", "t.jsonl"]).file("t.jsonl", truncated).run().status(2);
    assert!(run.stderr.starts_with("Error: t.jsonl:4: not JSON, or truncated (column "), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    let token = fixture("tokens/one-server.txt").display().to_string();
    let run = Peering::new().args(["audit", "judge", &token]).run().status(2);
    assert!(run.stderr.contains("not JSON"), "{}", run.stderr);
    let run = judge(&["mesh.jsonl", "-diff", "broken.jsonl", "-format", "sarif"]).status(2);
    assert_eq!(
        run.stderr,
        "Error: -diff cannot be written in this format\n  Fix: use -format pretty, json or yaml\n"
    );
}

#[test]
fn redacted_facts_show_no_names() {
    for format in ["pretty", "json", "yaml", "jsonl", "sarif", "junit", "openmetrics", "html"] {
        let run = judge(&["broken.jsonl", "-redact", "-format", format]).status(1);
        for name in ["dc31", "to-dc32", "north", "10.3.0.7", "127.0.0.31", "6cbcfb90"] {
            assert!(!run.stdout.contains(name), "{format}: {name}\n{}", run.stdout);
        }
    }
}
