//! The output of `explain`.

use owo_colors::OwoColorize;

use super::{Page, count, counted, printable};
use crate::explain::{Area, Entry, Explanation};
use crate::lint::Check;

/// Renders a check.
pub fn check(check: &Check, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(&format!("{} ({})", check.name, check.severity));
    page.line(check.summary);
    page.row("Why", check.why);
    page.row("What to do", check.remedy);
    page.row("Source", check.source);
    page.finish()
}

/// Renders an entry of the catalog.
pub fn entry(entry: &Entry, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(entry.name);
    for pattern in entry.patterns {
        page.item(&format!("{}", printable(&pattern.template_text()).dimmed()));
    }
    body(&mut page, entry, entry.next);
    page.finish()
}

/// Renders an entry that was found in a text.
pub fn explanation(found: &Explanation, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(found.entry.name);
    page.item(&format!("{}", printable(&found.message).dimmed()));
    if found.count > 1 {
        page.item(&format!("{} in this text", counted(count(found.count), "time")));
    }
    if !found.addresses.is_empty() {
        page.item(&printable(&format!("address: {}", found.addresses.join(", "))));
    }
    body(&mut page, found.entry, &found.command);
    page.finish()
}

/// Renders the names and summaries of all checks and entries.
pub fn list_of_all(checks: &[&Check], entries: &[&Entry], width: usize) -> String {
    let mut page = Page::new(width);
    page.heading("Checks");
    let mut area = None;
    for check in checks {
        if area.replace(check.area) != Some(check.area) {
            page.empty_line();
        }
        page.named(check.name, check.summary);
    }
    let mut area = None;
    for entry in entries {
        if area.replace(entry.area) != Some(entry.area) {
            page.heading(&match entry.area {
                Area::Diagnosis => entry.area.title().to_owned(),
                area => format!("Messages: {}", area.title()),
            });
        }
        page.named(entry.name, entry.summary);
    }
    page.finish()
}

fn body(page: &mut Page, entry: &Entry, command: &str) {
    page.line(entry.summary);
    match entry.causes {
        [cause] => page.row("Cause", cause),
        causes => {
            for (index, cause) in causes.iter().enumerate() {
                page.bullet(if index == 0 { "Causes" } else { "" }, cause);
            }
        }
    }
    page.row("What to do", entry.remedy);
    if !command.is_empty() {
        page.row("Next", &printable(command).bold().to_string());
    }
    page.row("Source", entry.source);
}
