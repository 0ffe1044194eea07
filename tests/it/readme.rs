//! README's two commands. What else stands there is run by `documents`.

use crate::documents::{FIRST_COMMAND, World};

fn read(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

#[test]
fn the_readmes_first_command_generates_a_token_and_tells_what_it_says() {
    assert!(read("README.md").contains(&format!("\n{FIRST_COMMAND}\n")));
    let words = FIRST_COMMAND.strip_prefix("cargo run --release -- ").unwrap();
    let output = World::new().shell(&format!("peering {words}")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let token = String::from_utf8(output.stdout).unwrap();
    assert!(crate::peering::token_json(&token)["PeerID"].is_string(), "{token}");
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("Peering token\n"));
}

#[test]
fn the_readmes_second_command_is_the_one_that_ci_runs() {
    assert!(read("README.md").contains("\ncargo test --locked\n"));
    assert!(read(".ci/run").contains("cargo test --locked\n"));
}
