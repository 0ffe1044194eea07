//! The ledger in a SQLite database in the user's state directory, safe for concurrent processes and crashes.
//!
//! Each record is one transaction, which takes the write lock first and is synced to the disk before it is reported as
//! added. The database is opened when it is needed, and created for the first record.

use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::verification::{Problem, StoredRecord, Verification};
use super::{Filter, LedgerError, NumberedRecord, Record};
use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::net::sqlite::{Schema, SchemaError, create_private};
use crate::platform::private_file_options;

/// The name of the database in the state directory.
pub const FILE_NAME: &str = "ledger.sqlite3";

/// How long one process waits for another by default.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The end of the name of the file with the number of the last record.
const LAST_SUFFIX: &str = "-last";

/// The maximum length of that file, in bytes.
const MAX_LAST_LEN: usize = 64;

/// Version 1 was never released.
const SCHEMA: Schema = Schema {
    first_version: 2,
    scripts: &["
    CREATE TABLE record (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        record TEXT NOT NULL,
        name TEXT AS (record ->> 'name') VIRTUAL,
        partition TEXT AS (record ->> 'partition') VIRTUAL,
        peer_id TEXT AS (record ->> 'peer_id') VIRTUAL
    ) STRICT;
    CREATE INDEX record_name ON record (name);
    CREATE INDEX record_peer_id ON record (peer_id);
    CREATE TRIGGER records_are_not_updated BEFORE UPDATE ON record
        BEGIN SELECT RAISE (ABORT, 'records are only added'); END;
    CREATE TRIGGER records_are_not_deleted BEFORE DELETE ON record
        BEGIN SELECT RAISE (ABORT, 'records are only added'); END;
", "
    DROP TRIGGER records_are_not_updated;
    CREATE TRIGGER records_are_not_updated BEFORE UPDATE ON record WHEN OLD.record ->> 'origin' IS NOT 'unanswered'
        BEGIN SELECT RAISE (ABORT, 'records are only added'); END;
"],
};

/// A ledger in a database of its own.
#[derive(Debug, Clone)]
pub struct Sqlite {
    directory: PathBuf,
    path: PathBuf,
    timeout: Duration,
}

impl Sqlite {
    /// Returns the ledger in a state directory. Neither of them needs to exist yet.
    pub fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), path: directory.join(FILE_NAME), timeout: TIMEOUT }
    }

    /// Sets how long to wait for other processes.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a record. When this returns, the record is on the disk.
    pub fn add(&self, record: &Record) -> Result<NumberedRecord, LedgerError> {
        let mut connection = self.open_for_writing()?;
        let number = insert(&mut connection, record, self.last()).map_err(|error| self.error(error))?;
        self.set_last(number);
        empty_log(&connection);
        Ok(NumberedRecord { number, record: record.clone() })
    }

    /// Returns the path of a file beside the database.
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// Writes the number of the last record to a file of its own, so that [`Self::verify`] notices a write-ahead log that was
    /// lost or damaged, and an old copy of the database. The record is valid even if this fails, so the number may be behind.
    fn set_last(&self, number: u64) {
        let mut options = private_file_options();
        options.create(true).truncate(false).read(true).write(true);
        let written = options.open(self.beside(LAST_SUFFIX)).and_then(|mut file| {
            file.lock()?;
            // No other handle can read a locked file on Windows.
            let mut text = [0; MAX_LAST_LEN];
            let len = file.read(&mut text)?;
            if number_in(&text[..len]) < number {
                file.rewind()?;
                file.write_all(format!("{number:020}\n").as_bytes())?;
            }
            Ok(())
        });
        if let Err(error) = written {
            tracing::warn!(%error, "cannot write the number of the last record");
        }
    }

    /// Returns the number of the last record, according to its file; 0 if there is none.
    fn last(&self) -> u64 {
        number_in(&file::read_unlocked(&self.beside(LAST_SUFFIX), MAX_LAST_LEN).unwrap_or_default())
    }

    /// Replaces a record without an answer. When this returns, the new record is on the disk.
    pub fn finish(&self, finished: &NumberedRecord) -> Result<(), LedgerError> {
        let connection = self.open_for_writing()?;
        let is_unanswered = "number = ?1 AND record ->> 'origin' = 'unanswered'";
        let statement = format!("UPDATE record SET record = ?2 WHERE {is_unanswered}");
        let number = finished.number.cast_signed();
        let changed = connection.execute(&statement, (number, finished.record.to_text()));
        if changed.map_err(|error| self.error(error))? == 0 {
            return Err(LedgerError::NotUnanswered(finished.number));
        }
        empty_log(&connection);
        Ok(())
    }

    /// Returns records in the order in which they were added.
    pub fn records(&self, filter: Filter<'_>) -> Result<Vec<NumberedRecord>, LedgerError> {
        let Some(connection) = self.open_for_reading()? else { return Ok(Vec::new()) };
        let records = match filter {
            Filter::All => select(&connection, "", &[]),
            Filter::Name(name) => select(&connection, "WHERE name = ?1", &[name]),
            Filter::NameInPartition(name, partition) => {
                select(&connection, "WHERE name = ?1 AND partition = ?2", &[name, partition])
            }
            Filter::PeerId(id) => select(&connection, "WHERE peer_id = ?1", &[id]),
        };
        records.map_err(|error| self.error(error))?.into_iter().map(StoredRecord::parse).collect()
    }

    /// Checks the integrity of the database and validates each record.
    pub fn verify(&self) -> Result<Verification, LedgerError> {
        let last = self.last();
        let Some(mut connection) = self.open_for_reading()? else { return Ok(Verification::of(&[], last)) };
        verify(&mut connection, last).map_err(|error| self.error(error))
    }

    fn open_for_writing(&self) -> Result<Connection, LedgerError> {
        create_private(&self.directory, &self.path).map_err(|error| self.io_error(&error))?;
        let mut connection = self.connect().map_err(|error| self.error(error))?;
        SCHEMA.migrate(&mut connection, |_| Ok(())).map_err(|error: SchemaError| self.error(error))?;
        Ok(connection)
    }

    /// Returns `None` if nothing was recorded yet.
    fn open_for_reading(&self) -> Result<Option<Connection>, LedgerError> {
        match fs::metadata(&self.path) {
            Ok(file) if file.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io_error(&error)),
        }
        let opened = self.connect().map_err(SchemaError::Sqlite).and_then(with_version);
        let opened = match opened {
            // It may belong to another user, or be on a read-only disk.
            Err(SchemaError::Sqlite(error)) => {
                self.open_read_only().unwrap_or(Err(SchemaError::Sqlite(error)))
            }
            opened => opened,
        };
        let (connection, version) = opened.map_err(|error| self.error(error))?;
        Ok((version > 0).then_some(connection))
    }

    /// Opens the database if no file can be written beside it, as WAL mode does. Returns `None` if it cannot be opened. With
    /// `immutable`, SQLite ignores the write-ahead log, so that is tried only if the log is empty.
    fn open_read_only(&self) -> Option<Result<(Connection, i64), SchemaError>> {
        let log_is_empty = !fs::metadata(self.beside("-wal")).is_ok_and(|log| log.len() > 0);
        let path = utf8_percent_encode(self.path.to_str()?, NON_ALPHANUMERIC).to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let open = |parameter: &str| {
            let connection = Connection::open_with_flags(format!("file:{path}?{parameter}"), flags).ok()?;
            let opened = with_version(connection);
            (!matches!(opened, Err(SchemaError::Sqlite(_)))).then_some(opened)
        };
        open("mode=ro").or_else(|| if log_is_empty { open("immutable=1") } else { None })
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(self.timeout)?;
        // `empty_log` does this instead, without waiting for other processes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "synchronous", "full")?;
        Ok(connection)
    }

    fn error(&self, error: impl Into<SchemaError>) -> LedgerError {
        let place = self.path.display().to_string();
        match error.into() {
            SchemaError::Sqlite(error) => LedgerError::Database { path: place, reason: error.to_string() },
            SchemaError::Older(found) => LedgerError::Older { place, found },
            SchemaError::Newer { found, supported } => LedgerError::Newer { place, found, supported },
        }
    }

    fn io_error(&self, error: &io::Error) -> LedgerError {
        LedgerError::Database { path: self.path.display().to_string(), reason: os_error_text(error) }
    }
}

/// Moves the write-ahead log into the database, so that a copy of the database alone has all records. If other processes use
/// the log, the last of them to write does it.
fn empty_log(connection: &Connection) {
    let _ = connection.busy_timeout(Duration::ZERO);
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
}

/// Returns the number in the file of the last record; 0 if it contains none.
fn number_in(text: &[u8]) -> u64 {
    std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or_default()
}

fn with_version(connection: Connection) -> Result<(Connection, i64), SchemaError> {
    let version = SCHEMA.version(&connection)?;
    Ok((connection, version))
}

/// Adds a record. Numbers up to `last` are not used, even if their records were lost.
fn insert(connection: &mut Connection, record: &Record, last: u64) -> rusqlite::Result<u64> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = last_number(&transaction)?.max(last) + 1;
    transaction.execute("INSERT INTO record (number, record) VALUES (?1, ?2)", (number, record.to_text()))?;
    let number = transaction.last_insert_rowid().cast_unsigned();
    transaction.commit()?;
    Ok(number)
}

fn select(connection: &Connection, condition: &str, values: &[&str]) -> rusqlite::Result<Vec<StoredRecord>> {
    let mut statement =
        connection.prepare(&format!("SELECT number, record FROM record {condition} ORDER BY number"))?;
    let records = statement.query_map(rusqlite::params_from_iter(values), |row| {
        Ok(StoredRecord { number: row.get(0)?, text: row.get(1)? })
    })?;
    records.collect()
}

/// Returns the highest number that was ever given.
fn last_number(connection: &Connection) -> rusqlite::Result<u64> {
    let query = "SELECT seq FROM sqlite_sequence WHERE name = 'record'";
    Ok(connection.query_row(query, [], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Uses one transaction, so that no other process writes in between. `recorded` is the number in the file beside the database.
fn verify(connection: &mut Connection, recorded: u64) -> rusqlite::Result<Verification> {
    let transaction = connection.transaction()?;
    let integrity: String = transaction.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    let checked = || {
        let last = last_number(&transaction)?.max(recorded);
        Ok(Verification::of(&select(&transaction, "", &[])?, last))
    };
    if integrity == "ok" {
        return checked();
    }
    // Records of a damaged database may be unreadable.
    let mut verification = checked().unwrap_or_else(|_: rusqlite::Error| Verification::default());
    verification.problems.push(Problem::Damaged(integrity));
    Ok(verification)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Root, as which tests run in containers, can write to a directory without write permission.
    #[test]
    fn a_ledger_can_be_read_without_writing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let ledger = Sqlite::in_directory(directory.path());
        assert!(ledger.open_read_only().is_none());
        drop(ledger.open_for_writing().unwrap());
        let (connection, version) = ledger.open_read_only().unwrap().unwrap();
        assert_eq!(version, 3);
        assert!(connection.execute("DELETE FROM sqlite_sequence", []).is_err());
    }
}
