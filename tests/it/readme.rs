//! The documents' commands, run; their outputs, compared.

use std::path::Path;

/// `[..]` stands for what differs from run to run.
#[test]
fn every_command_in_the_documents_prints_what_they_say() {
    let home = tempfile::tempdir().unwrap();
    // The commands run in the package's folder, and these are the files that they leave there.
    let left = ["west.token", "newer.token"].map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let clean = || left.iter().for_each(|file| drop(std::fs::remove_file(file)));
    clean();
    let documents = trycmd::TestCases::new();
    documents
        .env("PEERING_STATE_DIR", home.path().join("state").to_str().unwrap())
        .env("HOME", home.path().to_str().unwrap())
        .env("COLUMNS", "80")
        .case("README.md");
    documents.run();
    clean();
}

#[test]
fn the_readmes_second_command_is_the_one_that_ci_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    assert!(read("README.md").contains("\ncargo test --locked\n"));
    assert!(read(".ci/run").contains("cargo test --locked\n"));
}
