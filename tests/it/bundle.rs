//! `diagnose -bundle` and `-from`: a bundle contains no name of the fixture, and opens again offline.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

use consul_peering::net::bundle::Bundle;
use regex::Regex;
use serde_json::Value;

use crate::diagnose_errors;
use crate::peering::{Dev, Finished, Peering, guard, recorded_tokens, shows_no_secret};
use crate::redact::{NAME, contains, names_in};

/// Returns the bundle that a run wrote, after checking that no file in it contains a name or a secret.
#[track_caller]
fn bundle_of(run: &Finished, names: &BTreeSet<String>) -> Bundle {
    let path = run.home.path().join("b.tar.zst");
    let bundle =
        Bundle::unpack(&std::fs::read(&path).unwrap_or_else(|error| panic!("{error}: {}", run.stderr)))
            .unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let index = serde_json::to_string(&bundle.index).unwrap();
    for (file, text) in bundle.files.iter().chain([&("index.json".to_owned(), index)]) {
        for name in names {
            assert!(!contains(text, name), "{name} is in {file}:\n{text}");
        }
        shows_no_secret(text, file);
        assert!(!text.contains("BEGIN CERTIFICATE"), "{file}: {text}");
    }
    bundle
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Opens the bundle of a run with the same options, and checks that it shows the same report.
#[track_caller]
fn assert_reopens(run: Finished, options: &[&str]) -> Finished {
    let (status, stdout) = (run.status, run.stdout.clone());
    let opened = Peering::new().args(["diagnose", "-from", "b.tar.zst"]).args(options).after(run).run();
    assert_eq!(opened.stderr, "", "{stdout}");
    assert_eq!(
        (opened.status, first_line(&opened.stdout)),
        (status, first_line(&stdout)),
        "{}",
        opened.stdout
    );
    opened
}

#[test]
fn a_bundle_of_a_token_contains_none_of_its_names_and_opens_again() {
    for (_, token) in recorded_tokens() {
        let mut names = names_in(&consul_peering::decode(token.trim().as_bytes()).unwrap().token);
        names.extend([NAME.to_owned(), "ann-smith".to_owned()]);
        let home = Peering::new().args(["ledger", "import", "t", "-name", NAME]).env("USER", "ann-smith");
        let home = home.file("t", &token).run().status(0);
        let command = ["diagnose", "t", "-offline", "-name", NAME, "-bundle", "b.tar.zst"];
        let run = Peering::new().args(command).after(home).run();
        let bundle = bundle_of(&run, &names);
        for name in [
            "report.txt",
            "report-short.txt",
            "report-long.txt",
            "report.json",
            "versions.json",
            "peerings.json",
        ] {
            assert!(run.stderr.contains(name) && bundle.file(name).is_ok(), "{name}: {}", run.stderr);
        }
        assert!(bundle.file("ledger.json").unwrap().contains("\"records\""));
        let mut opened = assert_reopens(run, &[]);
        assert_eq!(opened.stdout, bundle.file("report.txt").unwrap());
        for (options, file) in [
            (&["-long"][..], "report-long.txt"),
            (&["-short"], "report-short.txt"),
            (&["-format", "json"], "report.json"),
        ] {
            opened =
                Peering::new().args(["diagnose", "-from", "b.tar.zst"]).args(options).after(opened).run();
            assert_eq!(opened.stdout, bundle.file(file).unwrap(), "{options:?}");
        }
        let yaml = ["diagnose", "-from", "b.tar.zst", "-format", "yaml"];
        let opened = Peering::new().args(yaml).after(opened).run();
        assert!(opened.stdout.contains("conclusion: "), "{}", opened.stdout);
    }
}

#[test]
fn a_bundle_of_a_failure_contains_none_of_its_addresses_and_opens_again() {
    let address = Regex::new(r"\d+\.\d+\.\d+\.\d+").unwrap();
    for (_, text) in diagnose_errors::recorded() {
        let names: BTreeSet<String> = address.find_iter(&text).map(|it| it.as_str().to_owned()).collect();
        let run =
            Peering::new().args(["diagnose", "-offline", "-redact", "-error", "-", "-bundle", "b.tar.zst"]);
        let run = run.stdin(text).run();
        bundle_of(&run, &names);
        assert_reopens(run, &[]);
    }
}

#[test]
fn a_bundle_contains_the_peerings_of_both_clusters() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let acceptor = Dev::start(homes[0].path(), &["-datacenter", "lima-1"]);
    let dialer = Dev::start(homes[1].path(), &["-datacenter", "oslo-7"]);
    let generate = Peering::new().args(["generate-token", "-name", NAME, "-http-addr", &acceptor.url]);
    let generated = generate.shows_secrets().run().status(0);
    let token = generated.stdout.clone();
    guard(&token);
    let establish = ["establish", "-name", "south-sea", "-peering-token", "t", "-http-addr", &dialer.url];
    Peering::new().args(establish).file("t", &token).run().status(0);
    let mut names = names_in(&consul_peering::decode(token.trim().as_bytes()).unwrap().token);
    names.extend([NAME, "south-sea", "lima-1", "oslo-7", "127.0.0.1"].map(str::to_owned));
    names.insert(rustix::system::uname().nodename().to_string_lossy().into_owned());
    let command =
        ["diagnose", "-name", "south-sea", "-bundle", "b.tar.zst", "-peer-http-addr", &acceptor.url];
    let run = Peering::new().args(command).args(["-http-addr", &dialer.url]).after(generated).run();
    assert!(run.stdout.contains("south-sea"), "the screen is not redacted: {}", run.stdout);
    let bundle = bundle_of(&run, &names);
    let clusters: Value = serde_json::from_str(bundle.file("peerings.json").unwrap()).unwrap();
    for cluster in clusters.as_array().unwrap() {
        assert_eq!(cluster["peerings"][0]["State"], "ACTIVE", "{clusters}");
        assert!(cluster["peerings"][0]["Name"].as_str().unwrap().starts_with("NAME-"), "{clusters}");
    }
    let versions: Value = serde_json::from_str(bundle.file("versions.json").unwrap()).unwrap();
    assert!(versions["clusters"][1]["version"].is_string(), "{versions}");
    let ledger: Value = serde_json::from_str(bundle.file("ledger.json").unwrap()).unwrap();
    assert!(ledger["records"][0]["name"].as_str().unwrap().starts_with("NAME-"), "{ledger}");
}

#[test]
fn the_acl_token_does_not_go_to_the_other_cluster() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let acl_token = "5ec2e700-0000-4000-8000-00000000abcd";
    let other = Dev::start(homes[0].path(), &["-acl-token", acl_token]);
    let own = Dev::start(homes[1].path(), &["-acl-token", acl_token]);
    let command = ["diagnose", "-bundle", "b.tar.zst", "-peer-http-addr", &other.url, "-http-addr", &own.url];
    let run = Peering::new().args(command).env("CONSUL_HTTP_TOKEN", acl_token).run();
    let clusters: Value =
        serde_json::from_str(bundle_of(&run, &BTreeSet::new()).file("peerings.json").unwrap()).unwrap();
    assert!(clusters[0]["peerings"].is_array(), "{clusters}");
    assert!(clusters[1]["peerings"].is_null(), "{clusters}");
}

#[test]
fn a_file_is_overwritten_with_force_only() {
    let (_, token) = recorded_tokens().remove(0);
    let command = ["diagnose", "t", "-offline", "-bundle", "b.tar.zst"];
    let run = Peering::new().args(command).file("t", &token).file("b.tar.zst", "mine").run().status(2);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        "Error: nothing was diagnosed: cannot write b.tar.zst: it exists\n  Fix: use another file, or add -force to \
         overwrite it\n"
    );
    let run = Peering::new().args(command).args(["-force"]).after(run).run().status(0);
    bundle_of(&run, &BTreeSet::new());
}

#[test]
fn a_file_that_is_no_bundle_has_a_clear_error() {
    for (contents, error) in [
        (&b"PK\x03\x04"[..], "cannot read the bundle b: not a bundle, or damaged: "),
        (b"", "cannot read the bundle b: not a bundle, or damaged: "),
        (&vec![0; 17 * 1024 * 1024], "cannot read b: longer than 16777216 bytes"),
    ] {
        let run = Peering::new().args(["diagnose", "-from", "b"]).file("b", contents).run().status(2);
        assert!(
            run.stdout.is_empty() && run.stderr.starts_with(&format!("Error: {error}")),
            "{}",
            run.stderr
        );
    }
    let run = Peering::new().args(["diagnose", "-from", "missing.tar.zst"]).run().status(2);
    assert!(run.stderr.starts_with("Error: cannot read missing.tar.zst: "), "{}", run.stderr);
    let run = Peering::new().args(["diagnose", "t", "-from", "b"]).run().status(2);
    assert!(run.stderr.contains("cannot be used with"), "{}", run.stderr);
    let run = Peering::new().args(["diagnose", "t", "-bundle", "-"]).file("t", "x").run().status(2);
    assert!(run.stderr.contains("cannot be written to standard output"), "{}", run.stderr);
}
