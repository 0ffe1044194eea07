//! `peering history`: the records of the ledger.

use clap::{Args, ValueEnum};

use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::net::consul::Client;
use crate::net::ledger::history::History;
use crate::net::ledger::{Filter, Ledger};
use crate::render::{json, pretty, yaml};

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
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    let name = arguments.name.as_deref();
    let records = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        ledger.records(name.map_or(Filter::All, Filter::Name)).await.map_err(|error| error.to_string())
    });
    match records {
        Ok(records) if records.is_empty() && name.is_some() && arguments.format == Format::Pretty => {
            let name = name.unwrap_or_default();
            Exit::of_printing(print(&format!("The ledger has no records of {name:?}\n")))
        }
        Ok(records) => {
            let history = History::of(records);
            Exit::of_printing(print(&match arguments.format {
                Format::Pretty => pretty::history(&history, width()),
                Format::Json => json::render(&history),
                Format::Yaml => yaml::render(&history),
            }))
        }
        Err(message) => {
            eprint_line(&format!("Error: {message}"));
            Exit::Failed
        }
    }
}

/// Runs `work` with the ledger that the options name. Connects to Consul only if the ledger is there.
pub fn with_ledger<T>(
    options: &LedgerOptions,
    http: &HttpOptions,
    work: impl AsyncFnOnce(&Ledger<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let kind = options.kind()?;
    let client: Option<Client> = if kind == Kind::Consul { Some(http.client()?) } else { None };
    let ledger =
        options.open(kind, client.as_ref()).map_err(|reason| format!("cannot open the ledger: {reason}"))?;
    if matches!(ledger, Ledger::Off) {
        return Err(
            "the ledger is off; turn it on with -ledger, PEERING_LEDGER or the configuration file".to_owned()
        );
    }
    wait_for(work(&ledger))
}
