//! What may stand where the cursor is: candidates for a shell's completion.
//!
//! Made from the one definition of the command line, and from what is known without asking anybody: checks, faults, files,
//! and the names of peerings in the ledger. It never fails and prints no error: at worst there is nothing to offer.

use std::path::Path;

use clap::{Arg, ArgAction, Command};

use super::help_topics;
use crate::acceptor::Fault;
use crate::cli::args::go_flags::takes_value;
use crate::cli::args::http_options::wait_for;
use crate::cli::env::state_directory;
use crate::explain;
use crate::lint::rules;
use crate::net::ledger::{Filter, Ledger, Sqlite};

/// A word, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What would stand in place of the word that was begun.
    pub word: String,
    /// What it is, in a line; may be empty.
    pub is: String,
}

impl Candidate {
    fn new(word: impl Into<String>, is: impl Into<String>) -> Self {
        Self { word: word.into(), is: is.into() }
    }
}

/// The candidates for the last of the words after the program's name. None: a file, perhaps.
pub fn candidates(definition: &Command, words: &[String]) -> Vec<Candidate> {
    let Some((begun, before)) = words.split_last() else { return Vec::new() };
    let all = offered(definition, begun, before);
    all.into_iter().filter(|candidate| candidate.word.starts_with(begun.as_str())).collect()
}

fn offered(definition: &Command, begun: &str, before: &[String]) -> Vec<Candidate> {
    let Some((name, rest)) = before.split_first() else {
        let mut all = commands(definition);
        all.push(Candidate::new("help", "Explain a command, or a topic"));
        return all;
    };
    if name == "help" {
        return match rest {
            [] => {
                let pages = help_topics::NAMES.map(|name| Candidate::new(name, "a page of help"));
                commands(definition).into_iter().chain(pages).collect()
            }
            _ => Vec::new(),
        };
    }
    match definition.find_subcommand(name) {
        Some(group) if group.has_subcommands() => match rest.split_first() {
            None => commands(group),
            Some((name, rest)) => {
                group.find_subcommand(name).map_or_else(Vec::new, |command| within(command, begun, rest))
            }
        },
        Some(command) => within(command, begun, rest),
        None => Vec::new(),
    }
}

fn commands(within: &Command) -> Vec<Candidate> {
    let shown = within.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| Candidate::new(command.get_name(), about(command.get_about()))).collect()
}

fn about(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().replace(['\n', '\t'], " ")
}

/// Within a command: a flag, a flag's value, or an argument.
fn within(command: &Command, begun: &str, before: &[String]) -> Vec<Candidate> {
    let option = |word: &str| {
        let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        command.get_arguments().find(|argument| argument.get_long() == Some(name) && takes_value(argument))
    };
    // `-format ` and `-format=`.
    if let Some(argument) = before.last().and_then(|word| option(word)) {
        return values(argument, begun);
    }
    if let Some((flag, value)) = begun.split_once('=')
        && let Some(argument) = option(flag)
    {
        let whole = |candidate: Candidate| Candidate::new(format!("{flag}={}", candidate.word), candidate.is);
        return values(argument, value).into_iter().map(whole).collect();
    }
    if begun.starts_with('-') {
        return flags(command, begun, before);
    }
    let Some(argument) = command.get_positionals().next() else { return Vec::new() };
    positional(argument, begun)
}

/// The flags that were not given yet, with as many dashes as were begun with.
fn flags(command: &Command, begun: &str, before: &[String]) -> Vec<Candidate> {
    let dashes = if begun.starts_with("--") { "--" } else { "-" };
    let given = |name: &str| {
        before
            .iter()
            .any(|word| word.trim_start_matches('-').split('=').next() == Some(name) && word.starts_with('-'))
    };
    command
        .get_arguments()
        .filter_map(|argument| Some((argument, argument.get_long()?)))
        .filter(|(argument, name)| matches!(argument.get_action(), ArgAction::Append) || !given(name))
        .map(|(argument, name)| Candidate::new(format!("{dashes}{name}"), about(argument.get_help())))
        .collect()
}

/// The values of an option.
fn values(argument: &Arg, begun: &str) -> Vec<Candidate> {
    let listed = argument.get_possible_values();
    if !listed.is_empty() {
        return listed
            .iter()
            .map(|value| Candidate::new(value.get_name(), about(value.get_help())))
            .collect();
    }
    let plain = |words: &[&str]| words.iter().map(|&word| Candidate::new(word, "")).collect();
    match argument.get_id().as_str() {
        "name" => peerings(),
        "only" | "skip" => {
            let kept = begun.rfind(',').map_or("", |at| &begun[..=at]);
            checks().map(|check| Candidate::new(format!("{kept}{}", check.word), check.is)).collect()
        }
        "severity" => match begun.split_once('=') {
            None => checks().map(|check| Candidate::new(format!("{}=", check.word), check.is)).collect(),
            Some((check, _)) => ["error", "warning", "info"]
                .map(|level| Candidate::new(format!("{check}={level}"), ""))
                .into(),
        },
        "fault" => Fault::ALL.into_iter().map(|(_, name, is)| Candidate::new(name, is)).collect(),
        "ledger" => plain(&["sqlite", "consul", "off"]),
        "format" => plain(&["pretty", "json"]),
        "http_addr" => plain(&["embedded", "http://localhost:8500"]),
        "peering_token" | "error" => files(begun),
        // Files, which the shell knows; and -snapshot takes `live`, which moves every secret of a cluster: it is typed on
        // purpose or not at all.
        _ => Vec::new(),
    }
}

/// A command's argument.
fn positional(argument: &Arg, begun: &str) -> Vec<Candidate> {
    let listed = argument.get_possible_values();
    if !listed.is_empty() {
        return listed.iter().map(|value| Candidate::new(value.get_name(), "")).collect();
    }
    match argument.get_id().as_str() {
        "text" => {
            let messages = explain::entries().iter().map(|entry| Candidate::new(entry.name, entry.summary));
            // A check and a message may have one name.
            let mut all: Vec<Candidate> = checks().chain(messages).collect();
            all.sort_by(|one, other| one.word.cmp(&other.word));
            all.dedup_by(|one, other| one.word == other.word);
            all
        }
        // The shell knows its folders.
        "folder" => Vec::new(),
        _ => files(begun),
    }
}

fn checks() -> impl Iterator<Item = Candidate> {
    rules::ALL.iter().map(|check| Candidate::new(check.name, check.summary))
}

/// `@` and the files that may follow it.
fn files(begun: &str) -> Vec<Candidate> {
    let path = begun.strip_prefix('@').unwrap_or("");
    let folder = path.rfind('/').map_or("", |at| &path[..=at]);
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { Path::new(".") } else { Path::new(folder) })
    else {
        return Vec::new();
    };
    let mut all: Vec<Candidate> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
            let end = if entry.path().is_dir() { "/" } else { "" };
            Some(Candidate::new(format!("@{folder}{name}{end}"), ""))
        })
        .collect();
    all.sort_by(|one, other| one.word.cmp(&other.word));
    all
}

/// The local names in the ledger of this machine.
fn peerings() -> Vec<Candidate> {
    let ledger = state_directory().map(|directory| Sqlite::in_directory(&directory));
    // To look must not make one.
    let Some(ledger) = ledger.filter(|ledger| ledger.path().exists()) else { return Vec::new() };
    let records = wait_for(Ledger::Sqlite(ledger).records(Filter::All)).unwrap_or_default();
    let mut names: Vec<String> = records.into_iter().map(|entry| entry.record.name).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| Candidate::new(name, "in the ledger")).collect()
}
