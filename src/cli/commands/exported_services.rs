//! `peering exported-services`: the same as `consul peering exported-services`.

use clap::Args;

use super::consul_compat;
use super::consul_compat::Format;
use super::read::find;
use crate::cli::args::http_options::HttpOptions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::redaction;
use crate::render::consul as render;

/// List the services exported to a peer
///
/// Works like `consul peering exported-services`.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering exported-services -name west")]
pub struct Arguments {
    /// Local name of the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Output format: pretty (one name per line) or json
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    consul_compat::run(exported_services(arguments))
}

async fn exported_services(arguments: &Arguments) -> Result<String, CliError> {
    consul_compat::require_name(&arguments.name)?;
    let format = Format::from_name(&arguments.format)?;
    let client = consul_compat::client(&arguments.http, "Error connect to Consul agent")?;
    let services = find(&client, &arguments.name).await?.stream.exported_services.unwrap_or_default();
    let services: Vec<String> = services.iter().map(|name| redaction::of_name(name).into_owned()).collect();
    Ok(match format {
        Format::Json => render::exported_services_json(&services),
        Format::Pretty => render::exported_services(&services),
    })
}
