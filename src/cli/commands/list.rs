//! `peering list`: what `consul peering list` does.

use clap::Args;

use super::consul_compat;
use super::consul_compat::Format;
use super::watch::{Seen, watch};
use crate::cli::args::http_options::HttpOptions;
use crate::cli::exit::Exit;
use crate::net::consul::{Peering, RequestError};
use crate::render::consul as render;

/// List the peerings of a cluster
///
/// Prints, as `consul peering list` does, the name and state of every peering, how many services are imported and
/// exported, and its metadata, which is sorted here.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Which peerings are not active?
    peering list -format json | jq -r '.[] | select(.State != \"ACTIVE\").Name'
  What changes?
    peering list -watch")]
pub struct Arguments {
    /// pretty (a table) or json (one line)
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Print again whenever something but the times of a stream changes, until interrupted
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    let prepared = Format::named(&arguments.format).and_then(|format| {
        let client = arguments.http.client();
        Ok((format, client.map_err(|error| format!("Error connect to Consul agent: {error}"))?))
    });
    let (format, client) = match prepared {
        Ok(prepared) => prepared,
        Err(message) => return consul_compat::end(Err(message)),
    };
    if arguments.watch {
        return watch(async |index| {
            let listed = client.list_peerings_after(index).await;
            let (peerings, index) = listed.map_err(|error| failed(&error))?;
            let text = shown(peerings.clone(), format)?;
            let told = shown(peerings.into_iter().map(Peering::without_times).collect(), format)?;
            Ok(Seen { told, text, note: None, index })
        });
    }
    consul_compat::run(async { shown(client.list_peerings().await.map_err(|error| failed(&error))?, format) })
}

fn failed(error: &RequestError) -> String {
    format!("Error listing peerings: {error}")
}

fn shown(mut peerings: Vec<Peering>, format: Format) -> Result<String, String> {
    peerings.sort_by(|one, other| one.name.cmp(&other.name));
    match format {
        Format::Json => render::json(&peerings).map_err(|error| format!("Error marshalling JSON: {error}")),
        Format::Pretty if peerings.is_empty() => Ok("There are no peering connections.".to_owned()),
        Format::Pretty => Ok(render::list(&peerings)),
    }
}
