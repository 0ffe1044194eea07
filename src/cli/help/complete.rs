//! Candidates for a shell's completion.
//!
//! They come from the definition of the command line, and from what is known without the network: checks, faults, files,
//! the names of contexts, and the names of peerings in the local ledger. Completion never fails: at worst it offers nothing.

use std::path::{Path, is_separator};

use clap::{Arg, ArgAction, Command};

use super::help_topics;
use crate::acceptor::Fault;
use crate::checks;
use crate::cli::args::go_flags::takes_value;
use crate::cli::args::http_options::wait_for;
use crate::cli::contexts;
use crate::cli::env::state_directory;
use crate::explain;
use crate::net::ledger::{Filter, Ledger, Sqlite};

/// A word that a shell can offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub word: String,
    /// One line about it, or empty.
    pub description: String,
}

impl Candidate {
    fn new(word: impl Into<String>, description: impl Into<String>) -> Self {
        Self { word: word.into(), description: description.into() }
    }
}

/// Returns the candidates for the last word after the program's name. If there are none, the shell offers files.
pub fn candidates(definition: &Command, words: &[String]) -> Vec<Candidate> {
    let Some((partial, before)) = words.split_last() else { return Vec::new() };
    let all = unfiltered(definition, partial, before);
    all.into_iter().filter(|candidate| candidate.word.starts_with(partial.as_str())).collect()
}

fn unfiltered(definition: &Command, partial: &str, before: &[String]) -> Vec<Candidate> {
    let Some((name, rest)) = before.split_first() else {
        let mut all = commands(definition);
        all.push(Candidate::new("help", "Show the help of a command or topic"));
        return all;
    };
    if name == "help" {
        return match rest {
            [] => {
                let pages = help_topics::NAMES.map(|name| Candidate::new(name, "Help topic"));
                commands(definition).into_iter().chain(pages).collect()
            }
            _ => Vec::new(),
        };
    }
    match definition.find_subcommand(name) {
        Some(group) if group.has_subcommands() => {
            let named = rest.first().and_then(|name| group.find_subcommand(name));
            match named {
                Some(command) => within(command, partial, &rest[1..]),
                None if rest.is_empty() && !partial.starts_with('-') => commands(group),
                None if !group.is_subcommand_required_set() => within(group, partial, rest),
                None => Vec::new(),
            }
        }
        Some(command) => within(command, partial, rest),
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

/// Candidates within a command: a flag, the value of a flag, or an argument.
fn within(command: &Command, partial: &str, before: &[String]) -> Vec<Candidate> {
    let option = |word: &str| {
        let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        command.get_arguments().find(|argument| argument.get_long() == Some(name) && takes_value(argument))
    };
    // The value of `-format ` or of `-format=`.
    if let Some(argument) = before.last().and_then(|word| option(word)) {
        return values(argument, partial);
    }
    if let Some((flag, value)) = partial.split_once('=')
        && let Some(argument) = option(flag)
    {
        let whole = |candidate: Candidate| {
            Candidate::new(format!("{flag}={}", candidate.word), candidate.description)
        };
        return values(argument, value).into_iter().map(whole).collect();
    }
    if partial.starts_with('-') {
        return flags(command, partial, before);
    }
    let Some(argument) = command.get_positionals().next() else { return Vec::new() };
    positional(argument, partial)
}

/// The flags that are not given yet, with as many dashes as the partial word has.
fn flags(command: &Command, partial: &str, before: &[String]) -> Vec<Candidate> {
    let dashes = if partial.starts_with("--") { "--" } else { "-" };
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

/// Candidates for the value of an option.
fn values(argument: &Arg, partial: &str) -> Vec<Candidate> {
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
            let kept = partial.rfind(',').map_or("", |at| &partial[..=at]);
            checks().map(|check| Candidate::new(format!("{kept}{}", check.word), check.description)).collect()
        }
        "severity" => match partial.split_once('=') {
            None => {
                checks().map(|check| Candidate::new(format!("{}=", check.word), check.description)).collect()
            }
            Some((check, _)) => ["error", "warning", "info"]
                .map(|level| Candidate::new(format!("{check}={level}"), ""))
                .into(),
        },
        "fault" => Fault::ALL.into_iter().map(|(_, name, summary)| Candidate::new(name, summary)).collect(),
        "ledger" => plain(&["sqlite", "consul", "off"]),
        "field" => plain(&crate::inspect::FIELDS),
        "format" => plain(&["pretty", "json"]),
        "acceptor" | "context" | "dialer" => contexts(),
        "http_addr" => plain(&["embedded", "http://localhost:8500"]),
        "peering_token" | "error" | "snapshot" | "batch" | "log" => files(partial),
        // The shell completes files. `-snapshot live` transfers every secret of a cluster and is not offered.
        _ => Vec::new(),
    }
}

/// Candidates for an argument.
fn positional(argument: &Arg, partial: &str) -> Vec<Candidate> {
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
        "context_name" | "context_names" => contexts(),
        // The shell completes directories.
        "directory" => Vec::new(),
        _ => files(partial),
    }
}

/// The names of the contexts in the configuration file.
fn contexts() -> Vec<Candidate> {
    contexts::all().iter().map(|context| Candidate::new(&context.name, &context.http_addr)).collect()
}

fn checks() -> impl Iterator<Item = Candidate> {
    checks::all().map(|check| Candidate::new(check.name, check.summary))
}

/// Candidates of the form `@FILE`. The shell completes a file without the `@`.
fn files(partial: &str) -> Vec<Candidate> {
    let Some(path) = partial.strip_prefix('@') else { return Vec::new() };
    let directory = path.rfind(is_separator).map_or("", |at| &path[..=at]);
    let Ok(entries) =
        std::fs::read_dir(if directory.is_empty() { Path::new(".") } else { Path::new(directory) })
    else {
        return Vec::new();
    };
    let mut all: Vec<Candidate> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
            let end = if entry.path().is_dir() { "/" } else { "" };
            Some(Candidate::new(format!("@{directory}{name}{end}"), ""))
        })
        .collect();
    all.sort_by(|one, other| one.word.cmp(&other.word));
    all
}

/// The local names in the SQLite ledger.
fn peerings() -> Vec<Candidate> {
    let ledger = state_directory().map(|directory| Sqlite::in_directory(&directory));
    // Completion must not create a ledger.
    let Some(ledger) = ledger.filter(|ledger| ledger.path().exists()) else { return Vec::new() };
    let records = wait_for(Ledger::Sqlite(ledger).records(Filter::All)).unwrap_or_default();
    let mut names: Vec<String> = records.into_iter().map(|entry| entry.record.name).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| Candidate::new(name, "Peering in the ledger")).collect()
}
