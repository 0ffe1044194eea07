//! The JSON Schemas are up to date, match real output, and reject everything else.

use std::path::{Path, PathBuf};

use consul_peering::cli::schema;
use consul_peering::net::bundle::Bundle;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::peering::{Dev, Finished, Peering, fixture, guard, recorded_tokens};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schemas/{name}.schema.json"))
}

#[test]
fn the_schemas_are_up_to_date() {
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut names: Vec<String> = Vec::new();
    for (name, schema) in schema::all() {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if update {
            std::fs::create_dir_all(file(name).parent().unwrap()).unwrap();
            std::fs::write(file(name), &text).unwrap();
        }
        let written = std::fs::read_to_string(file(name)).unwrap_or_default();
        assert!(
            written == text,
            "docs/schemas/{name}.schema.json is outdated: run UPDATE_DOCS=1 cargo test schemas"
        );
        names.push(format!("{name}.schema.json"));
    }
    for entry in std::fs::read_dir(file("x").parent().unwrap()).unwrap() {
        let found = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&found), "{found} is not generated anymore");
    }
}

pub fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file(name)).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
pub fn check(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {}", errors.join("\n"));
}

#[track_caller]
fn json_of(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

/// Returns every token of the fixtures, valid and damaged.
pub fn tokens() -> Vec<(String, Vec<u8>)> {
    let mut tokens: Vec<(String, Vec<u8>)> =
        recorded_tokens().into_iter().map(|(name, token)| (name, token.into_bytes())).collect();
    for entry in std::fs::read_dir(fixture("checks")).unwrap() {
        let directory = entry.unwrap().path();
        for name in ["fires.txt", "quiet.txt"] {
            tokens.push((directory.display().to_string(), std::fs::read(directory.join(name)).unwrap()));
        }
    }
    tokens
}

#[test]
fn inspect_and_validate_match_their_schemas_for_every_fixture() {
    let (inspect, validate, line) = (validator("inspect"), validator("validate"), validator("validate-line"));
    let mut lines = Vec::new();
    for (name, token) in tokens() {
        let run = Peering::new().args(["inspect", "-", "-format", "json", "-show-secret"]).shows_secrets();
        check(&inspect, &json_of(&run.stdin(token.clone()).run()), &name);
        let run = Peering::new().args(["validate", "-", "-format", "json", "-fail-on=info"]).shows_secrets();
        check(&validate, &json_of(&run.stdin(token.clone()).run()), &name);
        let text = String::from_utf8_lossy(&token).trim().to_owned();
        lines.push(json!({ "token": text, "team": "network", "number": 7 }).to_string());
    }
    lines.extend(["not json {".to_owned(), "{}".to_owned(), String::new()]);
    let run = Peering::new().args(["validate", "-batch", "-", "-format", "jsonl"]).shows_secrets();
    let run = run.stdin(lines.join("\n")).run();
    let mut inputs = 0;
    for (number, text) in run.stdout.lines().enumerate() {
        let entry: Value = serde_json::from_str(text).unwrap();
        inputs += usize::from(entry.get("input").is_some());
        check(&line, &entry, &format!("line {number}"));
    }
    assert!(inputs > 50, "{inputs}");
}

#[test]
fn other_commands_match_their_schemas() {
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let acceptor = Dev::start(homes[0].path(), &[]);
    let dialer = Dev::start(homes[1].path(), &["-datacenter", "dc2"]);
    let generate = || {
        let run = Peering::new()
            .args(["generate-token", "-name", "east", "-http-addr", &acceptor.url])
            .shows_secrets();
        let run = run.run().status(0);
        guard(&run.stdout);
        run
    };
    let first = generate();
    let second = generate().stdout;
    // Each run has its own ledger.
    let at = |arguments: &[&str], url: &str| {
        let run = Peering::new().args(arguments).args(["-format", "json", "-http-addr", url]);
        json_of(&run.stdin(second.clone()).run())
    };
    let token = first.stdout.clone();
    let history = Peering::new().args(["history", "-format", "json"]).after(first).run().status(0);
    check(&validator("history"), &json_of(&history), "history");
    let (stale, diagnose) = (validator("stale"), validator("diagnose"));
    check(&stale, &at(&["stale", "-", "-name", "east", "-probe"], &acceptor.url), "stale");
    check(&stale, &at(&["stale", "-", "-offline"], &acceptor.url), "stale -offline");
    check(&diagnose, &at(&["diagnose", "-", "-name", "west"], &dialer.url), "diagnose");
    check(&diagnose, &at(&["diagnose", "-", "-offline", "-error", "EOF"], &dialer.url), "diagnose -error");
    let establish =
        Peering::new().args(["establish", "-name", "west", "-peering-token", "-", "-http-addr", &dialer.url]);
    establish.stdin(second.clone()).run().status(0);
    check(&diagnose, &at(&["diagnose", "-", "-name", "west"], &dialer.url), "diagnose, used");
    let (read, list) = (validator("read"), validator("list"));
    check(&list, &at(&["list"], &acceptor.url), "list");
    check(&list, &at(&["list"], &dialer.url), "list, dialer");
    check(&read, &at(&["read", "-name", "east"], &acceptor.url), "read");
    check(&read, &at(&["read", "-name", "west"], &dialer.url), "read, dialer");
    let diff = Peering::new()
        .args(["diff", "-", "@other", "-format", "json"])
        .file("other", &second)
        .stdin(token)
        .run();
    check(&validator("diff"), &json_of(&diff), "diff");
    for (_, name, _) in consul_peering::acceptor::Fault::ALL.iter().filter(|(_, name, _)| *name != "slow") {
        let home = tempfile::tempdir().unwrap();
        let faulty = Dev::start(home.path(), &["-fault", name]);
        let run = Peering::new()
            .args(["generate-token", "-name", "east", "-http-addr", &faulty.url])
            .shows_secrets()
            .run();
        if run.status == 0 {
            let diagnose_it = Peering::new()
                .args(["diagnose", "-", "-format", "json", "-timeout", "300ms"])
                .shows_secrets();
            check(&diagnose, &json_of(&diagnose_it.stdin(run.stdout).run()), name);
        }
    }
}

#[test]
fn recorded_output_of_consul_matches_the_schemas() {
    let recorded: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(fixture("consul/cli.json")).unwrap()).unwrap();
    let mut checked = 0;
    for run in recorded {
        let stdout = run["stdout"].as_str().unwrap();
        let Ok(document) = serde_json::from_str::<Value>(stdout) else { continue };
        let name = match run["args"][1].as_str().unwrap() {
            "generate-token" | "establish" | "delete" => continue,
            name => name,
        };
        check(&validator(name), &document, run["name"].as_str().unwrap());
        checked += 1;
    }
    assert!(checked >= 4, "{checked}");
}

#[test]
fn explain_matches_its_schemas() {
    let explain = |arguments: &[&str]| {
        json_of(&Peering::new().args(["explain", "-format", "json"]).args(arguments).run())
    };
    check(&validator("explain"), &explain(&["ca-expired"]), "a check");
    check(&validator("explain"), &explain(&["peering token server addresses value is empty"]), "a message");
    check(&validator("explain-list"), &explain(&["-list"]), "all");
}

/// The optional fields by the name of the schema. All others are required.
const OPTIONAL: [(&str, &[&str]); 5] = [
    // A path that could not be read has a reason, and nothing of a token.
    ("find-line", &[]),
    // A certificate that cannot be parsed has only an error.
    (
        "inspect",
        &[
            "subject",
            "issuer",
            "serial",
            "not_before",
            "not_after",
            "key",
            "signature_algorithm",
            "is_ca",
            "path_length",
            "key_usage",
            "subject_key_id",
            "authority_key_id",
            "names",
            "self_signature",
            "sha256",
            "sha1",
        ],
    ),
    // A text that is not a token has fewer fields.
    ("validate", &["source", "peer_id", "server_name", "passed", "skipped"]),
    // A line of a batch may be neither a token nor JSON.
    ("validate-line", &["peer_id", "server_name", "input"]),
    // Go omits empty values.
    ("read", &["PeerCAPems"]),
];

/// A server log with a known message about a peering.
const LOG: &str = "2026-11-27T17:31:39.000Z [ERROR] agent.server.peering_syncer: error dialing peer: \
    peer_name=west error=\"x509: certificate signed by unknown authority\"\n";

/// Objects with arbitrary keys.
const ANY_KEYS: [&str; 5] = ["/Meta", "/captures", "/input", "/labels", "/values"];

/// Returns a real document for each schema.
fn documents() -> Vec<(&'static str, Value)> {
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let other = std::fs::read_to_string(fixture("tokens/three-servers.txt")).unwrap();
    let run =
        |arguments: &[&str]| Peering::new().args(arguments).args(["-format", "json"]).stdin(token.clone());
    let line = json!({ "token": token.trim(), "team": "network" }).to_string();
    let lines = Peering::new().args(["validate", "-batch", "-", "-format", "jsonl"]).stdin(line).run();
    let pair = format!("{token}\n{other}");
    let found = |arguments: &[&str]| {
        Peering::new().args(["find", "-"]).args(arguments).stdin(token.clone()).run().status(1)
    };
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-acl-token", "11111111-aaaa-4bbb-8ccc-000000000001"]);
    let file = format!(
        "[contexts.anonymous]\nhttp_addr = '{}'\nlabels.env = 'prod'\n\
         [contexts.command]\nhttp_addr = 'x'\ntoken_command = ['vault']\n",
        dev.url
    );
    let contexts = |words: &[&str]| {
        let run = Peering::new().args(["context"]).args(words).args(["-config", "c.toml", "-format", "json"]);
        run.file("c.toml", &file).env("CONSUL_HTTP_TOKEN", "x").run()
    };
    let failing = Dev::start(&home.path().join("failing"), &["-fault", "generate-no-gateway"]);
    let other_cluster = Dev::start(&home.path().join("other"), &["-datacenter", "dc2"]);
    let both = format!(
        "[contexts.east]\nhttp_addr = '{}'\n[contexts.west]\nhttp_addr = '{}'\n",
        failing.url, other_cluster.url
    );
    let at_both = |words: &[&str]| run(words).args(["-config", "both.toml"]).file("both.toml", &both).run();
    let imported = run(&["ledger", "import", "-", "-name", "west"]).run();
    vec![
        ("inspect", json_of(&run(&["inspect", "-"]).run())),
        ("validate", json_of(&run(&["validate", "-"]).run())),
        ("validate-line", serde_json::from_str(lines.stdout.lines().next().unwrap()).unwrap()),
        ("stale", json_of(&run(&["stale", "-", "-offline"]).run())),
        ("diagnose", json_of(&run(&["diagnose", "-", "-timeout", "100ms", "-error", "EOF"]).run())),
        ("diagnose-several", json_of(&run(&["diagnose", "pair", "-offline"]).file("pair", pair).run())),
        ("audit", audit(&["-format", "json"], 0)),
        ("audit-line", audit(&["-format", "jsonl"], 15)),
        ("audit-changes", audit(&["-format", "json", "-diff", "mesh.jsonl"], 0)),
        ("audit-fact", fact(1)),
        ("bundle-index", index_of(&run(&["diagnose", "-", "-offline", "-bundle", "b"]).run())),
        ("find", json_of(&found(&["-format", "json", "-stale"]))),
        (
            "find-line",
            serde_json::from_str(found(&["-format", "jsonl", "-stale"]).stdout.lines().next().unwrap())
                .unwrap(),
        ),
        ("diff", json_of(&run(&["diff", "-", "@other"]).file("other", other).run())),
        ("explain", json_of(&run(&["explain", "dial tcp 10.0.0.1:8503: i/o timeout"]).run())),
        ("explain-log", json_of(&run(&["explain", "-log", "log"]).file("log", LOG).run())),
        ("explain-list", json_of(&run(&["explain", "-list"]).run())),
        ("connect", json_of(&at_both(&["connect", "-acceptor", "east", "-dialer", "west"]))),
        ("revoke", json_of(&at_both(&["revoke", "-name", "west", "-context", "west"]))),
        ("context-list", json_of(&contexts(&["list"]))),
        ("context-show", json_of(&contexts(&["show", "anonymous"]))),
        ("context-check", json_of(&contexts(&["check", "anonymous"]))),
        ("history", json_of(&Peering::new().args(["history", "-format", "json"]).after(imported).run())),
        ("read", recorded("read")),
        ("list", recorded("list")),
        // No recording contains a service.
        ("exported-services", json!(["api"])),
    ]
}

/// Returns a document of an audit; of several lines, one.
fn audit(arguments: &[&str], line: usize) -> Value {
    let run = Peering::new().args(["audit", "judge", "broken.jsonl"]).args(arguments);
    let run = ["broken.jsonl", "mesh.jsonl"]
        .into_iter()
        .fold(run, |run, name| run.file(name, std::fs::read(fixture("audit").join(name)).unwrap()));
    let stdout = run.run().status(1).stdout;
    let text = if arguments.contains(&"jsonl") { stdout.lines().nth(line).unwrap() } else { &stdout };
    serde_json::from_str(text).unwrap()
}

/// Returns a line of facts.
fn fact(line: usize) -> Value {
    let facts = std::fs::read_to_string(fixture("audit/mesh.jsonl")).unwrap();
    serde_json::from_str(facts.lines().nth(line).unwrap()).unwrap()
}

/// Returns the index of the bundle that a run wrote.
fn index_of(run: &Finished) -> Value {
    let bundle = Bundle::unpack(&std::fs::read(run.home.path().join("b")).unwrap()).unwrap();
    serde_json::to_value(bundle.index).unwrap()
}

/// Returns the longest recorded document of one of Consul's commands.
fn recorded(command: &str) -> Value {
    let runs: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(fixture("consul/cli.json")).unwrap()).unwrap();
    let printed = |run: &Value| run["stdout"].as_str().unwrap().to_owned();
    let outputs = runs.iter().filter(|run| run["args"][1] == command).map(printed);
    let documents = outputs.filter(|text| serde_json::from_str::<Value>(text).is_ok());
    serde_json::from_str(&documents.max_by_key(String::len).unwrap_or_else(|| panic!("{command}"))).unwrap()
}

/// Collects the JSON pointers of all values; for a list, only those of its first element.
fn places(value: &Value, place: &str, all: &mut Vec<String>) {
    all.push(place.to_owned());
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                places(value, &format!("{place}/{key}"), all);
            }
        }
        Value::Array(values) if !values.is_empty() => places(&values[0], &format!("{place}/0"), all),
        _ => {}
    }
}

#[test]
fn unknown_fields_missing_fields_and_wrong_types_are_rejected() {
    let documents = documents();
    let names: Vec<&str> = documents.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, schema::all().iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let mut missing: Vec<(&str, String)> = Vec::new();
    for (name, document) in documents {
        let validator = validator(name);
        check(&validator, &document, name);
        let mut all = Vec::new();
        places(&document, "", &mut all);
        assert!(all.len() > 1, "{name}: {document}");
        for place in all.iter().filter(|place| !ANY_KEYS.iter().any(|any| place.contains(any))) {
            let with = |value: Value| {
                let mut changed = document.clone();
                *changed.pointer_mut(place).unwrap() = value;
                changed
            };
            // No field is a list of lists of lists.
            assert!(
                !validator.is_valid(&with(json!([[[1]]]))),
                "{name}: a wrong type is accepted at {place:?}"
            );
            let Some(fields) = document.pointer(place).unwrap().as_object() else { continue };
            let mut more = fields.clone();
            more.insert("surprise".to_owned(), json!(1));
            assert!(
                !validator.is_valid(&with(more.into())),
                "{name}: an unknown field is accepted at {place:?}"
            );
            for field in fields.keys() {
                let mut less = fields.clone();
                less.remove(field);
                if validator.is_valid(&with(less.into())) {
                    missing.push((name, field.clone()));
                }
            }
        }
    }
    missing.dedup();
    let optional: Vec<(&str, String)> = OPTIONAL
        .iter()
        .flat_map(|(name, fields)| fields.iter().map(|field| (*name, (*field).to_owned())))
        .collect();
    assert_eq!(missing, optional, "(left: optional in the schemas, right: OPTIONAL)");
}
