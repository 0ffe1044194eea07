//! The command line: arguments in, exit code out.
//!
//! The only place that prints, and that reads the clock and the environment.

mod args;
mod commands;
mod env;
mod error;
mod exit;
mod help;
mod log;
#[cfg(all(feature = "schema", feature = "cli"))]
pub mod schema;
mod usage_error;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use args::config_file::ConfigFile;
use args::go_flags::{FlagError, Style};
use env::{eprint_line, print, settle_colors, width};
use error::CliError;
use exit::Exit;

/// The names of the options in [`Globals`].
const GLOBALS: [&str; 2] = ["config", "log-level"];

/// Consul's cluster peering tokens: generate, read, and find out what is wrong with them
#[derive(Debug, Parser)]
#[command(name = "peering", version, args_override_self = true, disable_help_subcommand = true)]
struct Peering {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Globals {
    /// The configuration file (PEERING_CONFIG; default: peering/config.toml in the user's configuration directory, if
    /// it is there)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<String>,
    /// How much to say, on standard error, of what is done on the network and in the ledger; never a secret
    #[arg(long, global = true, value_enum, value_name = "LEVEL", default_value = "off")]
    log_level: log::Level,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of it
enum Command {
    GenerateToken(commands::generate_token::Arguments),
    Establish(commands::establish::Arguments),
    List(commands::list::Arguments),
    Read(commands::read::Arguments),
    Delete(commands::delete::Arguments),
    ExportedServices(commands::exported_services::Arguments),
    Inspect(commands::inspect::Arguments),
    Validate(commands::validate::Arguments),
    Stale(commands::stale::Arguments),
    Diagnose(commands::diagnose::Arguments),
    Diff(commands::diff::Arguments),
    Explain(commands::explain::Arguments),
    History(commands::history::Arguments),
    Ledger(commands::ledger::Arguments),
    Dev(commands::dev::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    settle_colors();
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words = globals_last(&words);
    let style = words.first().and_then(|name| name.to_str()).map_or(Style::Ours, Style::of);
    let exit = dispatch(&definition(), &words).unwrap_or_else(|error| {
        error.print();
        Exit::of_error(style)
    });
    exit.into()
}

/// The whole command line: every command has the global options.
fn definition() -> clap::Command {
    let mut definition = Peering::command().term_width(width());
    definition.build();
    definition
}

fn dispatch(definition: &clap::Command, words: &[OsString]) -> Result<Exit, CliError> {
    let Some((name, rest)) = words.split_first() else {
        eprint_line(&help::of(definition));
        return Ok(Exit::Failed);
    };
    match name.to_str() {
        Some("-h" | "-help" | "--help") => return show(&help::of(definition)),
        Some("help") => return help_for(definition, rest),
        Some(commands::completions::ASK) => return complete(definition, rest),
        Some("-version" | "--version" | "-V" | "version") => return show(&definition.render_version()),
        _ => {}
    }
    let Some(command) = definition.find_subcommand(name) else {
        return Err(usage_error::unknown_command(definition, "peering", &name.to_string_lossy()));
    };
    if command.has_subcommands() {
        return dispatch_within(definition, command, rest);
    }
    dispatch_to(definition, command, &[command.get_name()], rest)
}

fn show(text: &str) -> Result<Exit, CliError> {
    print(text)?;
    Ok(Exit::Done)
}

/// Moves global options that precede the command behind it.
fn globals_last(words: &[OsString]) -> Vec<OsString> {
    let is_option = |word: &OsString| {
        let name = word.to_str().map(|word| word.strip_prefix("--").or_else(|| word.strip_prefix('-')));
        name.flatten().is_some_and(|name| GLOBALS.contains(&name.split('=').next().unwrap_or(name)))
    };
    let takes_next = |word: &OsString| !word.to_string_lossy().contains('=');
    let mut before = 0;
    while words.get(before).is_some_and(is_option) {
        before += if takes_next(&words[before]) { 2 } else { 1 };
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
    definition: &clap::Command,
    group: &clap::Command,
    words: &[OsString],
) -> Result<Exit, CliError> {
    let full_name = format!("peering {}", group.get_name());
    let Some((name, rest)) = words.split_first() else {
        eprint_line(&help::of_command(group, &full_name));
        return Ok(Exit::Failed);
    };
    if matches!(name.to_str(), Some("-h" | "-help" | "--help")) {
        return show(&help::short(group, &full_name));
    }
    if name == "help" {
        return help_within(group, &full_name, rest);
    }
    match group.find_subcommand(name) {
        Some(command) => dispatch_to(definition, command, &[group.get_name(), command.get_name()], rest),
        None => Err(usage_error::unknown_command(group, &full_name, &name.to_string_lossy())),
    }
}

/// Parses the words after the names in `path` and runs the command.
fn dispatch_to(
    definition: &clap::Command,
    command: &clap::Command,
    path: &[&str],
    rest: &[OsString],
) -> Result<Exit, CliError> {
    let full_name = format!("peering {}", path.join(" "));
    let style = Style::of(path[0]);
    let normalized = match args::go_flags::normalize(command, style, rest) {
        Ok(normalized) => normalized,
        Err(FlagError::Help) => return show(&help::short(command, &full_name)),
        Err(error) => return Err(usage_error::bad_flag(command, &full_name, style, &error)),
    };
    let file = ConfigFile::read(args::go_flags::value_of(&normalized, "config").as_deref(), definition)?;
    let (normalized, filled) = args::defaults::fill(definition, command, path, normalized, file.as_ref());
    let words = full_name.split(' ').map(OsString::from).chain(normalized);
    let peering =
        Peering::try_parse_from(words).map_err(|error| usage_error::of_clap(&error, &full_name, &filled))?;
    peering.globals.log_level.start();
    if let Some(file) = &file {
        tracing::debug!(file = %file.path().display(), "read the configuration file");
    }
    peering.command.run(definition)
}

impl Command {
    fn run(self, definition: &clap::Command) -> Result<Exit, CliError> {
        match self {
            Self::GenerateToken(arguments) => commands::generate_token::run(arguments),
            Self::Establish(arguments) => commands::establish::run(&arguments),
            Self::List(arguments) => commands::list::run(&arguments),
            Self::Read(arguments) => commands::read::run(&arguments),
            Self::Delete(arguments) => commands::delete::run(&arguments),
            Self::ExportedServices(arguments) => commands::exported_services::run(&arguments),
            Self::Inspect(arguments) => commands::inspect::run(&arguments),
            Self::Validate(arguments) => commands::validate::run(&arguments),
            Self::Stale(arguments) => commands::stale::run(&arguments),
            Self::Diagnose(arguments) => commands::diagnose::run(&arguments),
            Self::Diff(arguments) => commands::diff::run(&arguments),
            Self::Explain(arguments) => commands::explain::run(&arguments),
            Self::History(arguments) => commands::history::run(&arguments),
            Self::Ledger(arguments) => commands::ledger::run(&arguments),
            Self::Dev(arguments) => commands::dev::run(&arguments),
            Self::Completions(arguments) => commands::completions::run(&arguments),
            Self::Man(arguments) => commands::man::run(&arguments, definition),
        }
    }
}

/// Prints the candidates for a shell's completion, one per line.
fn complete(definition: &clap::Command, words: &[OsString]) -> Result<Exit, CliError> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let lines =
        help::complete::candidates(definition, &words).into_iter().map(|it| it.word + "\t" + &it.is + "\n");
    show(&lines.collect::<String>())
}

fn help_for(definition: &clap::Command, topic: &[OsString]) -> Result<Exit, CliError> {
    let Some((name, rest)) = topic.split_first() else {
        return show(&help::of(definition));
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
        None => show(&help::of_command(command, full_name)),
        Some((name, rest)) => match command.find_subcommand(name) {
            Some(within) => help_within(within, &format!("{full_name} {}", within.get_name()), rest),
            None => Err(usage_error::unknown_command(command, full_name, &name.to_string_lossy())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command, with the words that call it.
    fn commands(definition: &clap::Command) -> Vec<(Vec<String>, clap::Command)> {
        let mut all = Vec::new();
        for command in definition.get_subcommands() {
            let path = vec![command.get_name().to_owned()];
            for within in command.get_subcommands() {
                all.push((vec![path[0].clone(), within.get_name().to_owned()], within.clone()));
            }
            if !command.has_subcommands() {
                all.push((path, command.clone()));
            }
        }
        all
    }

    /// The `peering …` of a line of a shell, without what stands around it.
    fn ours(line: &str) -> Option<Vec<String>> {
        let words = shlex::split(line.split(" #").next()?)?;
        let from = words.iter().position(|word| word == "peering" || word.ends_with("(peering"))?;
        let ends = ["|", "&", "<", ">", ">>", "2>&1", ";"];
        let words = words.into_iter().skip(from + 1).take_while(|word| !ends.contains(&word.as_str()));
        Some(words.map(|word| word.trim_end_matches(')').to_owned()).collect())
    }

    /// The words of a run after `peering`, as clap takes them: the command and its flags are known.
    fn normalized(definition: &clap::Command, words: &[String]) -> Result<Vec<OsString>, String> {
        let name = words.first().ok_or("there is no command")?;
        let command = definition.find_subcommand(name).ok_or(format!("there is no command {name}"))?;
        let (command, path) = match words.get(1).filter(|_| command.has_subcommands()) {
            Some(within) => {
                (command.find_subcommand(within).ok_or(format!("there is no command {name} {within}"))?, 2)
            }
            None => (command, 1),
        };
        let (called, rest) = words.split_at(path);
        let rest: Vec<OsString> = rest.iter().map(OsString::from).collect();
        let rest =
            args::go_flags::normalize(command, Style::of(name), &rest).map_err(|error| error.to_string())?;
        Ok(called.iter().map(OsString::from).chain(rest).collect())
    }

    /// Reads the words after `peering` as a run does.
    fn parse(definition: &clap::Command, words: &[String]) -> Result<(), String> {
        if words == ["help"] {
            return Ok(());
        }
        let words = std::iter::once("peering".into()).chain(normalized(definition, words)?);
        Peering::try_parse_from(words).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn every_command_has_examples_that_the_parser_takes() {
        let definition = definition();
        for (path, command) in commands(&definition) {
            let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<Vec<String>> = help.lines().filter_map(ours).collect();
            let own = |example: &Vec<String>| example.starts_with(&path);
            assert!(examples.iter().any(own), "{path:?} has no example of its own: {help}");
            for example in examples {
                parse(&definition, &example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
            }
        }
    }

    /// Those of `consul peering` too, for which ours can stand in.
    #[test]
    fn every_command_that_an_explanation_leads_to_is_one_that_the_parser_takes() {
        let definition = definition();
        let mut seen = 0;
        for entry in crate::explain::entries() {
            for words in entry.next.lines().filter_map(ours) {
                parse(&definition, &words)
                    .unwrap_or_else(|error| panic!("{}: {}: {error}", entry.name, entry.next));
                seen += 1;
            }
            let named = entry.next.matches("peering ").count();
            assert_eq!(entry.next.lines().filter_map(ours).count(), named, "{}: {}", entry.name, entry.next);
        }
        assert!(seen > 50, "{seen}");
    }

    /// Prose names a command without all that it needs, but what it names is there.
    #[test]
    fn every_command_and_flag_in_the_prose_of_the_documents_is_known() {
        let definition = definition();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let named = regex::Regex::new("`(peering [a-z][^`]*)`").unwrap();
        let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
        let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
        let mut seen = 0;
        for page in pages.chain(["README.md", "SECURITY.md"].map(|name| root.join(name))) {
            let text = std::fs::read_to_string(&page).unwrap();
            for found in named.captures_iter(&text) {
                let line = found[1].replace('\n', " ");
                // Consul's messages, and beginnings of them, begin like that too.
                let Some(command) = ours(&line)
                    .filter(|words| words[0] != "token" && crate::explain::explain(&line).is_empty())
                else {
                    continue;
                };
                let is_help = command[0] == "help"
                    && command.get(1).is_none_or(|it| {
                        it == "COMMAND" || help::help_topics::page(it, &definition).is_some()
                    });
                // The last flag may stand without its value.
                let known = normalized(&definition, &command)
                    .or_else(|_| normalized(&definition, &[&command[..], &["VALUE".to_owned()]].concat()));
                assert!(is_help || known.is_ok(), "{}: {command:?}: {known:?}", page.display());
                seen += 1;
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn no_option_of_ours_lacks_a_variable_or_a_reason() {
        use args::option_sources::{Origins, origins, variable_of};
        for (path, command) in commands(&definition()) {
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                if origins(Style::of(&path[0]), option) == Origins::VariableAndFile {
                    let variable = variable_of(option);
                    assert!(variable.starts_with("PEERING_") && !variable.contains('-'), "{variable}");
                    let help = help::of_command(&command, &path.join(" "));
                    assert!(help.contains(&variable), "{path:?} -{option}: {help}");
                }
            }
        }
    }
}
