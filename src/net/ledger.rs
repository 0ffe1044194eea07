//! The ledger: what was generated, for which name, when and by whom. Records are only ever added.
//!
//! A token holds neither its local name nor a time, and Consul keeps no history: only who wrote it down can tell later
//! that a newer token was generated. Records are numbered from 1, and each is chained to the one before it by a hash, so
//! that [`Ledger::verify`] finds what was changed or is missing. Whoever may write the ledger may write all of it anew,
//! hashes included: to rule that out, keep the last hash that `verify` told elsewhere.
//!
//! Nothing secret is in it: see [`Record::of`].

pub(crate) mod chain;
pub(crate) mod consul_kv;
pub mod history;
pub(crate) mod record;
pub(crate) mod sqlite;

use thiserror::Error;

pub use chain::{Entry, Fault, Verified};
pub use consul_kv::{ConsulKv, DEFAULT_PREFIX};
pub use record::{Origin, Record, RecordMeta, Root};
pub use sqlite::{FILE, Sqlite};

use super::consul::RequestError;

/// Where records go, and come from.
pub enum Ledger<'a> {
    /// A database of this user on this machine.
    Sqlite(Sqlite),
    /// The acceptor cluster's key/value store, which a team shares.
    ConsulKv(ConsulKv<'a>),
    /// Nowhere: nothing is recorded, and nothing is known.
    Off,
}

/// Why a ledger cannot be used.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The database cannot be read or written.
    #[error("the ledger {path} cannot be used: {reason}")]
    Database {
        /// The database.
        path: String,
        /// What SQLite or the system says.
        reason: String,
    },
    /// A newer version of this tool wrote it.
    #[error("the ledger {place} has version {found}; this tool knows up to {known}")]
    Newer {
        /// The database, or the prefix of the keys.
        place: String,
        /// Its version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// A record that this tool did not write, or that somebody changed.
    #[error("record {number} of the ledger cannot be read ({reason}): see peering ledger verify")]
    Unreadable {
        /// Which.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Consul did not do what it was asked.
    #[error("the ledger in Consul's KV cannot be used: {0}")]
    Consul(#[from] RequestError),
    /// Others were always quicker.
    #[error("the ledger in Consul's KV cannot be written: others wrote at the same time, {0} times in a row")]
    Contended(u32),
}

/// Which record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of<'a> {
    /// The acceptor's ID of the peering.
    PeerId(&'a str),
    /// A local name in a partition. Several acceptors may know the same name.
    Name(&'a str, &'a str),
}

impl Ledger<'_> {
    /// Adds a record. When it returns, the record outlives a crash of this process and of the machine.
    ///
    /// `None`: the ledger is off.
    pub async fn record(&self, record: &Record) -> Result<Option<Entry>, LedgerError> {
        let recorded = match self {
            Self::Sqlite(ledger) => ledger.record(record).map(Some),
            Self::ConsulKv(ledger) => ledger.record(record).await.map(Some),
            Self::Off => Ok(None),
        };
        match &recorded {
            Ok(Some(_)) => tracing::info!(name = record.name, "wrote the ledger"),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the ledger was not written"),
        }
        recorded
    }

    /// All records of a local name, or of all names, in the order in which they were added. A ledger that was never
    /// written is empty.
    pub async fn records(&self, name: Option<&str>) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.records(name),
            Self::ConsulKv(ledger) => ledger.records(name).await,
            Self::Off => Ok(Vec::new()),
        }
    }

    /// The records of one peering, or of a name in a partition, oldest first.
    pub async fn records_of(&self, of: Of<'_>) -> Result<Vec<Entry>, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.records_of(of),
            Self::ConsulKv(ledger) => {
                let mut entries = ledger.records(None).await?;
                entries.retain(|entry| of.is(&entry.record));
                Ok(entries)
            }
            Self::Off => Ok(Vec::new()),
        }
    }

    /// The newest of [`Ledger::records_of`].
    pub async fn newest(&self, of: Of<'_>) -> Result<Option<Entry>, LedgerError> {
        Ok(self.records_of(of).await?.pop())
    }

    /// Looks at every record, and at the chain that they form.
    pub async fn verify(&self) -> Result<Verified, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.verify(),
            Self::ConsulKv(ledger) => ledger.verify().await,
            Self::Off => Ok(Verified::default()),
        }
    }
}

impl Of<'_> {
    fn is(&self, record: &Record) -> bool {
        match *self {
            Self::PeerId(id) => record.peer_id == id,
            Self::Name(name, partition) => record.name == name && record.partition == partition,
        }
    }
}
