//! The key/value part of the embedded acceptor's state.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Store, next_index};

/// The step that brings the table. Released: it never changes.
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
pub(in crate::acceptor) struct Pair {
    /// The key, its slashes without meaning to the store.
    pub(in crate::acceptor) key: String,
    /// Any bytes.
    pub(in crate::acceptor) value: Vec<u8>,
    /// A number that clients may use as they like.
    pub(in crate::acceptor) flags: u64,
    /// The step at which the key was made.
    pub(in crate::acceptor) create_index: u64,
    /// The step at which its value last changed.
    pub(in crate::acceptor) modify_index: u64,
}

impl Store {
    pub(in crate::acceptor) fn pair(&self, key: &str) -> rusqlite::Result<Option<Pair>> {
        pair_of(&self.connection, key)
    }

    /// All pairs whose key begins with `prefix`, in the order of their keys' bytes.
    pub(in crate::acceptor) fn pairs(&self, prefix: &str) -> rusqlite::Result<Vec<Pair>> {
        let mut statement =
            self.connection.prepare("SELECT * FROM kv WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key")?;
        statement.query_map([prefix], pair)?.collect()
    }

    /// Puts a value. `check` is the `ModifyIndex` that the key must have, 0 for none at all; whether it was put. A value
    /// that is there already stays as it is, with its index.
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

    /// Removes a key; whether it is gone. `check` is the `ModifyIndex` that it must have, and 0 is none's.
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

    /// Removes every key that begins with `prefix`.
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

fn pair_of(connection: &Connection, key: &str) -> rusqlite::Result<Option<Pair>> {
    connection.query_row("SELECT * FROM kv WHERE key = ?1", [key], pair).optional()
}

fn pair(row: &Row<'_>) -> rusqlite::Result<Pair> {
    let flags: String = row.get("flags")?;
    Ok(Pair {
        key: row.get("key")?,
        value: row.get("value")?,
        flags: flags.parse().unwrap_or_default(),
        create_index: row.get("create_index")?,
        modify_index: row.get("modify_index")?,
    })
}
