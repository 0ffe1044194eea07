//! `action.yml` and the template for GitLab: their shell steps run as they are, with a release on this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::peering::{fixture, shows_no_secret};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(path: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns whether a tool is installed, and reports a skipped test otherwise.
fn has(tool: &str, test: &str) -> bool {
    let found =
        Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success();
    if !found {
        eprintln!("SKIPPED: {test}: install {tool} to run it");
    }
    found
}

fn shell(script: &str, directory: &Path, environment: &BTreeMap<String, String>) -> (i32, String) {
    let output = Command::new("/bin/bash")
        .args(["-c", &format!("{script} 2>&1")])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", directory)
        .envs(environment)
        .current_dir(directory)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    shows_no_secret(&text, script);
    (output.status.code().unwrap(), text)
}

/// A directory with a release, whose archive contains a program that runs the one under test.
struct Release {
    directory: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = format!("peering-0.1.0-{}-unknown-linux-musl", std::env::consts::ARCH);
        let script = format!(
            "set -eu; mkdir -p v0.1.0 {name}/bin; cp program {name}/bin/peering; chmod +x {name}/bin/peering
            tar -czf v0.1.0/{name}.tar.gz {name}; cd v0.1.0; sha256sum {name}.tar.gz > SHA256SUMS"
        );
        let program = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_peering"));
        std::fs::write(directory.path().join("program"), program).unwrap();
        assert_eq!(
            shell(&format!("{{ {script}; }}"), directory.path(), &BTreeMap::new()),
            (0, String::new())
        );
        Self { directory }
    }

    fn url(&self) -> String {
        format!("file://{}", self.directory.path().display())
    }
}

/// A job that runs the action: the values of its expressions, and its files.
struct Job {
    expressions: BTreeMap<String, String>,
    directory: tempfile::TempDir,
}

impl Job {
    fn new(inputs: &[(&str, &str)]) -> Self {
        let action = yaml(&root().join("action.yml"));
        let mut expressions = BTreeMap::new();
        for (name, input) in action["inputs"].as_object().unwrap() {
            let given = inputs.iter().find(|(given, _)| given == name).map(|(_, value)| *value);
            let value = given.or(input["default"].as_str()).unwrap_or_else(|| panic!("{name} is required"));
            expressions.insert(format!("inputs.{name}"), value.to_owned());
        }
        Self { expressions, directory: tempfile::tempdir().unwrap() }
    }

    /// Returns the value of a field, which may be an expression: `${{ inputs.tokens }}` or `${{ inputs.releases || … }}`.
    fn value(&self, field: &str) -> String {
        let Some(expression) = field.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) else {
            return field.to_owned();
        };
        let name = expression.split(" || ").next().unwrap();
        self.expressions.get(name).unwrap_or_else(|| panic!("{field} has no value")).clone()
    }

    /// Runs a step. Returns its exit code and its output.
    fn run(&mut self, step: &Value) -> (i32, String) {
        let directory = self.directory.path();
        let outputs = directory.join("outputs");
        std::fs::write(&outputs, "").unwrap();
        let architecture = if std::env::consts::ARCH == "x86_64" { "X64" } else { "ARM64" };
        let mut environment: BTreeMap<String, String> = [
            ("RUNNER_OS", "Linux"),
            ("RUNNER_ARCH", architecture),
            ("RUNNER_TEMP", directory.to_str().unwrap()),
            ("GITHUB_OUTPUT", outputs.to_str().unwrap()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, field) in step["env"].as_object().unwrap() {
            environment.insert(name.clone(), self.value(field.as_str().unwrap()));
        }
        let script = step["run"].as_str().unwrap();
        let run = shell(&format!("{{ {script}\n}}"), directory, &environment);
        for line in std::fs::read_to_string(outputs).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap();
            let id = step["id"].as_str().unwrap();
            self.expressions.insert(format!("steps.{id}.outputs.{name}"), value.to_owned());
        }
        run
    }
}

/// Runs the shell steps of the action until one fails. Returns the job, and the exit code and output of the last step.
fn run_action(inputs: &[(&str, &str)]) -> (Job, i32, String) {
    let action = yaml(&root().join("action.yml"));
    let mut job = Job::new(inputs);
    let steps = action["runs"]["steps"].as_array().unwrap();
    let mut last = (0, String::new());
    for step in steps.iter().filter(|step| step["run"].is_string()) {
        last = job.run(step);
        if last.0 != 0 {
            break;
        }
    }
    (job, last.0, last.1)
}

/// Runs the action on a token with two findings. Returns what [`run_action`] does, or `None` without curl.
fn check_external_addresses(arguments: &str) -> Option<(Job, i32, String)> {
    if !has("curl", "the steps of action.yml") {
        return None;
    }
    let release = Release::new();
    let tokens = fixture("tokens/external-addresses.txt");
    Some(run_action(&[
        ("tokens", tokens.to_str().unwrap()),
        ("releases", &release.url()),
        ("arguments", arguments),
    ]))
}

fn rules(sarif: &Path) -> Vec<String> {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(sarif).unwrap()).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    results.iter().map(|result| result["ruleId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_action_installs_the_program_and_writes_its_findings() {
    let Some((job, code, output)) = check_external_addresses("-now=2026-11-24\n-only=address-not-grpc-port")
    else {
        return;
    };
    assert_eq!((code, output.as_str()), (0, ""));
    assert_eq!(job.expressions["steps.validate.outputs.exit-code"], "0");
    assert_eq!(rules(&job.directory.path().join("peering.sarif")), ["address-not-grpc-port"]);
}

#[test]
fn the_action_fails_on_a_finding_after_it_wrote_the_findings() {
    let Some((job, code, output)) = check_external_addresses("-now=2026-11-24\n-fail-on=warning") else {
        return;
    };
    assert_eq!(code, 1);
    assert!(output.starts_with("::error::Consul rejects a token, or a finding is severe enough"), "{output}");
    assert_eq!(
        rules(&job.directory.path().join("peering.sarif")),
        ["address-not-grpc-port", "addresses-overridden"]
    );
}

#[test]
fn the_action_fails_if_a_file_is_missing() {
    if !has("curl", "the steps of action.yml") {
        return;
    }
    let release = Release::new();
    let (_, code, output) = run_action(&[("tokens", "missing.token"), ("releases", &release.url())]);
    assert_eq!(code, 2);
    assert!(output.starts_with("::error::peering validate could not do its work"), "{output}");
}

#[test]
fn the_action_rejects_an_archive_with_another_checksum() {
    if !has("curl", "the steps of action.yml") {
        return;
    }
    let release = Release::new();
    let url = release.url();
    let inputs = |sha256| [("tokens", "west.token"), ("releases", url.as_str()), ("sha256", sha256)];
    let wrong = "0".repeat(64);
    let (job, code, output) = run_action(&inputs(&wrong));
    assert_eq!(code, 1);
    assert!(output.contains(&format!(", expected {wrong}")), "{output}");
    assert!(!job.expressions.contains_key("steps.install.outputs.program"));

    // An archive that SHA256SUMS does not list.
    std::fs::write(release.directory.path().join("v0.1.0/SHA256SUMS"), "").unwrap();
    let (job, code, output) = run_action(&inputs(""));
    assert_eq!(code, 1);
    assert!(output.contains(", expected one in SHA256SUMS"), "{output}");
    assert!(!job.expressions.contains_key("steps.install.outputs.program"));
}

/// A tag of an action can be moved to other code; a commit can't.
#[test]
fn every_action_is_pinned_to_a_commit() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join(".github/workflows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.push(root().join("action.yml"));
    let pinned = regex::Regex::new(r"uses: [a-z-]+/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$").unwrap();
    let mut actions = 0;
    for file in files {
        for line in std::fs::read_to_string(&file).unwrap().lines().filter(|line| line.contains("uses:")) {
            actions += 1;
            assert!(pinned.is_match(line), "{}: {line}", file.display());
        }
    }
    assert!(actions >= 5, "{actions}");
}

#[test]
fn the_gitlab_template_writes_test_results_and_code_quality() {
    if !has("curl", "the script of contrib/gitlab-ci.yml")
        || !has("jq", "the script of contrib/gitlab-ci.yml")
    {
        return;
    }
    let release = Release::new();
    let template = yaml(&root().join("contrib/gitlab-ci.yml"));
    let job = tempfile::tempdir().unwrap();
    let prefix = job.path().join("prefix");
    std::fs::create_dir(&prefix).unwrap();
    std::fs::copy(fixture("tokens/external-addresses.txt"), job.path().join("east.txt")).unwrap();
    std::fs::write(job.path().join("west.txt"), "not a token").unwrap();

    let lines = |key: &str| -> Vec<String> {
        let lines = template["peering"][key].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    // Without the tools, which a package manager installs, and with a directory that needs no root.
    let install = lines("before_script").into_iter().filter(|line| !line.starts_with("apk "));
    let script: Vec<String> = install.chain(lines("script")).collect();
    let script = script
        .join("\n")
        .replace("/usr/local", prefix.to_str().unwrap())
        .replace("x86_64-unknown", &format!("{}-unknown", std::env::consts::ARCH));
    let mut environment: BTreeMap<String, String> = template["variables"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    environment.insert("PEERING_RELEASES".to_owned(), release.url());
    environment.insert("PEERING_TOKENS".to_owned(), "east.txt west.txt".to_owned());
    environment.insert("PATH".to_owned(), format!("{}/bin:/usr/bin:/bin", prefix.display()));
    let (code, output) = shell(&format!("{{ {script}\n}}"), job.path(), &environment);
    assert_eq!(code, 1, "{output}");

    let read = |name: &str| std::fs::read_to_string(job.path().join(name)).unwrap();
    assert!(quick_junit::Report::deserialize_from_str(&read("peering.xml")).is_ok());
    let quality: Value = serde_json::from_str(&read("gl-code-quality-report.json")).unwrap();
    let quality = quality.as_array().unwrap();
    let finding = quality.iter().find(|it| it["check_name"] == "address-not-grpc-port").unwrap();
    assert_eq!(finding["severity"], "minor");
    assert_eq!(finding["location"]["path"], "east.txt");
    assert_eq!(finding["location"]["lines"]["begin"], 1);
    assert!(quality.iter().any(|it| it["location"]["path"] == "west.txt" && it["severity"] == "major"));
    let mut fingerprints: Vec<&str> = quality.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), quality.len());
}
