//! `peering delete`: the same as `consul peering delete`, and `-wait`.

use std::time::Duration;

use clap::Args;

use super::consul_compat;
use super::wait::{self, Waited, too_late, wait_until};
use crate::cli::args::http_options::HttpOptions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::net::consul::RequestError;

/// Delete a peering
///
/// Works like `consul peering delete`. Consul deletes the peering in the background, and does not report whether it
/// existed. All tokens of the peering become invalid.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering delete -name west
  Delete, then start again under the same name:
    peering delete -name west -wait 60s && peering generate-token -name west -out west.token")]
pub struct Arguments {
    /// Local name of the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Wait until Consul has deleted the peering, for at most this long, such as 60s
    #[arg(long, value_name = "DURATION", value_parser = wait::limit)]
    wait: Option<Duration>,
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
    let failed =
        |error: RequestError| CliError::of_consul(format_args!("Error deleting peering for {name}: {error}"));
    client.delete_peering(name).await.map_err(failed)?;
    if let Some(limit) = arguments.wait {
        match wait_until(&client, name, limit, |found| found.is_none()).await.map_err(failed)? {
            Waited::Done => {}
            Waited::TooLate(found) => {
                let message = too_late(name, found.as_deref(), limit, "deleted");
                return Err(CliError::new(message).with_remedy(
                    "check that the cluster has a leader, whose log shows why the deletion stopped",
                ));
            }
        }
    }
    Ok(format!("Successfully submitted peering connection, {name}, for deletion"))
}
