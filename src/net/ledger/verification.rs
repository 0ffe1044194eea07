//! The result of verifying a ledger.

use std::fmt;

use super::{NumberedRecord, Record};

/// What verifying a ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// The number of records.
    pub records: u64,
    /// What is wrong; empty if the ledger is intact.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Records are missing, though a later record exists, or existed.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// A record is invalid.
    Invalid {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The database is damaged, as SQLite reports it.
    Damaged(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { first, last } if first == last => write!(formatter, "record {first} is missing"),
            Self::Missing { first, last } => write!(formatter, "records {first} to {last} are missing"),
            Self::Invalid { number, reason } => write!(formatter, "record {number} is invalid: {reason}"),
            Self::Damaged(reason) => write!(formatter, "the database is damaged: {reason}"),
        }
    }
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredRecord {
    pub(super) number: u64,
    pub(super) text: String,
}

impl StoredRecord {
    pub(super) fn parse(self) -> Result<NumberedRecord, super::LedgerError> {
        let Self { number, text } = self;
        match Record::from_text(&text) {
            Ok(record) => Ok(NumberedRecord { number, record }),
            Err(reason) => Err(super::LedgerError::InvalidRecord { number, reason }),
        }
    }
}

impl Verification {
    /// Validates records, which are in the order of their numbers. `last` is the highest number that was ever given.
    pub(super) fn of(records: &[StoredRecord], last: u64) -> Self {
        let mut problems = Vec::new();
        let mut next = 1;
        for StoredRecord { number, text } in records {
            if *number > next {
                problems.push(Problem::Missing { first: next, last: number - 1 });
            }
            if let Err(reason) = Record::from_text(text).and_then(|record| record.validate()) {
                problems.push(Problem::Invalid { number: *number, reason });
            }
            next = number + 1;
        }
        if last >= next {
            problems.push(Problem::Missing { first: next, last });
        }
        Self { records: records.len() as u64, problems }
    }
}
