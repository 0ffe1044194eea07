//! Runs the programs in `examples/`.

use std::path::Path;
use std::process::Command;

use crate::support::peering::{Dev, Peering, guard};

/// Runs an example and returns its output. Builds it first if `cargo test` built only this test.
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
fn expiry_lists_the_tokens_of_a_directory_by_expiration() {
    let shown = example("expiry", &["fixtures/tokens", "2026-11-24"]);
    let days: Vec<i64> =
        shown.lines().map(|line| line.split_whitespace().nth(1).unwrap().parse().unwrap()).collect();
    assert!(days.len() > 5 && days.is_sorted(), "{shown}");
    assert!(shown.contains("one-server.txt"), "{shown}");
}

#[test]
fn embedded_establishes_a_peering() {
    assert_eq!(example("embedded", &[]), "west has the peering \"east\" as \"ACTIVE\"\n");
}

#[test]
fn generate_batch_prints_tokens() {
    let tokens = example("generate_batch", &["5", "7"]);
    assert_eq!(tokens.lines().count(), 5);
    for token in tokens.lines() {
        assert!(crate::peering::token_json(token)["PeerID"].is_string());
    }
}

#[test]
fn examples_report_staleness_causes_and_whether_to_regenerate() {
    let home = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(home.path(), &[]);
    let url = acceptor.url.as_str();
    assert_eq!(example("regenerate", &["west", url]), "Generate\n");

    let generate = ["generate-token", "-name", "west", "-http-addr", url];
    let token = Peering::new().args(generate).shows_secrets().run().status(0).stdout;
    guard(&token);
    let file = home.path().join("west.token");
    std::fs::write(&file, &token).unwrap();
    let file = file.to_str().unwrap();
    // Without a ledger, the unused secret may be that of another token.
    let verdict = example("stale", &[file, "west", url]);
    assert!(verdict.starts_with("Undetermined: "), "{verdict}");
    let decision = example("regenerate", &["west", url]);
    assert!(decision.starts_with("Unused { certain: true"), "{decision}");

    Peering::new().args(["delete", "-name", "west", "-http-addr", url]).run().status(0);
    let verdict = example("stale", &[file, "west", url]);
    assert!(verdict.starts_with("Orphaned: "), "{verdict}");
    let diagnosis = example("diagnose", &[file, url]);
    assert!(diagnosis.starts_with("token-orphaned: "), "{diagnosis}");
}
