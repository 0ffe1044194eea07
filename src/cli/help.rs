//! Help texts, rendered from the definition that the parser reads too.
//!
//! clap's own help has two dashes before flags and repeats the options that commands share.

pub(crate) mod complete;
pub(crate) mod help_topics;
pub(crate) mod layout;
pub(crate) mod section;

use clap::Command;
use clap::builder::StyledStr;

use super::env::width;
use layout::{columns, hanging, unsplit, wrap_example};
use section::{Section, sections, usage};

/// Renders the help of the whole tool.
pub fn overview(definition: &Command) -> String {
    let more = "
See also:
  peering COMMAND -h         options of a command
  peering help COMMAND       full help with examples
  peering help options       HTTP API options and ledger options
  peering help exit-codes    exit codes
  peering help environment   environment variables
";
    let options = sections(definition).iter().map(short_section).collect();
    [beginning(definition, definition.get_about(), "peering"), options, more.to_owned()].concat()
}

/// Renders the short help of a command. `words` call it.
pub fn short(command: &Command, words: &str) -> String {
    let (shared, own): (Vec<_>, Vec<_>) = sections(command).into_iter().partition(Section::is_shared);
    let options = own.iter().map(short_section).collect();
    let topic = words.strip_prefix("peering ").unwrap_or(words);
    let more = format!("\nFull help with examples: peering help {topic}\n");
    [beginning(command, command.get_about(), words), options, names_of_shared(&shared), more].concat()
}

/// Renders the full help of a command. `words` call it.
pub fn full(command: &Command, words: &str) -> String {
    let (shared, own): (Vec<_>, Vec<_>) = sections(command).into_iter().partition(Section::is_shared);
    let options = own.iter().map(full_section).collect();
    let about = command.get_long_about().or(command.get_about());
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let examples = examples.lines().flat_map(|line| wrap_example(line, width())).map(|line| line + "\n");
    let examples = std::iter::once("\n".to_owned()).chain(examples).collect::<String>();
    let examples = if examples.trim().is_empty() { String::new() } else { examples };
    [beginning(command, about, words), options, names_of_shared(&shared), examples].concat()
}

/// What the command does, its usage, and its subcommands.
fn beginning(command: &Command, about: Option<&StyledStr>, words: &str) -> String {
    let about = about.map(ToString::to_string).unwrap_or_default();
    let about = textwrap::fill(&about, unsplit(width()));
    format!("{about}\n\n{}\n{}", usage(command, words), commands(command))
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

fn short_section(section: &Section) -> String {
    format!("\n{}:\n{}", section.heading, columns(&section.rows(), width()))
}

fn full_section(section: &Section) -> String {
    let entries = section.entries.iter();
    let entries = entries.map(|entry| format!("  {}\n{}", entry.term, hanging(&entry.full(), 6, width())));
    format!("\n{}:\n{}", section.heading, entries.collect::<String>())
}

/// The names of shared options. Their help is in `peering help options`.
fn names_of_shared(sections: &[Section]) -> String {
    let names = sections.iter().map(|section| {
        let names: Vec<&str> = section.entries.iter().map(|entry| entry.name.as_str()).collect();
        hanging(&names.join(", "), 2, width())
    });
    format!("\nShared options (see peering help options):\n{}", names.collect::<String>())
}
