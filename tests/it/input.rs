//! What a TOKEN argument may be: a file, a directory, a pattern, and documents with one or several tokens.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::peering::{Finished, Peering, fixture};

fn token(name: &str) -> String {
    std::fs::read_to_string(fixture("tokens").join(format!("{name}.txt"))).unwrap().trim().to_owned()
}

fn json_of(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

/// Returns the sources of the tokens in the output of a command.
fn sources(run: &Finished) -> Vec<String> {
    let document = json_of(run);
    let tokens = document.get("tokens").or(document.get("diagnoses")).unwrap().as_array().unwrap();
    tokens.iter().map(|token| token["source"].as_str().unwrap().to_owned()).collect()
}

fn secret(namespace: &str, name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": { "namespace": namespace, "name": name },
        "data": { "data": BASE64_STANDARD.encode(value) },
    })
}

/// Three Secrets with tokens, of which the second one is damaged, and one without.
fn list() -> String {
    let second = token("three-servers");
    json!({
        "apiVersion": "v1", "kind": "List",
        "items": [
            secret("consul", "east-token", &token("one-server")),
            secret("consul", "north-token", &second[..second.len() - 40]),
            secret("default", "tls", "-----BEGIN CERTIFICATE-----"),
            secret("apps", "west-token", &token("two-roots")),
        ],
    })
    .to_string()
}

const IN_LIST: [&str; 3] = ["consul/east-token", "consul/north-token", "apps/west-token"];

#[test]
fn every_command_reads_the_secrets_of_a_list() {
    let run = |arguments: &[&str]| {
        Peering::new()
            .args(arguments)
            .args(["secrets.json", "-format", "json"])
            .file("secrets.json", list())
            .run()
    };
    let all = IN_LIST.map(|place| format!("secrets.json: {place}"));
    let inspect = run(&["inspect"]).status(1);
    assert_eq!(sources(&inspect), [&all[0], &all[2]].map(String::clone));
    assert!(
        inspect.stderr.contains("cannot decode the token from secrets.json: consul/north-token"),
        "{}",
        inspect.stderr
    );
    let validate = run(&["validate"]).status(1);
    assert_eq!(sources(&validate), all);
    let accepted: Vec<bool> = json_of(&validate)["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token["consul"]["accepted"].as_bool().unwrap())
        .collect();
    assert_eq!(accepted, [true, false, true]);
    assert_eq!(validate.stderr, "Note: read 3 tokens in Kubernetes Secrets from secrets.json\n");
    let stale = run(&["stale", "-offline"]).status(2);
    assert_eq!(sources(&stale), [&all[0], &all[2]].map(String::clone));
    assert!(stale.stderr.contains("secrets.json: consul/north-token"), "{}", stale.stderr);
    let diagnose = run(&["diagnose", "-offline"]).status(1);
    assert_eq!(sources(&diagnose), all);
    let document = json_of(&diagnose);
    assert_eq!(document["status"], "blocked");
    assert_eq!(document["diagnoses"][0]["diagnosis"]["extracted_from"], "secret_manifest");
    // In a pipe, the place alone is the source.
    let piped = Peering::new().args(["validate", "-", "-format", "json"]).stdin(list()).run().status(1);
    assert_eq!(sources(&piped), IN_LIST);
}

#[test]
fn a_command_for_one_token_refuses_a_list() {
    for arguments in
        [&["diff", "secrets.json", "-"][..], &["ledger", "import", "-name", "east", "secrets.json"]]
    {
        let run =
            Peering::new().args(arguments).file("secrets.json", list()).stdin(token("one-server")).run();
        assert_eq!(run.status, 2);
        assert!(
            run.stderr.starts_with("Error: secrets.json contains 3 tokens, and one is needed\n"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn strict_checks_the_document_itself() {
    let validate = |arguments: &[&str]| {
        let run = Peering::new().args(["validate", "secrets.json", "-format", "json"]).args(arguments);
        json_of(&run.file("secrets.json", secret("a", "b", &token("one-server")).to_string()).run())
    };
    let unwrapped = validate(&[]);
    assert_eq!(unwrapped["tokens"][0]["consul"]["accepted"], true);
    assert_eq!(unwrapped["tokens"][0]["extracted_from"], "secret_manifest");
    let strict = validate(&["-strict"]);
    assert_eq!(
        strict["tokens"][0]["consul"]["message"],
        "failed to decode token: illegal base64 data at input byte 0"
    );
    assert_eq!(strict["tokens"][0]["findings"][0]["check"], "more-than-the-token");
}

#[test]
fn lines_of_a_batch_are_checked_as_they_are() {
    let line = json!({ "PeeringToken": token("one-server") }).to_string();
    let run = Peering::new()
        .args(["validate", "-batch", "-", "-format", "jsonl"])
        .stdin(json!({ "token": line }).to_string());
    let entry: Value = serde_json::from_str(run.run().status(1).stdout.lines().next().unwrap()).unwrap();
    assert_eq!(entry["consul"]["accepted"], false);
}

#[test]
fn every_kind_of_document_is_read() {
    let (one, three) = (token("one-server"), token("three-servers"));
    let answer = |token: &str| json!({ "PeeringToken": token });
    let attributes = |token: &str| json!([{ "index_key": "a", "attributes": { "peer_name": "x", "peering_token": token } }]);
    let resource = |name: &str, token: &str| json!({ "mode": "managed", "type": "consul_peering_token", "name": name, "instances": attributes(token) });
    let state = json!({
        "version": 4, "terraform_version": "1.9.0",
        "outputs": { "east": { "value": one, "type": "string" } },
        "resources": [resource("east", &one), resource("west", &three)],
    });
    let manifest = |name: &str, token: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  token: |\n    {token}\n"
        )
    };
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let big_endian = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let documents: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("an API answer", answer(&one).to_string().into(), vec!["-"]),
        ("several API answers", format!("{}\n{}", answer(&one), answer(&three)).into(), vec!["-", "-"]),
        (
            "several YAML documents",
            format!("{}---\n{}", manifest("a", &one), manifest("b", &three)).into(),
            vec!["a", "b"],
        ),
        (
            "a Terraform state",
            state.to_string().into(),
            vec!["outputs.east.value", "consul_peering_token.west[\"a\"]"],
        ),
        ("two pasted tokens", format!("{one}\n\n{three}\n").into(), vec!["token 1", "token 2"]),
        ("two tokens in one line", format!("{one} {three}").into(), vec!["token 1", "token 2"]),
        ("the same token twice", format!("$ cat a\n{one}\n$ cat b\n{one}\n").into(), vec!["-"]),
        ("UTF-16 with a byte order mark", [vec![0xFF, 0xFE], utf16(&one)].concat(), vec!["-"]),
        ("UTF-16 without one", utf16(&one), vec!["-"]),
        ("big-endian UTF-16", [vec![0xFE, 0xFF], big_endian(&one)].concat(), vec!["-"]),
        ("a manifest in UTF-16", utf16(&manifest("a", &one)), vec!["-"]),
        (
            "a manifest after a prompt",
            format!("$ kubectl get secret a -o yaml\n{}", manifest("a", &one)).into(),
            vec!["-"],
        ),
        (
            "JSON of another program",
            json!({ "data": { "data": { "token": one } } }).to_string().into(),
            vec!["-"],
        ),
    ];
    for (what, text, expected) in documents {
        let run = Peering::new().args(["inspect", "-", "-format", "json"]).stdin(text).run().status(0);
        assert_eq!(sources(&run), expected, "{what}");
    }
}

#[test]
fn a_file_a_directory_and_a_pattern_name_tokens() {
    let inspect = |arguments: &[&str]| {
        let peering = Peering::new().args(["inspect", "-format", "json"]).args(arguments);
        std::fs::create_dir_all(peering.home().join("tokens/old")).unwrap();
        peering
            .file("tokens/west.token", token("one-server"))
            .file("tokens/east.token", token("three-servers"))
            .file("tokens/.hidden", "not a token")
            .file("tokens/east.token~", "a backup")
            .file("tokens/old/north.token", token("two-roots"))
            .run()
            .status(0)
    };
    for (arguments, expected) in [
        (&["tokens/west.token"][..], &["tokens/west.token"][..]),
        (&["@tokens/west.token"], &["@tokens/west.token"]),
        (&["tokens"], &["tokens/east.token", "tokens/west.token"]),
        (&["@tokens/"], &["@tokens/east.token", "@tokens/west.token"]),
        (&["tokens/w*.token"], &["tokens/west.token"]),
        (&["tokens/**/*.token"], &["tokens/east.token", "tokens/old/north.token", "tokens/west.token"]),
    ] {
        assert_eq!(sources(&inspect(arguments)), expected, "{arguments:?}");
    }
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    for (argument, error) in [
        ("west.tokn", "cannot read west.tokn: no such file or directory\n  Fix: did you mean west.token?"),
        (
            "./wset.token",
            "cannot read ./wset.token: no such file or directory\n  Fix: did you mean ./west.token?",
        ),
        (
            "/no/such/file",
            "cannot read /no/such/file: no such file or directory\n  Likely cause: the name is misspelled",
        ),
        ("*.nothing", "no file matches *.nothing\n  Fix: check the pattern"),
        ("empty", "the directory empty contains no files\n  Fix: check the path"),
        (
            "nested",
            "the directory nested contains no files\n  Fix: for files in directories below it, use 'nested/**/*'",
        ),
    ] {
        let peering = Peering::new().args(["validate", argument]).file("west.token", token("one-server"));
        std::fs::create_dir_all(peering.home().join("nested/more")).unwrap();
        std::fs::create_dir(peering.home().join("empty")).unwrap();
        let run = peering.run().status(2);
        assert!(run.stderr.starts_with(&format!("Error: {error}")), "{argument}: {}", run.stderr);
        assert!(!run.stderr.contains("base64"), "{}", run.stderr);
    }
    let run = Peering::new().args(["inspect", "west"]).run().status(1);
    assert!(run.stderr.starts_with("Error: west is neither a file nor a peering token\n"), "{}", run.stderr);
}

#[test]
fn a_directory_of_a_thousand_files_is_bounded() {
    let peering = Peering::new().args(["validate", "many"]);
    std::fs::create_dir(peering.home().join("many")).unwrap();
    for number in 0..1001 {
        std::fs::write(peering.home().join(format!("many/{number}")), "x").unwrap();
    }
    let run = peering.run().status(2);
    assert!(run.stderr.starts_with("Error: more than 1000 files\n  Fix: "), "{}", run.stderr);
}

#[test]
fn batches_and_logs_may_be_several_files() {
    let peering = Peering::new().args(["validate", "-batch", "tokens", "-format", "jsonl"]);
    std::fs::create_dir(peering.home().join("tokens")).unwrap();
    // The first file has no line end.
    let run = peering
        .file("tokens/a", token("one-server"))
        .file("tokens/b", token("three-servers"))
        .run()
        .status(0);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    let log = |name: &str| {
        format!(
            "2024-03-05T10:00:01.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name={name} \
             error=\"rpc error: code = PermissionDenied desc = invalid peering stream secret\"\n"
        )
    };
    let run = Peering::new().args(["explain", "-log", "consul-*.log"]);
    let run = run.file("consul-1.log", log("east")).file("consul-2.log", log("west")).run().status(0);
    assert!(run.stdout.contains("east") && run.stdout.contains("west"), "{}", run.stdout);
}

#[test]
fn an_error_message_may_be_in_a_file() {
    let message = "a new peering token must be generated: invalid peering establishment secret";
    for name in ["error.txt", "@error.txt"] {
        let run = Peering::new().args(["diagnose", "-offline", "-format", "json", "-error", name]);
        let run = run.file("error.txt", message).run().status(1);
        assert_eq!(json_of(&run)["causes"][0]["name"], "secret-invalid", "{name}");
    }
}
