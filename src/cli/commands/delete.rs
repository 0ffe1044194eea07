//! `peering delete`: the same as `consul peering delete`.

use clap::Args;

use super::consul_compat;
use crate::cli::args::http_options::HttpOptions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;

/// Delete a peering
///
/// Works like `consul peering delete`. Consul deletes the peering in the background, and does not report whether it
/// existed. All tokens of the peering become invalid.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering delete -name west")]
pub struct Arguments {
    /// Local name of the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    consul_compat::run(delete(arguments))
}

async fn delete(arguments: &Arguments) -> Result<String, CliError> {
    let name = &arguments.name;
    consul_compat::require_name(name)?;
    let client = consul_compat::client(&arguments.http, "Error connecting to Consul agent")?;
    match client.delete_peering(name).await {
        Ok(()) => Ok(format!("Successfully submitted peering connection, {name}, for deletion")),
        Err(error) => Err(CliError::of_consul(format_args!("Error deleting peering for {name}: {error}"))),
    }
}
