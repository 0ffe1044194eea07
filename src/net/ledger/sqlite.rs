//! The ledger in a SQLite database in the user's state directory: many processes at once, and safe against a kill.
//!
//! A record is one transaction that takes the write lock first and is synced to the disk before it is reported as
//! written. The database is opened when it is needed, and made when the first record is.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};

use super::chain;
use super::chain::{Entry, Fault, Link, Verified};
use super::{LedgerError, Of, Record};
use crate::gostd::os_error::os_error_text;

/// The database's file in the state directory.
pub const FILE: &str = "ledger.sqlite3";

/// How long one process waits for another, if nothing else is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the log may grow before it is folded into the database, in bytes: about ten records.
const MAX_LOG_LEN: u64 = 256 * 1024;

/// The steps from an empty database to today's, each a script. A step that was released never changes.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE record (
        number INTEGER PRIMARY KEY,
        record TEXT NOT NULL,
        hash TEXT NOT NULL,
        name TEXT AS (record ->> 'name') VIRTUAL,
        partition TEXT AS (record ->> 'partition') VIRTUAL,
        peer_id TEXT AS (record ->> 'peer_id') VIRTUAL
    ) STRICT;
    CREATE INDEX record_name ON record (name);
    CREATE INDEX record_peer_id ON record (peer_id);
    CREATE TABLE last (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        number INTEGER NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER records_never_change BEFORE UPDATE ON record
        BEGIN SELECT RAISE (ABORT, 'records are only ever added'); END;
    CREATE TRIGGER records_never_go BEFORE DELETE ON record
        BEGIN SELECT RAISE (ABORT, 'records are only ever added'); END;
"];

/// A ledger in a database of its own. Nothing is opened before it is needed.
#[derive(Debug, Clone)]
pub struct Sqlite {
    directory: PathBuf,
    path: PathBuf,
    patience: Duration,
}

impl Sqlite {
    /// The ledger in a state directory, neither of which needs to be there yet.
    pub fn within(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), path: directory.join(FILE), patience: PATIENCE }
    }

    /// The same, waiting for other processes this long at most.
    #[must_use]
    pub fn patient_for(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a record. When it returns, the record is on the disk.
    pub fn record(&self, record: &Record) -> Result<Entry, LedgerError> {
        let mut connection = self.open_for_writing()?;
        let link = append(&mut connection, record).map_err(|error| self.broken(&error))?;
        self.shorten_log(&connection);
        link.read()
    }

    /// Folds a log that has grown long into the database, and empties it: every process that begins reads it, and
    /// SQLite's own way never starts it anew where each process writes once. If others are using it, one of them will.
    fn shorten_log(&self, connection: &Connection) {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        if fs::metadata(log).is_ok_and(|log| log.len() > MAX_LOG_LEN) {
            let _ = connection.busy_timeout(Duration::ZERO);
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }

    pub(super) fn records(&self, name: Option<&str>) -> Result<Vec<Entry>, LedgerError> {
        match name {
            Some(name) => self.select("WHERE name = ?1", &[name]),
            None => self.select("", &[]),
        }
    }

    pub(super) fn records_of(&self, of: Of<'_>) -> Result<Vec<Entry>, LedgerError> {
        match of {
            Of::PeerId(id) => self.select("WHERE peer_id = ?1", &[id]),
            Of::Name(name, partition) => {
                self.select("WHERE name = ?1 AND partition = ?2", &[name, partition])
            }
        }
    }

    pub(super) fn verify(&self) -> Result<Verified, LedgerError> {
        let Some(mut connection) = self.open_for_reading()? else { return Ok(Verified::default()) };
        look_along(&mut connection).map_err(|error| self.broken(&error))
    }

    fn select(&self, condition: &str, values: &[&str]) -> Result<Vec<Entry>, LedgerError> {
        let Some(connection) = self.open_for_reading()? else { return Ok(Vec::new()) };
        let links = links(&connection, condition, values).map_err(|error| self.broken(&error))?;
        links.into_iter().map(Link::read).collect()
    }

    /// Makes the directory and the file for their owner alone, and brings the layout to today's.
    fn open_for_writing(&self) -> Result<Connection, LedgerError> {
        let unwritable = |error: &std::io::Error| self.unusable(os_error_text(error));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(|error| unwritable(&error))?;
        // SQLite would make it with the process's umask. One that is there is not opened here: closing it would drop the
        // locks of this process's other connections.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(unwritable(&error));
            }
            _ => {}
        }
        let mut connection = self.connect()?;
        let version = migrate(&mut connection).map_err(|error| self.broken(&error))?;
        self.known(version)?;
        Ok(connection)
    }

    /// `None`: nothing was recorded yet.
    fn open_for_reading(&self) -> Result<Option<Connection>, LedgerError> {
        match fs::metadata(&self.path) {
            Ok(file) if file.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unusable(os_error_text(&error))),
        }
        let opened = self.connect().and_then(|connection| {
            let version = version(&connection).map_err(|error| self.broken(&error))?;
            Ok((connection, version))
        });
        let (connection, version) = match opened {
            // Somebody else's, or on a disk that nobody may write to.
            Err(error) => self.open_unchanging().ok_or(error)?,
            Ok(opened) => opened,
        };
        self.known(version)?;
        Ok((version > 0).then_some(connection))
    }

    /// The database where nothing may be written beside it, as WAL mode does. It is taken as it lies there only if nothing
    /// waits in the log to be written into it.
    fn open_unchanging(&self) -> Option<(Connection, i64)> {
        let log = PathBuf::from(format!("{}-wal", self.path.display()));
        let waits = fs::metadata(log).is_ok_and(|log| log.len() > 0);
        let path = utf8_percent_encode(self.path.to_str()?, NON_ALPHANUMERIC).to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let open = |how: &str| {
            let connection = Connection::open_with_flags(format!("file:{path}?{how}"), flags).ok()?;
            let version = version(&connection).ok()?;
            Some((connection, version))
        };
        open("mode=ro").or_else(|| if waits { None } else { open("immutable=1") })
    }

    fn connect(&self) -> Result<Connection, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connect = || {
            let connection = Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(self.patience)?;
            // See `shorten_log`: not by every process that ends, for that would sync thrice.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            connection.pragma_update(None, "synchronous", "full")?;
            Ok(connection)
        };
        connect().map_err(|error| self.broken(&error))
    }

    fn known(&self, version: i64) -> Result<(), LedgerError> {
        let known = newest_version();
        if version <= known {
            return Ok(());
        }
        Err(LedgerError::Newer { place: self.path.display().to_string(), found: version, known })
    }

    fn broken(&self, error: &rusqlite::Error) -> LedgerError {
        self.unusable(error.to_string())
    }

    fn unusable(&self, reason: String) -> LedgerError {
        LedgerError::Database { path: self.path.display().to_string(), reason }
    }
}

fn newest_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Takes the steps that are missing; the version that the database has then, which may be newer than is known here.
fn migrate(connection: &mut Connection) -> rusqlite::Result<i64> {
    let found = version(connection)?;
    if found >= newest_version() {
        return Ok(found);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been here while this one waited for the lock.
    let found = version(&transaction)?;
    for script in MIGRATIONS.get(usize::try_from(found).unwrap_or_default()..).unwrap_or_default() {
        transaction.execute_batch(script)?;
    }
    let reached = found.max(newest_version());
    transaction.pragma_update(None, "user_version", reached)?;
    transaction.commit()?;
    // A writer syncs once then, not thrice. SQLite does not wait for the lock that this takes: where another process is in
    // the way, the ledger works as well without.
    let _ = connection.pragma_update(None, "journal_mode", "wal");
    Ok(reached)
}

fn append(connection: &mut Connection, record: &Record) -> rusqlite::Result<Link> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let last = last(&transaction)?;
    let link = Link::after(last.as_ref().map(|(number, hash)| (*number, hash.as_str())), record);
    let mut insert = transaction.prepare("INSERT INTO record (number, record, hash) VALUES (?1, ?2, ?3)")?;
    insert.execute(params![link.number, link.text, link.hash])?;
    drop(insert);
    transaction.execute(
        "INSERT INTO last (one, number, hash) VALUES (1, ?1, ?2)
         ON CONFLICT (one) DO UPDATE SET number = ?1, hash = ?2",
        params![link.number, link.hash],
    )?;
    transaction.commit()?;
    Ok(link)
}

/// What was noted as the last record.
fn last(connection: &Connection) -> rusqlite::Result<Option<(u64, String)>> {
    connection.query_row("SELECT number, hash FROM last", [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn links(connection: &Connection, condition: &str, values: &[&str]) -> rusqlite::Result<Vec<Link>> {
    let mut statement = connection
        .prepare(&format!("SELECT number, record, hash FROM record {condition} ORDER BY number"))?;
    statement.query_map(rusqlite::params_from_iter(values), link)?.collect()
}

fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { number: row.get(0)?, text: row.get(1)?, hash: row.get(2)? })
}

/// One transaction, so that nobody writes between the two looks.
fn look_along(connection: &mut Connection) -> rusqlite::Result<Verified> {
    let transaction = connection.transaction()?;
    let last = last(&transaction)?;
    let links = links(&transaction, "", &[])?;
    let mut verified = chain::verify(&links, last.as_ref().map(|(number, hash)| (*number, hash.as_str())));
    let damage: String = transaction.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if damage != "ok" {
        verified.faults.push(Fault::Damaged(damage));
    }
    Ok(verified)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that nobody may write to cannot be had by root, who runs tests in containers.
    #[test]
    fn a_ledger_is_read_where_nothing_may_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Sqlite::within(folder.path());
        assert!(ledger.open_unchanging().is_none());
        drop(ledger.open_for_writing().unwrap());
        let (connection, version) = ledger.open_unchanging().unwrap();
        assert_eq!(version, newest_version());
        assert!(connection.execute("DELETE FROM last", []).is_err());
    }
}
