//! Nothing that a command prints holds a secret, unless that was asked for.
//!
//! [`Peering::run`] looks at everything that any test's run prints. Here are the runs that only this looks at.

use crate::peering::{Peering, guard, recorded_tokens, token_json};

#[test]
fn no_command_shows_a_secret_unasked() {
    let ways: [&[&str]; 12] = [
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
        &["generate-token", "-name", "@token", "-http-addr", "127.0.0.1:1"],
        &["generate-token", "-name", "west", "-http-addr", "127.0.0.1:1", "-token-file", "token"],
    ];
    for (name, token) in recorded_tokens() {
        guard(&token);
        let token = token.trim();
        let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
        // The secret as another type's value: a message that quotes the value would show it.
        let spoiled =
            token_json(token).to_string().replace(&format!("\"{secret}\""), &format!("{{\"{secret}\":1}}"));
        let spoiled = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, spoiled);
        for words in ways {
            let finished = Peering::new(words)
                .file("token", token)
                .file("cut", &token[..token.len() - 2])
                .file("quoted", format!("\"{token}\""))
                .file("spoiled", &spoiled)
                .run();
            let printed = finished.stdout + &finished.stderr;
            assert!(!printed.contains(&secret), "{name}: {words:?}");
            assert!(!printed.contains(&token[..token.len() - 2]), "{name}: {words:?}");
        }
    }
}

#[test]
fn the_search_for_secrets_finds_one() {
    let (_, token) = recorded_tokens().remove(0);
    guard(&token);
    let leak = std::panic::catch_unwind(|| Peering::new(["inspect", token.trim(), "-show-secret"]).run());
    assert!(leak.is_err(), "a run that shows a secret unannounced must fail its test");
}
