//! `peering diff`: what differs between two tokens.

use clap::{Args, ValueEnum};

use super::stale::read;
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::inspect::diff::Comparison;
use crate::render::{json, pretty, yaml};

/// Show what differs between two tokens, and what that means
///
/// Tells whether they belong to the same peering, which is newer as far as can be known, and what each difference means.
/// Nothing is sent anywhere, and no secret is shown.
///
/// Exit codes: 0 the same peering, 1 not, 2 a token could not be read or the command line is wrong.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering diff @monday.token @tuesday.token
  peering diff @west.token - -format json < other.token")]
pub struct Arguments {
    /// The first token's text, @FILE, or - for standard input
    #[arg(value_name = "A")]
    first: String,
    /// The second token's
    #[arg(value_name = "B")]
    second: String,
    /// How to show it
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
        eprint_line("Error: only one of the two tokens can come from standard input");
        return Exit::Failed;
    }
    let (Some((one, first)), Some((other, second))) = (read(&arguments.first), read(&arguments.second))
    else {
        return Exit::Failed;
    };
    let comparison = Comparison::of([one, other], &first, &second);
    let text = match arguments.format {
        Format::Pretty => pretty::diff(&comparison, width()),
        Format::Json => json::render(&comparison),
        Format::Yaml => yaml::render(&comparison),
    };
    let exit = if comparison.same_peering { Exit::Done } else { Exit::Findings };
    exit.unless_unprinted(print(&text))
}
