//! `peering find`: tokens in files, directories and histories.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::peering::{Dev, Finished, Peering, fixture, guard, recorded_tokens};

fn token() -> String {
    fs::read_to_string(fixture("tokens/one-server.txt")).unwrap().trim().to_owned()
}

fn other() -> String {
    fs::read_to_string(fixture("tokens/three-servers.txt")).unwrap().trim().to_owned()
}

fn wrapped(text: &str, width: usize, separator: &str) -> String {
    let lines: Vec<String> =
        text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    lines.join(separator)
}

/// A file with a token, with the line and column of the token.
struct Form {
    path: &'static str,
    text: String,
    place: (u64, u64),
}

/// Returns one file of each kind.
fn forms() -> Vec<Form> {
    let token = token();
    let again = BASE64_STANDARD.encode(&token);
    let form = |path, text: String, place| Form { path, text, place };
    let notebook = serde_json::json!({
        "cells": [{ "cell_type": "code", "source": ["import os\n", format!("token = \"{token}\"\n")] }],
        "nbformat": 4,
    });
    vec![
        form(".env", format!("A=1\nPEERING_TOKEN={token}\n"), (2, 15)),
        form("block.yaml", format!("token: |\n  {}\nnext: 1\n", wrapped(&token, 64, "\n  ")), (2, 3)),
        form("folded.yaml", format!("a:\n  token: >-\n    {}\n", wrapped(&token, 76, "\n    ")), (3, 5)),
        form("secret.yaml", format!("kind: Secret\ndata:\n  token: {again}\n"), (3, 10)),
        form(
            "wrapped-secret.yaml",
            format!("data:\n  token: |\n    {}\n", wrapped(&again, 76, "\n    ")),
            (3, 5),
        ),
        form(
            "main.tf",
            format!("locals {{\n  token = <<-EOT\n    {}\n  EOT\n}}\n", wrapped(&token, 80, "\n    ")),
            (3, 5),
        ),
        form(
            "escaped.json",
            format!(
                "{{\n  \"token\": \"{}\"\n}}\n",
                token.replace('+', "\\u002b").replace('/', "\\/").replace('=', "\\u003d")
            ),
            (2, 13),
        ),
        form(
            "terraform.tfstate",
            format!("{{\"version\":4,\"outputs\":{{\"token\":{{\"value\":\"{token}\"}}}}}}"),
            (1, 43),
        ),
        form(
            "deploy.sh",
            format!("#!/bin/sh\npeering establish -name west -peering-token '{token}'\n"),
            (2, 46),
        ),
        form("notebook.ipynb", serde_json::to_string_pretty(&notebook).unwrap(), (7, 20)),
        form(
            "west.pem",
            format!("-----BEGIN TOKEN-----\n{}\n-----END TOKEN-----\n", wrapped(&token, 64, "\n")),
            (2, 1),
        ),
        form("comment.go", format!("package x\n\n// Token:\n// {}\n", wrapped(&token, 76, "\n// ")), (4, 4)),
        form("request.txt", format!("POST /?token={} HTTP/1.1\n", token.replace('=', "%3D")), (1, 14)),
        form("database.bin", format!("\0\u{1}\u{7f}\0{token}\0\0"), (1, 5)),
    ]
}

fn json(run: &Finished) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr))
}

fn places(document: &Value) -> Vec<(String, u64, u64)> {
    let number = |token: &Value, key: &str| token[key].as_u64().unwrap();
    let tokens = document["tokens"].as_array().unwrap().iter();
    tokens
        .map(|token| {
            (token["path"].as_str().unwrap().to_owned(), number(token, "line"), number(token, "column"))
        })
        .collect()
}

#[test]
fn a_token_is_found_in_every_form_of_file_at_its_place() {
    let forms = forms();
    let peering = forms.iter().fold(Peering::new(), |peering, form| peering.file(form.path, &form.text));
    let run = peering.args(["find", ".", "-format", "json"]).run().status(1);
    let document = json(&run);
    let mut expected: Vec<(String, u64, u64)> =
        forms.iter().map(|form| (form.path.to_owned(), form.place.0, form.place.1)).collect();
    expected.sort();
    assert_eq!(places(&document), expected);
    assert_eq!(document["searched"]["files"], forms.len());
    for found in document["tokens"].as_array().unwrap() {
        assert_eq!(found["token_sha256"], document["tokens"][0]["token_sha256"]);
        assert_eq!(found["peer_id"], "1c176ab1-df89-9215-c39f-4c6b6192106c");
    }
}

#[test]
fn no_format_shows_a_part_of_a_token() {
    for format in ["pretty", "json", "jsonl", "sarif", "github"] {
        for detail in ["-short", "-long"] {
            let peering =
                forms().iter().fold(Peering::new(), |peering, form| peering.file(form.path, &form.text));
            let named = format!("{}.txt", &token()[..100]);
            let run =
                peering.file(&named, token()).args(["find", ".", "-format", format, detail]).run().status(1);
            let printed = run.stdout + &run.stderr;
            assert!(printed.contains("database.bin"), "{format}: {printed}");
            for part in token().as_bytes().windows(24).step_by(8) {
                assert!(!printed.contains(std::str::from_utf8(part).unwrap()), "{format}: {printed}");
            }
        }
    }
}

#[test]
fn a_secret_in_other_fields_of_a_token_is_hidden() {
    let secret = "5ec2e700-0000-4000-8000-0000000000f1";
    let key = "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIA==\\n-----END PRIVATE KEY-----";
    let token = BASE64_STANDARD.encode(format!(
        r#"{{"CA":null,"ServerAddresses":["a:1"],"ServerName":"x {secret} {key}","PeerID":"{secret}","EstablishmentSecret":"{secret}"}}"#
    ));
    guard(&token);
    for format in ["pretty", "json", "jsonl", "sarif", "github"] {
        let run = Peering::new().file("x", &token).args(["find", "x", "-format", format]).run().status(1);
        assert!(run.stdout.contains("<secret>") && !run.stdout.contains("MC4C"), "{}", run.stdout);
    }
}

#[test]
fn the_screen_shows_the_answer_then_each_place() {
    let run = Peering::new()
        .file("west.env", format!("TOKEN={}\n", token()))
        .file("secret.yaml", format!("data:\n  token: {}\n", BASE64_STANDARD.encode(other())))
        .file("empty.txt", "")
        .args(["find", "."])
        .run()
        .status(1);
    insta::assert_snapshot!("find", run.stdout);
    let run = Peering::new().args(["find", "."]).after(run).env("PEERING_BASELINE", "nope").run();
    assert!(run.stderr.starts_with("Error: cannot read nope: no such file"), "{}", run.stderr);
    let clean = Peering::new().file("a", "eyJDQSI6").file("b", "x").args(["find", "a", "b"]);
    clean.stdout("✓ No peering token in 2 files.\n").status(0);
}

#[test]
fn hidden_and_ignored_files_are_searched_on_request() {
    let peering = Peering::new().file(".gitignore", "ignored.txt\n").file("ignored.txt", token());
    let peering = peering.file(".hidden", token()).file(".env.local", token()).file("plain.txt", token());
    fs::create_dir(peering.home().join(".git")).unwrap();
    fs::write(peering.home().join(".git/config"), token()).unwrap();
    let mut run = peering.args(["find", ".", "-format", "json"]).run();
    let found = |run: &Finished| places(&json(run)).into_iter().map(|(path, _, _)| path).collect::<Vec<_>>();
    assert_eq!(found(&run), [".env.local", "plain.txt"]);
    for (options, expected) in [
        (&["-hidden"][..], &[".env.local", ".hidden", "plain.txt"][..]),
        (&["-no-ignore"], &[".env.local", "ignored.txt", "plain.txt"]),
        (&["-hidden", "-no-ignore"], &[".env.local", ".git/config", ".hidden", "ignored.txt", "plain.txt"]),
        // A file that is named is searched.
        (&[".hidden", "ignored.txt"], &[".env.local", ".hidden", "ignored.txt", "plain.txt"]),
    ] {
        run = Peering::new().args(["find", "-format", "json", "."]).args(options).after(run).run();
        let mut paths = found(&run);
        paths.sort();
        assert_eq!(paths, expected, "{options:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_fails_the_command() {
    let peering = Peering::new().file("found.txt", token()).file("clean.txt", "");
    let run = peering.args(["find", "found.txt", "nope.txt", "clean.txt", "-format", "json"]).run().status(2);
    assert!(
        run.stderr.starts_with("Error: cannot read nope.txt: no such file or directory"),
        "{}",
        run.stderr
    );
    let document = json(&run);
    assert_eq!(document["searched"]["files"], 2, "{document}");
    assert_eq!(document["status"], "unreadable");
    assert_eq!(document["unreadable"][0]["path"], "nope.txt");
    assert_eq!(places(&document), [("found.txt".to_owned(), 1, 1)]);
    for format in ["jsonl", "sarif", "github"] {
        let run = Peering::new().args(["find", "nope.txt", "-format", format]).run().status(2);
        assert!(run.stdout.contains("nope.txt") && run.stdout.contains("no such file"), "{}", run.stdout);
    }
    if rustix::process::getuid().is_root() {
        return;
    }
    let peering = Peering::new().file("x", token());
    fs::set_permissions(peering.home().join("x"), fs::Permissions::from_mode(0o000)).unwrap();
    let run = peering.args(["find", "."]).run().status(2);
    assert!(run.stderr.contains("x: permission denied"), "{}", run.stderr);
}

#[test]
fn a_device_is_an_error_and_not_a_search_without_an_end() {
    let run = Peering::new().args(["find", "/dev/zero"]).run().status(2);
    assert!(run.stderr.starts_with("Error: cannot read /dev/zero: a device has no end"), "{}", run.stderr);
}

#[test]
fn a_baseline_contains_the_known_tokens() {
    let peering = Peering::new().file("one.txt", token());
    let run = peering.args(["find", ".", "-write-baseline", "baseline"]).run().status(0);
    assert_eq!(run.stderr, "The baseline was written to baseline\n");
    let baseline = fs::read_to_string(run.home.path().join("baseline")).unwrap();
    assert!(baseline.lines().nth(1).unwrap().ends_with("  one.txt:1"), "{baseline}");
    let run = Peering::new().args(["find", ".", "-baseline", "baseline"]).after(run).run().status(0);
    assert_eq!(run.stdout, "✓ No new peering token in 2 files, and 1 token in the baseline.\n");
    let run = Peering::new()
        .file("x", "")
        .args(["find", ".", "-baseline", "baseline", "-format", "json"])
        .after(run);
    fs::write(run.home().join("two.txt"), other()).unwrap();
    let run = run.run().status(1);
    assert_eq!(places(&json(&run)), [("two.txt".to_owned(), 1, 1)]);
    assert_eq!(json(&run)["known"], 1);
    let run = Peering::new().file("bad", "x\n").args(["find", "bad", "-baseline", "bad"]).run().status(2);
    assert_eq!(
        run.stderr,
        "Error: cannot read the baseline bad: line 1 does not start with a SHA-256 of 64 hexadecimal digits\n  \
         Fix: write it with -write-baseline; start comments with #\n"
    );
}

#[test]
fn a_baseline_replaces_regular_files_only() {
    for path in ["/dev/null", "directory"] {
        let peering = Peering::new().file("one.txt", token());
        fs::create_dir(peering.home().join("directory")).unwrap();
        let run = peering.args(["find", ".", "-write-baseline", path]).run().status(2);
        assert_eq!(run.stderr, format!("Error: cannot write {path}: not a regular file\n"));
    }
}

#[test]
fn a_baseline_behind_a_link_is_replaced_and_the_link_stays() {
    let peering = Peering::new().file("one.txt", token()).file("real", "");
    let link = peering.home().join("link");
    std::os::unix::fs::symlink("real", &link).unwrap();
    let run = peering.args(["find", "one.txt", "-write-baseline", "link"]).run().status(0);
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real"));
    assert!(fs::read_to_string(run.home.path().join("real")).unwrap().ends_with("  one.txt:1\n"));
}

/// Runs git in a directory, with nothing of this machine's configuration.
fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", directory)
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@b"), ("GIT_COMMITTER_NAME", "a")])
        .envs([("GIT_COMMITTER_EMAIL", "a@b"), ("GIT_CONFIG_NOSYSTEM", "1")])
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_history_shows_the_commit_the_file_and_the_line() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    if git(home, &["init", "-q"]).is_none() {
        eprintln!("SKIPPED: a history shows the commit, the file and the line: git is not installed");
        return;
    }
    let commit = |text: &str, message: &str| {
        fs::write(home.join("grün west.yaml"), text).unwrap();
        git(home, &["add", "."]).unwrap();
        git(home, &["commit", "-q", "-m", message]).unwrap();
        git(home, &["rev-parse", "HEAD"]).unwrap().trim().to_owned()
    };
    let text = |token: &str| format!("a: 1\n\ntoken: |\n  {}\nb: 2\n", wrapped(token, 64, "\n  "));
    let added = commit(&text(&token()), "Add west");
    let replaced = commit(&text(&other()), "Replace it");
    let removed = commit("a: 1\n", &format!("Remove it\n\nIt was:\n{}", token()));
    let find = |log: &[&str]| {
        let log = git(home, log).unwrap();
        let run = Peering::new().args(["find", "-", "-format", "json"]).stdin(log).run().status(1);
        let tokens = json(&run)["tokens"].as_array().unwrap().clone();
        let text = |token: &Value, key: &str| token[key].as_str().unwrap().to_owned();
        let mut places: Vec<_> = tokens
            .iter()
            .map(|token| {
                (
                    text(token, "path"),
                    token["line"].as_u64().unwrap(),
                    text(token, "commit"),
                    text(token, "change"),
                )
            })
            .collect();
        places.sort();
        places
    };
    let place = |line, commit: &str, change: &str| {
        ("grün west.yaml".to_owned(), line, commit.to_owned(), change.to_owned())
    };
    let mut expected = vec![place(4, &added, "added"), place(4, &replaced, "added")];
    expected.sort();
    let all = find(&["log", "-p"]);
    let (message, files): (Vec<_>, Vec<_>) = all.into_iter().partition(|(path, ..)| path == "-");
    assert_eq!(files, expected);
    assert_eq!(message.len(), 1);
    assert_eq!((&message[0].2, message[0].3.as_str()), (&removed, "added"));
    // A commit alone: what it removed is in an earlier one.
    let shown = find(&["show", "--pretty=oneline", &removed]);
    assert_eq!(shown, [place(4, &removed, "removed")]);
}

#[test]
fn the_ledger_and_the_acceptor_show_whether_a_token_still_works() {
    let home = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(home.path(), &[]);
    let generate = |peering: Peering| {
        let run =
            peering.args(["generate-token", "-name", "east", "-http-addr", &acceptor.url]).shows_secrets();
        let run = run.run().status(0);
        guard(&run.stdout);
        run
    };
    let first = generate(Peering::new());
    let old = first.stdout.clone();
    let second = generate(Peering::new().after(first));
    let new = second.stdout.clone();
    let peering = Peering::new().after(second).file("new.txt", new).file("old.txt", old);
    let run =
        peering.args(["find", "new.txt", "old.txt", "-stale", "-probe", "-format", "json"]).run().status(1);
    let document = json(&run);
    let verdict = |index: usize| document["tokens"][index]["staleness"]["verdict"].as_str().unwrap();
    assert_eq!([verdict(0), verdict(1)], ["current", "superseded"]);
    let run = Peering::new().after(run).args(["find", "old.txt", "-stale"]).run().status(1);
    assert!(run.stdout.contains("  Status       ✗ Superseded: "), "{}", run.stdout);
    let run = Peering::new().args(["find", "x", "-probe"]).run().status(2);
    assert!(run.stderr.contains("-stale is missing"), "{}", run.stderr);
}

#[test]
fn every_recorded_token_is_found_once() {
    let tokens = recorded_tokens();
    let peering = tokens.iter().fold(Peering::new(), |peering, (name, token)| peering.file(name, token));
    let run = peering.args(["find", ".", "-format", "jsonl"]).run().status(1);
    assert_eq!(run.stdout.lines().count(), tokens.len());
}

#[test]
fn a_commit_with_a_token_is_blocked_by_a_hook() {
    let peering =
        Peering::new().file("west.env", format!("TOKEN={}\n", token())).file("other file.txt", "x\n");
    let home = peering.home().to_owned();
    if git(&home, &["init", "-q"]).is_none() {
        eprintln!("SKIPPED: a commit with a token is blocked by a hook: git is not installed");
        return;
    }
    // What pre-commit does: the entry of the hook with the names of the staged files.
    let hooks =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml")).unwrap();
    let entry = hooks.lines().find_map(|line| line.trim().strip_prefix("entry: ")).unwrap();
    let program = entry.replacen("peering", env!("CARGO_BIN_EXE_peering"), 1);
    let hook = format!(
        "#!/bin/sh\nset -e\ngit diff --cached --name-only -z --diff-filter=ACM | xargs -0 {program} >&2\n"
    );
    let path = home.join(".git/hooks/pre-commit");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, hook).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    git(&home, &["add", "other file.txt"]).unwrap();
    assert!(git(&home, &["commit", "-q", "-m", "clean"]).is_some());
    git(&home, &["add", "-f", "west.env"]).unwrap();
    assert!(git(&home, &["commit", "-q", "-m", "leak"]).is_none(), "the hook must block the commit");
    assert_eq!(git(&home, &["rev-list", "--count", "HEAD"]).unwrap().trim(), "1");
}

#[test]
fn gitleaks_finds_tokens_with_our_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(gitleaks) = std::env::var_os("GITLEAKS_BIN") else {
        eprintln!(
            "SKIPPED: the rule in contrib/gitleaks.toml with gitleaks itself: set GITLEAKS_BIN to run it"
        );
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("west.env"), format!("A=1\nTOKEN={}\n", token())).unwrap();
    fs::write(directory.path().join("secret.yaml"), format!("token: {}\n", BASE64_STANDARD.encode(token())))
        .unwrap();
    fs::write(directory.path().join("clean.txt"), "eyJhbGciOiJIUzI1NiJ9\n").unwrap();
    let report = directory.path().join("report");
    let output = Command::new(gitleaks)
        .args(["dir", "--redact", "--no-banner", "-f", "json", "-r"])
        .arg(&report)
        .arg("-c")
        .arg(root.join("contrib/gitleaks.toml"))
        .arg(directory.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let findings: Vec<Value> = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    let mut found: Vec<(&str, &str)> = findings
        .iter()
        .map(|finding| {
            let file = Path::new(finding["File"].as_str().unwrap()).file_name().unwrap().to_str().unwrap();
            (file, finding["RuleID"].as_str().unwrap())
        })
        .filter(|(_, rule)| rule.starts_with("consul-peering-token"))
        .collect();
    found.sort_unstable();
    // gitleaks decodes base64 itself.
    assert_eq!(found, [("secret.yaml", "consul-peering-token"), ("west.env", "consul-peering-token")]);
}
