//! `peering history`: the records of the ledger.

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::time::since;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{print, screen};
use crate::net::consul::Client;
use crate::net::ledger::history::{History, Selection};
use crate::net::ledger::{Filter, Ledger};
use crate::render::pretty::{self, Order};

/// Show which tokens were generated
///
/// Shows the records of the ledger: names, peer IDs, when and by whom tokens were generated, and whether a newer token
/// superseded them. The ledger contains only tokens that this tool generated or imported. It does not record whether a token
/// was used: `peering stale` shows that.
///
/// Exit codes: 0 success (even if there are no records), 2 the ledger could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering history
  peering history -name west -format json
  peering history -unused -since 30d
  peering history -ledger consul -http-addr consul.example.com:8500")]
pub struct Arguments {
    /// Show only this local name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Show at most this many records, the newest
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// Show only records since this time, or of this duration: 2026-11-24 or 7d
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Timestamp>,
    /// Show only tokens that may still be unused, the oldest first
    #[arg(long)]
    unused: bool,
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
            let mut history = History::of(records);
            history.select(Selection {
                since: arguments.since,
                unused: arguments.unused,
                limit: arguments.limit,
            });
            let screen = screen(arguments.detail.detail(), now());
            let order = Order { oldest_first: arguments.unused, limited: arguments.limit.is_some() };
            arguments.format.print(&history, || pretty::history(&history, order, &screen))?;
        }
    }
    Ok(Exit::Done)
}

/// Returns the ledger on this machine.
pub fn of_local_ledger(options: &LedgerOptions) -> Result<History, CliError> {
    let ledger = options.open(options.kind()?, None).map_err(CliError::new)?;
    Ok(History::of(wait_for(ledger.records(Filter::All)).map_err(CliError::new)?))
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
