//! `peering list`: what `consul peering list` does.

use clap::Args;

use super::consuls::{self, Format};
use super::exit::Exit;
use super::http_options::HttpOptions;
use crate::render::consul as render;

/// List the peerings of a cluster
///
/// Prints, as `consul peering list` does, the name and state of every peering, how many services are imported and
/// exported, and its metadata, which is sorted here.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Which peerings are not active?
    peering list -format json | jq -r '.[] | select(.State != \"ACTIVE\").Name'")]
pub struct Arguments {
    /// pretty (a table) or json (one line)
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    consuls::run(list(arguments))
}

async fn list(arguments: &Arguments) -> Result<String, String> {
    let format = Format::named(&arguments.format)?;
    let client =
        arguments.http.client().map_err(|error| format!("Error connect to Consul agent: {error}"))?;
    let mut peerings =
        client.list_peerings().await.map_err(|error| format!("Error listing peerings: {error}"))?;
    peerings.sort_by(|one, other| one.name.cmp(&other.name));
    match format {
        Format::Json => render::json(&peerings).map_err(|error| format!("Error marshalling JSON: {error}")),
        Format::Pretty if peerings.is_empty() => Ok("There are no peering connections.".to_owned()),
        Format::Pretty => Ok(render::list(&peerings)),
    }
}
