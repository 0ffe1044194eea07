//! The module, cut out of the page and run by node: its answers equal those of the native core.

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use consul_peering::page;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{NOW, sources};

/// Runs the module: one call per line of input, one result per line of output.
const RUNNER: &str = r#"
const fs = require("fs"), lines = fs.readFileSync(0, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
const module_ = new WebAssembly.Module(fs.readFileSync(process.argv[1]));
let core, failure;
function start() {
  failure = "";
  const failed = (at, length) => { failure = Buffer.from(core.memory.buffer, at, length).toString(); };
  core = new WebAssembly.Instance(module_, { page: { failed } }).exports;
}
start();
const results = lines.map(([name, text, number]) => {
  const bytes = Buffer.from(text, "base64");
  try {
    const at = core.input(bytes.length);
    new Uint8Array(core.memory.buffer, at, bytes.length).set(bytes);
    const length = core[name](number);
    return Buffer.from(core.memory.buffer, core.output(), length).toString();
  } catch (error) {
    const message = `${error.message}: ${failure}`;
    start();
    return message;
  }
});
fs.writeFileSync(1, results.map((result) => JSON.stringify(result)).join("\n"));
"#;

/// Returns the module in the page.
fn bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let packed = super::between(page::HTML, "id=\"module\">", "</script>");
        let mut module = Vec::new();
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut module).unwrap();
        module
    });
    &BYTES
}

pub fn sha256() -> String {
    sources::sha256(bytes())
}

/// Calls functions of the module with a text and a number. Returns nothing without node.
fn run(calls: &[(&str, &[u8], f64)]) -> Option<Vec<String>> {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the module of the page: install node to run it");
        return None;
    }
    let scratch = tempfile::tempdir().unwrap();
    let module = scratch.path().join("module.wasm");
    fs::write(&module, bytes()).unwrap();
    let lines: Vec<String> = calls
        .iter()
        .map(|(name, text, number)| json!([name, BASE64_STANDARD.encode(text), number]).to_string())
        .collect();
    let mut node = Command::new("node")
        .args(["-e", RUNNER])
        .arg(&module)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.join("\n").as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let results = String::from_utf8(output.stdout).unwrap();
    Some(results.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn milliseconds(now: Timestamp) -> f64 {
    #[allow(clippy::cast_precision_loss)] // milliseconds since 1970
    let milliseconds = now.as_millisecond() as f64;
    milliseconds
}

#[test]
fn every_recorded_verdict_and_its_whole_json_equal_the_native_ones() {
    let now: Timestamp = NOW.parse().unwrap();
    let lines = fs::read_to_string("fixtures/verdicts/verdicts.jsonl").unwrap();
    let recorded: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(recorded.len(), 4515);
    let texts: Vec<&[u8]> = recorded.iter().map(|it| it["token"].as_str().unwrap().as_bytes()).collect();
    let functions = ["verdict", "validate", "inspect"];
    let calls: Vec<_> =
        texts.iter().flat_map(|text| functions.map(|name| (name, *text, milliseconds(now)))).collect();
    let Some(results) = run(&calls) else { return };
    assert_eq!(results.len(), calls.len());

    for (recorded, results) in recorded.iter().zip(results.chunks(functions.len())) {
        let message = recorded["error"].as_str().unwrap();
        assert_eq!(recorded["accepted"], message.is_empty());
        assert_eq!(results[0], message, "{}", recorded["id"]);
    }
    println!("4,515 of 4,515 verdicts are those of Consul");

    let changed = sources::changed();
    if !changed.is_empty() {
        eprintln!(
            "SKIPPED: the whole JSON of the page: run web/build, because these changed: {}",
            changed.join(" ")
        );
        return;
    }
    for (text, results) in texts.iter().zip(results.chunks(functions.len())) {
        let native = [page::verdict(text), page::validate_json(text, now), page::inspect_json(text, now)];
        assert!(native == results, "{}\n{native:?}\n{results:?}", String::from_utf8_lossy(text));
    }
    println!("4,515 of 4,515 results of {functions:?} equal the native ones");
}

#[test]
fn what_the_page_shows_equals_the_native_view() {
    if !sources::changed().is_empty() {
        eprintln!("SKIPPED: what the page shows: run web/build, because sources changed");
        return;
    }
    let now: Timestamp = NOW.parse().unwrap();
    let mut texts: Vec<String> =
        crate::peering::recorded_tokens().into_iter().map(|(_, token)| token).collect();
    let directories = fs::read_dir(crate::peering::fixture("checks")).unwrap();
    texts.extend(directories.filter_map(|it| fs::read_to_string(it.unwrap().path().join("fires.txt")).ok()));
    texts.push("dial tcp 10.0.0.7:8503: i/o timeout".to_owned());
    let both = [("look", milliseconds(now)), ("report", milliseconds(now))];
    let calls: Vec<_> =
        texts.iter().flat_map(|text| both.map(|(name, now)| (name, text.as_bytes(), now))).collect();
    let Some(results) = run(&calls) else { return };
    for (text, results) in texts.iter().zip(results.chunks(both.len())) {
        let native = [page::look(text.as_bytes(), now), page::redacted_report(text.as_bytes(), now)];
        assert!(native == results, "{text}\n{native:?}\n{results:?}");
    }
}

#[test]
fn a_panic_is_a_trap_with_its_message() {
    // The first token is longer than the whole text.
    let Some(results) = run(&[("compare", b"short", 1000.0), ("look", b"eyJDQSI6", 0.0)]) else { return };
    assert!(results[0].starts_with("unreachable: panicked at"), "{}", results[0]);
    assert!(results[1].contains("Consul rejects this token"), "a new instance answers: {}", results[1]);
}
