//! The texts that users read are plain English: no word of `FORBIDDEN` occurs in help, messages, docs and schemas.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::documents::markdown::{Part, parts};
use crate::peering::Peering;

/// Words and phrases to avoid, each with the usual ones.
const FORBIDDEN: [(&str, &str); 33] = [
    ("anew", "again"),
    ("are no", "are not"),
    ("besides", "also"),
    ("blank", "space"),
    ("blanks", "spaces"),
    ("came along", "arrived"),
    ("folder", "directory"),
    ("folders", "directories"),
    ("go round", "bypass"),
    ("goes round", "bypasses"),
    ("is no", "is not a"),
    ("letter", "character"),
    ("letters", "characters"),
    ("likeliest", "most likely"),
    ("look whether", "check whether"),
    ("looks whether", "checks whether"),
    ("made out to", "issued for"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("nobody", "no server, no dialer, no user"),
    ("passed over", "ignored"),
    ("passes over", "ignores"),
    ("says", "reports, message"),
    ("shall", "must"),
    ("somebody", "a user, another client"),
    ("stands", "is"),
    ("tell", "show, report"),
    ("tells", "shows, reports"),
    ("told", "shown, reported"),
    ("void", "invalid"),
    ("voids", "invalidates"),
    ("whoever", "the user, the client"),
    ("worthless", "invalid"),
];

/// Phrases that contain a forbidden word and are allowed, each with the reason.
const ALLOWED: [(&str, &str); 9] = [
    ("there are no", "a missing thing, not the opposite of another"),
    ("there is no", "a missing thing, not the opposite of another"),
    ("are no longer", "a change of state"),
    ("is no longer", "a change of state"),
    ("capital letter", "of the alphabet"),
    ("capital letters", "of the alphabet"),
    ("lowercase letters", "of the alphabet"),
    ("letters, digits", "of the alphabet"),
    ("other than letters", "of the alphabet"),
];

/// Code and quotations (of Consul, of other programs) keep their words.
static QUOTATION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"`[^`]*`|"[^"]*"|“[^”]*”"#).unwrap());
static SENTENCE_END: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[.:;!?|] ").unwrap());
static ALLOWED_PHRASE: LazyLock<Regex> =
    LazyLock::new(|| any_of(ALLOWED.map(|(phrase, _)| phrase).as_slice()));
static FORBIDDEN_WORD: LazyLock<Regex> = LazyLock::new(|| any_of(FORBIDDEN.map(|(word, _)| word).as_slice()));

/// Returns an expression for any of some phrases, as whole words in any case.
fn any_of(phrases: &[&str]) -> Regex {
    Regex::new(&format!(r"(?i)\b(?:{})\b", phrases.join("|"))).unwrap()
}

/// Returns each forbidden word in a text, with the usual words and its sentence.
fn violations(text: &str) -> Vec<String> {
    let text = QUOTATION.replace_all(text, "…").split_whitespace().collect::<Vec<_>>().join(" ");
    let text = ALLOWED_PHRASE.replace_all(&text, "…");
    let in_sentence = |sentence| {
        FORBIDDEN_WORD.find_iter(sentence).map(|found| {
            let word = found.as_str().to_lowercase();
            let (_, instead) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == word).unwrap();
            format!("{word:?} (use: {instead}) in: {}", around(sentence, found.range()))
        })
    };
    SENTENCE_END.split(&text).flat_map(in_sentence).collect()
}

/// Returns a part of a sentence with some words before and after it.
fn around(sentence: &str, part: Range<usize>) -> String {
    const WORDS: usize = 10;
    let before: Vec<&str> = sentence[..part.start].split_inclusive(' ').collect();
    let after = sentence[part.end..].split_inclusive(' ').take(WORDS).collect::<String>();
    before[before.len().saturating_sub(WORDS)..].concat() + &sentence[part] + &after
}

/// Fails if a text contains a forbidden word. `texts` are pairs of a place and its text.
#[track_caller]
pub fn assert_plain(texts: impl IntoIterator<Item = (String, String)>, min_texts: usize) {
    let mut count = 0;
    let mut found = Vec::new();
    for (place, text) in texts {
        count += 1;
        found.extend(violations(&text).into_iter().map(|violation| format!("{place}: {violation}")));
    }
    assert!(count >= min_texts, "only {count} texts were checked");
    assert!(found.is_empty(), "{} places to rewrite:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_forbidden_word_is_found_as_a_whole_word_outside_quotations() {
    assert_eq!(
        violations("Good. The address\n  STANDS twice: see below"),
        ["\"stands\" (use: is) in: The address STANDS twice"]
    );
    assert_eq!(violations("It is no token, and is void.").len(), 2);
    for text in [
        "A reader understands it.",
        "Consul prints \"peering stands\" and `tells`.",
        "There is no token.",
        "It is no longer valid.",
    ] {
        assert_eq!(violations(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn help_is_plain() {
    let help = |arguments: &[&str]| Peering::new().args(arguments).run().status(0).stdout;
    let overview = help(&["help"]);
    let topic = Regex::new(r"peering help ([a-z][a-z-]*)").unwrap();
    let topics = topic.captures_iter(&overview).map(|it| it[1].to_owned());
    let mut open: BTreeSet<String> = commands(&overview).into_iter().chain(topics).collect();
    let mut texts = vec![("peering help".to_owned(), overview)];
    while let Some(command) = open.pop_first() {
        let words: Vec<&str> = command.split(' ').collect();
        let long = help(&[&["help"], &words[..]].concat());
        open.extend(commands(&long).into_iter().map(|name| format!("{command} {name}")));
        texts.push((format!("peering help {command}"), long));
        let short = Peering::new().args([&words[..], &["-h"]].concat()).run();
        // Topics have no short help.
        if short.status == 0 {
            texts.push((format!("peering {command} -h"), short.stdout));
        }
    }
    assert_plain(texts, 35);
}

/// Returns the names in the list of commands of a help text.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
        let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?;
        name.split(' ').next().map(str::to_owned)
    });
    names.collect()
}

#[test]
fn checks_are_plain() {
    let checks = consul_peering::checks::all();
    assert_plain(checks.map(|check| (check.name.to_owned(), strings(&serde_json::json!(check)))), 60);
}

#[test]
fn the_catalog_is_plain() {
    let entries = consul_peering::explain::entries().iter();
    assert_plain(entries.map(|entry| (entry.name.to_owned(), strings(&serde_json::json!(entry)))), 100);
}

/// Returns all strings of a JSON value, one per sentence.
fn strings(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone() + ". ",
        Value::Array(values) => values.iter().map(strings).collect(),
        Value::Object(fields) => fields.values().map(strings).collect(),
        _ => String::new(),
    }
}

#[test]
fn docs_are_plain() {
    let pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md"].map(PathBuf::from).into_iter();
    let pages = pages.chain(files("docs", "md")).filter(|page| !page.ends_with("commands.md"));
    let texts = pages.flat_map(|page| {
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        let prose = parts(&text).into_iter().filter_map(|part| match part {
            Part::Prose(prose) => Some(prose),
            Part::Block(_) => None,
        });
        let lines = prose.flat_map(|prose| prose.split("\n\n").map(str::to_owned).collect::<Vec<_>>());
        lines.map(|text| (page.display().to_string(), text)).collect::<Vec<_>>()
    });
    assert_plain(texts, 200);
}

#[test]
fn the_page_is_plain() {
    let page = std::fs::read_to_string(root().join("web/page.html")).unwrap();
    let body = page.split_once("<body>").unwrap().1;
    let texts = body.split('<').filter_map(|tag| Some(tag.split_once('>')?.1.trim().to_owned()));
    let script = std::fs::read_to_string(root().join("web/page.js")).unwrap();
    let quoted = Regex::new("\"([^\"\\n]* [^\"\\n]*)\"").unwrap();
    let quoted = quoted.captures_iter(&script).map(|found| found[1].to_owned()).collect::<Vec<_>>();
    let comments = script.lines().filter_map(|line| line.trim().strip_prefix("// ").map(str::to_owned));
    let texts = texts.chain(quoted).chain(comments).filter(|text| !text.is_empty());
    assert_plain(texts.map(|text| ("web".to_owned(), text)), 40);
}

#[test]
fn schemas_are_plain() {
    let texts = files("docs/schemas", "json").into_iter().flat_map(|file| {
        let schema: Value = serde_json::from_slice(&std::fs::read(root().join(&file)).unwrap()).unwrap();
        let mut texts = Vec::new();
        descriptions(&schema, &mut texts);
        texts.into_iter().map(move |text| (file.display().to_string(), text))
    });
    assert_plain(texts, 200);
}

fn descriptions(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            found.extend(fields.get("description").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| descriptions(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| descriptions(value, found)),
        _ => {}
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files with an extension in a directory of the repository, sorted.
fn files(directory: &str, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(directory)).unwrap();
    let names = entries.map(|entry| Path::new(directory).join(entry.unwrap().file_name()));
    let mut files: Vec<PathBuf> =
        names.filter(|name| name.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    files
}
