//! Help texts, rendered from the definition that the parser reads too.
//!
//! clap's own help has two dashes before flags and repeats the options that commands share.

pub(crate) mod complete;
pub(crate) mod help_topics;
pub(crate) mod layout;
pub(crate) mod section;

use clap::Command;

use super::env::width;
use layout::{columns, hanging, unsplit, wrap_example};
use section::{Section, sections, usage};

/// Renders the help of the whole tool.
pub fn overview(definition: &Command) -> String {
    let about = definition.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!("{}\n\n{}\n", wrap(&about), usage(definition, "peering"));
    page.push_str(&commands(definition));
    for section in sections(definition) {
        page.push_str(&format!("\n{}:\n{}", section.heading, columns(&section.rows(), width())));
    }
    page.push_str(
        "
See also:
  peering COMMAND -h         options of a command
  peering help COMMAND       full help with examples
  peering help options       HTTP API options and ledger options
  peering help exit-codes    exit codes
  peering help environment   environment variables
",
    );
    page
}

/// Renders the short help of a command. `words` call it.
pub fn short(command: &Command, words: &str) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!("{}\n\n{}\n", wrap(&about), usage(command, words));
    page.push_str(&commands(command));
    let (shared, own): (Vec<_>, Vec<_>) = sections(command).into_iter().partition(Section::is_shared);
    for section in own {
        page.push_str(&format!("\n{}:\n{}", section.heading, columns(&section.rows(), width())));
    }
    page.push_str(&names_of_shared(&shared));
    page.push_str(&format!("\nFull help with examples: peering help {}\n", topic(words)));
    page
}

/// Renders the full help of a command. `words` call it.
pub fn full(command: &Command, words: &str) -> String {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut page = format!("{}\n\n{}\n", wrap(&about), usage(command, words));
    page.push_str(&commands(command));
    let (shared, own): (Vec<_>, Vec<_>) = sections(command).into_iter().partition(Section::is_shared);
    for section in own {
        page.push_str(&full_section(&section));
    }
    page.push_str(&names_of_shared(&shared));
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    if !examples.is_empty() {
        let lines: Vec<String> = examples.lines().flat_map(|line| wrap_example(line, width())).collect();
        page.push_str(&format!("\n{}\n", lines.join("\n")));
    }
    page
}

/// Renders the options that commands share.
pub fn shared_options(definition: &Command) -> String {
    let mut page = "Options that several commands have\n".to_owned();
    let mut done: Vec<String> = Vec::new();
    let all = definition.get_subcommands().flat_map(sections).chain(sections(definition));
    for section in all.filter(Section::is_shared) {
        if !done.contains(&section.heading) {
            page.push_str(&full_section(&section));
            done.push(section.heading);
        }
    }
    page
}

fn commands(group: &Command) -> String {
    let visible = group.get_subcommands().filter(|command| !command.is_hide_set());
    let rows: Vec<(String, String)> = visible
        .map(|command| {
            (command.get_name().to_owned(), command.get_about().map(ToString::to_string).unwrap_or_default())
        })
        .collect();
    if rows.is_empty() { String::new() } else { format!("\nCommands:\n{}", columns(&rows, width())) }
}

fn full_section(section: &Section) -> String {
    let entries = section
        .entries
        .iter()
        .map(|entry| format!("  {}\n{}", entry.term, hanging(&entry.full(), 6, width())));
    format!("\n{}:\n{}", section.heading, entries.collect::<String>())
}

/// The names of shared options. Their help is in `peering help options`.
fn names_of_shared(sections: &[Section]) -> String {
    if sections.is_empty() {
        return String::new();
    }
    let mut page = "\nShared options (see peering help options):\n".to_owned();
    for section in sections {
        let names: Vec<&str> = section.entries.iter().map(|entry| entry.name.as_str()).collect();
        page.push_str(&hanging(&names.join(", "), 2, width()));
    }
    page
}

fn wrap(text: &str) -> String {
    textwrap::fill(text, unsplit(width()))
}

fn topic(words: &str) -> &str {
    words.strip_prefix("peering ").unwrap_or(words)
}
