//! What a token of a stranger can make the commands print: at most 100 entries of a list, and 4 KiB of a text.
//!
//! - On a screen, also with `-long`: both bounds hold.
//! - JSON of `validate` and `diagnose`: both hold for what the tool words itself (messages of findings and causes). Fields
//!   of the token that a program may need are complete: `peer_id`, `server_name`, addresses.
//! - JSON of `inspect`, `diff`, `stale` and `history` contains complete fields: they are for programs, and are as long as the
//!   token, which has at most 1 MiB.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use regex::Regex;
use serde_json::{Value, json};

use crate::peering::{Finished, Peering, fixture, guard, token_json};

const MAX_ENTRIES: usize = 100;
const MAX_LEN: usize = 4096;
const COUNT: usize = 5000;

/// The character that the giant texts consist of.
const GIANT: &str = "ß";

fn recorded() -> Value {
    token_json(&std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap())
}

fn encoded(token: &Value) -> String {
    let text = BASE64_STANDARD.encode(token.to_string());
    guard(&text);
    text
}

/// A token with 5,000 addresses and CAs, all of them invalid.
fn many() -> String {
    let mut token = recorded();
    token["ServerAddresses"] = (0..COUNT).map(|index| json!(format!("entry{index}"))).collect();
    token["CA"] = (0..COUNT).map(|index| json!(format!("ca{index}"))).collect();
    encoded(&token)
}

/// A token with 40 KiB in every field.
fn giant() -> String {
    let mut token = recorded();
    let text = GIANT.repeat(20_000);
    token["ServerName"] = json!(format!("server.{text}"));
    token["PeerID"] = json!(text);
    token["ServerAddresses"] = json!([format!("{text}:8503")]);
    token["CA"] = json!([text]);
    token["Remote"] =
        json!({"Partition": text, "Datacenter": text, "Locality": {"Region": text, "Zone": text}});
    token[text.as_str()] = json!(text);
    encoded(&token)
}

/// The commands, with `TOKEN` for the file. The ledger contains the token for `history`.
const COMMANDS: [&[&str]; 8] = [
    &["inspect", "TOKEN"],
    &["validate", "TOKEN"],
    &["stale", "TOKEN", "-offline"],
    &["stale", "TOKEN", "TOKEN", "-offline"],
    &["diagnose", "TOKEN", "-offline"],
    &["diff", "TOKEN", "other"],
    &["diff", "other", "TOKEN"],
    &["history"],
];

fn run(words: &[&str], detail: &[&str], token: &str) -> Finished {
    let other = std::fs::read_to_string(fixture("tokens/three-servers.txt")).unwrap();
    let import = Peering::new().file("token", token).file("other", &other);
    let imported = import.args(["ledger", "import", "token", "-name", "west"]).run().status(0);
    let words = words.iter().map(|word| if *word == "TOKEN" { "token" } else { word });
    let finished = Peering::new().after(imported).args(words).args(detail).run();
    assert!((0..=3).contains(&finished.status), "{}", finished.stderr);
    finished
}

/// Returns how many of the 5,000 entries a text contains.
fn entries(text: &str, prefix: &str) -> usize {
    let entry = Regex::new(&format!(r"\b{prefix}\d+\b")).unwrap();
    entry.find_iter(text).map(|found| found.as_str()).collect::<std::collections::BTreeSet<_>>().len()
}

/// Returns the longest part of a giant text, in bytes, wherever the screen wraps it.
fn longest(text: &str) -> usize {
    let unwrapped: String = text.split_whitespace().collect();
    let run = Regex::new(&format!("(?:{GIANT})+")).unwrap();
    run.find_iter(&unwrapped).map(|found| found.len()).max().unwrap_or_default()
}

#[test]
fn no_screen_shows_more_than_100_entries_or_4_kib_of_a_text() {
    let (many, giant) = (many(), giant());
    for words in COMMANDS {
        for detail in [&[][..], &["-long"]] {
            let shown = run(words, detail, &many);
            let text = shown.stdout + &shown.stderr;
            for prefix in ["entry", "ca"] {
                let count = entries(&text, prefix);
                assert!(count <= MAX_ENTRIES, "{words:?} {detail:?}: {count} of {prefix}");
            }
            assert!(text.lines().count() < 1000, "{words:?} {detail:?}: {}", text.lines().count());
            let shown = run(words, detail, &giant);
            let text = shown.stdout + &shown.stderr;
            assert!(longest(&text) <= MAX_LEN, "{words:?} {detail:?}: {}", longest(&text));
            assert!(text.len() < 32 * MAX_LEN, "{words:?} {detail:?}: {}", text.len());
        }
    }
}

/// Returns the strings under a key, at any depth.
fn strings_under<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| strings_under(value, key, found)),
        Value::Object(members) => {
            for (name, value) in members {
                found.extend(value.as_str().filter(|_| name == key));
                strings_under(value, key, found);
            }
        }
        _ => {}
    }
}

#[test]
fn messages_in_json_are_bounded() {
    let (many, giant) = (many(), giant());
    for words in COMMANDS {
        for token in [&many, &giant] {
            let shown = run(words, &["-format", "json"], token);
            let document: Value = serde_json::from_str(&shown.stdout).unwrap();
            for key in ["message", "summary", "remedy", "conclusion", "reason", "next"] {
                let mut found = Vec::new();
                strings_under(&document, key, &mut found);
                for text in &found {
                    assert!(longest(text) <= MAX_LEN, "{words:?}: {key}: {}", longest(text));
                }
                let mut same: Vec<usize> =
                    ["entry", "ca"].map(|prefix| entries(&found.join(" "), prefix)).to_vec();
                same.retain(|count| *count > MAX_ENTRIES);
                assert!(same.is_empty(), "{words:?}: {key}: {same:?}");
            }
        }
    }
}

#[test]
fn fields_in_json_are_complete() {
    let (many, giant) = (many(), giant());
    for words in [&["inspect", "TOKEN"][..], &["diff", "TOKEN", "other"], &["history"]] {
        assert_eq!(entries(&run(words, &["-format", "json"], &many).stdout, "entry"), COUNT, "{words:?}");
        let shown = run(words, &["-format", "json"], &giant).stdout;
        assert!(longest(&shown) >= 2 * 20_000, "{words:?}: {}", longest(&shown));
    }
}
