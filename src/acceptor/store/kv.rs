//! The key/value part of the embedded acceptor's state.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Store, next_index};

/// The migration that adds the table. It is released and never changes.
pub(super) const MIGRATION: &str = "
    CREATE TABLE kv (
        key TEXT PRIMARY KEY,
        value BLOB NOT NULL,
        flags TEXT NOT NULL,
        create_index INTEGER NOT NULL,
        modify_index INTEGER NOT NULL
    ) STRICT;
";

/// One key with its value.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::acceptor) struct KvEntry {
    /// The key. Slashes in it have no meaning here.
    pub(in crate::acceptor) key: String,
    /// Any bytes.
    pub(in crate::acceptor) value: Vec<u8>,
    /// A number for clients to use.
    pub(in crate::acceptor) flags: u64,
    /// The index at which the key was created.
    pub(in crate::acceptor) create_index: u64,
    /// The index of the last change of the value.
    pub(in crate::acceptor) modify_index: u64,
}

impl Store {
    pub(in crate::acceptor) fn pair(&self, key: &str) -> rusqlite::Result<Option<KvEntry>> {
        pair_of(&self.connection, key)
    }

    /// Returns the pairs whose key starts with `prefix`, in the order of the bytes of the keys.
    pub(in crate::acceptor) fn pairs(&self, prefix: &str) -> rusqlite::Result<Vec<KvEntry>> {
        let mut statement =
            self.connection.prepare("SELECT * FROM kv WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key")?;
        statement.query_map([prefix], pair)?.collect()
    }

    /// Writes a value and returns whether it was written. `check` is the `ModifyIndex` that the key must have; 0 means that
    /// the key must not exist. If the value is the same, the index does not change.
    pub(in crate::acceptor) fn put(
        &mut self,
        key: &str,
        value: &[u8],
        flags: u64,
        check: Option<u64>,
    ) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let present = pair_of(&transaction, key)?;
        let found = present.as_ref().map_or(0, |present| present.modify_index);
        if check.is_some_and(|check| check != found) {
            return Ok(false);
        }
        if present.is_none_or(|present| present.value != value || present.flags != flags) {
            let index = next_index(&transaction)?;
            transaction.execute(
                "INSERT INTO kv (key, value, flags, create_index, modify_index) VALUES (?1, ?2, ?3, ?4, ?4)
                 ON CONFLICT (key) DO UPDATE SET value = ?2, flags = ?3, modify_index = ?4",
                params![key, value, flags.to_string(), index],
            )?;
        }
        transaction.commit()?;
        Ok(true)
    }

    /// Removes a key and returns whether it is removed. `check` is the `ModifyIndex` that the key must have.
    pub(in crate::acceptor) fn remove(&mut self, key: &str, check: Option<u64>) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(present) = pair_of(&transaction, key)? else { return Ok(true) };
        if check.is_some_and(|check| check != present.modify_index) {
            return Ok(false);
        }
        transaction.execute("DELETE FROM kv WHERE key = ?1", [key])?;
        next_index(&transaction)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Removes every key that starts with `prefix`.
    pub(in crate::acceptor) fn remove_all(&mut self, prefix: &str) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let removed =
            transaction.execute("DELETE FROM kv WHERE substr(key, 1, length(?1)) = ?1", [prefix])?;
        if removed > 0 {
            next_index(&transaction)?;
        }
        transaction.commit()
    }
}

fn pair_of(connection: &Connection, key: &str) -> rusqlite::Result<Option<KvEntry>> {
    connection.query_row("SELECT * FROM kv WHERE key = ?1", [key], pair).optional()
}

fn pair(row: &Row<'_>) -> rusqlite::Result<KvEntry> {
    let flags: String = row.get("flags")?;
    Ok(KvEntry {
        key: row.get("key")?,
        value: row.get("value")?,
        flags: flags.parse().unwrap_or_default(),
        create_index: row.get("create_index")?,
        modify_index: row.get("modify_index")?,
    })
}
