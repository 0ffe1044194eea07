//! The command line: arguments in, exit code out.
//!
//! The only place that prints, and that reads the clock and the environment.

mod args;
mod cluster;
mod commands;
mod contexts;
mod env;
mod error;
mod exit;
mod given_secrets;
mod help;
mod interrupt;
mod log;
mod out_file;
mod output;
mod progress_lines;
mod redaction;
#[cfg(all(feature = "schema", feature = "cli"))]
pub mod schema;
mod serve;
#[cfg(test)]
mod tests;
mod usage_error;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::LazyLock;

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::aliases::Scope;
use args::config_file::ConfigFile;
use args::go_flags::{FlagError, Normalized, Style};
use args::option_sources::without_variables;
use error::CliError;
use exit::Exit;
use help::section::GLOBAL_HEADING;
use output::{eprint_line, print, settle_colors};

/// Generate, inspect and troubleshoot Consul cluster peering tokens
///
/// Two Consul clusters are peered with a token. The accepting cluster generates it, you carry it to the dialing cluster, and
/// the dialing cluster establishes the peering with it. This tool generates such tokens as "consul peering generate-token"
/// does, shows what is inside them, checks them the way Consul does, reports whether they are still usable, and finds out why
/// a peering can't be established. Looking at a token never uses it.
///
/// Commands that Consul has too (generate-token, establish, list, read, delete, exported-services) take the same flags and
/// print the same output. A TOKEN is the text itself, a file, a directory, a quoted pattern such as 'tokens/*.token', or - for
/// standard input. Tokens in API responses, Kubernetes Secrets and Lists, and Terraform states are read from the document.
#[derive(Debug, Parser)]
#[command(
    name = "peering",
    version,
    args_override_self = true,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true
)]
struct Peering {
    #[command(flatten)]
    globals: Globals,
}

/// The options that every command has.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = GLOBAL_HEADING)]
struct Globals {
    /// Configuration file (default: PEERING_CONFIG, or peering/config.toml in the user's configuration directory)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<String>,
    /// Log network and ledger activity to standard error (secrets are never logged)
    #[arg(
        long,
        env = "PEERING_LOG_LEVEL",
        global = true,
        value_enum,
        value_name = "LEVEL",
        default_value = "off"
    )]
    log_level: log::Level,
    /// When to use colors
    #[arg(
        long,
        env = "PEERING_COLOR",
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    color: output::ColorWhen,
    /// Print results and errors only: no notes, progress or hints (also -q)
    #[arg(long, visible_alias = "q", env = "PEERING_QUIET", global = true)]
    quiet: bool,
    /// Replace addresses and names in all output with aliases, such as ADDRESS-1
    #[arg(long, env = "PEERING_REDACT", global = true)]
    redact: bool,
}

// `defer`: the options of a command are defined when it is built, because a run needs those of one command only.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[allow(clippy::large_enum_variant)] // only one exists
enum Command {
    GenerateToken(commands::generate_token::Arguments),
    Establish(commands::establish::Arguments),
    List(commands::list::Arguments),
    Read(commands::read::Arguments),
    Delete(commands::delete::Arguments),
    ExportedServices(commands::exported_services::Arguments),
    Connect(commands::connect::Arguments),
    Revoke(commands::revoke::Arguments),
    Inspect(commands::inspect::Arguments),
    Validate(commands::validate::Arguments),
    Stale(commands::stale::Arguments),
    Diagnose(commands::diagnose::Arguments),
    Audit(commands::audit::Arguments),
    Ui(commands::ui::Arguments),
    Find(commands::find::Arguments),
    Diff(commands::diff::Arguments),
    Explain(commands::explain::Arguments),
    History(commands::history::Arguments),
    Ledger(commands::ledger::Arguments),
    Context(commands::context::Arguments),
    Page(commands::page::Arguments),
    Dev(commands::dev::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    settle_colors();
    output::hide_panic_messages();
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    given_secrets::remember(&words, env::variables());
    // A shell completes what was typed, so names stay.
    if words.first().is_none_or(|command| command != commands::completions::HIDDEN_COMMAND) {
        redaction::start_if_asked(&words);
    }
    let words = globals_last(&words);
    let style = words.first().and_then(|name| name.to_str()).map_or(Style::Ours, Style::of);
    let exit = dispatch(&LazyLock::new(definition), &words).unwrap_or_else(|error| {
        error.print();
        Exit::of_error(style)
    });
    exit.into()
}

/// The whole command line, defined when it is needed: most runs need the definition of one command only.
type WholeDefinition = LazyLock<clap::Command>;

/// Returns the whole command line: every command has the global options.
pub fn definition() -> clap::Command {
    let mut definition = Command::augment_subcommands(without_commands());
    definition.build();
    definition
}

/// Returns the command line with the one command of this name.
fn definition_of(name: &str) -> Option<clap::Command> {
    let commands = Command::augment_subcommands(clap::Command::default());
    let mut definition = without_commands().subcommand(commands.find_subcommand(name)?.clone());
    definition.build();
    Some(definition)
}

fn without_commands() -> clap::Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::SetTrue).global(true);
    let help = help.help("Show this help").help_heading(GLOBAL_HEADING);
    let version = Arg::new("version").short('V').long("version").action(ArgAction::SetTrue);
    let version = version.help("Show the version").help_heading(GLOBAL_HEADING);
    Peering::command().subcommand_required(true).arg(help).arg(version)
}

/// Parses normalized words.
fn parse(
    definition: clap::Command,
    words: impl IntoIterator<Item = OsString>,
) -> Result<(Globals, Command), clap::Error> {
    let matches = without_variables(definition).try_get_matches_from(words)?;
    Ok((Globals::from_arg_matches(&matches)?, Command::from_arg_matches(&matches)?))
}

fn dispatch(whole: &WholeDefinition, words: &[OsString]) -> Result<Exit, CliError> {
    let Some((name, rest)) = words.split_first() else {
        eprint_line(&help::overview(whole));
        return Ok(Exit::Failed);
    };
    match name.to_str() {
        Some("-h" | "-help" | "--help") => return show(&help::overview(whole)),
        Some("help") => return help_for(whole, rest),
        Some(commands::completions::HIDDEN_COMMAND) => {
            // A mistake in the file is reported by the command itself.
            contexts::remember(ConfigFile::read(None, whole).ok().flatten().as_ref());
            return complete(whole, rest);
        }
        Some("-version" | "--version" | "-V" | "-v" | "version") => {
            return show(&whole.render_version());
        }
        _ => {}
    }
    let known = name.to_str().and_then(|name| Some((name, definition_of(name)?)));
    let Some((name, definition)) = known else {
        return Err(usage_error::unknown_command(whole, "peering", &name.to_string_lossy()));
    };
    let command = at(&definition, &[name]);
    if command.has_subcommands() && !runs_itself(command, rest) {
        dispatch_within(whole, definition, name, rest)
    } else {
        dispatch_to(whole, definition, &[name], rest)
    }
}

/// Whether these words are for a group itself: it also does something without a command of the group, and none is named.
fn runs_itself(group: &clap::Command, words: &[OsString]) -> bool {
    let is_option = words.first().is_none_or(|word| word.to_string_lossy().starts_with('-'));
    is_option && !group.is_subcommand_required_set()
}

fn show(text: &str) -> Result<Exit, CliError> {
    print(text)?;
    Ok(Exit::Done)
}

/// Moves global options that precede the command behind it.
fn globals_last(words: &[OsString]) -> Vec<OsString> {
    let definition = Peering::command();
    let option = |word: &OsString| {
        let word = word.to_str()?;
        let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        args::go_flags::find(&definition, name.split('=').next().unwrap_or(name))
    };
    let takes_next = |word: &OsString, option| {
        args::go_flags::takes_value(option) && !word.to_string_lossy().contains('=')
    };
    let mut before = 0;
    while let Some((word, option)) = words.get(before).and_then(|word| Some((word, option(word)?))) {
        before += if takes_next(word, option) { 2 } else { 1 };
    }
    let (options, command) = words.split_at(before.min(words.len()));
    match command.iter().position(|word| word.to_string_lossy().starts_with('-')) {
        // Before the command's own flags, because Consul's commands ignore flags after the first argument.
        _ if options.is_empty() || command.is_empty() => words.to_vec(),
        Some(flag) => [&command[..flag], options, &command[flag..]].concat(),
        None => [command, options].concat(),
    }
}

/// Runs a command of a group, such as `ledger`. The first word is its name.
fn dispatch_within(
    whole: &WholeDefinition,
    definition: clap::Command,
    group: &str,
    words: &[OsString],
) -> Result<Exit, CliError> {
    let full_name = format!("peering {group}");
    let commands = at(&definition, &[group]);
    let Some((name, rest)) = words.split_first() else {
        eprint_line(&help::full(commands, &full_name));
        return Ok(Exit::Failed);
    };
    match name.to_str() {
        Some("-h" | "-help" | "--help") => show(&help::short(commands, &full_name)),
        Some("help") => help_within(commands, &full_name, rest),
        Some(name) if commands.find_subcommand(name).is_some() => {
            dispatch_to(whole, definition, &[group, name], rest)
        }
        _ => Err(usage_error::unknown_command(commands, &full_name, &name.to_string_lossy())),
    }
}

/// Parses the words after the names in `path` and runs the command.
fn dispatch_to(
    whole: &WholeDefinition,
    definition: clap::Command,
    path: &[&str],
    rest: &[OsString],
) -> Result<Exit, CliError> {
    let full_name = format!("peering {}", path.join(" "));
    let style = Style::of(path[0]);
    let command = at(&definition, path);
    let normalized = match args::go_flags::normalize(command, style, rest) {
        Ok(normalized) => normalized,
        Err(FlagError::Help) => return show(&help::short(command, &full_name)),
        Err(error) => return Err(usage_error::bad_flag(command, &full_name, style, &error)),
    };
    let Normalized { words: normalized, ignored } = normalized;
    if !ignored.is_empty() {
        refuse_or_warn(path[0], &ignored)?;
    }
    let file = ConfigFile::read(args::go_flags::value_of(&normalized, "config").as_deref(), whole)?;
    contexts::remember(file.as_ref());
    let (normalized, filled) = args::defaults::fill(whole, command, path[0], normalized, file.as_ref());
    redaction::learn_options(&normalized);
    let words = full_name.split(' ').map(OsString::from).chain(normalized.iter().cloned());
    let (globals, command) =
        parse(definition, words).map_err(|error| usage_error::of_clap(&error, &full_name, &filled))?;
    globals.log_level.start();
    output::set_colors(globals.color);
    output::set_quiet(globals.quiet);
    if globals.redact {
        // The configuration file may ask for it.
        redaction::start(Scope::All);
        redaction::learn_options(&normalized);
        redaction::learn_contexts(contexts::all());
    }
    if let Some(file) = &file {
        tracing::debug!(file = %file.path().display(), "read the configuration file");
    }
    command.run(whole).map_err(|error| error.with_cluster(&path.join(" ")))
}

/// The command that the names in `path` lead to.
fn at<'d>(definition: &'d clap::Command, path: &[&str]) -> &'d clap::Command {
    path.iter().fold(definition, |command, name| command.find_subcommand(name).unwrap_or(command))
}

/// Warns of words that Go's rule ignores. `delete` refuses them: they may be the name that was meant.
fn refuse_or_warn(command: &str, ignored: &[OsString]) -> Result<(), CliError> {
    let described = args::go_flags::describe_ignored(ignored);
    if command == "delete" {
        return Err(CliError::new(format_args!("delete would ignore {described}, so nothing was deleted"))
            .with_remedy("put every flag before other words, and remove the other words"));
    }
    output::eprint_redacted(&format!(
        "Warning: ignored {described}. Like Consul, this command stops reading flags at the first other word."
    ));
    Ok(())
}

impl Command {
    fn run(self, whole: &WholeDefinition) -> Result<Exit, CliError> {
        match self {
            Self::GenerateToken(arguments) => commands::generate_token::run(arguments),
            Self::Establish(arguments) => commands::establish::run(&arguments),
            Self::List(arguments) => commands::list::run(&arguments),
            Self::Read(arguments) => commands::read::run(&arguments),
            Self::Delete(arguments) => commands::delete::run(&arguments),
            Self::ExportedServices(arguments) => commands::exported_services::run(&arguments),
            Self::Connect(arguments) => commands::connect::run(&arguments),
            Self::Revoke(arguments) => commands::revoke::run(&arguments),
            Self::Inspect(arguments) => commands::inspect::run(&arguments),
            Self::Validate(arguments) => commands::validate::run(&arguments),
            Self::Stale(arguments) => commands::stale::run(&arguments),
            Self::Diagnose(arguments) => commands::diagnose::run(&arguments),
            Self::Audit(arguments) => commands::audit::run(arguments),
            Self::Ui(arguments) => commands::ui::run(arguments),
            Self::Find(arguments) => commands::find::run(&arguments),
            Self::Diff(arguments) => commands::diff::run(&arguments),
            Self::Explain(arguments) => commands::explain::run(&arguments),
            Self::History(arguments) => commands::history::run(&arguments),
            Self::Ledger(arguments) => commands::ledger::run(&arguments),
            Self::Context(arguments) => commands::context::run(&arguments),
            Self::Page(arguments) => commands::page::run(&arguments),
            Self::Dev(arguments) => commands::dev::run(&arguments),
            Self::Completions(arguments) => commands::completions::run(&arguments),
            Self::Man(arguments) => commands::man::run(&arguments, whole),
        }
    }
}

/// Prints the candidates for a shell's completion, one per line.
fn complete(definition: &clap::Command, words: &[OsString]) -> Result<Exit, CliError> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let lines = help::complete::candidates(definition, &words)
        .into_iter()
        .map(|it| it.word + "\t" + &it.description + "\n");
    show(&lines.collect::<String>())
}

fn help_for(definition: &clap::Command, topic: &[OsString]) -> Result<Exit, CliError> {
    let Some((name, rest)) = topic.split_first() else {
        return show(&help::overview(definition));
    };
    if let Some(topic) = name.to_str().and_then(|name| help::help_topics::page(name, definition)) {
        return show(&topic);
    }
    match definition.find_subcommand(name) {
        Some(command) => help_within(command, &format!("peering {}", command.get_name()), rest),
        None => Err(usage_error::unknown_command(definition, "peering help", &name.to_string_lossy())),
    }
}

/// Shows the help of a command, or of the command of this group that `topic` names.
fn help_within(command: &clap::Command, full_name: &str, topic: &[OsString]) -> Result<Exit, CliError> {
    match topic.split_first().filter(|_| command.has_subcommands()) {
        None => show(&help::full(command, full_name)),
        Some((name, rest)) => match command.find_subcommand(name) {
            Some(within) => help_within(within, &format!("{full_name} {}", within.get_name()), rest),
            None => Err(usage_error::unknown_command(command, full_name, &name.to_string_lossy())),
        },
    }
}
