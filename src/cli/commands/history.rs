//! `peering history`: what the ledger knows.

use clap::{Args, ValueEnum};

use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::net::consul::Client;
use crate::net::ledger::Ledger;
use crate::net::ledger::history::History;
use crate::render::{json, pretty, yaml};

/// Show which tokens were generated
///
/// What the ledger knows: names, peer IDs, when, by whom, and whether a newer token took a token's place. It knows what
/// was generated with it or imported into it, and nothing else.
///
/// Exit codes: 0 done (even if nothing is known), 2 the ledger could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering history
  peering history -name west -format json
  peering history -ledger consul -http-addr consul.example.com:8500")]
pub struct Arguments {
    /// Only this local name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How to show it
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
    let entries = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        ledger.records(name).await.map_err(|error| error.to_string())
    });
    match entries {
        Ok(entries) if entries.is_empty() && name.is_some() && arguments.format == Format::Pretty => {
            let name = name.unwrap_or_default();
            Exit::of_printing(print(&format!("The ledger knows of no token for {name:?}\n")))
        }
        Ok(entries) => {
            let history = History::of(entries);
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

/// Opens the ledger that the options name, and does some work with it. A Consul is looked for only if it is there.
pub fn with_ledger<T>(
    options: &LedgerOptions,
    http: &HttpOptions,
    work: impl AsyncFnOnce(&Ledger<'_>) -> Result<T, String>,
) -> Result<T, String> {
    let kind = options.kind()?;
    let client: Option<Client> = if kind == Kind::Consul { Some(http.client()?) } else { None };
    let ledger = options.open(kind, client.as_ref()).map_err(|reason| format!("no ledger: {reason}"))?;
    if matches!(ledger, Ledger::Off) {
        return Err("the ledger is off: see -ledger, PEERING_LEDGER, and the configuration file".to_owned());
    }
    wait_for(work(&ledger))
}
