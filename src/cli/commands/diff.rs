//! `peering diff`: the differences between two tokens.

use clap::{Args, ValueEnum};

use super::stale::read;
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::inspect::diff::Comparison;
use crate::render::{json, pretty, yaml};

/// Show the differences between two tokens
///
/// Shows whether both tokens belong to the same peering, which one is probably newer, and what each difference means.
/// The command opens no connection and shows no secret.
///
/// Exit codes: 0 the same peering, 1 different peerings, 2 a token cannot be read or the command line is invalid.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering diff @monday.token @tuesday.token
  peering diff @west.token - -format json < other.token")]
pub struct Arguments {
    /// The first token's text, @FILE, or - for standard input
    #[arg(value_name = "A")]
    first: String,
    /// The second token's text, @FILE, or - for standard input
    #[arg(value_name = "B")]
    second: String,
    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    if arguments.first == "-" && arguments.second == "-" {
        eprint_line(
            "Error: both tokens cannot be read from standard input: give at least one as text or @FILE",
        );
        return Exit::Failed;
    }
    let (Some((first_source, first)), Some((second_source, second))) =
        (read(&arguments.first), read(&arguments.second))
    else {
        return Exit::Failed;
    };
    let comparison = Comparison::new([first_source, second_source], &first, &second);
    let text = match arguments.format {
        Format::Pretty => pretty::diff(&comparison, width()),
        Format::Json => json::render(&comparison),
        Format::Yaml => yaml::render(&comparison),
    };
    let exit = if comparison.same_peering { Exit::Done } else { Exit::Findings };
    exit.unless_unprinted(print(&text))
}
