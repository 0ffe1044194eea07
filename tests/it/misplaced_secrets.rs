//! A token or an ACL token in the wrong place is in no output.
//!
//! The options and commands come from the definition of the command line, and the variables from the help, so that new ones
//! are covered too.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::ArgAction;
use consul_peering::cli;

use crate::peering::{Peering, UNUSED_ADDRESS, fixture, guard, token_json};

const ACL_TOKEN: &str = "b1a2e1ab-0c0d-4e0f-8a0b-5ec2e7ac1700";

/// Returns a token whose addresses do not answer.
fn token() -> String {
    let recorded = fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let mut json = token_json(&recorded);
    json["ServerAddresses"] = [UNUSED_ADDRESS].into();
    // Without the trust domain of the CA, so that no part of the CA looks like a part of the token.
    json["ServerName"] = "server.dc1.peering.11111111-2222-3333-4444-555555555555.consul".into();
    json["EstablishmentSecret"] = "5ec2e700-0000-4000-8000-000000000002".into();
    let token = BASE64_STANDARD.encode(json.to_string());
    guard(&token);
    token
}

/// The forms in which a secret is pasted.
fn forms(secret: &str) -> Vec<String> {
    let form = |before: &str, after: &str| format!("{before}{secret}{after}");
    let mut forms = vec![
        form("", ""),
        form("@", ""),
        form("\"", "\""),
        form("west=", ""),
        form("", ":8500"),
        form("http://", ""),
        form("", ","),
        form(" ", "\n"),
        form("", "").replace('=', "%3D"),
    ];
    if secret.len() > 200 {
        let lines = secret.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        forms.push(lines.collect::<Vec<_>>().join("\n"));
        // The start or the end was not selected.
        forms.push(secret[..150].to_owned());
        forms.push(secret[150..].to_owned());
    }
    forms
}

/// Returns a part of a secret that a text contains, with what is around it.
fn leak(text: &str, secrets: &[&str]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    secrets.iter().find_map(|secret| {
        let is_token = secret.len() > ACL_TOKEN.len();
        let part_len = if is_token { 24 } else { secret.len() };
        // The first bytes are the same in all tokens, and help shows them.
        let parts = (if is_token { 24 } else { 0 }..=secret.len() - part_len).step_by(8);
        let found = parts.filter_map(|start| {
            let part = &secret[start..start + part_len];
            text.find(part).or_else(|| lower.find(&part.to_ascii_lowercase()))
        });
        let at = found.min()?;
        let from = text.floor_char_boundary(at.saturating_sub(60));
        Some(text[from..text.ceil_char_boundary((at + 60).min(text.len()))].to_owned())
    })
}

/// Runs all of these on a few threads. No output and no file of the ledger may contain a secret.
fn assert_no_leak(runs: Vec<(String, Peering)>, secrets: &[&str]) {
    let count = runs.len();
    assert!(count > 900, "{count}");
    let queue = Mutex::new(runs.into_iter());
    let leaks = Mutex::new(Vec::new());
    let work = || {
        loop {
            let Some((what, run)) = queue.lock().unwrap().next() else { return };
            let finished = run.run();
            let texts = [finished.stdout.clone(), finished.stderr.clone()];
            for text in texts.into_iter().chain(state(finished.home.path())) {
                if let Some(leak) = leak(&text, secrets) {
                    leaks.lock().unwrap().push(format!("{what}\n  {leak:?}"));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let leaks = leaks.into_inner().unwrap();
    assert!(leaks.is_empty(), "{} of {count} runs show a secret:\n{}", leaks.len(), leaks.join("\n"));
}

/// Returns the contents of the files in the state directory.
fn state(home: &Path) -> Vec<String> {
    let files = fs::read_dir(home.join("state")).into_iter().flatten();
    files.map(|file| String::from_utf8_lossy(&fs::read(file.unwrap().path()).unwrap()).into_owned()).collect()
}

/// Returns every command that can be run, with its words.
fn commands() -> Vec<(Vec<String>, clap::Command)> {
    let mut all = Vec::new();
    for command in cli::definition().get_subcommands() {
        let name = command.get_name().to_owned();
        if !command.has_subcommands() {
            all.push((vec![name.clone()], command.clone()));
        }
        for within in command.get_subcommands() {
            all.push((vec![name.clone(), within.get_name().to_owned()], within.clone()));
        }
    }
    all
}

/// Returns arguments with which a command gets as far as it can. `skipped` is given in another way.
fn other_arguments(command: &clap::Command, skipped: &str, taken: &str) -> Vec<String> {
    let mut words = Vec::new();
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        if id == skipped {
            continue;
        }
        match id {
            "name" => words.push("-name=west".to_owned()),
            "peering_token" => words.push("-peering-token=@token".to_owned()),
            "timeout" => words.push("-timeout=100ms".to_owned()),
            "http_addr" if skipped != "http_addr" => words.push(format!("-http-addr={UNUSED_ADDRESS}")),
            "listen" => words.push(format!("-listen={taken}")),
            "log_level" => words.push("-log-level=trace".to_owned()),
            _ => {}
        }
    }
    words
}

fn positionals(command: &clap::Command, skipped: &str) -> Vec<String> {
    let all = command.get_positionals().filter(|argument| argument.get_id() != skipped);
    all.map(|argument| match argument.get_id().as_str() {
        "shell" => "bash".to_owned(),
        "directory" => "pages".to_owned(),
        _ => "@token".to_owned(),
    })
    .collect()
}

#[test]
fn a_secret_in_place_of_any_option_or_argument_is_in_no_output() {
    let token = token();
    // `dev` cannot listen there, so it ends.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let mut runs = Vec::new();
    for secret in [token.as_str(), ACL_TOKEN] {
        let forms = forms(secret);
        let mut next = 0..;
        // Each place gets the secret as it is and in one other form, so that each form gets to many places.
        let mut two_forms =
            || [forms[0].clone(), forms[1 + next.next().unwrap() % (forms.len() - 1)].clone()];
        for (path, command) in commands() {
            let before = |skipped: &str| other_arguments(&command, skipped, &taken);
            let mut places: Vec<Vec<String>> = Vec::new();
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let [plain, form] = two_forms();
                let Some(long) = argument.get_long() else {
                    for form in [plain, form] {
                        places.push([before(id), vec![form], positionals(&command, id)].concat());
                    }
                    continue;
                };
                // A batch has no other token.
                let rest = if id == "batch" { Vec::new() } else { positionals(&command, id) };
                places.push([before(id), vec![format!("-{long}={form}")], rest.clone()].concat());
                let words = match argument.get_action() {
                    ArgAction::SetTrue => vec![format!("--{long}={plain}")],
                    _ => vec![format!("--{long}"), plain],
                };
                places.push([before(id), words, rest].concat());
            }
            // An option that does not exist, and too many arguments.
            for form in two_forms() {
                places.push([before(""), vec![format!("-{form}")], positionals(&command, "")].concat());
                places.push([before(""), positionals(&command, ""), vec![form; 3]].concat());
            }
            for arguments in places {
                let words = [path.clone(), arguments].concat();
                let run = Peering::new().args(&words).file("token", &token).shows_secrets();
                runs.push((words.join(" "), run));
            }
        }
        for form in &forms {
            for words in [&[form.as_str()][..], &["help", form], &["ledger", form], &["ledger", "help", form]]
            {
                runs.push((words.join(" "), Peering::new().args(words)));
            }
        }
    }
    assert_no_leak(runs, &[&token, ACL_TOKEN]);
}

#[test]
fn a_secret_in_place_of_any_variable_is_in_no_output() {
    let token = token();
    let help = Peering::new().args(["help", "environment"]).run().stdout;
    let is_name =
        |word: &&str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let mut variables: Vec<&str> =
        help.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(is_name).collect();
    variables.extend([
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_DATA_HOME",
        "TMPDIR",
        "USER",
        "LOGNAME",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "ALL_PROXY",
    ]);
    assert!(variables.len() > 40, "{variables:?}");
    let commands: [&[&str]; 8] = [
        &["generate-token", "-name=west"],
        &["list"],
        &["validate", "@token"],
        &["stale", "@token", "-name=west"],
        &["diagnose", "@token", "-timeout=100ms"],
        &["history", "-format=json"],
        &["ledger", "import", "@token", "-name=west"],
        &["dev", "-listen=192.0.2.1:1"],
    ];
    let mut runs = Vec::new();
    for secret in [token.as_str(), ACL_TOKEN] {
        let forms = forms(secret);
        for (variable, number) in variables.iter().zip(0..) {
            for (command, place) in commands.iter().zip(0..) {
                let mut run = Peering::new().args(*command).file("token", &token).shows_secrets();
                if *variable != "PEERING_LOG_LEVEL" {
                    run = run.args(["-log-level=trace"]);
                }
                if variable.starts_with("XDG_") {
                    run = run.env("PEERING_STATE_DIR", "");
                }
                let form = &forms[(number + place) % forms.len()];
                runs.push((format!("{variable}={form} {}", command.join(" ")), run.env(variable, form)));
            }
        }
    }
    assert_no_leak(runs, &[&token, ACL_TOKEN]);
}
