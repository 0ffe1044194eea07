//! `-redact`: no output shows an address or a name of the fixture, in any command and format.

use std::collections::BTreeSet;

use consul_peering::Token;
use consul_peering::certificate::Certificate;
use consul_peering::token::recover::recover;
use regex::Regex;
use serde_json::Value;

use crate::peering::{Dev, Finished, Peering, guard, recorded_tokens};
use crate::{diagnose_errors, schemas};

/// The name of the peering in each run. The others are in the fixtures.
pub const NAME: &str = "north-sea";

const NOW: &str = "2026-11-24T00:00:00Z";

/// Returns every address and name in a token.
pub fn names_in(token: &Token) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let lists = [&token.manual_server_addresses, &token.server_addresses];
    for address in lists.into_iter().flatten().flatten() {
        let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
        names.insert(host.trim_matches(['[', ']']).to_owned());
    }
    if let Some(trust_domain) = token.trust_domain() {
        names.insert(trust_domain.to_owned());
        names.insert(trust_domain.trim_end_matches(".consul").to_owned());
    }
    names.insert(token.server_name.clone());
    if let Some(remote) = &token.remote {
        names.extend([remote.datacenter.clone(), remote.partition.clone()]);
        names.extend(remote.locality.iter().flat_map(|it| [it.region.clone(), it.zone.clone()]));
    }
    for pem in token.ca.iter().flatten() {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, body);
        let Some(certificate) = der.ok().and_then(|der| Certificate::from_der(&der).ok()) else { continue };
        names.extend([certificate.subject, certificate.issuer]);
        names.extend(certificate.names.dns.into_iter().chain(certificate.names.ips));
        names.extend(certificate.names.uris.iter().map(|uri| uri.replace("spiffe://", "")));
    }
    // An ordinary word, which gives nothing away.
    names.retain(|name| !name.is_empty() && name != "default");
    names
}

/// Returns whether a text contains a name as a whole word.
pub fn contains(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let is_word = |it: char| it.is_alphanumeric() || it == '-' || it == '_';
    text.match_indices(&name)
        .any(|(at, _)| !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word))
}

#[track_caller]
fn assert_redacted(run: &Finished, names: &BTreeSet<String>, what: &str) {
    for (stream, text) in [("standard output", &run.stdout), ("standard error", &run.stderr)] {
        for name in names {
            assert!(!contains(text, name), "{what}: {name} is on {stream}:\n{text}");
        }
    }
}

/// Runs a command on a token, in the format that it has.
fn run_on(token: &[u8], command: &str) -> Finished {
    let run = Peering::new().args(command.split(' ')).arg("-redact");
    run.file("t", token).run()
}

/// Commands with a token in the file `t`, and the schema of their JSON.
const COMMANDS: [(&str, &str); 27] = [
    ("inspect t -now NOW", ""),
    ("inspect t -now NOW -long", ""),
    ("inspect t -now NOW -format json", "inspect"),
    ("inspect t -now NOW -format yaml", ""),
    ("inspect t -field server_name", ""),
    ("inspect t -field addresses", ""),
    ("inspect t -field certificates", ""),
    ("inspect t -field nonsense", ""),
    ("inspect t -pem", ""),
    ("validate t -now NOW", ""),
    ("validate t -now NOW -long", ""),
    ("validate t -now NOW -format json", "validate"),
    ("validate t -now NOW -format jsonl", "validate-line"),
    ("validate t -now NOW -format sarif", "sarif"),
    ("validate t -now NOW -format junit", ""),
    ("validate t -now NOW -format github", ""),
    ("validate t -now NOW -format line", ""),
    ("validate -batch t -now NOW", ""),
    ("validate -batch t -now NOW -format jsonl", "validate-line"),
    ("stale t -offline -name NAME", ""),
    ("stale t -offline -name NAME -format json", "stale"),
    ("diagnose t -offline -name NAME", ""),
    ("diagnose t -offline -name NAME -long", ""),
    ("diagnose t -offline -name NAME -format json", "diagnose"),
    ("diff t t -format json", "diff"),
    ("diff t t -long", ""),
    ("ledger import t -name NAME", ""),
];

#[track_caller]
fn assert_valid(stdout: &str, schema: &str, what: &str) {
    if schema.is_empty() || stdout.is_empty() {
        return;
    }
    let document: Value =
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{what}: {error}\n{stdout}"));
    if schema != "sarif" {
        schemas::check(&schemas::validator(schema), &document, what);
    }
}

#[test]
fn no_name_of_a_recorded_token_is_shown() {
    for (fixture, token) in recorded_tokens() {
        let mut names = names_in(&consul_peering::decode(token.trim().as_bytes()).unwrap().token);
        assert!(names.len() >= 2, "{names:?}");
        names.insert(NAME.to_owned());
        for (command, schema) in COMMANDS {
            let command = command.replace("NOW", NOW).replace("NAME", NAME);
            let run = run_on(token.as_bytes(), &command);
            let what = format!("{fixture}: {command}");
            assert_redacted(&run, &names, &what);
            assert_valid(&run.stdout, schema, &what);
            assert_eq!(run.status, run_on_plain(token.as_bytes(), &command).status, "{what}");
        }
    }
}

fn run_on_plain(token: &[u8], command: &str) -> Finished {
    Peering::new().args(command.split(' ')).file("t", token).run()
}

#[test]
fn no_name_of_a_damaged_token_is_shown() {
    let ip = Regex::new(r"\b\d+\.\d+\.\d+\.\d+:\d+\b").unwrap();
    for (fixture, token) in schemas::tokens() {
        let names = recover(&token).map(|it| names_in(&it.decoded.token)).unwrap_or_default();
        for command in [
            "inspect t",
            "validate t",
            "validate t -format json",
            "validate t -format github",
            "diagnose t -offline -long",
        ] {
            let run = run_on(&token, command);
            let what = format!("{fixture}: {command}");
            assert_redacted(&run, &names, &what);
            let all = run.stdout + &run.stderr;
            // A remedy names the loopback address.
            let found = ip.find_iter(&all).find(|it| !it.as_str().starts_with("127.0.0.1"));
            assert!(found.is_none(), "{what}: {found:?}\n{all}");
        }
    }
}

#[test]
fn no_address_of_a_recorded_failure_is_shown() {
    let address = Regex::new(r"\d+\.\d+\.\d+\.\d+").unwrap();
    for (name, text) in diagnose_errors::recorded() {
        let names: BTreeSet<String> = address.find_iter(&text).map(|it| it.as_str().to_owned()).collect();
        for (command, schema) in [
            ("diagnose -offline -error -", ""),
            ("diagnose -offline -long -error -", ""),
            ("diagnose -offline -format json -error -", "diagnose"),
            ("explain -", ""),
            ("explain -format json -", "explain"),
        ] {
            let run = Peering::new().args(command.split(' ')).arg("-redact").stdin(text.clone()).run();
            assert_redacted(&run, &names, &format!("{name}: {command}"));
            assert_valid(&run.stdout, schema, &name);
        }
    }
}

#[test]
fn no_name_of_a_cluster_is_shown() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let acceptor = Dev::start(homes[0].path(), &["-datacenter", "lima-1"]);
    let dialer = Dev::start(homes[1].path(), &["-datacenter", "oslo-7"]);
    let meta = ["-meta", "team=payments-eu", "-inspect", "-http-addr", &acceptor.url];
    let generate = Peering::new().args(["generate-token", "-name", NAME]).args(meta).arg("-redact");
    let generated = generate.shows_secrets().run().status(0);
    let token = generated.stdout.clone();
    guard(&token);
    let mut names = names_in(&consul_peering::decode(token.trim().as_bytes()).unwrap().token);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    names.extend([NAME, "south-sea", "payments-eu", "lima-1", "oslo-7", "127.0.0.1"].map(str::to_owned));
    assert_redacted(&Finished { stdout: String::new(), ..generated }, &names, "generate-token");
    let establish =
        ["establish", "-name", "south-sea", "-peering-token", "t", "-redact", "-http-addr", &dialer.url];
    let established = Peering::new().args(establish).file("t", &token).run().status(0);
    assert_redacted(&established, &names, "establish");
    names.insert(host);
    for (url, commands) in [
        (
            &acceptor.url,
            [
                format!("read -name {NAME}"),
                "list".to_owned(),
                format!("stale t -probe -name {NAME}"),
                format!("diagnose -name {NAME}"),
                "diagnose".to_owned(),
                "diagnose t".to_owned(),
            ],
        ),
        (
            &dialer.url,
            [
                "read -name south-sea".to_owned(),
                "list".to_owned(),
                "stale t -probe".to_owned(),
                "diagnose -name south-sea".to_owned(),
                "diagnose".to_owned(),
                "diagnose t -name south-sea".to_owned(),
            ],
        ),
    ] {
        for command in commands {
            for format in ["pretty", "json"] {
                let run = Peering::new().args(command.split(' ')).args(["-format", format, "-redact"]);
                let run = run.args(["-http-addr", url]).file("t", &token).run();
                assert!(!run.stdout.is_empty(), "{command}: {}", run.stderr);
                assert_redacted(&run, &names, &format!("{command} {format}"));
                let schema = match command.split(' ').next().unwrap() {
                    "diagnose" if command == "diagnose" => "diagnose-several",
                    other => other,
                };
                if format == "json" {
                    assert_valid(&run.stdout, schema, &command);
                }
            }
        }
    }
}

#[test]
fn no_name_in_the_ledger_is_shown() {
    let (_, token) = recorded_tokens().remove(0);
    let mut names = names_in(&consul_peering::decode(token.trim().as_bytes()).unwrap().token);
    names.extend([NAME, "ann-smith"].map(str::to_owned));
    let mut state = Peering::new()
        .args(["ledger", "import", "t", "-name", NAME])
        .env("USER", "ann-smith")
        .file("t", &token)
        .run()
        .status(0);
    for command in
        ["history", "history -long", "history -format json", "history -format yaml", "stale t -offline -long"]
    {
        let run = Peering::new()
            .args(command.split(' '))
            .arg("-redact")
            .after(state)
            .run()
            .status(if command.starts_with("stale") { 3 } else { 0 });
        assert!(run.stdout.contains("NAME-"), "{}", run.stdout);
        assert_redacted(&run, &names, command);
        state = run;
    }
}

#[test]
fn errors_and_logs_are_redacted() {
    let names = ["north-sea", "consul.example", "127.0.0.1"].map(str::to_owned).into();
    for command in [
        "read -name north-sea -http-addr 127.0.0.1:1",
        "read -name north-sea -http-addr https://consul.example:1",
        "read -name north-sea -http-addr 127.0.0.1:1 -log-level debug",
        "diagnose -name north-sea -http-addr 127.0.0.1:1",
        "stale north-sea.token -name north-sea",
        "read -name north-sea -nonsense",
        "read -name north-sea -wait north-sea",
    ] {
        let run = Peering::new().args(command.split(' ')).arg("-redact").run();
        assert!(!(run.stderr.clone() + &run.stdout).is_empty(), "{command}");
        assert_redacted(&run, &names, command);
    }
    let run = Peering::new().args(["read", "-name", "north-sea"]).env("PEERING_REDACT", "true").run();
    assert_redacted(&run, &names, "the variable");
    let run = Peering::new()
        .args(["read", "-name", "north-sea", "-config", "c"])
        .file("c", "redact = true\n")
        .run();
    assert_redacted(&run, &names, "the configuration file");
}

#[test]
fn a_peering_with_an_ordinary_name_leaves_other_words_alone() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let (_, token) = recorded_tokens().remove(0);
    let plain = |name: &str| {
        let run = Peering::new().args(["stale", "t", "-name", name, "-http-addr", &dev.url]);
        run.file("t", &token).run().stdout.replace(&format!("-name {name}"), "")
    };
    for name in ["a", "is", "token", "peering", "the"] {
        let run = Peering::new().args(["stale", "t", "-name", name, "-http-addr", &dev.url, "-redact"]);
        let shown = run.file("t", &token).run().stdout;
        let words = |text: &str| text.split_whitespace().filter(|it| *it == name).count();
        assert_eq!(words(&shown), words(&plain(name)), "{name}: {shown}");
        assert!(!shown.contains(&format!("\"{name}\"")), "{shown}");
    }
}

#[test]
fn completions_are_not_redacted() {
    let run = Peering::new().args(["__complete", "read", "-redact", "-name", "localhost", "-http-addr", ""]);
    let run =
        run.env("CONSUL_HTTP_ADDR", "http://localhost:8500").env("PEERING_REDACT", "true").run().status(0);
    assert!(run.stdout.contains("http://localhost:8500"), "{}{}", run.stdout, run.stderr);
}
