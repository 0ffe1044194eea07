//! `peering history`: the records of the ledger.

use clap::Args;

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::args::output_format::OutputFormat;
use crate::cli::env::{now, print, screen};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::net::consul::Client;
use crate::net::ledger::history::History;
use crate::net::ledger::{Filter, Ledger};
use crate::render::pretty;

/// Show which tokens were generated
///
/// Shows the records of the ledger: names, peer IDs, when and by whom tokens were generated, and whether a newer token
/// superseded them. The ledger contains only tokens that this tool generated or imported.
///
/// Exit codes: 0 success (even if there are no records), 2 the ledger could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering history
  peering history -name west -format json
  peering history -ledger consul -http-addr consul.example.com:8500")]
pub struct Arguments {
    /// Show only this local name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    #[command(flatten)]
    detail: DetailOptions,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let name = arguments.name.as_deref();
    let records = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        ledger.records(name.map_or(Filter::All, Filter::Name)).await.map_err(CliError::new)
    })?;
    match name {
        Some(name) if records.is_empty() && arguments.format == OutputFormat::Pretty => {
            print(&format!("The ledger has no records of {name:?}\n"))?;
        }
        _ => {
            let history = History::of(records);
            let screen = screen(arguments.detail.detail(), now());
            print(&arguments.format.render(&history, || pretty::history(&history, false, &screen)))?;
        }
    }
    Ok(Exit::Done)
}

/// Runs `work` with the ledger that the options name. Connects to Consul only if the ledger is there.
pub fn with_ledger<T>(
    options: &LedgerOptions,
    http: &HttpOptions,
    work: impl AsyncFnOnce(&Ledger<'_>) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let kind = options.kind()?;
    let client: Option<Client> = if kind == Kind::Consul { Some(http.client()?) } else { None };
    let ledger = options
        .open(kind, client.as_ref())
        .map_err(|reason| CliError::new(format_args!("cannot open the ledger: {reason}")))?;
    if matches!(ledger, Ledger::Off) {
        return Err(CliError::new("the ledger is off").with_remedy(
            "set -ledger, PEERING_LEDGER or ledger in the configuration file to sqlite or consul",
        ));
    }
    wait_for(work(&ledger))
}
