//! The ledger: which tokens were generated, for which name, when and by whom.
//!
//! Records are only added. A record changes once: it is added before a token is requested, and finished when the answer
//! arrives. If the process is killed in between, the record shows that the answer is missing.
//!
//! A token contains neither its local name nor a time, and Consul keeps no history. Only the ledger can show later that a
//! newer token was generated. Records are numbered from 1.
//!
//! The ledger contains nothing secret: see [`Record::of`].

pub(crate) mod consul_kv;
mod failed_request;
pub mod history;
pub(crate) mod record;
pub(crate) mod sqlite;
pub(crate) mod verification;

use thiserror::Error;

pub use consul_kv::{ConsulKv, DEFAULT_PREFIX};
pub use record::{NumberedRecord, Origin, Record, RecordMeta, Root};
pub use sqlite::{FILE_NAME, Sqlite};
pub use verification::{Problem, Verification};

use super::consul::RequestError;

/// Where records are written and read.
pub enum Ledger<'a> {
    /// A database of this user on this machine.
    Sqlite(Sqlite),
    /// The key/value store of the acceptor cluster, which a team shares.
    ConsulKv(ConsulKv<'a>),
    /// Nowhere: nothing is recorded, and there are no records.
    Off,
}

/// Why a ledger cannot be used.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The database cannot be read or written.
    #[error("cannot use the ledger {path}: {reason}")]
    Database {
        /// The database.
        path: String,
        /// The error of SQLite or the operating system.
        reason: String,
    },
    /// A newer version of this tool wrote it.
    #[error(
        "the ledger {place} has schema version {found}, but this version of peering supports at most {supported}: \
         upgrade peering"
    )]
    Newer {
        /// The database, or the prefix of the keys.
        place: String,
        /// Its schema version.
        found: i64,
        /// The newest supported version.
        supported: i64,
    },
    /// A version of this tool wrote it that was never released.
    #[error(
        "the ledger {place} has schema version {found}, from before the first release, which this version of peering \
         cannot read: move it away to start a new ledger"
    )]
    Older {
        /// The database, or the prefix of the keys.
        place: String,
        /// Its schema version.
        found: i64,
    },
    /// A record that this tool did not write, or that was changed.
    #[error("cannot read record {number} of the ledger: {reason}; run peering ledger verify")]
    InvalidRecord {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The answer to writing a record was lost: Consul may have stored it.
    #[error("Consul did not confirm that it stored the record: {0}")]
    Unconfirmed(#[source] RequestError),
    /// Consul did not answer as expected.
    #[error("cannot use the ledger in Consul's KV: {0}")]
    Consul(#[from] RequestError),
    /// The record of a request was removed or changed before the answer arrived.
    #[error("cannot finish record {0} of the ledger: it is missing or finished already")]
    NotUnanswered(u64),
    /// Other clients took each number first.
    #[error(
        "cannot write the ledger in Consul's KV: other clients wrote at the same time, {0} times in a row"
    )]
    Contended(u32),
}

impl LedgerError {
    /// Whether the record that was to be added may be in the ledger.
    pub fn may_be_recorded(&self) -> bool {
        matches!(self, Self::Unconfirmed(_))
    }
}

/// Which records to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter<'a> {
    /// All of them.
    All,
    /// Those of a local name, in any partition and of any acceptor.
    Name(&'a str),
    /// Those of a local name in a partition, of any acceptor.
    NameInPartition(&'a str, &'a str),
    /// Those of one peering, by the acceptor's ID.
    PeerId(&'a str),
}

impl Ledger<'_> {
    /// Adds a record and returns it with its number, or `None` if the ledger is off. A record that was returned survives a
    /// crash of this process and of the machine.
    pub async fn add(&self, record: &Record) -> Result<Option<NumberedRecord>, LedgerError> {
        let added = match self {
            Self::Sqlite(ledger) => ledger.add(record).map(Some),
            Self::ConsulKv(ledger) => ledger.add(record).await.map(Some),
            Self::Off => Ok(None),
        };
        match &added {
            Ok(Some(_)) => tracing::info!(name = record.name, "added a record to the ledger"),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "cannot add a record to the ledger"),
        }
        added
    }

    /// Replaces the record with this number, which was added before a token was requested, with one about the answer.
    pub async fn finish(&self, finished: &NumberedRecord) -> Result<(), LedgerError> {
        let result = match self {
            Self::Sqlite(ledger) => ledger.finish(finished),
            Self::ConsulKv(ledger) => ledger.finish(finished).await,
            Self::Off => Ok(()),
        };
        match &result {
            Ok(()) => tracing::info!(number = finished.number, "finished a record of the ledger"),
            Err(error) => {
                tracing::error!(%error, number = finished.number, "cannot finish a record of the ledger");
            }
        }
        result
    }

    /// Returns records in the order in which they were added, without requests that changed nothing. A ledger that was never
    /// written is empty.
    pub async fn records(&self, filter: Filter<'_>) -> Result<Vec<NumberedRecord>, LedgerError> {
        let mut records = match self {
            Self::Sqlite(ledger) => ledger.records(filter)?,
            Self::ConsulKv(ledger) => ledger.records(filter).await?,
            Self::Off => Vec::new(),
        };
        records.retain(|it| it.record.origin != Origin::Refused);
        Ok(records)
    }

    /// Returns the last of [`Ledger::records`].
    pub async fn newest(&self, filter: Filter<'_>) -> Result<Option<NumberedRecord>, LedgerError> {
        Ok(self.records(filter).await?.pop())
    }

    /// Checks the integrity of the database and validates each record.
    pub async fn verify(&self) -> Result<Verification, LedgerError> {
        match self {
            Self::Sqlite(ledger) => ledger.verify(),
            Self::ConsulKv(ledger) => ledger.verify().await,
            Self::Off => Ok(Verification::default()),
        }
    }
}
