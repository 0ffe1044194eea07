//! The `peering explain` command.

use insta::assert_snapshot;
use serde_json::Value;

use crate::peering::{Finished, Peering};

fn explain(arguments: &[&str]) -> Finished {
    Peering::new().args(["explain"].iter().chain(arguments)).run()
}

#[test]
fn explains_a_check_by_name() {
    assert_snapshot!("check", explain(&["ca-expires-soon"]).status(0).stdout);
}

#[test]
fn explains_the_messages_inside_an_error() {
    let message = "Error establishing peering for west: Unexpected response code: 503 (2 errors occurred:\n\t\
         * failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = Unavailable desc = \
         connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection \
         refused\"\n\t* failed to exchange peering secret through address \"10.0.0.2:8503\": rpc error: code = \
         Unavailable desc = connection error: desc = \"transport: authentication handshake failed: tls: first record \
         does not look like a TLS handshake\"\n\n)\n";
    let by_pipe = Peering::new().args(["explain", "-"]).stdin(message).run().status(0);
    assert_snapshot!("two_causes", by_pipe.stdout);
    assert_eq!(explain(&[message]).stdout, by_pipe.stdout);
    let json = Peering::new().args(["explain", "-", "-format", "json"]).stdin(message).run().status(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let names: Vec<&str> =
        json["messages"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dial-refused", "not-a-tls-port"]);
}

#[test]
fn explains_a_message_by_name() {
    assert_snapshot!("message", explain(&["secret-invalid"]).status(0).stdout);
}

#[test]
fn arguments_without_quotes_are_joined() {
    let finished = explain(&["peering", "token", "server", "addresses", "value", "is", "empty"]);
    assert!(finished.status(0).stdout.contains("What to do"));
}

#[test]
fn reports_unknown_text_and_suggests_a_name() {
    let errors =
        [explain(&["ca-expird"]).status(1).stderr, explain(&["the", "cat", "ate", "it"]).status(1).stderr];
    assert_snapshot!("unknown", errors.concat());
    explain(&[]).status(2);
    explain(&["@absent"]).status(2);
}

#[test]
fn lists_every_check_and_every_message() {
    let listed = explain(&["-list"]).status(0).stdout;
    let json: Value = serde_json::from_str(&explain(&["-list", "-format=json"]).status(0).stdout).unwrap();
    for kind in ["checks", "entries"] {
        let entries = json[kind].as_array().unwrap();
        assert!(entries.len() > 40, "{kind}");
        for entry in entries {
            assert!(listed.contains(entry["name"].as_str().unwrap()));
        }
    }
}

#[test]
fn the_output_contains_no_token_from_the_text() {
    let (_, token) = crate::peering::recorded_tokens().remove(0);
    let text = format!(
        "Error establishing peering for {}: Unexpected response code: 403 (a new peering token must be \
                        generated: invalid peering establishment secret)",
        token.trim()
    );
    explain(&[&text]).status(0);
}

fn names(run: &crate::peering::Finished, kind: &str) -> Vec<String> {
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    json[kind].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_word_lists_every_check_with_it() {
    let checks = names(&explain(&["address", "-format", "json"]).status(0), "checks");
    assert_eq!(checks.iter().filter(|name| name.starts_with("address-")).count(), 9, "{checks:?}");
    assert!(explain(&["address"]).status(0).stdout.ends_with("Explain one: peering explain NAME\n"));
}

#[test]
fn an_http_status_lists_its_messages() {
    let entries = names(&explain(&["403", "-format", "json"]).status(0), "entries");
    assert!(
        entries.contains(&"permission-denied".to_owned()) && entries.contains(&"secret-invalid".to_owned())
    );
    explain(&["299"]).status(1);
}

#[test]
fn a_list_can_be_filtered() {
    let entries = names(&explain(&["-list", "Mesh Gateway", "-format", "json"]).status(0), "entries");
    assert!(entries.contains(&"no-mesh-gateway".to_owned()) && entries.len() < 20, "{entries:?}");
    explain(&["-list", "no such text"]).status(1);
}
