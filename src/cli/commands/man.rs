//! `peering man`: the manual pages.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process;

use clap::{Args, Command};

use crate::cli::env::stdout_is_a_terminal;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::help::section::{Entry, sections, usage};
use crate::cli::help::{self, help_topics};
use crate::cli::output::print;

/// Show or write the manual pages
///
/// Without a directory, shows the page of peering on a terminal, and prints its source otherwise. With a directory, which
/// is created if necessary, writes one page per command into it. `man -M` and MANPATH find the pages if the directory is
/// called man1.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering man
  peering man ~/.local/share/man/man1
  man peering-diagnose")]
pub struct Arguments {
    /// Directory to write to
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// The date in the pages: of the last change to the command line.
const DATE: &str = "2026-11-28";

/// Writes the pages of `definition` and lists their paths.
pub fn run(arguments: &Arguments, definition: &Command) -> Result<Exit, CliError> {
    let cannot_write = |path: &Path, error: std::io::Error| {
        CliError::of_io(format_args!("cannot write {}", path.display()), &error)
    };
    let Some(directory) = &arguments.directory else { return show(definition) };
    std::fs::create_dir_all(directory).map_err(|error| cannot_write(directory, error))?;
    let mut paths = String::new();
    for (name, page) in pages(definition) {
        let path = directory.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(|error| cannot_write(&path, error))?;
        paths.extend([path.display().to_string(), "\n".to_owned()]);
    }
    print(&paths)?;
    Ok(Exit::Done)
}

/// Shows the main page.
fn show(definition: &Command) -> Result<Exit, CliError> {
    let page = main_page(definition);
    if !stdout_is_a_terminal() {
        print(&page)?;
    } else if !run_man(&page) {
        print(&help::full(definition, "peering"))?;
    }
    Ok(Exit::Done)
}

/// Lets `man` format and show a page. Returns whether it did.
fn run_man(page: &str) -> bool {
    let child = process::Command::new("man").args(["-l", "-"]).stdin(process::Stdio::piped()).spawn();
    let Ok(mut child) = child else { return false };
    let written = child.stdin.take().is_some_and(|mut stdin| stdin.write_all(page.as_bytes()).is_ok());
    child.wait().is_ok_and(|status| written && status.success())
}

/// Returns every page with its name.
fn pages(definition: &Command) -> Vec<(String, String)> {
    let mut pages = vec![("peering".to_owned(), main_page(definition))];
    let mut add =
        |words: &str, command: &Command| pages.push((words.replace(' ', "-"), command_page(command, words)));
    for command in definition.get_subcommands().filter(|command| !command.is_hide_set()) {
        let words = format!("peering {}", command.get_name());
        add(&words, command);
        for within in command.get_subcommands() {
            add(&format!("{words} {}", within.get_name()), within);
        }
    }
    pages
}

fn main_page(definition: &Command) -> String {
    let mut page = beginning(definition, "peering");
    for (heading, topic) in
        [("OUTPUT FORMATS", "formats"), ("EXIT STATUS", "exit-codes"), ("ENVIRONMENT", "environment")]
    {
        page.push_str(&verbatim(heading, &help_topics::page(topic, definition).unwrap_or_default()));
    }
    page
}

fn command_page(command: &Command, words: &str) -> String {
    let mut page = beginning(command, words);
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    if let Some(examples) = examples.strip_prefix("Examples:\n") {
        page.push_str(&verbatim("EXAMPLES", examples));
    }
    page + &verbatim("SEE ALSO", "peering(1) for exit codes and environment variables")
}

/// Everything up to the options.
fn beginning(command: &Command, words: &str) -> String {
    let name = words.replace(' ', "-");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let description = command.get_long_about().map_or_else(|| about.clone(), ToString::to_string);
    let mut page = format!(
        ".TH {} 1 \"{DATE}\" \"peering {}\" \"Consul peering tokens\"\n.SH NAME\n{} \\- {}\n",
        escape(&name),
        env!("CARGO_PKG_VERSION"),
        escape(&name),
        escape(&about)
    );
    page.push_str(&verbatim("SYNOPSIS", usage(command, words).trim_start_matches("Usage: ")));
    page.push_str(".SH DESCRIPTION\n");
    page.push_str(&description.split("\n\n").map(escape).collect::<Vec<_>>().join("\n.PP\n"));
    page.push('\n');
    for section in sections(command) {
        page.extend([".SH \"", &section.heading.to_uppercase(), "\"\n"]);
        page.extend(section.entries.iter().map(option));
    }
    if command.has_subcommands() {
        page.push_str(".SH COMMANDS\n");
        for within in command.get_subcommands().filter(|within| !within.is_hide_set()) {
            let about = within.get_about().map(ToString::to_string).unwrap_or_default();
            page.extend([".TP\n\\fB", &escape(within.get_name()), "\\fR\n", &escape(&about), "\n"]);
        }
    }
    page
}

fn option(entry: &Entry) -> String {
    let lines: Vec<String> = entry.full().lines().map(|line| escape(line.trim_start())).collect();
    format!(".TP\n\\fB{}\\fR\n{}\n", escape(&entry.term), lines.join("\n.br\n"))
}

/// A section whose lines are not filled.
fn verbatim(heading: &str, lines: &str) -> String {
    let mut text = format!(".SH \"{heading}\"\n.nf\n");
    for line in lines.trim_end().lines() {
        text.extend(["\\&", &escape(line), "\n"]);
    }
    text + ".fi\n"
}

/// Escapes a text for roff. Old versions of groff support ASCII only.
fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('…', "...");
    // A line that starts with a dot or an apostrophe would be a request.
    text.lines()
        .map(|line| if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() })
        .collect::<Vec<_>>()
        .join("\n")
}
