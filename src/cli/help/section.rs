//! The options of a command, described and grouped by heading.

use clap::{Arg, ArgAction, Command};

use crate::cli::args::go_flags::takes_value;
use crate::cli::args::{http_options, ledger_options};

/// The heading of the options that every command has.
pub const GLOBAL_HEADING: &str = "Global options";

/// Options with one heading.
pub struct Section {
    /// The heading, without a colon.
    pub heading: String,
    /// The options in the order of their definition.
    pub entries: Vec<Entry>,
}

/// One option or argument.
pub struct Entry {
    /// `-format`, or `TOKEN` for an argument.
    pub name: String,
    /// `-format FORMAT`, or `TOKEN...` for an argument.
    pub term: String,
    /// What it is, in one paragraph.
    pub help: String,
    /// The environment variable.
    pub variable: Option<String>,
    /// The default value.
    pub default: Option<String>,
    /// The valid values, each with its meaning, which may be empty.
    pub values: Vec<(String, String)>,
}

impl Section {
    /// Whether several commands have these options.
    pub fn is_shared(&self) -> bool {
        [http_options::HEADING, ledger_options::HEADING, GLOBAL_HEADING].contains(&self.heading.as_str())
    }
}

impl Entry {
    fn of(argument: &Arg) -> Self {
        let value = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        let value = value.unwrap_or_else(|| argument.get_id().as_str().to_uppercase());
        let (name, term) = match (argument.get_long(), argument.get_short()) {
            (Some(long), Some(short)) => (format!("-{long}"), format!("-{short}, -{long}")),
            (Some(long), None) if takes_value(argument) => (format!("-{long}"), format!("-{long} {value}")),
            (Some(long), None) => (format!("-{long}"), format!("-{long}")),
            (None, _) => (value.clone(), if is_repeated(argument) { value + "..." } else { value }),
        };
        let text = argument.get_long_help().or(argument.get_help()).map(ToString::to_string);
        let values = if takes_value(argument) { argument.get_possible_values() } else { Vec::new() };
        let defaults = argument
            .get_default_values()
            .iter()
            .filter(|_| takes_value(argument) && !argument.is_hide_default_value_set());
        Self {
            name,
            term,
            help: text.unwrap_or_default(),
            variable: argument.get_env().map(|name| name.to_string_lossy().into_owned()),
            default: defaults.map(|value| value.to_string_lossy().into_owned()).next(),
            values: values
                .iter()
                .map(|value| {
                    (
                        value.get_name().to_owned(),
                        value.get_help().map(ToString::to_string).unwrap_or_default(),
                    )
                })
                .collect(),
        }
    }

    /// What it is, in a few words: the first sentence, and the valid values or the default.
    pub fn short(&self) -> String {
        let first = self.help.lines().next().unwrap_or_default();
        let first = first.split_once(". ").map_or(first, |(first, _)| first).trim_end_matches('.');
        let names: Vec<&str> = self.values.iter().map(|(name, _)| name.as_str()).collect();
        match (&names[..], &self.default) {
            ([_, ..], _) => format!("{first} ({})", names.join(", ")),
            ([], Some(default)) => format!("{first} (default {default})"),
            ([], None) => first.to_owned(),
        }
    }

    /// The default and the valid values.
    fn notes(&self) -> String {
        let default = self.default.as_ref().map(|default| format!("[default: {default}]"));
        let names: Vec<&str> = self.values.iter().map(|(name, _)| name.as_str()).collect();
        let values = (!names.is_empty()).then(|| format!("[values: {}]", names.join(", ")));
        default.into_iter().chain(values).collect::<Vec<_>>().join(" ")
    }

    /// Everything about the option, with a line for each value that is explained.
    pub fn full(&self) -> String {
        let variable = self.variable.as_ref().map_or_else(String::new, |name| format!("[env: {name}]"));
        let mut text = format!("{}\n{} {variable}", self.help, self.notes()).trim_end().replace("\n ", "\n");
        for (name, help) in self.values.iter().filter(|(_, help)| !help.is_empty()) {
            text.extend(["\n  ", name, ": ", help]);
        }
        text
    }
}

/// Returns the arguments and options of a command, grouped by heading. Those that every command has come last.
pub fn sections(command: &Command) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let default = if argument.is_positional() { "Arguments" } else { "Options" };
        let heading = argument.get_help_heading().unwrap_or(default);
        let entry = Entry::of(argument);
        match sections.iter_mut().find(|section| section.heading == heading) {
            Some(section) => section.entries.push(entry),
            None => sections.push(Section { heading: heading.to_owned(), entries: vec![entry] }),
        }
    }
    sections.sort_by_key(|section| section.heading == GLOBAL_HEADING);
    sections
}

/// Returns the usage line of a command. `words` call it.
pub fn usage(command: &Command, words: &str) -> String {
    let mut usage = vec![format!("Usage: {words} [OPTIONS]")];
    let required = command.get_opts().filter(|option| option.is_required_set());
    for argument in required.chain(command.get_positionals()) {
        let term = Entry::of(argument).term;
        usage.push(if argument.is_required_set() { term } else { format!("[{term}]") });
    }
    if command.has_subcommands() {
        let command = if command.is_subcommand_required_set() { "COMMAND" } else { "[COMMAND]" };
        usage.push(command.to_owned());
    }
    usage.join(" ")
}

fn is_repeated(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append)
}
