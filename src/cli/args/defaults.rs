//! Fills in options that the command line lacks: from the variable `PEERING_…`, then from the configuration file.
//!
//! This happens before the words are parsed, so that no command has to know of variables or the file. The variables of
//! Consul are left to the HTTP API client.

use std::ffi::OsString;
use std::sync::LazyLock;

use clap::{Arg, ArgAction, Command};

use super::checks::Kind;
use super::config_file::{ConfigFile, Value};
use super::go_flags::{parse_bool, takes_value, value_of};
use super::http_options;
use super::option_sources::Sources;
use crate::cli::env::variable;

/// An option that was filled in.
#[derive(Debug)]
pub struct Filled {
    option: String,
    origin: String,
}

impl Filled {
    /// The name of the option, without dashes.
    pub fn option(&self) -> &str {
        &self.option
    }

    /// The variable, or the place in the file.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Adds the options that `given`, the normalized words, lacks. `section` is the command's section in the file.
pub fn fill(
    whole: &LazyLock<Command>,
    command: &Command,
    section: &str,
    given: Vec<OsString>,
    file: Option<&ConfigFile>,
) -> (Vec<OsString>, Vec<Filled>) {
    let (mut words, mut filled) = (Vec::new(), Vec::new());
    let has_context = has_context(command, section, &given, file);
    let has_unused_hub = command.get_arguments().any(|argument| argument.get_long() == Some("hub"))
        && !given.iter().any(|word| word.to_string_lossy().contains("consul-kv:"));
    for argument in command.get_arguments() {
        let Some(option) = argument.get_long() else { continue };
        if is_given(&given, option)
            || needs_other_option(command, &given, option)
            || (selects_context(argument) && !has_context)
        {
            continue;
        }
        // Nothing is in a hub's KV, so that no hub is needed.
        if has_unused_hub && argument.get_help_heading() == Some(http_options::HEADING) {
            continue;
        }
        // The file's defaults describe another cluster.
        let is_of_server = argument.get_help_heading() == Some(http_options::HEADING);
        if has_context && is_of_server && !selects_context(argument) {
            continue;
        }
        let from_variable = match Sources::of(argument) {
            Sources::CommandLineOnly => continue,
            Sources::FileUnless(name) if non_empty_variable(&name).is_some() => continue,
            Sources::FileUnless(_) => None,
            Sources::VariableThenFile(name) => {
                non_empty_variable(&name).map(|value| (parse(argument, &value), name))
            }
        };
        let found = from_variable.or_else(|| file.and_then(|file| file.value(section, option)));
        let Some((value, origin)) = found else { continue };
        let value = match (value, Kind::of_command(section)) {
            (Value::Several(names), Some(kind)) => Value::Several(kind.own(option, names)),
            (value, _) => value,
        };
        if is_for_other_commands(whole, argument, option, &value) {
            continue;
        }
        words.extend(option_words(argument, option, &value));
        filled.push(Filled { option: option.to_owned(), origin });
    }
    words.extend(given);
    (words, filled)
}

/// Whether a context is selected: on the command line, by its variable or by the file. An empty name selects none. An
/// address on the command line wins over the variable and the file.
fn has_context(command: &Command, section: &str, given: &[OsString], file: Option<&ConfigFile>) -> bool {
    let mut options = command.get_arguments();
    let Some(argument) = options.find(|argument| selects_context(argument)) else { return false };
    let option = argument.get_long().unwrap_or_default();
    if is_given(given, option) {
        return value_of(given, option).is_some_and(|name| !name.is_empty());
    }
    if value_of(given, "http-addr").is_some_and(|address| !address.is_empty()) {
        return false;
    }
    match Sources::of(argument) {
        Sources::VariableThenFile(name) if non_empty_variable(&name).is_some() => true,
        _ => file.is_some_and(|file| file.value(section, option).is_some()),
    }
}

/// Whether an option selects the context that the other HTTP API options are for.
fn selects_context(argument: &Arg) -> bool {
    argument.get_help_heading() == Some(http_options::HEADING)
        && matches!(argument.get_long(), Some("context" | "hub"))
}

fn non_empty_variable(name: &str) -> Option<String> {
    variable(name).filter(|value| !value.is_empty())
}

fn is_given(words: &[OsString], option: &str) -> bool {
    let options = words.iter().take_while(|word| *word != "--");
    options
        .filter_map(|word| word.to_string_lossy().strip_prefix("--").map(str::to_owned))
        .any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

/// Whether an option is only valid with another one that is not given.
fn needs_other_option(command: &Command, given: &[OsString], option: &str) -> bool {
    let has_batch = command.get_arguments().any(|argument| argument.get_long() == Some("batch"));
    option == "jobs" && has_batch && !is_given(given, "batch")
}

/// Whether other commands have this value and this one does not: `sarif`, which only `validate` writes.
fn is_for_other_commands(whole: &LazyLock<Command>, argument: &Arg, option: &str, value: &Value) -> bool {
    let Value::One(value) = value else { return false };
    let has =
        |argument: &Arg| argument.get_possible_values().iter().any(|possible| possible.matches(value, false));
    if !takes_value(argument) || argument.get_possible_values().is_empty() || has(argument) {
        return false;
    }
    let others = whole.get_subcommands().flat_map(Command::get_arguments);
    others.filter(|other| other.get_long() == Some(option)).any(has)
}

fn parse(argument: &Arg, value: &str) -> Value {
    match argument.get_action() {
        ArgAction::Append => Value::Several(value.split(',').map(str::to_owned).collect()),
        _ => Value::One(value.to_owned()),
    }
}

/// Returns the words that set an option: none for a switch that is off.
fn option_words(argument: &Arg, option: &str, value: &Value) -> Vec<OsString> {
    let takes_value = takes_value(argument);
    let word = |value: &str| OsString::from(format!("--{option}={value}"));
    match value {
        Value::One(text) if takes_value => vec![word(text)],
        Value::Several(all) if takes_value => all.iter().map(|one| word(one)).collect(),
        Value::One(text) => match parse_bool(text) {
            Some(true) => vec![OsString::from(format!("--{option}"))],
            Some(false) => Vec::new(),
            // clap rejects it, and the error names the origin.
            None => vec![word(text)],
        },
        Value::Several(_) => vec![word("a list")],
    }
}
