//! Words that are replaced only where they are clearly a name: a peering may be called `token`, `is` or `a`.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::checks;
use crate::explain;

/// The words of this tool's own texts, and of its JSON. They give nothing away where they are not replaced.
static VOCABULARY: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let checks = checks::all().flat_map(|it| [it.name, it.summary, it.why, it.remedy]);
    let entries = explain::entries().iter();
    let entries =
        entries.flat_map(|it| [it.name, it.summary, it.remedy].into_iter().chain(it.causes.iter().copied()));
    let mut words: HashSet<String> =
        checks.chain(entries).chain([OTHER_WORDS]).flat_map(words).map(str::to_ascii_lowercase).collect();
    for name in EXAMPLES {
        words.remove(name);
    }
    words
});

/// Words of screens and JSON that the checks and messages do not contain.
const OTHER_WORDS: &str = "acceptor access active addresses ago alert assignment blocked bytes certain checked \
    clock connectivity consul current dead deleting diagnosis dials diff establishing evidence exists expected expired exported \
    failed failing false fields finding fingerprint first fix found generated harmless heard history http1 identity imported info \
    inspect issuer known ledger likely line long lowers manual meta name names neither newer newest next none null ok \
    orphaned other passed pending pinned possible proven raises read recorded refused reset revoked role second seen short \
    spent stale staleness state status subject superseded terminated text timeout true unanswered undefined undetermined unknown \
    unreachable unreadable unsupported untrusted unusable unused url user utf16 validate verified version warning works";

/// Names in the examples of the texts. They are names elsewhere too.
const EXAMPLES: [&str; 3] = ["west", "east", "dc1"];

/// Whether a word may be in a text without being the name.
pub(super) fn is_ordinary(word: &str) -> bool {
    word.chars().count() <= 2
        || !word.contains(char::is_alphabetic)
        || VOCABULARY.contains(&word.to_ascii_lowercase())
}

/// Returns the words of a text, and the parts of words with dashes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_separator = |it: char| !it.is_alphanumeric();
    text.split(move |it: char| is_separator(it) && !"-_".contains(it)).chain(text.split(is_separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Collects the states of a schema.
    fn states(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(fields) => {
                let listed = fields.get("enum").and_then(|it| it.as_array()).into_iter().flatten();
                found.extend(
                    listed.chain(fields.get("const")).filter_map(|it| it.as_str().map(str::to_owned)),
                );
                fields.values().for_each(|it| states(it, found));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|it| states(it, found)),
            _ => {}
        }
    }

    #[test]
    fn every_state_of_the_schemas_is_ordinary() {
        let mut found = Vec::new();
        for file in std::fs::read_dir("docs/schemas").unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            states(&serde_json::from_str(&text).unwrap(), &mut found);
        }
        assert!(found.len() > 100, "{}", found.len());
        // The name of a peering is a DNS label, which has no underscore.
        found.retain(|it| !it.contains('_') && !is_ordinary(it));
        found.sort();
        found.dedup();
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn names_of_peerings_and_datacenters_are_not_ordinary() {
        for name in ["west", "east", "north", "dc1", "dc-2", "sfo", "prod", "payments", "consul-server-0"] {
            assert!(!is_ordinary(name), "{name}");
        }
        for word in
            ["a", "is", "eu", "1", "token", "peering", "default", "consul", "ACTIVE", "address-loopback"]
        {
            assert!(is_ordinary(word), "{word}");
        }
    }
}
