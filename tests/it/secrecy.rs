//! Nothing that a command prints holds a secret, unless that was asked for.
//!
//! [`Peering::run`] looks at everything that any test's run prints. Here are the runs that only this looks at.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::peering::{Peering, guard, recorded_tokens, token_json};

#[test]
fn no_command_shows_a_secret_unasked() {
    let ways: [&[&str]; 33] = [
        &["inspect", "@token"],
        &["inspect", "@token", "-format", "json"],
        &["inspect", "@token", "-format", "yaml"],
        &["inspect", "@token", "-field", "establishment_secret"],
        &["inspect", "@token", "-field", "nonsense"],
        &["inspect", "@token", "-pem"],
        &["inspect", "@token", "-nonsense"],
        &["inspect", "@cut"],
        &["inspect", "@quoted"],
        &["inspect", "@spoiled"],
        &["validate", "@token"],
        &["validate", "@token", "-format", "json"],
        &["validate", "@token", "-format", "sarif"],
        &["validate", "@token", "-format", "junit"],
        &["validate", "@cut"],
        &["validate", "@quoted"],
        &["validate", "@spoiled"],
        &["validate", "-batch", "lines", "-format", "jsonl"],
        &["stale", "@token", "-offline"],
        &["stale", "@token", "-offline", "-format", "json"],
        &["stale", "@token", "-name", "west", "-timeout", "100ms"],
        &["diagnose", "@token", "-offline"],
        &["diagnose", "@spoiled", "-offline", "-format", "json"],
        &["diagnose", "@token", "-offline", "-error", "@said"],
        &["diff", "@token", "@other"],
        &["diff", "@token", "@spoiled", "-format", "json"],
        &["explain", "@said"],
        &["establish", "-name", "west", "-peering-token", "@token"],
        &["establish", "-name", "west", "-peering-token", "@spoiled", "-http-addr=embedded"],
        &["ledger", "import", "@token", "-name", "west"],
        &["ledger", "import", "@spoiled", "-name", "west"],
        &["generate-token", "-name", "@token"],
        &["generate-token", "-name", "west", "-token-file", "token"],
    ];
    let (_, other) = recorded_tokens().remove(0);
    for (name, token) in recorded_tokens() {
        let token = token.trim();
        let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
        // The secret as another type's value: a message that quotes the value would show it.
        let spoiled =
            token_json(token).to_string().replace(&format!("\"{secret}\""), &format!("{{\"{secret}\":1}}"));
        let spoiled = BASE64_STANDARD.encode(spoiled);
        let said = format!(
            "$ consul peering establish -name west -peering-token {token}\nfailed to decode token: {token}"
        );
        for way in ways {
            // What takes no file takes its text as an argument: `@said` is for explain and -error.
            let words = way.iter().map(|word| if *word == "@said" { said.as_str() } else { word });
            let finished = Peering::new(words)
                .file("token", token)
                .file("other", &other)
                .file("cut", &token[..token.len() - 2])
                .file("quoted", format!("\"{token}\""))
                .file("spoiled", &spoiled)
                .file("lines", format!("{token}\n\"{token}\"\n{spoiled}\n"))
                .run();
            let printed = finished.stdout + &finished.stderr;
            // A token of Consul 1.13 may hold no certificate to print.
            assert!(!printed.is_empty() || way.contains(&"-pem"), "{name}: {way:?}");
            assert!(!printed.contains(&secret), "{name}: {way:?}");
            assert!(!printed.contains(&token[..token.len() - 2]), "{name}: {way:?}");
        }
    }
}

#[test]
fn the_search_for_secrets_finds_one() {
    // Another token is guarded first: the recorded ones are guarded all the same.
    guard(&BASE64_STANDARD.encode(r#"{"EstablishmentSecret":"5ec2e700-0000-4000-8000-000000000001"}"#));
    let (_, token) = recorded_tokens().remove(0);
    let run = || Peering::new(["inspect", token.trim(), "-field", "establishment_secret", "-show-secret"]);
    run().shows_secrets().run().status(0);
    let leak = std::panic::catch_unwind(|| run().run());
    assert!(leak.is_err(), "a run that shows a secret unannounced must fail its test");
}
