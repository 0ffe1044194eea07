//! Which ledger a command uses: `-ledger` and `PEERING_LEDGER`.

use clap::{Args, ValueEnum};

use crate::cli::env::state_directory;
use crate::cli::error::CliError;
use crate::net::consul::Client;
use crate::net::gather::staleness::read_ledger;
use crate::net::ledger::{ConsulKv, DEFAULT_PREFIX, Ledger, Sqlite};
use crate::observed::Observed;
use crate::staleness::evidence::LedgerRecord;

/// Where it is remembered what was generated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ledger options")]
pub struct LedgerOptions {
    /// Where it is remembered which tokens were generated, never with their secrets: sqlite (a database in
    /// PEERING_STATE_DIR or the user's state directory), consul (the KV of the Consul that is asked), or off
    /// (PEERING_LEDGER; default: sqlite)
    #[arg(long, value_name = "LEDGER")]
    ledger: Option<String>,
    /// With -ledger=consul: the keys' prefix (PEERING_LEDGER_PREFIX; default: peering/ledger)
    #[arg(long, value_name = "PREFIX")]
    ledger_prefix: Option<String>,
}

/// Which kind of ledger, before it is known where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    Sqlite,
    Consul,
    Off,
}

impl LedgerOptions {
    /// What was asked for.
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

    /// The ledger of a kind. Nothing is opened or asked before it is used. The error says why there can be none.
    pub fn open<'a>(&self, kind: Kind, client: Option<&'a Client>) -> Result<Ledger<'a>, String> {
        match (kind, client) {
            (Kind::Off, _) => Ok(Ledger::Off),
            (Kind::Sqlite, _) => state_directory()
                .map(|directory| Ledger::Sqlite(Sqlite::in_directory(&directory)))
                .ok_or_else(|| "there is no home directory to keep it in: set PEERING_STATE_DIR".to_owned()),
            (Kind::Consul, Some(client)) => {
                let prefix = self.ledger_prefix.clone().filter(|prefix| !prefix.trim_matches('/').is_empty());
                Ok(Ledger::ConsulKv(ConsulKv::new(client, prefix.as_deref().unwrap_or(DEFAULT_PREFIX))))
            }
            (Kind::Consul, None) => Err("no Consul is named".to_owned()),
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
