//! The ledger in the key/value store of the acceptor cluster, which a team shares.
//!
//! Each record is a key of its own, `PREFIX/records/000000000001` and so on, created with check-and-set. If two clients
//! want the same number, one gets it and the other takes the next. Only the record of a request without an answer is ever
//! overwritten, by the client that made it, so nothing is lost.
//! `PREFIX/last` contains the last number. It may be behind, because a client may be killed before it writes it. It only
//! shows where to start, and whether records at the end are missing.
//!
//! An ACL token needs `key:read` and `key:write` below the prefix.

use serde_json::{Map, Value, json};

use super::verification::{StoredRecord, Verification};
use super::{Filter, LedgerError, NumberedRecord, Origin, Record};
use crate::net::consul::{Client, Pair};

/// The default prefix of the keys.
pub const DEFAULT_PREFIX: &str = "peering/ledger";

/// The version of this layout. Version 1 was never released.
const VERSION: i64 = 2;

/// How many numbers to try if other clients take them first.
const MAX_ATTEMPTS: u32 = 500;

/// Numbers have this many digits, so that keys sort in the order of the numbers.
const DIGITS: usize = 12;

/// The highest number with that many digits.
const MAX_NUMBER: u64 = 999_999_999_999;

/// Records are read a hundred at a time: those whose keys differ in the last two digits only.
const PAGE_LEN: u64 = 100;

/// A ledger in the KV of a Consul.
pub struct ConsulKv<'a> {
    client: &'a Client,
    prefix: String,
}

impl<'a> ConsulKv<'a> {
    /// Returns the ledger below a prefix. Slashes at the ends of the prefix are ignored.
    pub fn new(client: &'a Client, prefix: &str) -> Self {
        Self { client, prefix: prefix.trim_matches('/').to_owned() }
    }

    pub(super) async fn add(&self, record: &Record) -> Result<NumberedRecord, LedgerError> {
        let last = match self.last().await? {
            Some(number) => number,
            None => self.numbers().await?.pop().unwrap_or_default(),
        };
        let value = value_of(record);
        for number in (last + 1..).take(MAX_ATTEMPTS as usize) {
            if number > MAX_NUMBER {
                let reason = "it has the highest possible number".to_owned();
                return Err(LedgerError::InvalidRecord { number: MAX_NUMBER, reason });
            }
            if self.put(number, value.clone(), 0).await? {
                self.set_last(number).await;
                return Ok(NumberedRecord { number, record: record.clone() });
            }
        }
        Err(LedgerError::Contended(MAX_ATTEMPTS))
    }

    pub(super) async fn finish(&self, finished: &NumberedRecord) -> Result<(), LedgerError> {
        let NumberedRecord { number, record } = finished;
        let key = self.key(*number);
        let pair = self.client.read_key(&key).await?.ok_or(LedgerError::NotUnanswered(*number))?;
        let stored = StoredRecord { number: *number, text: self.record_text(&pair)? }.parse()?;
        let is_unanswered = stored.record.origin == Origin::Unanswered;
        if is_unanswered && self.put(*number, value_of(record), pair.modify_index).await? {
            return Ok(());
        }
        Err(LedgerError::NotUnanswered(*number))
    }

    /// Writes a record if its key still has this `ModifyIndex`.
    async fn put(&self, number: u64, value: Vec<u8>, modify_index: u64) -> Result<bool, LedgerError> {
        let put = self.client.put_key(&self.key(number), value, modify_index).await;
        put.map_err(|error| match Origin::of_failed_request(&error) {
            Origin::Refused => LedgerError::Consul(error),
            _ => LedgerError::Unconfirmed(error),
        })
    }

    pub(super) async fn records(&self, filter: Filter<'_>) -> Result<Vec<NumberedRecord>, LedgerError> {
        // Without `key:read`, Consul lists no keys and reports no error; reading a key reports it.
        self.last().await?;
        let records = self.stored_records().await?;
        let mut records = records.into_iter().map(StoredRecord::parse).collect::<Result<Vec<_>, _>>()?;
        records.retain(|NumberedRecord { record, .. }| match filter {
            Filter::All => true,
            Filter::Name(name) => record.name == name,
            Filter::NameInPartition(name, partition) => record.name == name && record.partition == partition,
            Filter::PeerId(id) => record.peer_id == id,
        });
        Ok(records)
    }

    pub(super) async fn verify(&self) -> Result<Verification, LedgerError> {
        let last = self.last().await?;
        Ok(Verification::of(&self.stored_records().await?, last.unwrap_or_default()))
    }

    /// Reads all records, page by page.
    async fn stored_records(&self) -> Result<Vec<StoredRecord>, LedgerError> {
        let mut pages: Vec<u64> = self.numbers().await?.into_iter().map(|number| number / PAGE_LEN).collect();
        pages.dedup();
        let mut records = Vec::new();
        for page in pages {
            let prefix = format!("{}/records/{page:0width$}", self.prefix, width = DIGITS - 2);
            for pair in self.client.read_keys(&prefix).await? {
                if let Some(number) = self.number_of(&pair.key) {
                    records.push(StoredRecord { number, text: self.record_text(&pair)? });
                }
            }
        }
        Ok(records)
    }

    /// Returns the numbers of all records, in order.
    async fn numbers(&self) -> Result<Vec<u64>, LedgerError> {
        let keys = self.client.list_keys(&format!("{}/records/", self.prefix)).await?;
        Ok(keys.iter().filter_map(|key| self.number_of(key)).collect())
    }

    /// Reads the last number.
    async fn last(&self) -> Result<Option<u64>, LedgerError> {
        let Some(pair) = self.client.read_key(&self.last_key()).await? else { return Ok(None) };
        let fields: Map<String, Value> = serde_json::from_slice(&pair.value).unwrap_or_default();
        self.check_version(&fields)?;
        Ok(fields.get("number").and_then(Value::as_u64).filter(|number| *number < MAX_NUMBER))
    }

    /// Writes the last number, unless it is higher already. The record is valid even if this fails.
    async fn set_last(&self, number: u64) {
        for _ in 0..MAX_ATTEMPTS {
            let index = match self.client.read_key(&self.last_key()).await {
                Ok(None) => 0,
                Ok(Some(pair)) => {
                    let last: Value = serde_json::from_slice(&pair.value).unwrap_or_default();
                    if last["number"].as_u64().is_some_and(|last| last >= number) {
                        return;
                    }
                    pair.modify_index
                }
                Err(_) => return,
            };
            let last = json!({ "version": VERSION, "number": number });
            match self.client.put_key(&self.last_key(), last.to_string().into_bytes(), index).await {
                Ok(false) => {}
                Ok(true) | Err(_) => return,
            }
        }
    }

    /// Returns the record's text in a value. A value that this tool did not write gives a text that is not a valid record.
    fn record_text(&self, pair: &Pair) -> Result<String, LedgerError> {
        let mut fields: Map<String, Value> = serde_json::from_slice(&pair.value).unwrap_or_default();
        self.check_version(&fields)?;
        Ok(fields.remove("record").unwrap_or_default().to_string())
    }

    fn check_version(&self, fields: &Map<String, Value>) -> Result<(), LedgerError> {
        let place = || self.prefix.clone();
        match fields.get("version").and_then(Value::as_i64) {
            Some(found) if found > VERSION => {
                Err(LedgerError::Newer { place: place(), found, supported: VERSION })
            }
            Some(found) if found < VERSION => Err(LedgerError::Older { place: place(), found }),
            _ => Ok(()),
        }
    }

    fn key(&self, number: u64) -> String {
        format!("{}/records/{number:0DIGITS$}", self.prefix)
    }

    /// Returns the number of a record's key; `None` for any other key.
    fn number_of(&self, key: &str) -> Option<u64> {
        let digits = key.strip_prefix(self.prefix.as_str())?.strip_prefix("/records/")?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number)
    }

    fn last_key(&self) -> String {
        format!("{}/last", self.prefix)
    }
}

fn value_of(record: &Record) -> Vec<u8> {
    format!("{{\"version\":{VERSION},\"record\":{}}}", record.to_text()).into_bytes()
}
