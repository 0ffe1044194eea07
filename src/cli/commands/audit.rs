//! `peering audit`: every peering of many clusters, compared from both ends.

mod judge;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;

/// Compare both ends of every peering of many clusters
///
/// Judges facts that were collected from the clusters: which peerings have one end only, which report states that exclude
/// each other, where heartbeats are missing, which exported services do not arrive, and which certificates expire. A finding
/// names the cluster and the peering.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // only one value exists
enum Command {
    Judge(judge::Arguments),
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    match &arguments.command {
        Command::Judge(arguments) => judge::run(arguments),
    }
}
