//! The programs in `examples/`, run.

use std::path::Path;
use std::process::Command;

/// Runs an example. `cargo test` has built it; where only this test was built, cargo does it now.
fn example(name: &str, arguments: &[&str]) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_peering")).parent().unwrap().join("examples").join(name);
    let mut command = if built.exists() {
        Command::new(built)
    } else {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet", "--locked", "--example", name, "--"]);
        cargo
    };
    let output = command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn expiry_lists_the_tokens_of_a_folder_the_soonest_first() {
    let shown = example("expiry", &["fixtures/tokens", "2026-11-24"]);
    let days: Vec<i64> =
        shown.lines().map(|line| line.split_whitespace().nth(1).unwrap().parse().unwrap()).collect();
    assert!(days.len() > 5 && days.is_sorted(), "{shown}");
    assert!(shown.contains("one-server.txt"), "{shown}");
}

#[test]
fn embedded_brings_a_peering_up() {
    assert_eq!(example("embedded", &[]), "west has the peering \"east\" as \"ACTIVE\"\n");
}

#[test]
fn a_generated_batch_is_of_tokens() {
    let tokens = example("generate_batch", &["5", "7"]);
    assert_eq!(tokens.lines().count(), 5);
    for token in tokens.lines() {
        assert!(crate::peering::token_json(token)["PeerID"].is_string());
    }
}
