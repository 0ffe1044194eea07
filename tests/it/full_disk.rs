//! Full disks and unwritable directories: a generated token is never lost.

use crate::peering::{Dev, Peering, guard, token_json};

/// A shell in which every write to a file fails, as on a full disk.
const FULL: &str = "trap '' XFSZ; ulimit -f 0; \"$@\"";

fn generate(dev: &Dev) -> Peering {
    Peering::new().args(["generate-token", "-name", "west", "-http-addr", &dev.url]).shows_secrets()
}

#[test]
fn a_token_is_printed_when_no_file_can_be_written() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let run = generate(&dev).through_shell(FULL).run().status(0);
    guard(&run.stdout);
    assert!(!token_json(&run.stdout)["PeerID"].as_str().unwrap().is_empty());
    assert!(run.stderr.starts_with("Warning: "), "{}", run.stderr);
    assert!(run.stderr.contains("ledger"), "{}", run.stderr);

    let run = generate(&dev).args(["-out", "west.token", "-ledger=off"]).through_shell(FULL).run().status(1);
    guard(&run.stdout);
    assert!(!token_json(&run.stdout)["PeerID"].as_str().unwrap().is_empty(), "the token is lost");
    assert!(run.stderr.contains("west.token"), "{}", run.stderr);
    assert!(!run.home.path().join("west.token").exists(), "an incomplete file was left");
}

#[test]
fn directories_that_cannot_be_created_are_reported_and_the_token_is_printed() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let run = generate(&dev).env("PEERING_STATE_DIR", "/dev/null/state").run().status(0);
    guard(&run.stdout);
    assert!(run.stderr.contains("/dev/null/state"), "{}", run.stderr);
    let run = generate(&dev).args(["-out", "/dev/null/west.token", "-ledger=off"]).run();
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("/dev/null"), "{}", run.stderr);
}

#[test]
fn a_full_state_of_the_embedded_acceptor_is_a_clear_error() {
    let embedded = || Peering::new().args(["generate-token", "-name", "west", "-http-addr=embedded"]);
    let run = embedded().through_shell(FULL).run().status(1);
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("the embedded acceptor's state in ") && run.stderr.contains("cannot be used"),
        "{}",
        run.stderr
    );
    let run = embedded().env("PEERING_STATE_DIR", "/dev/null/state").run().status(1);
    assert!(run.stderr.contains("/dev/null/state"), "{}", run.stderr);
}
