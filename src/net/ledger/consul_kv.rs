//! The ledger in the key/value store of the acceptor's own cluster, which a team shares.
//!
//! Each record is a key of its own, `PREFIX/records/000000000001` and so on, made with check-and-set: of two clients
//! that want the same number one gets it, and the other takes the next. Nothing is ever overwritten, so nothing is lost.
//! `PREFIX/last` says which number was the last. It may lag behind, for a client may be killed between the two; it
//! only tells where to begin to look, and that records at the end are gone.
//!
//! An ACL token needs `key:read` and `key:write` below the prefix.

use serde_json::{Map, Value, json};

use super::chain;
use super::chain::{Entry, Link, Verified};
use super::{LedgerError, Record};
use crate::net::consul::{Client, Pair};

/// Where the keys are, if nothing else is said.
pub const DEFAULT_PREFIX: &str = "peering/ledger";

/// The version of this layout.
const VERSION: i64 = 1;

/// How often a number is tried for that somebody else then has.
const MAX_ATTEMPTS: u32 = 500;

/// Numbers have this many digits, so that keys sort as numbers do.
const DIGITS: usize = 12;

/// The last number of that many digits. Nobody comes so far; somebody else may write it.
const MOST: u64 = 999_999_999_999;

/// Records are read a hundred at a time: those whose keys differ in the last two digits only.
const PAGE: u64 = 100;

/// A ledger in the KV of the cluster that a client asks.
pub struct ConsulKv<'a> {
    client: &'a Client,
    prefix: String,
}

/// What `PREFIX/last` says.
#[derive(Clone)]
struct Last {
    number: u64,
    hash: String,
}

impl<'a> ConsulKv<'a> {
    /// The ledger below a prefix; slashes at its ends mean nothing.
    pub fn below(client: &'a Client, prefix: &str) -> Self {
        Self { client, prefix: prefix.trim_matches('/').to_owned() }
    }

    pub(super) async fn record(&self, record: &Record) -> Result<Entry, LedgerError> {
        let mut last = match self.last().await? {
            Some((last, _)) => Some(last),
            None => self.last_of_all_keys().await?,
        };
        for _ in 0..MAX_ATTEMPTS {
            let previous = last.as_ref().map(|last| (last.number, last.hash.as_str()));
            let link = Link::after(previous, record);
            if link.number > MOST {
                let reason = "no number is left after it".to_owned();
                return Err(LedgerError::Unreadable { number: MOST, reason });
            }
            if self.client.put_key(&self.key(link.number), stored(&link), 0).await? {
                self.note_as_last(&link).await;
                return link.read();
            }
            // Somebody has that number. If the record is gone again, so is what it was chained to.
            last = match self.link(link.number).await? {
                Some(other) => Some(Last { number: other.number, hash: other.hash }),
                None => last,
            };
        }
        Err(LedgerError::Contended(MAX_ATTEMPTS))
    }

    pub(super) async fn records(&self, name: Option<&str>) -> Result<Vec<Entry>, LedgerError> {
        // Without `key:read` Consul lists no keys, and says nothing; to read one it refuses.
        self.last().await?;
        let links = self.links().await?;
        let mut entries = links.into_iter().map(Link::read).collect::<Result<Vec<_>, _>>()?;
        entries.retain(|entry| name.is_none_or(|name| entry.record.name == name));
        Ok(entries)
    }

    pub(super) async fn verify(&self) -> Result<Verified, LedgerError> {
        let last = self.last().await?.map(|(last, _)| last);
        let links = self.links().await?;
        Ok(chain::verify(&links, last.as_ref().map(|last| (last.number, last.hash.as_str()))))
    }

    /// All links, in their order. Pages are read until all of them were: keys alone are few bytes each.
    async fn links(&self) -> Result<Vec<Link>, LedgerError> {
        let mut pages: Vec<u64> = self.numbers().await?.into_iter().map(|number| number / PAGE).collect();
        pages.dedup();
        let mut links = Vec::new();
        for page in pages {
            let prefix = format!("{}/records/{page:0width$}", self.prefix, width = DIGITS - 2);
            for pair in self.client.read_keys(&prefix).await? {
                if let Some(number) = self.number_of(&pair.key) {
                    links.push(self.read(number, &pair)?);
                }
            }
        }
        Ok(links)
    }

    async fn link(&self, number: u64) -> Result<Option<Link>, LedgerError> {
        let pair = self.client.read_key(&self.key(number)).await?;
        pair.map(|pair| self.read(number, &pair)).transpose()
    }

    /// The numbers that are taken, in their order.
    async fn numbers(&self) -> Result<Vec<u64>, LedgerError> {
        let keys = self.client.list_keys(&format!("{}/records/", self.prefix)).await?;
        Ok(keys.iter().filter_map(|key| self.number_of(key)).collect())
    }

    async fn last_of_all_keys(&self) -> Result<Option<Last>, LedgerError> {
        let Some(number) = self.numbers().await?.pop() else { return Ok(None) };
        Ok(self.link(number).await?.map(|link| Last { number, hash: link.hash }))
    }

    /// What was noted as the last record, and the index to name when it is changed.
    async fn last(&self) -> Result<Option<(Last, u64)>, LedgerError> {
        let Some(pair) = self.client.read_key(&self.last_key()).await? else { return Ok(None) };
        let fields: Map<String, Value> = serde_json::from_slice(&pair.value).unwrap_or_default();
        self.known(&fields)?;
        let number = fields.get("number").and_then(Value::as_u64).filter(|number| *number < MOST);
        let hash = fields.get("hash").and_then(Value::as_str);
        let (Some(number), Some(hash)) = (number, hash) else { return Ok(None) };
        Ok(Some((Last { number, hash: hash.to_owned() }, pair.modify_index)))
    }

    /// Notes a record as the last, unless a later one is. The record stands whether or not this works.
    async fn note_as_last(&self, link: &Link) {
        for _ in 0..MAX_ATTEMPTS {
            let index = match self.client.read_key(&self.last_key()).await {
                Ok(None) => 0,
                Ok(Some(pair)) => {
                    let noted: Value = serde_json::from_slice(&pair.value).unwrap_or_default();
                    if noted["number"].as_u64().is_some_and(|number| number >= link.number) {
                        return;
                    }
                    pair.modify_index
                }
                Err(_) => return,
            };
            let last = json!({ "version": VERSION, "number": link.number, "hash": link.hash });
            match self.client.put_key(&self.last_key(), last.to_string().into_bytes(), index).await {
                Ok(false) => {}
                Ok(true) | Err(_) => return,
            }
        }
    }

    /// A link from what is stored under a number. What is no record of ours becomes a link that `verify` finds.
    fn read(&self, number: u64, pair: &Pair) -> Result<Link, LedgerError> {
        let mut fields: Map<String, Value> = serde_json::from_slice(&pair.value).unwrap_or_default();
        self.known(&fields)?;
        let hash = fields.get("hash").and_then(Value::as_str).unwrap_or_default().to_owned();
        // Keys keep their order, so the text comes out as it was hashed.
        let text = fields.remove("record").unwrap_or_default().to_string();
        Ok(Link { number, text, hash })
    }

    fn known(&self, fields: &Map<String, Value>) -> Result<(), LedgerError> {
        match fields.get("version").and_then(Value::as_i64) {
            Some(found) if found > VERSION => {
                Err(LedgerError::Newer { place: self.prefix.clone(), found, known: VERSION })
            }
            _ => Ok(()),
        }
    }

    fn key(&self, number: u64) -> String {
        format!("{}/records/{number:0DIGITS$}", self.prefix)
    }

    /// The number of a record's key; `None` for any other key.
    fn number_of(&self, key: &str) -> Option<u64> {
        let digits = key.strip_prefix(self.prefix.as_str())?.strip_prefix("/records/")?;
        let is_number = digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|_| is_number)
    }

    fn last_key(&self) -> String {
        format!("{}/last", self.prefix)
    }
}

fn stored(link: &Link) -> Vec<u8> {
    format!("{{\"version\":{VERSION},\"record\":{},\"hash\":\"{}\"}}", link.text, link.hash).into_bytes()
}
