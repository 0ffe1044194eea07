//! Facts of audits in the KV of a Consul, the hub: collectors write them there, and a judge reads them.
//!
//! The value of the key `PREFIX/NAME` is a file of facts. Facts that are too long for a value are in parts: the value is one line
//! then, an index of the keys `PREFIX/NAME/parts/ID/0001` and so on with their digests. A collector writes its parts first, under
//! an ID of its own, and then the key `PREFIX/NAME` with check-and-set. So a reader finds the whole facts of one collector.
//!
//! A collector that is killed leaves parts that no index names. The next one removes them: only what was there before it read the
//! index, because the index of their collector, if it comes later, is rejected by check-and-set.

mod index;

use std::collections::BTreeSet;

use ring::rand::SecureRandom;
use thiserror::Error;

use super::consul::{Client, Pair, RequestError};
use crate::audit::{Facts, FactsError};
use crate::hex::sha256_hex;
use index::Index;

/// The maximum length of a value, in bytes. Consul's own limit is 524,288 by default.
const MAX_VALUE_LEN: usize = 500_000;

/// How often facts are written if other collectors write the same key.
const MAX_ATTEMPTS: u32 = 20;

/// The facts of audits below a prefix of a hub's KV.
pub struct Hub<'a> {
    client: &'a Client,
    prefix: String,
    max_value_len: usize,
}

/// What became of facts that were to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// How often another collector was first, so that they had to be written again.
    pub lost_races: u32,
    /// How they compare with what was stored.
    pub outcome: Outcome,
}

/// How written facts compare with stored ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They replaced all of them.
    Replaced,
    /// They were merged with newer observations.
    Merged,
    /// The stored observations are all newer, and stay.
    Newer,
}

/// Why facts cannot be read or written.
#[derive(Debug, Error)]
pub enum HubError {
    /// A request failed.
    #[error(transparent)]
    Consul(#[from] RequestError),
    /// A key contains something else.
    #[error(transparent)]
    NotFacts(#[from] FactsError),
    /// A key contains an index of parts that cannot be read.
    #[error("{key}: {reason}")]
    InvalidIndex {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A part is missing, or is not the one that the index names.
    #[error("the part {0} is missing or damaged")]
    Incomplete(String),
    /// Other collectors were first each time.
    #[error("other collectors wrote it first, {0} times")]
    Contended(u32),
}

impl<'a> Hub<'a> {
    /// Returns the hub at a prefix, without slashes at its ends.
    pub fn new(client: &'a Client, prefix: &str) -> Self {
        Self { client, prefix: prefix.to_owned(), max_value_len: MAX_VALUE_LEN }
    }

    /// Fails if the facts of a name cannot be read, and so not be written.
    pub async fn check(&self, name: &str) -> Result<(), HubError> {
        self.client.read_key(&self.key(name)).await?;
        Ok(())
    }

    /// Writes facts. Newer observations that are stored stay. Fails if the key contains something other than facts.
    pub async fn write(
        &self,
        name: &str,
        facts: &Facts,
        random: &(dyn SecureRandom + Sync),
    ) -> Result<Written, HubError> {
        let key = self.key(name);
        for lost_races in 0..MAX_ATTEMPTS {
            // Before the index is read: later parts may belong to a later index.
            let mut old_parts = self.client.list_keys(&index::parts_prefix(&key)).await?;
            let stored = self.client.read_key(&key).await?;
            let modify_index = stored.as_ref().map_or(0, |pair| pair.modify_index);
            let stored = match stored {
                None => Facts::default(),
                Some(pair) => match self.facts_of(&pair, &mut old_parts).await {
                    // Another collector has just replaced them, or somebody deleted a part.
                    Err(HubError::Incomplete(_)) => Facts::default(),
                    facts => facts?,
                },
            };
            let (stored_text, own_text) = (stored.to_lines(), facts.to_lines());
            let text = facts.clone().replacing(stored).to_lines();
            let outcome = match &text {
                text if *text == own_text => Outcome::Replaced,
                text if *text == stored_text => return Ok(Written { lost_races, outcome: Outcome::Newer }),
                _ => Outcome::Merged,
            };
            let (value, parts) = index::split(&key, text, self.max_value_len, random);
            for (part, bytes) in &parts {
                self.client.put_key(part, bytes.clone(), 0).await?;
            }
            let is_written = self.client.put_key(&key, value, modify_index).await?;
            let unused = if is_written { old_parts } else { parts.into_iter().map(|(key, _)| key).collect() };
            for part in BTreeSet::from_iter(unused) {
                // What stays is removed the next time.
                let _ = self.client.delete_key(&part).await;
            }
            if is_written {
                return Ok(Written { lost_races, outcome });
            }
        }
        Err(HubError::Contended(MAX_ATTEMPTS))
    }

    /// Reads the facts of all names below the prefix. Returns how many names there are.
    pub async fn read(&self, facts: &mut Facts) -> Result<usize, HubError> {
        // Without `key:read`, Consul lists no keys and reports no error; reading a key reports it.
        let directory = format!("{}/", self.prefix);
        self.client.read_key(&directory).await?;
        let mut names = 0;
        for key in self.client.list_names(&directory).await? {
            // Parts, other directories, and the directory itself.
            if !key.ends_with('/')
                && let Some(found) = self.read_name(&key).await?
            {
                facts.clusters.extend(found.clusters);
                facts.peerings.extend(found.peerings);
                names += 1;
            }
        }
        Ok(names)
    }

    /// Reads the facts of a key; `None` if it was deleted.
    async fn read_name(&self, key: &str) -> Result<Option<Facts>, HubError> {
        let mut last = 0;
        loop {
            let Some(pair) = self.client.read_key(key).await? else { return Ok(None) };
            match self.facts_of(&pair, &mut Vec::new()).await {
                // A collector replaced the index and removed its parts.
                Err(HubError::Incomplete(_)) if pair.modify_index > last => last = pair.modify_index,
                facts => return facts.map(Some),
            }
        }
    }

    /// Returns the facts in a value, or in the parts that it names. Adds the keys of the parts to `keys`.
    async fn facts_of(&self, pair: &Pair, keys: &mut Vec<String>) -> Result<Facts, HubError> {
        let name = format!("consul-kv:{}", pair.key);
        let mut facts = Facts::default();
        let Some(index) = Index::of_value(pair)? else {
            facts.read_lines(&name, &*pair.value)?;
            return Ok(facts);
        };
        keys.extend(index.parts.iter().map(|part| part.key.clone()));
        let mut text = Vec::new();
        for part in index.parts {
            let pair = self.client.read_key(&part.key).await?;
            match pair.filter(|pair| sha256_hex(&pair.value) == part.sha256) {
                Some(pair) => text.extend(pair.value),
                None => return Err(HubError::Incomplete(part.key)),
            }
        }
        facts.read_lines(&name, &*text)?;
        Ok(facts)
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

#[cfg(test)]
mod tests;
