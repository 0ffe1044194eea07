//! `peering inspect`: recorded tokens, pasted tokens, and invalid text.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use insta::{assert_snapshot, with_settings};
use serde_json::{Value, json};

use crate::peering::{Peering, fixture, recorded_tokens, token_json};

/// A time on the day after the recordings.
const NOW: &str = "2026-11-24T00:00:00Z";

fn token(name: &str) -> String {
    std::fs::read_to_string(fixture("tokens").join(format!("{name}.txt"))).unwrap().trim_end().to_owned()
}

fn inspect(arguments: &[&str]) -> Peering {
    Peering::new().args(["inspect", "-now", NOW].iter().chain(arguments))
}

#[test]
fn every_field_of_every_recorded_token_is_shown() {
    for (name, text) in recorded_tokens() {
        let pretty = inspect(&["@token", "-long"]).file("token", &text).run().status(0);
        assert_eq!(pretty.stderr, "", "{name}");
        with_settings!({ snapshot_suffix => name.clone() }, { assert_snapshot!("pretty", pretty.stdout) });
        let json = inspect(&["@token", "-format", "json"]).file("token", &text).run().status(0);
        with_settings!({ snapshot_suffix => name.clone() }, { assert_snapshot!("json", json.stdout) });
        assert_every_field_is_shown(
            &name,
            &token_json(&text),
            &pretty.stdout,
            &serde_json::from_str(&json.stdout).unwrap(),
        );
    }
}

/// Asserts that both outputs contain each value of the token except the secret.
fn assert_every_field_is_shown(name: &str, token: &Value, pretty: &str, report: &Value) {
    let shown = &report["tokens"][0];
    assert_eq!((&report["version"], &report["status"]), (&1.into(), &shown["status"]), "{name}");
    for (key, field) in [("PeerID", "peer_id"), ("ServerName", "server_name")] {
        assert_eq!(shown[field], token[key], "{name}");
        assert!(pretty.contains(token[key].as_str().unwrap()), "{name}: {key}");
    }
    for list in ["ManualServerAddresses", "ServerAddresses"] {
        for address in token[list].as_array().into_iter().flatten() {
            assert!(pretty.contains(address.as_str().unwrap()), "{name}: {address}");
            let addresses = shown["addresses"].as_array().unwrap();
            assert!(addresses.iter().any(|entry| entry["address"] == *address), "{name}: {address}");
        }
    }
    assert_eq!(
        shown["certificates"].as_array().unwrap().len(),
        token["CA"].as_array().map_or(0, Vec::len),
        "{name}"
    );
    let remote = &token["Remote"];
    assert_eq!(shown["datacenter"], remote["Datacenter"], "{name}");
    assert_eq!(shown["partition"], remote["Partition"], "{name}");
    if let Some(locality) = remote["Locality"].as_object() {
        assert_eq!(shown["locality"], json!({"region": locality["Region"], "zone": locality["Zone"]}));
    }
    assert_eq!(shown["establishment_secret"]["present"], true, "{name}");
}

#[test]
fn yaml_has_the_fields_of_json() {
    let finished = inspect(&[&token("partition-and-locality"), "-format", "yaml"]).run().status(0);
    assert_snapshot!("yaml", finished.stdout);
}

#[test]
fn pasted_tokens_are_repaired_and_the_repairs_are_listed() {
    let token = token("one-server");
    let halves = token.split_at(700);
    let encoded = BASE64_STANDARD.encode(&token);
    let json = BASE64_STANDARD.decode(&token).unwrap();
    let mut with_both_digits = token_json(&token);
    with_both_digits["Remote"]["Partition"] = "~~~???>>>".into();
    let url_alphabet =
        BASE64_STANDARD.encode(with_both_digits.to_string()).replace('+', "-").replace('/', "_");
    assert!(url_alphabet.contains(['-', '_']));
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: peering-token\n  labels:\n    \
         consul.hashicorp.com/peering-token: \"true\"\ntype: Opaque\ndata:\n  data: {encoded}\n"
    );
    let string_manifest =
        format!("kind: Secret\nstringData:\n  data: |\n    {}\n    {}\n", halves.0, halves.1);
    let json_manifest = json!({ "kind": "Secret", "data": { "other": "aGVsbG8=", "data": encoded } });
    let pasted = [
        ("as it is", token.clone().into_bytes()),
        ("with a last line end", format!("{token}\n").into_bytes()),
        ("wrapped at 76 columns", wrapped(&token, "\n").into_bytes()),
        ("wrapped with carriage returns", wrapped(&token, "\r\n").into_bytes()),
        ("with spaces around", format!("  {token}\t").into_bytes()),
        ("with a byte order mark", format!("\u{feff}{token}").into_bytes()),
        ("in double quotes", format!("\"{token}\"\n").into_bytes()),
        ("in single quotes", format!("'{token}'").into_bytes()),
        ("with spaces inside", wrapped(&token, " ").into_bytes()),
        ("with \\n inside", wrapped(&token, "\\n").into_bytes()),
        ("as an environment variable", format!("export PEERING_TOKEN=\"{token}\"").into_bytes()),
        ("as the JSON response", json!({ "PeeringToken": token }).to_string().into_bytes()),
        ("without padding", token.trim_end_matches('=').as_bytes().to_vec()),
        ("in the URL alphabet", url_alphabet.into_bytes()),
        ("encoded twice", encoded.clone().into_bytes()),
        ("encoded twice, wrapped", wrapped(&encoded, "\n").into_bytes()),
        ("a Secret, YAML", manifest.into_bytes()),
        ("a Secret, stringData", string_manifest.into_bytes()),
        ("a Secret, JSON", json_manifest.to_string().into_bytes()),
        ("the JSON inside", json),
    ];
    let mut list = String::new();
    for (name, text) in pasted {
        let finished = inspect(&["-", "-format=json"]).stdin(text).run().status(0);
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(report["tokens"][0]["peer_id"], token_json(&token)["PeerID"], "{name}");
        let repairs = &report["tokens"][0]["repairs"];
        let findings = report["tokens"][0]["findings"].as_array().unwrap();
        let checks: Vec<&str> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
        writeln!(list, "{name}: {repairs}, {checks:?}").unwrap();
    }
    assert_snapshot!("pasted", list);
}

fn wrapped(text: &str, line_end: &str) -> String {
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join(line_end)
}

#[test]
fn an_error_shows_position_cause_and_remedy() {
    let token = token("one-server");
    let field = r#"{"CA":null,"ServerAddresses":"10.0.0.1:8503","PeerID":"x"}"#;
    let mut errors = String::new();
    for (name, text) in [
        ("nothing", String::new()),
        ("only a line end", "\n".to_owned()),
        ("cut at a multiple of four", token[..1000].to_owned()),
        ("cut elsewhere", token[..1001].to_owned()),
        ("not base64", "hello, world!".to_owned()),
        ("an ACL token", "11111111-2222-3333-4444-555555555555".to_owned()),
        ("a JWT", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl".to_owned()),
        ("base64 of something else", "aGVsbG8gd29ybGQ=".to_owned()),
        ("base64 of bytes", "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==".to_owned()),
        ("a field of another type", BASE64_STANDARD.encode(field)),
        ("JSON of something else", r#"{"kind":"ConfigMap","data":{}}"#.to_owned()),
        ("a shortened token", format!("{}…{}", &token[..40], &token[1400..])),
    ] {
        let finished = inspect(&["-"]).stdin(text).run().status(1);
        assert_eq!(finished.stdout, "", "{name}");
        writeln!(errors, "# {name}\n{}", finished.stderr).unwrap();
    }
    assert_snapshot!("damaged", errors);
}

#[test]
fn a_field_is_printed_without_quotes() {
    let two_roots = token("two-roots");
    for (path, value) in [
        ("peer_id", "9fba4d38-5bf5-af80-34ff-e33b7cc38e78"),
        ("PeerID", "9fba4d38-5bf5-af80-34ff-e33b7cc38e78"),
        ("addresses[0].port", "8503"),
        ("addresses.0.dialed", "true"),
        ("certificates[1].key.algorithm", "RSA"),
        ("certificates[0].key_usage", "digitalSignature\nkeyCertSign\ncRLSign"),
        ("locality", ""),
        ("certificates[1].names.dns", ""),
        ("ServerAddresses", "127.0.0.11:8503"),
        ("ServerAddresses[0]", "127.0.0.11:8503"),
        ("ServerAddresses[0].port", "8503"),
        ("ManualServerAddresses", ""),
        ("ServerName", "server.dc1.peering.945d0751-4020-19b5-9e48-55fd8516c7a3.consul"),
        ("Remote.Datacenter", "dc1"),
        ("Remote.Locality", ""),
        ("CA[1].key.algorithm", "RSA"),
    ] {
        inspect(&[&two_roots, "-field", path]).stdout(format!("{value}\n")).status(0);
    }
}

#[test]
fn the_field_ca_is_pem() {
    let two_roots = token("two-roots");
    let pems = |path: &str| inspect(&[&two_roots, "-field", path]).run().status(0).stdout;
    let roots = token_json(&two_roots)["CA"].clone();
    assert_eq!(pems("CA"), format!("{}{}", roots[0].as_str().unwrap(), roots[1].as_str().unwrap()));
    assert_eq!(pems("CA[1]"), roots[1].as_str().unwrap());
}

#[test]
fn an_unknown_field_is_an_error_that_lists_the_fields() {
    let token = token("one-server");
    let errors: Vec<String> = [
        "nope",
        "certificates[3]",
        "certificates[0].nope",
        "peer_id.x",
        "establishment_secret",
        "EstablishmentSecret",
        "CA[3]",
        "CA[0].nope",
        "CA.nope",
        "ServerAddresses[7]",
        "ManualServerAddresses[0]",
        "Remote.Nope",
        "text",
    ]
    .iter()
    .map(|path| inspect(&[&token, "-field", path]).run().status(2).stderr)
    .collect();
    assert_snapshot!("field_errors", errors.concat());
}

#[test]
fn only_show_secret_shows_the_secret() {
    let token = token("one-server");
    let secret = token_json(&token)["EstablishmentSecret"].as_str().unwrap().to_owned();
    let shown = |arguments: &[&str]| inspect(arguments).shows_secrets().run().status(0).stdout;
    assert!(shown(&[&token, "-show-secret"]).contains(&secret));
    assert!(shown(&[&token, "-show-secret", "-format", "json"]).contains(&secret));
    assert_eq!(shown(&[&token, "-show-secret", "-field", "establishment_secret"]), format!("{secret}\n"));
    assert!(!shown(&[&token]).contains(&secret));
}

#[test]
fn pem_prints_the_certificates() {
    let finished = inspect(&[&token("two-roots"), "-pem"]).run().status(0);
    let roots = token_json(&token("two-roots"))["CA"].clone();
    let expected: String = roots.as_array().unwrap().iter().map(|pem| pem.as_str().unwrap()).collect();
    assert_eq!(finished.stdout, expected);
}

#[test]
fn no_output_contains_a_private_key_of_a_token() {
    let token = std::fs::read_to_string(fixture("checks/private-key-inside/fires.txt")).unwrap();
    assert!(token_json(&token)["CA"].to_string().contains("PRIVATE KEY"), "the fixture contains a key");
    for flags in [&["-pem"][..], &["-format=json"], &["-format=yaml"], &[], &["-show-secret"]] {
        let arguments: Vec<&str> = ["@token"].iter().chain(flags).copied().collect();
        let finished = inspect(&arguments).file("token", &token).shows_secrets().run().status(0);
        assert!(!finished.stdout.contains("PRIVATE KEY-----"), "{flags:?}");
    }
}

#[test]
fn an_invalid_token_does_not_hide_other_tokens() {
    let finished = inspect(&[&token("one-server"), "@absent", "nonsense", "@two"])
        .file("two", token("three-servers"))
        .run()
        .status(2);
    assert_eq!(finished.stdout.matches("Consul accepts this token").count(), 2);
    assert!(finished.stdout.starts_with("=== argument ==="));
    assert!(finished.stdout.contains("=== @two ==="));
    assert_snapshot!("several_stderr", finished.stderr);
}

#[test]
fn colors_need_a_terminal_or_clicolor_force() {
    let token = token("one-server");
    assert!(!inspect(&[&token]).run().stdout.contains('\u{1b}'));
    assert!(inspect(&[&token]).env("CLICOLOR_FORCE", "1").run().stdout.contains('\u{1b}'));
    assert!(
        !inspect(&[&token]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().stdout.contains('\u{1b}')
    );
}

#[test]
fn a_token_cannot_control_the_terminal() {
    let json = r#"{"ServerAddresses":["\u001b[2Jevil:8503"],"PeerID":"\u001b]0;title\u0007\u009b","\u009b\u202e\u2028":1}"#;
    let finished = inspect(&[&BASE64_STANDARD.encode(json), "-long"]).run().status(0);
    let control_characters = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2028}'];
    assert!(!finished.stdout.contains(control_characters), "{}", finished.stdout);
    assert!(finished.stdout.contains(r"\u{9b}\u{202e}\u{2028}: "), "{}", finished.stdout);
    assert!(finished.stdout.contains("\\u{1b}[2Jevil:8503"));
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let finished = inspect(&["@token", "@token", "@token"])
        .file("token", token("one-server"))
        .through_shell("\"$@\" | head -n 1")
        .run();
    finished.expect(0, "=== @token ===\n", "");
}

#[test]
fn a_file_that_is_too_long_is_rejected_without_reading_all_of_it() {
    let finished = inspect(&["@/dev/zero"]).run().status(2);
    assert_snapshot!("too_long", finished.stderr);
}

#[test]
fn a_manifest_with_thousands_of_nested_keys_is_fast() {
    let nested =
        (0..2500).fold("kind: Secret\n".to_owned(), |text, depth| text + &" ".repeat(depth) + "a:\n");
    inspect(&["@secret"]).file("secret", &nested).run().status(1);
    let token = token("one-server");
    let (first, rest) = token.trim().split_at(500);
    let held = format!("{nested}b: |\n  {first}\n\n  {rest}\nc: d\n");
    let finished = inspect(&["@secret"]).file("secret", held).run().status(0);
    assert!(finished.stdout.contains("Kubernetes Secret"), "{}", finished.stdout);
}
