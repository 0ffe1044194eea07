//! What `explain` shows.

use owo_colors::OwoColorize;

use super::{Page, count, counted, printable};
use crate::explain::{Area, Entry, Explanation};
use crate::lint::Check;

/// One check.
pub fn check(check: &Check, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(&format!("{} ({})", check.name, check.severity));
    page.line(check.summary);
    page.row("Why", check.why);
    page.row("What to do", check.remedy);
    page.row("Source", check.source);
    page.finish()
}

/// One message that was named.
pub fn entry(entry: &Entry, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(entry.name);
    for pattern in entry.patterns {
        page.item(&format!("{}", printable(&pattern.shown()).dimmed()));
    }
    body(&mut page, entry, entry.next);
    page.finish()
}

/// One message that was found in a text.
pub fn explanation(found: &Explanation, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(found.entry.name);
    page.item(&format!("{}", printable(&found.text).dimmed()));
    if found.count > 1 || !found.addresses.is_empty() {
        let times = counted(count(found.count), "time");
        let of = if found.addresses.is_empty() {
            String::new()
        } else {
            format!(", of {}", found.addresses.join(", "))
        };
        page.item(&printable(&format!("said {times}{of}")));
    }
    body(&mut page, found.entry, &found.command);
    page.finish()
}

/// Everything that is known, a line each.
pub fn list_of_all(checks: &[&Check], entries: &[&Entry], width: usize) -> String {
    let mut page = Page::new(width);
    page.heading("Checks of validate");
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
                area => format!("Messages of Consul: {}", area.title()),
            });
        }
        page.named(entry.name, entry.summary);
    }
    page.finish()
}

fn body(page: &mut Page, entry: &Entry, command: &str) {
    page.line(entry.summary);
    for (at, why) in entry.why.iter().enumerate() {
        page.row(if at == 0 { "Why" } else { "" }, why);
    }
    page.row("What to do", entry.remedy);
    if !command.is_empty() {
        page.row("Next", &printable(command).bold().to_string());
    }
    page.row("Source", entry.source);
}
