//! No command prints a secret unless the user asks for it.
//!
//! [`Peering::run`] checks the output of every test. These tests add more commands.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::peering::{Peering, guard, recorded_tokens, token_json};

#[test]
fn no_command_shows_a_secret_unasked() {
    let commands: [&[&str]; 35] = [
        &["inspect", "@token"],
        &["inspect", "@token", "-format", "json"],
        &["inspect", "@token", "-format", "yaml"],
        &["inspect", "@token", "-field", "establishment_secret"],
        &["inspect", "@token", "-field", "nonsense"],
        &["inspect", "@token", "-pem"],
        &["inspect", "@token", "-nonsense"],
        &["inspect", "@cut"],
        &["inspect", "@quoted"],
        &["inspect", "@damaged"],
        &["validate", "@token"],
        &["validate", "@token", "-format", "json"],
        &["validate", "@token", "-format", "sarif"],
        &["validate", "@token", "-format", "junit"],
        &["validate", "@cut"],
        &["validate", "@quoted"],
        &["validate", "@damaged"],
        &["validate", "-batch", "lines", "-format", "jsonl"],
        &["stale", "@token", "-offline"],
        &["stale", "@token", "-offline", "-format", "json"],
        &["stale", "@token", "-name", "west", "-timeout", "100ms"],
        &["diagnose", "@token", "-offline"],
        &["diagnose", "@damaged", "-offline", "-format", "json"],
        &["diagnose", "@token", "-offline", "-error", "@log"],
        &["find", "token", "cut", "quoted", "damaged", "lines"],
        &["find", ".", "-stale", "-format", "sarif"],
        &["diff", "@token", "@other"],
        &["diff", "@token", "@damaged", "-format", "json"],
        &["explain", "@log"],
        &["establish", "-name", "west", "-peering-token", "@token"],
        &["establish", "-name", "west", "-peering-token", "@damaged", "-http-addr=embedded"],
        &["ledger", "import", "@token", "-name", "west"],
        &["ledger", "import", "@damaged", "-name", "west"],
        &["generate-token", "-name", "@token"],
        &["generate-token", "-name", "west", "-token-file", "token"],
    ];
    let (_, other) = recorded_tokens().remove(0);
    for (name, token) in recorded_tokens() {
        let token = token.trim();
        let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
        // The secret is in a value of the wrong type: an error that quotes the value would show it.
        let damaged =
            token_json(token).to_string().replace(&format!("\"{secret}\""), &format!("{{\"{secret}\":1}}"));
        let damaged = BASE64_STANDARD.encode(damaged);
        let log = format!(
            "$ consul peering establish -name west -peering-token {token}\nfailed to decode token: {token}"
        );
        for command in commands {
            // explain and -error take a text instead of a file.
            let arguments = command.iter().map(|it| if *it == "@log" { log.as_str() } else { it });
            let finished = Peering::new()
                .args(arguments)
                .file("token", token)
                .file("other", &other)
                .file("cut", &token[..token.len() - 2])
                .file("quoted", format!("\"{token}\""))
                .file("damaged", &damaged)
                .file("lines", format!("{token}\n\"{token}\"\n{damaged}\n"))
                .run();
            let printed = finished.stdout + &finished.stderr;
            // A token of Consul 1.13 may have no certificate to print.
            assert!(!printed.is_empty() || command.contains(&"-pem"), "{name}: {command:?}");
            assert!(!printed.contains(&secret), "{name}: {command:?}");
            assert!(!printed.contains(&token[..token.len() - 2]), "{name}: {command:?}");
        }
    }
}

#[test]
fn the_search_for_secrets_finds_one() {
    // Guarding another token first must not disable the guard for the recorded ones.
    guard(&BASE64_STANDARD.encode(r#"{"EstablishmentSecret":"5ec2e700-0000-4000-8000-000000000001"}"#));
    let (_, token) = recorded_tokens().remove(0);
    let run =
        || Peering::new().args(["inspect", token.trim(), "-field", "establishment_secret", "-show-secret"]);
    run().shows_secrets().run().status(0);
    let leak = std::panic::catch_unwind(|| run().run());
    assert!(leak.is_err(), "a run that shows a secret without permission must fail its test");
}
