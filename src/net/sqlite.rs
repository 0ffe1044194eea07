//! SQLite databases that only their owner can read, and their schema versions.

use std::io;
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::platform::{create_private_directory, private_file_options};

/// The scripts that make a database's tables. A released script never changes.
pub(crate) struct Schema {
    /// The version that the first script makes. Versions before it are not supported.
    pub(crate) first_version: i64,
    /// Each script brings an empty database, or one of the version before it, to the next version.
    pub(crate) scripts: &'static [&'static str],
}

/// Why a database cannot be used.
#[derive(Debug)]
pub(crate) enum SchemaError {
    /// SQLite reported an error.
    Sqlite(rusqlite::Error),
    /// A version of this tool wrote it that is no longer supported.
    Older(i64),
    /// A newer version of this tool wrote it.
    Newer {
        /// The version of the database.
        found: i64,
        /// The newest version that is supported.
        supported: i64,
    },
}

impl From<rusqlite::Error> for SchemaError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Schema {
    fn newest_version(&self) -> i64 {
        self.first_version - 1 + i64::try_from(self.scripts.len()).unwrap_or_default()
    }

    /// Returns the version of a database; 0 if it is empty. An unsupported version is an error.
    pub(crate) fn version(&self, connection: &Connection) -> Result<i64, SchemaError> {
        let found = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let supported = self.newest_version();
        match found {
            0 => Ok(found),
            found if found < self.first_version => Err(SchemaError::Older(found)),
            found if found > supported => Err(SchemaError::Newer { found, supported }),
            found => Ok(found),
        }
    }

    /// Runs the scripts that a database lacks, and `initialize` if it was empty, in one transaction. Writes nothing if the
    /// database has the newest version.
    pub(crate) fn migrate<E: From<SchemaError>>(
        &self,
        connection: &mut Connection,
        initialize: impl FnOnce(&Transaction<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |error| E::from(SchemaError::Sqlite(error));
        let newest = self.newest_version();
        if self.version(connection)? == newest {
            return Ok(());
        }
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
        // Another process may have migrated it while this one waited for the lock.
        let found = self.version(&transaction)?;
        let done = if found == 0 { 0 } else { found - self.first_version + 1 };
        for script in self.scripts.iter().skip(usize::try_from(done).unwrap_or_default()) {
            transaction.execute_batch(script).map_err(sqlite)?;
        }
        if found == 0 {
            initialize(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", newest).map_err(sqlite)?;
        transaction.commit().map_err(sqlite)?;
        // In WAL mode, readers do not wait for a writer, and a writer syncs once. SQLite does not wait for the lock that
        // this needs. If another process holds it, the database works without WAL mode too.
        let _ = connection.pragma_update(None, "journal_mode", "wal");
        Ok(())
    }
}

/// Creates a directory and an empty file in it, both for their owner alone. Leaves existing ones as they are.
pub(crate) fn create_private(directory: &Path, file: &Path) -> io::Result<()> {
    create_private_directory(directory)?;
    // SQLite would create the file with the umask of the process. An existing file is not opened here, because closing it
    // would release the locks of other connections of this process.
    match private_file_options().write(true).create_new(true).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
