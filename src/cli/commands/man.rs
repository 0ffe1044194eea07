//! `peering man`: the manual's pages.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::args::go_flags::with_one_dash;
use crate::cli::env::print;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::help;
use crate::cli::help::help_topics;

/// Write the manual: a page for each command
///
/// The pages are made from the same definition as the help. They are written into a folder, which is made if it is not
/// there; `man -M` or MANPATH finds them where that folder is called man1.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering man ~/.local/share/man/man1
  man peering-diagnose")]
pub struct Arguments {
    /// The folder to write to
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// What clap says of a help that has a shorter one, where nobody is to ask for help.
const SHORTER: &str = " (see a summary with \\*(Aq\\-h\\*(Aq)";

/// Writes the pages of a whole definition, and lists them.
pub fn run(arguments: &Arguments, definition: &Command) -> Result<Exit, CliError> {
    print(&write(&arguments.folder, definition)?)?;
    Ok(Exit::Done)
}

fn write(folder: &Path, definition: &Command) -> Result<String, CliError> {
    let failed = |path: &Path, error: std::io::Error| {
        CliError::of_io(format_args!("cannot write {}", path.display()), &error)
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut written = String::new();
    for (name, page) in pages(definition) {
        let path = folder.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(|error| failed(&path, error))?;
        written.push_str(&path.display().to_string());
        written.push('\n');
    }
    Ok(written)
}

/// Every page, by its name.
fn pages(definition: &Command) -> Vec<(String, String)> {
    let mut pages = vec![page("peering", definition, "", definition)];
    for command in definition.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("peering-{}", command.get_name());
        pages.push(page(&name, command, command.get_name(), definition));
        for within in command.get_subcommands() {
            let path = format!("{} {}", command.get_name(), within.get_name());
            pages.push(page(&format!("{name}-{}", within.get_name()), within, &path, definition));
        }
    }
    pages
}

fn page(name: &str, command: &Command, path: &str, definition: &Command) -> (String, String) {
    let examples = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let words = if path.is_empty() { "peering".to_owned() } else { format!("peering {path}") };
    let described = help::described(command, path).name(name.to_owned()).bin_name(words);
    let usage = described.clone().render_usage().to_string();
    let man = Man::new(described).title(name).section("1").source("peering").manual("Consul peering tokens");
    let mut text = Vec::new();
    // What is written to memory cannot fail to be.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    text.extend(section("SYNOPSIS", &synopsis(&usage)).into_bytes());
    let _ = man.render_description_section(&mut text);
    let _ = man.render_options_section(&mut text);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let mut text = one_dash(&String::from_utf8_lossy(&text)).replace(SHORTER, "");
    if let Some(examples) = examples.strip_prefix("Examples:\n") {
        text.push_str(&section("EXAMPLES", examples));
    }
    if path.is_empty() {
        for (heading, topic) in [("EXIT STATUS", "exit-codes"), ("ENVIRONMENT", "environment")] {
            text.push_str(&section(heading, &help_topics::page(topic, definition).unwrap_or_default()));
        }
    } else {
        text.push_str(&section("SEE ALSO", "peering(1); its exit codes and variables are told there"));
    }
    // An older groff knows ASCII only.
    (name.to_owned(), text.replace('…', "..."))
}

/// clap's usage, without its heading.
fn synopsis(usage: &str) -> String {
    let lines = usage.trim_start_matches("Usage:").lines().map(str::trim);
    with_one_dash(&lines.collect::<Vec<_>>().join("\n"))
}

/// A section whose lines stay as they are.
fn section(heading: &str, lines: &str) -> String {
    let mut text = format!(".SH \"{heading}\"\n.nf\n");
    for line in lines.trim_end().lines() {
        // A dot or an apostrophe at the beginning would be a request.
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        text.push_str("\\&");
        text.push_str(&line);
        text.push('\n');
    }
    text + ".fi\n"
}

/// One dash before each flag, as the user types them.
fn one_dash(roff: &str) -> String {
    let mut text = String::with_capacity(roff.len());
    let mut rest = roff;
    while let Some(at) = rest.find("\\-\\-") {
        let after = &rest[at + 4..];
        text.push_str(&rest[..at]);
        text.push_str(if after.starts_with(|next: char| next.is_ascii_lowercase()) {
            "\\-"
        } else {
            "\\-\\-"
        });
        rest = after;
    }
    text.push_str(rest);
    text
}
