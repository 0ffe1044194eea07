//! The first commands in README.md. `documents` runs the others.

use crate::documents::{FIRST_COMMAND, World};

fn read(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_first_command_of_the_readme_generates_and_shows_a_token() {
    assert!(read("README.md").contains(&format!("\n{FIRST_COMMAND}\n")));
    let arguments = FIRST_COMMAND.strip_prefix("cargo run --release -- ").unwrap();
    let output = World::new().shell(&format!("peering {arguments}")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let token = String::from_utf8(output.stdout).unwrap();
    assert!(crate::peering::token_json(&token)["PeerID"].is_string(), "{token}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("Consul accepts this token."));
}

#[test]
fn ci_runs_the_second_command_of_the_readme() {
    assert!(read("README.md").contains("\ncargo test --locked\n"));
    assert!(read(".ci/run").contains("cargo test --locked\n"));
}
