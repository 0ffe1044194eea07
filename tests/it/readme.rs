//! The documents' commands, run; their outputs, compared.

use std::path::Path;

/// `[..]` stands for what differs from run to run.
#[test]
fn every_command_in_the_documents_prints_what_they_say() {
    let home = tempfile::tempdir().unwrap();
    // Each command runs where its document stands, and some leave files there.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("README.md"), home.path().join("README.md")).unwrap();
    std::os::unix::fs::symlink(root.join("fixtures"), home.path().join("fixtures")).unwrap();
    trycmd::TestCases::new()
        .env("PEERING_STATE_DIR", home.path().join("state").to_str().unwrap())
        .env("HOME", home.path().to_str().unwrap())
        .env("COLUMNS", "80")
        .case(home.path().join("README.md"));
}

#[test]
fn the_readmes_second_command_is_the_one_that_ci_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    assert!(read("README.md").contains("\ncargo test --locked\n"));
    assert!(read(".ci/run").contains("cargo test --locked\n"));
}
