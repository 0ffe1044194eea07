//! Help texts, rendered from the definition that the parser reads too.
//!
//! clap's own help has two dashes before flags and repeats the options that commands share.

pub(crate) mod complete;
pub(crate) mod help_topics;
pub(crate) mod layout;
pub(crate) mod section;

use clap::Command;
use clap::builder::StyledStr;

use super::cluster::cluster_of;
use super::output::width;
use layout::{columns, hanging, single_lines, unsplit, wrap_example};
use section::{Section, sections, usage};

/// The number of lines of a short help: a terminal's height.
const MAX_SHORT_LINES: usize = 24;

/// Renders the help of the whole tool.
pub fn overview(definition: &Command) -> String {
    let more = "
  peering COMMAND -h        options of a command
  peering help COMMAND      full help with examples
  peering help TOPIC        http, formats, exit-codes, environment, checks
";
    [beginning(definition, definition.get_about(), "peering"), more.to_owned()].concat()
}

/// Renders the short help of a command, which fits in a terminal. `words` call it.
pub fn short(command: &Command, words: &str) -> String {
    let topic = words.strip_prefix("peering ").unwrap_or(words);
    let own: Vec<_> = sections(command).into_iter().filter(|section| !section.is_shared()).collect();
    let entries: Vec<_> = own.iter().flat_map(|section| &section.entries).collect();
    let cluster = cluster_of(topic).map_or_else(String::new, |cluster| format!("-http-addr is {cluster}.\n"));
    let end = format!(
        "\n{cluster}HTTP API and common options: peering help http\nFull help with examples: peering help {topic}\n"
    );
    let start = beginning(command, command.get_about(), words);
    let rows: Vec<_> = entries.iter().map(|entry| (entry.term.clone(), entry.short())).collect();
    let room = MAX_SHORT_LINES.saturating_sub(start.lines().count() + end.lines().count() + 1);
    let options = match columns(&rows, width()) {
        _ if rows.is_empty() => String::new(),
        wrapped if wrapped.lines().count() <= room => format!("\n{wrapped}"),
        _ if rows.len() <= room => format!("\n{}", single_lines(&rows, width())),
        _ => {
            // Two lines for the names of the rest.
            let (shown, rest) = rows.split_at(room.saturating_sub(2));
            let names: Vec<&str> = rest.iter().filter_map(|(term, _)| term.split(' ').next()).collect();
            let more = hanging(&format!("More: {}", names.join(", ")), 2, width());
            format!("\n{}{more}", single_lines(shown, width()))
        }
    };
    [start, options, end].concat()
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
    let topic = words.strip_prefix("peering ").unwrap_or(words);
    [beginning(command, about, words), options, names_of_shared(&shared, topic), examples].concat()
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

fn full_section(section: &Section) -> String {
    let entries = section.entries.iter();
    let entries = entries.map(|entry| format!("  {}\n{}", entry.term, hanging(&entry.full(), 6, width())));
    format!("\n{}:\n{}", section.heading, entries.collect::<String>())
}

/// The names of shared options, and which cluster `-http-addr` is. Their help is in `peering help http`.
fn names_of_shared(sections: &[Section], topic: &str) -> String {
    let names = sections.iter().map(|section| {
        let names: Vec<&str> = section.entries.iter().map(|entry| entry.name.as_str()).collect();
        hanging(&names.join(", "), 2, width())
    });
    let cluster =
        cluster_of(topic).map_or_else(String::new, |cluster| format!("\n-http-addr is {cluster}.\n"));
    format!("\nHTTP API and common options (see peering help http):\n{}{cluster}", names.collect::<String>())
}
