//! The reference page of all messages, generated from the catalog.

use std::fmt::Write as _;

use super::{Entry, Pattern, entries};

/// Returns `docs/messages.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Consul's peering messages\n\n\
         What each message means, its causes (most likely first), the fix, and the next command. `peering explain TEXT`\n\
         finds these messages in any text that Consul printed. Braces mark the parts that vary. Replace the words in\n\
         capitals: `NAME` is the peering's local name in the cluster with the message, `ACCEPTOR_NAME` its name on the\n\
         acceptor, and `@token` a file that contains the token.\n\n\
         Generated from `src/explain/catalog` by `UPDATE_DOCS=1 cargo test`.\n\n\
         | Message | Meaning |\n|---|---|\n",
    );
    for entry in entries() {
        let message = code(&title(entry)).replace('|', "\\|");
        let _ = writeln!(page, "| [{message}](#{}) | {} |", entry.name, entry.summary);
    }
    let mut area = None;
    for entry in entries() {
        if area.replace(entry.area) != Some(entry.area) {
            let _ = write!(page, "\n## {}\n", entry.area.title());
        }
        section(&mut page, entry);
    }
    page
}

fn section(page: &mut String, entry: &Entry) {
    let title = title(entry);
    let _ = write!(page, "\n### <a id=\"{}\"></a>{}\n\n{}", entry.name, code(&title), entry.summary);
    let mut others: Vec<String> = Vec::new();
    for other in entry.patterns.iter().map(Pattern::template_text) {
        let contains = |longer: &String| longer.to_lowercase().contains(&other.to_lowercase());
        if !contains(&title) && !others.iter().any(contains) {
            others.push(other);
        }
    }
    if !others.is_empty() {
        let others: Vec<_> = others.iter().map(|other| code(other)).collect();
        let _ = write!(page, " Also: {}.", others.join(", "));
    }
    page.push('\n');
    for cause in entry.causes {
        let _ = writeln!(page, "- {cause}");
    }
    let (remedy, next, source) = (entry.remedy, code(entry.next), entry.source);
    let _ = write!(page, "\n**Fix:** {remedy} **Next:** {next}. *{source}.*\n");
}

/// The most complete message of an entry, or its name if it has no message.
fn title(entry: &Entry) -> String {
    entry.patterns.first().map_or_else(|| entry.name.to_owned(), Pattern::template_text)
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
