//! The page of all known messages, written from the entries.

use std::fmt::Write as _;

use super::{Entry, entries};

/// The page as Markdown: `docs/messages.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Messages of Consul's, explained\n\n\
         Written from the entries in `src/explain/known` by `UPDATE_DOCS=1 cargo test`; edit those, not this page.\n\n\
         `peering explain TEXT` finds these in any text that Consul printed, however it is wrapped. Words in braces\n\
         stand for what varies. Words in capitals in a command are yours to fill in: `NAME` is the peering's local name\n\
         on the side where the message appeared, `ACCEPTOR_NAME` the name on the side that generated the token, and\n\
         `@token` a file that holds the token.\n",
    );
    let mut area = None;
    for entry in entries() {
        if area != Some(entry.area) {
            area = Some(entry.area);
            let _ = write!(page, "\n## {}\n", entry.area.title());
        }
        section(&mut page, entry);
    }
    page
}

fn section(page: &mut String, entry: &Entry) {
    let _ = write!(page, "\n### {}\n\n{}\n\n```text\n", entry.name, entry.summary);
    for pattern in entry.patterns {
        let _ = writeln!(page, "{}", pattern.shown());
    }
    page.push_str("```\n\nWhy, likeliest first:\n\n");
    for why in entry.why {
        let _ = writeln!(page, "- {why}");
    }
    let _ = write!(page, "\nWhat to do: {}\n\n", entry.remedy);
    let _ = write!(page, "Next:\n\n```sh\n{}\n```\n\nKnown from: {}.\n", entry.next, entry.source);
}
