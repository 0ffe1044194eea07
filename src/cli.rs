//! The command line: arguments in, exit code out.
//!
//! The only place that prints, and that reads the clock and the environment.

mod arguments;
mod batch;
mod consuls;
mod decode_error;
mod delete;
mod dev;
mod diagnose;
mod diff;
mod establish;
mod exit;
mod explain;
mod exported_services;
mod generate_token;
mod help;
mod history;
mod http_options;
mod if_unused;
mod inspect;
mod keep;
mod ledger;
mod ledger_options;
mod list;
mod read;
mod stale;
mod suggestion;
mod surroundings;
mod time_argument;
mod token_argument;
mod validate;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use arguments::{FlagError, Style};
use exit::Exit;
use surroundings::{complain, print};

/// Consul's cluster peering tokens: generate, read, and find out what is wrong with them
#[derive(Debug, Parser)]
#[command(name = "peering", version, args_override_self = true, disable_help_subcommand = true)]
struct Peering {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of it
enum Command {
    GenerateToken(generate_token::Arguments),
    Establish(establish::Arguments),
    List(list::Arguments),
    Read(read::Arguments),
    Delete(delete::Arguments),
    ExportedServices(exported_services::Arguments),
    Inspect(inspect::Arguments),
    Validate(validate::Arguments),
    Stale(stale::Arguments),
    Diagnose(diagnose::Arguments),
    Diff(diff::Arguments),
    Explain(explain::Arguments),
    History(history::Arguments),
    Ledger(ledger::Arguments),
    Dev(dev::Arguments),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    dispatch(&words).into()
}

fn dispatch(words: &[OsString]) -> Exit {
    let definition = Peering::command();
    let Some((name, rest)) = words.split_first() else {
        complain(&help::of(&definition));
        return Exit::CouldNotWork;
    };
    match name.to_str() {
        Some("-h" | "-help" | "--help") => return Exit::of_printing(print(&help::of(&definition))),
        Some("help") => return help_for(&definition, rest),
        Some("-version" | "--version" | "-V" | "version") => {
            return Exit::of_printing(print(&definition.render_version()));
        }
        _ => {}
    }
    let Some(command) = definition.find_subcommand(name) else {
        return unknown_command(&definition, "peering", name);
    };
    if command.has_subcommands() {
        return dispatch_within(command, rest);
    }
    dispatch_to(command, &[command.get_name()], rest)
}

/// A command that only holds others, such as `ledger`: the next word says which.
fn dispatch_within(group: &clap::Command, words: &[OsString]) -> Exit {
    let full_name = format!("peering {}", group.get_name());
    let Some((name, rest)) = words.split_first() else {
        complain(&help::of_command(group, &full_name));
        return Exit::CouldNotWork;
    };
    if matches!(name.to_str(), Some("-h" | "-help" | "--help" | "help")) {
        return help_within(group, &full_name, rest);
    }
    match group.find_subcommand(name) {
        Some(command) => dispatch_to(command, &[group.get_name(), command.get_name()], rest),
        None => unknown_command(group, &full_name, name),
    }
}

/// Reads the words after a command's name, or its names, and runs it.
fn dispatch_to(command: &clap::Command, path: &[&str], rest: &[OsString]) -> Exit {
    let full_name = format!("peering {}", path.join(" "));
    let style = if is_consuls(command.get_name()) { Style::Consul } else { Style::Ours };
    let normalised = match arguments::normalise(command, style, rest) {
        Ok(normalised) => normalised,
        Err(FlagError::Help) => return Exit::of_printing(print(&help::of_command(command, &full_name))),
        Err(error) => return misused(command, &full_name, style, &error),
    };
    let words = full_name.split(' ').map(OsString::from).chain(normalised);
    match Peering::try_parse_from(words) {
        Ok(peering) => peering.command.run(),
        Err(error) => {
            complain(arguments::with_one_dash(&error.render().to_string()).trim_end());
            Exit::of_usage(style)
        }
    }
}

impl Command {
    fn run(self) -> Exit {
        match self {
            Self::GenerateToken(arguments) => generate_token::run(arguments),
            Self::Establish(arguments) => establish::run(&arguments),
            Self::List(arguments) => list::run(&arguments),
            Self::Read(arguments) => read::run(&arguments),
            Self::Delete(arguments) => delete::run(&arguments),
            Self::ExportedServices(arguments) => exported_services::run(&arguments),
            Self::Inspect(arguments) => inspect::run(&arguments),
            Self::Validate(arguments) => validate::run(&arguments),
            Self::Stale(arguments) => stale::run(&arguments),
            Self::Diagnose(arguments) => diagnose::run(&arguments),
            Self::Diff(arguments) => diff::run(&arguments),
            Self::Explain(arguments) => explain::run(&arguments),
            Self::History(arguments) => history::run(&arguments),
            Self::Ledger(arguments) => ledger::run(&arguments),
            Self::Dev(arguments) => dev::run(&arguments),
        }
    }
}

/// The commands that Consul has too, and that read their words as Consul's do.
fn is_consuls(command: &str) -> bool {
    matches!(command, "generate-token" | "establish" | "list" | "read" | "delete" | "exported-services")
}

fn help_for(definition: &clap::Command, topic: &[OsString]) -> Exit {
    let Some((name, rest)) = topic.split_first() else {
        return Exit::of_printing(print(&help::of(definition)));
    };
    match definition.find_subcommand(name) {
        Some(command) => help_within(command, &format!("peering {}", command.get_name()), rest),
        None => unknown_command(definition, "peering", name),
    }
}

/// The help of a command, or of the one within it that the words lead to.
fn help_within(command: &clap::Command, full_name: &str, topic: &[OsString]) -> Exit {
    match topic.split_first().filter(|_| command.has_subcommands()) {
        None => Exit::of_printing(print(&help::of_command(command, full_name))),
        Some((name, rest)) => match command.find_subcommand(name) {
            Some(within) => help_within(within, &format!("{full_name} {}", within.get_name()), rest),
            None => unknown_command(command, full_name, name),
        },
    }
}

fn unknown_command(definition: &clap::Command, full_name: &str, name: &OsStr) -> Exit {
    let name = name.to_string_lossy();
    let nearest = suggestion::nearest(&name, definition.get_subcommands().map(clap::Command::get_name));
    let hint = nearest.map_or_else(String::new, |known| format!("\nA command of a similar name: {known}"));
    let name = crate::render::pretty::printable(&name);
    complain(&format!("There is no command {name:?}.{hint}\nSee all of them with: {full_name} -help"));
    Exit::CouldNotWork
}

fn misused(command: &clap::Command, full_name: &str, style: Style, error: &FlagError) -> Exit {
    complain(&error.to_string());
    if let FlagError::Undefined(name) = error
        && let Some(nearest) = arguments::nearest_flag(command, name)
    {
        complain(&format!("A flag of a similar name: -{nearest}"));
    }
    complain(&format!("See all flags with: {full_name} -help"));
    Exit::of_usage(style)
}
