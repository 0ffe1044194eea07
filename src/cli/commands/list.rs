//! `peering list`: the same as `consul peering list`, and `-watch`.

use clap::Args;

use super::consul_compat;
use super::consul_compat::Format;
use super::health;
use super::watch::{Answer, watch};
use crate::cli::args::http_options::HttpOptions;
use crate::cli::env::{now, stderr_is_a_terminal};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::eprint_line;
use crate::cli::redaction;
use crate::net::consul::{Peering, RequestError};
use crate::render::consul;

/// List the peerings of a cluster
///
/// Works like `consul peering list`: shows the name, state, number of imported and exported services, and metadata of
/// each peering. Metadata is sorted.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Show peerings that are not active:
    peering list -format json | jq -r '.[] | select(.State != \"ACTIVE\").Name'
  Show changes:
    peering list -watch")]
pub struct Arguments {
    /// Output format: pretty (a table) or json
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Print again on each change (heartbeat times excepted), until interrupted
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let format = Format::from_name(&arguments.format)?;
    let client = consul_compat::client(&arguments.http, "Error connect to Consul agent")?;
    if arguments.watch {
        return watch(async |index| {
            let (peerings, index) = client.list_peerings_after(index).await.map_err(failed)?;
            let text = render(peerings.clone(), format)?;
            let state = render(peerings.into_iter().map(Peering::without_times).collect(), format)?;
            Ok(Answer { state, text, note: None, index })
        });
    }
    consul_compat::run(async {
        let peerings = client.list_peerings().await.map_err(failed)?;
        if stderr_is_a_terminal() && !peerings.iter().all(is_fine) {
            let next = health::diagnose_all(&arguments.http);
            eprint_line(&format!("Some peerings are not healthy. To find out why: {next}"));
        }
        render(peerings, format)
    })
}

fn is_fine(peering: &Peering) -> bool {
    health::is_healthy(peering, now()) || health::waits_for_dialer(peering)
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn failed(error: RequestError) -> CliError {
    CliError::of_consul(format_args!("Error listing peerings: {error}"))
}

fn render(peerings: Vec<Peering>, format: Format) -> Result<String, CliError> {
    let mut peerings = redaction::in_value(peerings);
    peerings.sort_by(|one, other| one.name.cmp(&other.name));
    match format {
        Format::Json => consul_compat::json(&peerings),
        Format::Pretty if peerings.is_empty() => Ok("There are no peering connections.".to_owned()),
        Format::Pretty => Ok(consul::list(&peerings)),
    }
}
