//! The ledger options: `-ledger` and `-ledger-prefix`.

use clap::{Args, ValueEnum};

use crate::cli::env::state_directory;
use crate::cli::error::CliError;
use crate::cli::redaction;
use crate::net::consul::Client;
use crate::net::gather::staleness::read_ledger;
use crate::net::ledger::{ConsulKv, DEFAULT_PREFIX, Ledger, Sqlite};
use crate::observed::Observed;
use crate::staleness::evidence::LedgerRecord;

/// The heading of these options in help texts.
pub const HEADING: &str = "Ledger options";

/// The ledger to use.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct LedgerOptions {
    /// Ledger of generated tokens, without their secrets: sqlite (a database in PEERING_STATE_DIR or the user's state
    /// directory), consul (the KV of the Consul at -http-addr), or off (default: sqlite)
    #[arg(long, env = "PEERING_LEDGER", value_name = "LEDGER")]
    ledger: Option<String>,
    /// Prefix of the keys with -ledger=consul (default: peering/ledger)
    #[arg(long, env = "PEERING_LEDGER_PREFIX", value_name = "PREFIX")]
    ledger_prefix: Option<String>,
}

/// A kind of ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Sqlite,
    Consul,
    Off,
}

impl LedgerOptions {
    /// Parses the kind of ledger.
    pub fn kind(&self) -> Result<Kind, CliError> {
        match self.ledger.as_deref() {
            None | Some("") => Ok(Kind::Sqlite),
            Some(value) => Kind::from_str(value, false).map_err(|_| {
                CliError::new(format_args!(
                    "unknown ledger {value:?} (from -ledger, PEERING_LEDGER or the configuration file)"
                ))
                .with_remedy("use sqlite, consul or off")
            }),
        }
    }

    /// Returns the ledger of a kind. It is opened when it is first used. The error is the reason that there is none.
    pub fn open<'a>(&self, kind: Kind, client: Option<&'a Client>) -> Result<Ledger<'a>, String> {
        let ledger = self.find(kind, client)?;
        redaction::learn_ledger(&ledger);
        Ok(ledger)
    }

    fn find<'a>(&self, kind: Kind, client: Option<&'a Client>) -> Result<Ledger<'a>, String> {
        match (kind, client) {
            (Kind::Off, _) => Ok(Ledger::Off),
            (Kind::Sqlite, _) => state_directory()
                .map(|directory| Ledger::Sqlite(Sqlite::in_directory(&directory)))
                .ok_or_else(|| "the home directory is unknown: set PEERING_STATE_DIR".to_owned()),
            (Kind::Consul, Some(client)) => {
                let prefix = self.ledger_prefix.clone().filter(|prefix| !prefix.trim_matches('/').is_empty());
                Ok(Ledger::ConsulKv(ConsulKv::new(client, prefix.as_deref().unwrap_or(DEFAULT_PREFIX))))
            }
            (Kind::Consul, None) => Err("no Consul address is set".to_owned()),
        }
    }

    /// Reads all records of the ledger of a kind. `client` is the client of the Consul, or why there is none.
    pub async fn read(&self, kind: Kind, client: Result<&Client, &str>) -> Observed<Vec<LedgerRecord>> {
        if let (Kind::Consul, Err(reason)) = (kind, client) {
            return Observed::NotChecked(reason.to_owned());
        }
        match self.open(kind, client.ok()) {
            Ok(ledger) => read_ledger(&ledger).await,
            Err(reason) => Observed::NotChecked(reason),
        }
    }
}
