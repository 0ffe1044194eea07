//! The output of `explain`.

use owo_colors::OwoColorize;

use super::screen::{Mark, Screen};
use super::{Page, count, counted, printable};
use crate::explain::log::{LogMessage, LogReport};
use crate::explain::{Area, Entry, Explanation};
use crate::lint::Check;

/// Renders a check.
pub fn check(check: &Check, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    page.heading(&format!("{} ({})", check.name, check.severity));
    page.line(check.summary);
    page.row("Why", check.why);
    page.row("What to do", check.remedy);
    page.row("Source", check.source);
    page.finish()
}

/// Renders an entry of the catalog.
pub fn entry(entry: &Entry, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    page.heading(entry.name);
    for pattern in entry.patterns {
        page.item(&format!("{}", printable(&pattern.template_text()).dimmed()));
    }
    body(&mut page, entry, entry.next);
    page.finish()
}

/// Renders an entry that was found in a text.
pub fn explanation(found: &Explanation, screen: &Screen) -> String {
    let mut page = Page::new(screen);
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

/// Renders what a log contains: the summary, then the messages of each peering.
pub fn log_report(report: &LogReport, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let known: usize = report.peerings.iter().flat_map(|peering| &peering.messages).map(|it| it.count).sum();
    let (mark, answer) = match report.peerings.len() {
        0 => (Mark::Warning, "The log contains no known message about a peering.".to_owned()),
        peerings => {
            let peerings = counted(count(peerings), "peering");
            (Mark::Failure, format!("{} about {peerings}.", counted(count(known), "known message")))
        }
    };
    page.answer(mark, &answer);
    page.line(&format!(
        "{} read, {} about peerings, {} unknown.",
        counted(count(report.lines), "line"),
        counted(count(report.peering_records), "record"),
        counted(count(report.unknown_records), "error or warning")
            .replace("error or warnings", "errors or warnings")
    ));
    if let Some(example) = &report.unknown_example {
        page.row("Unknown", &printable(example));
    }
    if report.truncated {
        page.line("The log contains more peerings. Their lines are listed without a name.");
    }
    for peering in &report.peerings {
        page.heading(&match (&peering.name, &peering.peer_id) {
            (Some(name), Some(id)) => format!("Peering {name} (ID {id})"),
            (Some(name), None) => format!("Peering {name}"),
            (None, Some(id)) => format!("Peering with ID {id}"),
            (None, None) => "Lines without the name of a peering".to_owned(),
        });
        for (index, message) in peering.messages.iter().enumerate() {
            if index > 0 {
                page.empty_line();
            }
            log_message(&mut page, message);
        }
    }
    page.finish()
}

fn log_message(page: &mut Page, message: &LogMessage) {
    let time = match (&message.first, &message.last) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}: "),
        (Some(first), _) => format!("{first}: "),
        _ => String::new(),
    };
    page.item(&printable(&format!(
        "{time}{} ({})",
        message.entry.name,
        counted(count(message.count), "time")
    )));
    page.item(&format!("{}", printable(&message.message).dimmed()));
    page.line(message.entry.summary);
    page.row("Fix", message.entry.remedy);
    page.row("Next", &printable(&message.command).bold().to_string());
}

/// Renders the names and summaries of all checks and entries.
pub fn list_of_all(checks: &[&Check], entries: &[&Entry], screen: &Screen) -> String {
    let mut page = Page::new(screen);
    if !checks.is_empty() {
        page.heading("Checks");
    }
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
