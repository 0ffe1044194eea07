//! Records as links of a chain, and what a look along it finds.

use std::fmt;

use ring::digest::{Context, SHA256};
use serde::Serialize;

use super::{LedgerError, Record};
use crate::hex::hex;

/// A record with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1 for the first, and one more for each.
    pub number: u64,
    /// What was written down.
    pub record: Record,
    /// What the next record is chained to: SHA-256 of the hash before, a line end, and this record's text.
    pub hash: String,
}

/// A record as it is stored: its text, not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) hash: String,
}

/// What a look at the whole ledger found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verified {
    /// How many records there are.
    pub records: u64,
    /// The hash of the last one. Whoever keeps it elsewhere can tell later that nothing before it was changed.
    pub last_hash: Option<String>,
    /// What is wrong; nothing, if all is well.
    pub faults: Vec<Fault>,
}

/// One thing that is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A record is not there, though a later one is, or was.
    Missing(u64),
    /// A record does not follow from the one before: it, or its hash, was changed.
    Altered(u64),
    /// A record that cannot be read.
    Unreadable(u64),
    /// The last record is not the one that was last noted as such.
    End,
    /// The database itself is damaged, in SQLite's words.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(number) => write!(formatter, "record {number} is missing"),
            Self::Altered(number) => {
                write!(formatter, "record {number} was changed: it does not follow from the one before")
            }
            Self::Unreadable(number) => write!(formatter, "record {number} cannot be read"),
            Self::End => formatter.write_str("the last record is not the one that was noted as the last"),
            Self::Damaged(reason) => write!(formatter, "the database is damaged: {reason}"),
        }
    }
}

impl Link {
    /// The link after `previous`, or the first.
    pub(super) fn after(previous: Option<(u64, &str)>, record: &Record) -> Self {
        let (number, hash) = previous.unwrap_or((0, ""));
        let text = record.to_text();
        Self { number: number + 1, hash: hash_of(hash, &text), text }
    }

    pub(super) fn read(self) -> Result<Entry, LedgerError> {
        let record = Record::read(self.number, &self.text)?;
        Ok(Entry { number: self.number, record, hash: self.hash })
    }
}

fn hash_of(previous: &str, text: &str) -> String {
    let mut context = Context::new(&SHA256);
    for part in [previous, "\n", text] {
        context.update(part.as_bytes());
    }
    hex(context.finish().as_ref())
}

/// Walks along the links, which come in the order of their numbers. `end` is what was noted as the last one.
pub(super) fn verify(links: &[Link], end: Option<(u64, &str)>) -> Verified {
    /// More missing records than this are as good as all.
    const MOST: usize = 100;
    let mut faults = Vec::new();
    // The hash that the next one follows; `None` after a gap, where nobody knows it.
    let mut previous = Some("");
    let mut next = 1;
    for link in links {
        if link.number != next {
            faults.extend((next..link.number).take(MOST).map(Fault::Missing));
            previous = None;
        }
        if previous.is_some_and(|previous| hash_of(previous, &link.text) != link.hash) {
            faults.push(Fault::Altered(link.number));
        } else if Record::read(link.number, &link.text).is_err() {
            faults.push(Fault::Unreadable(link.number));
        }
        (previous, next) = (Some(link.hash.as_str()), link.number + 1);
    }
    let last = links.last();
    match (end, last) {
        (Some((number, _)), _) if number >= next => {
            faults.extend((next..=number).take(MOST).map(Fault::Missing));
        }
        (Some((number, hash)), Some(last)) if number == last.number && hash != last.hash => {
            faults.push(Fault::End);
        }
        (None, Some(_)) => faults.push(Fault::End),
        _ => {}
    }
    Verified { records: links.len() as u64, last_hash: last.map(|last| last.hash.clone()), faults }
}
