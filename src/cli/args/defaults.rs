//! Where an option gets its value when the command line gives none: a variable `PEERING_…`, then the configuration file.
//!
//! The words of a command line are filled up before they are parsed, so that no command knows of either. Consul's own
//! flags and variables are left to Consul's rules; a file may set those of the HTTP API where no `CONSUL_*` variable does.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

use super::config_file::{ConfigFile, Value};
use super::go_flags::{Style, takes_value};
use super::option_sources::{Origins, origins, variable_of};
use crate::cli::env::variable;

/// A value that did not come from the command line, and where it came from.
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

    /// The variable or the place in the file.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// Fills up normalised words with what variables and the file say. What was given stays as it is. `path` is the command's
/// name, after those that it is within: the first is its section in the file.
pub fn fill(
    definition: &Command,
    command: &Command,
    path: &[&str],
    given: Vec<OsString>,
    file: Option<&ConfigFile>,
) -> (Vec<OsString>, Vec<Filled>) {
    let style = Style::of(path[0]);
    let (mut words, mut filled) = (Vec::new(), Vec::new());
    for argument in command.get_arguments() {
        let Some(option) = argument.get_long() else { continue };
        let origins = origins(style, option);
        if origins == Origins::Flag || is_given(&given, option) || lacks_its_company(&given, option) {
            continue;
        }
        let by_variable = match origins {
            Origins::FileAfter(known) if set(known).is_some() => continue,
            Origins::VariableAndFile => set(&variable_of(option)).map(|value| (value, variable_of(option))),
            _ => None,
        };
        let found = match by_variable {
            Some((value, origin)) => Some((of_variable(argument, &value), origin)),
            None => file.and_then(|file| file.value(path[0], option)),
        };
        let Some((value, origin)) = found else { continue };
        if is_for_others(definition, argument, option, &value) {
            continue;
        }
        words.extend(written(argument, option, &value));
        filled.push(Filled { option: option.to_owned(), origin });
    }
    words.extend(given);
    (words, filled)
}

fn set(name: &str) -> Option<String> {
    variable(name).filter(|value| !value.is_empty())
}

fn is_given(words: &[OsString], option: &str) -> bool {
    let options = words.iter().take_while(|word| *word != "--");
    options
        .filter_map(|word| word.to_string_lossy().strip_prefix("--").map(str::to_owned))
        .any(|word| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

/// How many at once matters in a batch alone, and to force goes with what is forced.
fn lacks_its_company(given: &[OsString], option: &str) -> bool {
    option == "jobs" && !is_given(given, "batch")
}

/// Whether a command lacks a value that others have: `sarif`, which only validate writes.
fn is_for_others(definition: &Command, argument: &Arg, option: &str, value: &Value) -> bool {
    let Value::One(value) = value else { return false };
    let has = |argument: &Arg| argument.get_possible_values().iter().any(|known| known.matches(value, false));
    if !takes_value(argument) || argument.get_possible_values().is_empty() || has(argument) {
        return false;
    }
    let others = definition.get_subcommands().flat_map(Command::get_arguments);
    others.filter(|other| other.get_long() == Some(option)).any(has)
}

fn of_variable(argument: &Arg, value: &str) -> Value {
    match argument.get_action() {
        ArgAction::Append => Value::Several(value.split(',').map(str::to_owned).collect()),
        _ => Value::One(value.to_owned()),
    }
}

/// The words that set an option; none for a switch that is off.
fn written(argument: &Arg, option: &str, value: &Value) -> Vec<OsString> {
    let takes_value = takes_value(argument);
    let word = |value: &str| OsString::from(format!("--{option}={value}"));
    match value {
        Value::One(text) if takes_value => vec![word(text)],
        Value::Several(all) if takes_value => all.iter().map(|one| word(one)).collect(),
        Value::One(text) => match text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => vec![OsString::from(format!("--{option}"))],
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Vec::new(),
            // clap says that it takes no value; which one it would take, is said beside it.
            other => vec![word(other)],
        },
        Value::Several(_) => vec![word("a list")],
    }
}
