//! `peering stale` with recorded tokens and snapshots.

use insta::{assert_snapshot, with_settings};
use serde_json::Value;

use crate::peering::{Finished, Peering, fixture, guard};

fn cases(recorded: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(fixture(&format!("consul/{recorded}/cases.json"))).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    for case in &cases {
        guard(case["token"].as_str().unwrap());
    }
    cases
}

fn snapshot(recorded: &str) -> Vec<u8> {
    std::fs::read(fixture(&format!("consul/{recorded}/state.snap"))).unwrap()
}

fn token(case: &Value) -> &str {
    case["token"].as_str().unwrap()
}

/// Hides the ages of times, which grow.
fn without_ages(text: &str) -> String {
    let age = regex::Regex::new(r" \(\d+ (s|min|h|days|years)\s+ago\)").unwrap();
    age.replace_all(text, " ([AGE] ago)").into_owned()
}

fn stale(arguments: &[&str], tokens: &[&str]) -> Peering {
    let mut peering = Peering::new()
        .args(["stale", "-offline"].iter().chain(arguments))
        .file("state.snap", snapshot("staleness"));
    for (at, token) in tokens.iter().enumerate() {
        peering = peering.file(&format!("token{at}"), token);
    }
    peering
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap()
}

#[test]
fn recorded_cases_have_the_expected_verdicts_and_exit_codes() {
    let mut compared = 0;
    for recorded in ["staleness", "versions/v1.13", "versions/v1.14", "versions/v1.20"] {
        for case in cases(recorded) {
            let finished = Peering::new()
                .args(["stale", "-offline", "@token", "-snapshot", "state.snap", "-format", "json"])
                .file("state.snap", snapshot(recorded))
                .file("token", token(&case))
                .run();
            let expected = case["expected"]["snapshot"].as_str().unwrap();
            let output = json(&finished);
            assert_eq!(output["verdict"], expected, "{recorded}: {}", case["why"]);
            assert_eq!(output["tokens"][0]["verdict"], expected, "{recorded}: {}", case["why"]);
            let status = match expected {
                "current" => 0,
                "undetermined" => 3,
                _ => 1,
            };
            assert_eq!(
                (finished.status, finished.stderr.as_str()),
                (status, ""),
                "{recorded}: {}",
                case["why"]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 34);
}

#[test]
fn the_output_starts_with_the_verdict() {
    let cases = cases("staleness");
    for (at, name) in [(0, "current"), (1, "superseded"), (3, "spent"), (9, "orphaned")] {
        let finished = stale(&["@token0", "-snapshot", "state.snap", "-offline"], &[token(&cases[at])]).run();
        with_settings!({ snapshot_suffix => name }, { assert_snapshot!("stale", without_ages(&finished.stdout)) });
    }
    let old = Peering::new()
        .args(["stale", "-offline", "@token", "-snapshot", "state.snap"])
        .file("state.snap", snapshot("versions/v1.13"))
        .file("token", token(&self::cases("versions/v1.13")[0]))
        .run()
        .status(3);
    with_settings!({ snapshot_suffix => "consul-1.13" }, { assert_snapshot!("stale", without_ages(&old.stdout)) });
    let elsewhere = Peering::new()
        .args(["stale", "-offline", "@token", "-snapshot", "state.snap"])
        .file("state.snap", snapshot("versions/v1.20"))
        .file("token", token(&cases[0]))
        .run()
        .status(3);
    with_settings!({ snapshot_suffix => "another-cluster" }, { assert_snapshot!("stale", without_ages(&elsewhere.stdout)) });
}

#[test]
fn without_sources_the_verdict_is_undetermined() {
    let cases = cases("staleness");
    let finished = stale(&["@token0", "-offline", "-name", "fresh"], &[token(&cases[0])]).run().status(3);
    assert_snapshot!("stale_offline", finished.stdout);
}

#[test]
fn several_tokens_of_one_name_are_ordered() {
    let cases = cases("staleness");
    let tokens = [token(&cases[1]), token(&cases[2])];
    let arguments = ["@token0", "@token1", "-snapshot", "state.snap"];
    let finished = stale(&arguments, &tokens).run().status(1);
    assert_snapshot!("stale_several", without_ages(&finished.stdout));
    let finished = stale(&[&arguments[..], &["-format", "json"]].concat(), &tokens).run().status(1);
    assert_eq!(json(&finished)["verdict"], "superseded");
    assert_eq!(json(&finished)["orders"][0]["newest_first"], serde_json::json!([1, 0]));
    assert_snapshot!("stale_json", finished.stdout);
    let finished = stale(&["@token1", "-snapshot", "state.snap", "-format", "yaml"], &tokens).run().status(0);
    assert_snapshot!("stale_yaml", finished.stdout);
}

#[test]
fn a_snapshot_satisfies_require_proven() {
    let cases = cases("staleness");
    for (at, status) in [(0, 0), (1, 1)] {
        stale(&["@token0", "-snapshot", "state.snap", "-require", "proven"], &[token(&cases[at])])
            .run()
            .status(status);
    }
}

#[test]
fn an_invalid_snapshot_is_an_error_with_a_remedy() {
    let cases = cases("staleness");
    let whole = snapshot("staleness");
    let mut output = String::new();
    for (what, bytes) in [
        ("a token", token(&cases[0]).as_bytes().to_vec()),
        ("empty", Vec::new()),
        ("the first half", whole[..whole.len() / 2].to_vec()),
        ("a changed byte", {
            let mut damaged = whole.clone();
            damaged[whole.len() / 2] ^= 1;
            damaged
        }),
    ] {
        let finished =
            stale(&["@token0", "-snapshot", "other"], &[token(&cases[0])]).file("other", bytes).run();
        let finished = finished.status(2);
        assert_eq!(finished.stdout, "");
        output += &format!("--- {what}\n{}", finished.stderr);
    }
    output += "--- missing\n";
    output += &stale(&["@token0", "-snapshot", "missing"], &[token(&cases[0])]).run().status(2).stderr;
    assert_snapshot!("stale_no_snapshot", output);
}

#[test]
fn an_input_without_a_token_exits_with_status_2() {
    let finished = Peering::new().args(["stale", "nonsense", "-offline"]).run().status(2);
    assert_eq!(finished.stdout, "");
    assert!(
        finished.stderr.starts_with("Error: nonsense is neither a file nor a peering token"),
        "{}",
        finished.stderr
    );
}
