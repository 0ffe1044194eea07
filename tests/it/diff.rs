//! `peering diff`: pairs of recorded tokens.

use insta::{assert_snapshot, with_settings};
use serde_json::Value;

use crate::peering::{Peering, recorded_tokens};

fn diff(first: &str, second: &str, arguments: &[&str]) -> Peering {
    let tokens = recorded_tokens();
    let text = |name: &str| tokens.iter().find(|(token, _)| token == name).unwrap().1.clone();
    Peering::new()
        .args(["diff", "@first", "@second"].iter().chain(arguments))
        .file("first", text(first))
        .file("second", text(second))
}

#[test]
fn a_pair_of_tokens_has_a_relation_and_differences() {
    for (first, second, status, name) in [
        ("one-server", "one-server", 0, "the-same"),
        ("one-server", "same-name-regenerated", 0, "regenerated"),
        ("one-server", "after-delete-and-recreate", 1, "recreated"),
        ("before-ca-rotation", "two-roots", 1, "rotated"),
        ("one-server", "three-servers", 1, "two-clusters"),
        ("one-server", "external-addresses", 1, "external-addresses"),
        ("consul-1.13", "consul-1.14", 1, "versions"),
    ] {
        let finished = diff(first, second, &[]).run();
        assert_eq!((finished.status, finished.stderr.as_str()), (status, ""), "{name}: {}", finished.stdout);
        with_settings!({ snapshot_suffix => name }, { assert_snapshot!("diff", finished.stdout) });
    }
}

#[test]
fn json_and_yaml_have_the_same_fields() {
    let json = diff("one-server", "same-name-regenerated", &["-format", "json"]).run().status(0);
    let value: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&value["relation"], &value["same_peering"]), (&"same_peering".into(), &true.into()));
    assert_snapshot!("diff_json", json.stdout);
    assert_snapshot!(
        "diff_yaml",
        diff("one-server", "same-name-regenerated", &["-format", "yaml"]).run().status(0).stdout
    );
}

#[test]
fn a_text_that_is_not_a_token_exits_with_2() {
    let (_, token) = recorded_tokens().remove(0);
    Peering::new().args(["diff", "nonsense", "@token"]).file("token", &token).run().status(2);
    let error = "Error: both tokens are given as -, and standard input contains one\n  \
                 Fix: give one of them as a file\n";
    Peering::new().args(["diff", "-", "-"]).stdin(token).stderr(error).status(2);
}
