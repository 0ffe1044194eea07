//! The embedded acceptor's state in SQLite: one cluster, its root, its peerings.
//!
//! Several processes may use it at once: every change is one transaction that first takes the write lock, so that it does
//! not depend on data that another process is changing.

mod dialed;
mod kv;
mod secrets;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ca::Root;
use super::peering::Peering;
use super::{AcceptorError, Fault, Settings};
use crate::net::sqlite::{Schema, SchemaError, create_private};
use crate::token::Secret;
pub(super) use kv::KvEntry;
pub(super) use secrets::{Exchanged, Opened};

/// The database's file in the state directory.
const FILE: &str = "acceptor.sqlite3";

/// The timeout for locks of other processes.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

const SCHEMA: Schema = Schema { first_version: 1, scripts: &[FIRST, kv::MIGRATION, THIRD] };

const FIRST: &str = "
    CREATE TABLE cluster (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,
        next_index INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE root (
        certificate TEXT NOT NULL,
        key TEXT NOT NULL,
        created_index INTEGER NOT NULL,
        active INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE peering (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        meta TEXT NOT NULL,
        establishment_secret TEXT,
        active_stream_secret TEXT,
        pending_stream_secret TEXT,
        create_index INTEGER NOT NULL,
        modify_index INTEGER NOT NULL
    ) STRICT;
";

/// The columns of the dialing side (all but the last are NULL on the accepting side).
const THIRD: &str = "
    ALTER TABLE peering ADD COLUMN peer_id TEXT;
    ALTER TABLE peering ADD COLUMN peer_cas TEXT;
    ALTER TABLE peering ADD COLUMN peer_server_name TEXT;
    ALTER TABLE peering ADD COLUMN peer_server_addresses TEXT;
    ALTER TABLE peering ADD COLUMN remote_datacenter TEXT NOT NULL DEFAULT '';
";

/// The open database.
pub(super) struct Store {
    connection: Connection,
    cluster: Cluster,
}

/// The cluster, which never changes.
#[derive(Debug, Clone)]
pub(super) struct Cluster {
    /// `<cluster-uuid>.consul`
    pub(super) trust_domain: String,
    /// The active root.
    pub(super) root: StoredRoot,
    /// The root before a rotation, which remains in the list of roots: only for [`Fault::RotatedCa`].
    pub(super) inactive: Option<StoredRoot>,
}

/// A root of the cluster's CA.
#[derive(Debug, Clone)]
pub(super) struct StoredRoot {
    /// The certificate, PEM.
    pub(super) certificate: String,
    /// The index at which it was created.
    pub(super) index: u64,
}

impl Store {
    pub(super) fn open(directory: &Path, settings: &Settings) -> Result<Self, AcceptorError> {
        let path = directory.join(FILE);
        let failed = |reason: String| AcceptorError::State { path: path.display().to_string(), reason };
        create_private(directory, &path).map_err(|error| failed(error.to_string()))?;
        Self::over(Connection::open(&path), &path, settings)
    }

    /// Creates the state of a new cluster, which ends with this process.
    pub(super) fn in_memory(settings: &Settings) -> Result<Self, AcceptorError> {
        Self::over(Connection::open_in_memory(), Path::new("memory"), settings)
    }

    fn over(
        connection: rusqlite::Result<Connection>,
        path: &Path,
        settings: &Settings,
    ) -> Result<Self, AcceptorError> {
        let failed = |reason: String| AcceptorError::State { path: path.display().to_string(), reason };
        let mut connection = connection.map_err(|error| failed(error.to_string()))?;
        let cluster = prepare(&mut connection, settings).map_err(|error| match error {
            PrepareError::Schema(SchemaError::Sqlite(error)) => failed(error.to_string()),
            PrepareError::Schema(SchemaError::Older(found)) => {
                failed(format!("version {found} is not supported"))
            }
            PrepareError::Schema(SchemaError::Newer { found, supported }) => {
                AcceptorError::Newer { path: path.display().to_string(), found, supported }
            }
            PrepareError::Acceptor(error) => error,
        })?;
        Ok(Self { connection, cluster })
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Returns the key of the active root, PEM.
    pub(super) fn root_key(&self) -> rusqlite::Result<Zeroizing<String>> {
        self.connection
            .query_row(
                "SELECT key FROM root WHERE certificate = ?1",
                [&self.cluster.root.certificate],
                |row| row.get(0),
            )
            .map(Zeroizing::new)
    }

    /// Creates the peering of a name or keeps an existing one, and replaces its establishment secret.
    ///
    /// If the other side deleted the peering, returns a secret that is not stored, as in Consul. Returns `None` if this
    /// side dialed the peering of this name.
    pub(super) fn generate(
        &mut self,
        name: &str,
        meta: &BTreeMap<String, String>,
        settings: &Settings,
    ) -> rusqlite::Result<Option<Peering>> {
        let (id, secret) = (random_uuid(settings), Secret::from(random_uuid(settings)));
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(existing) = find(&transaction, name)? {
            if existing.dialed.is_some() {
                return Ok(None);
            }
            if existing.state == "TERMINATED" {
                return Ok(Some(Peering { establishment_secret: Some(secret), ..existing }));
            }
        }
        let index = next_index(&transaction)?;
        transaction.execute(
            "INSERT INTO peering (id, name, state, meta, establishment_secret, create_index, modify_index)
             VALUES (?1, ?2, 'PENDING', ?3, ?4, ?5, ?5)
             ON CONFLICT (name) DO UPDATE SET establishment_secret = ?4, modify_index = ?5",
            params![id, name, serde_json::json!(meta).to_string(), secret.expose(), index],
        )?;
        let peering = find(&transaction, name)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        transaction.commit()?;
        Ok(Some(peering))
    }

    pub(super) fn find(&self, name: &str) -> rusqlite::Result<Option<Peering>> {
        find(&self.connection, name)
    }

    pub(super) fn list(&self) -> rusqlite::Result<Vec<Peering>> {
        let mut statement = self.connection.prepare("SELECT * FROM peering ORDER BY name")?;
        statement.query_map([], peering)?.collect()
    }

    /// Deletes the peering of a name, if there is one. Its tokens become invalid.
    pub(super) fn delete(&mut self, name: &str) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if transaction.execute("DELETE FROM peering WHERE name = ?1", [name])? > 0 {
            next_index(&transaction)?;
        }
        transaction.commit()
    }

    /// Returns the index of the last change.
    pub(super) fn index(&self) -> rusqlite::Result<u64> {
        self.connection.query_row("SELECT next_index - 1 FROM cluster", [], |row| row.get(0))
    }
}

enum PrepareError {
    Schema(SchemaError),
    Acceptor(AcceptorError),
}

impl From<SchemaError> for PrepareError {
    fn from(error: SchemaError) -> Self {
        Self::Schema(error)
    }
}

impl From<rusqlite::Error> for PrepareError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Schema(error.into())
    }
}

/// Migrates a database to the current version and creates the cluster of a new one. Writes nothing if there is nothing
/// to do.
fn prepare(connection: &mut Connection, settings: &Settings) -> Result<Cluster, PrepareError> {
    connection.busy_timeout(LOCK_TIMEOUT)?;
    SCHEMA.migrate(connection, |transaction| create_cluster(transaction, settings))?;
    let cluster = connection.query_row(
        "SELECT id, certificate, created_index FROM cluster, root WHERE active",
        [],
        |row| {
            let id: String = row.get(0)?;
            let root = StoredRoot { certificate: row.get(1)?, index: row.get(2)? };
            Ok(Cluster { trust_domain: format!("{id}.consul"), root, inactive: None })
        },
    )?;
    if settings.fault != Some(Fault::RotatedCa) {
        return Ok(cluster);
    }
    let root = rotated_root(connection, &cluster.trust_domain, settings)?;
    Ok(Cluster { root, inactive: Some(cluster.root), ..cluster })
}

/// Returns the root after a rotation, which only [`Fault::RotatedCa`] uses: the stored one, or a new one.
fn rotated_root(
    connection: &mut Connection,
    trust_domain: &str,
    settings: &Settings,
) -> Result<StoredRoot, PrepareError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = transaction
        .query_row("SELECT certificate, created_index FROM root WHERE NOT active", [], |row| {
            Ok(StoredRoot { certificate: row.get(0)?, index: row.get(1)? })
        })
        .optional()?;
    if let Some(stored) = stored {
        return Ok(stored);
    }
    let root = Root::generate(trust_domain, "rotated", settings).map_err(PrepareError::Acceptor)?;
    let index = next_index(&transaction)?;
    transaction.execute(
        "INSERT INTO root (certificate, key, created_index, active) VALUES (?1, ?2, ?3, 0)",
        params![root.certificate, root.key.as_str(), index],
    )?;
    transaction.commit()?;
    Ok(StoredRoot { certificate: root.certificate, index })
}

fn create_cluster(transaction: &Transaction<'_>, settings: &Settings) -> Result<(), PrepareError> {
    let id = random_uuid(settings);
    let root =
        Root::generate(&format!("{id}.consul"), "embedded", settings).map_err(PrepareError::Acceptor)?;
    transaction.execute("INSERT INTO cluster (one, id, next_index) VALUES (1, ?1, 2)", [&id])?;
    transaction.execute(
        "INSERT INTO root (certificate, key, created_index, active) VALUES (?1, ?2, 1, 1)",
        params![root.certificate, root.key.as_str()],
    )?;
    Ok(())
}

fn next_index(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    transaction.query_row(
        "UPDATE cluster SET next_index = next_index + 1 RETURNING next_index - 1",
        [],
        |row| row.get(0),
    )
}

fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<Peering>> {
    connection.query_row("SELECT * FROM peering WHERE name = ?1", [name], peering).optional()
}

fn peering(row: &Row<'_>) -> rusqlite::Result<Peering> {
    let meta: String = row.get("meta")?;
    let secret: Option<String> = row.get("establishment_secret")?;
    Ok(Peering {
        id: row.get("id")?,
        name: row.get("name")?,
        state: row.get("state")?,
        meta: serde_json::from_str(&meta).unwrap_or_default(),
        establishment_secret: secret.map(Secret::from),
        active_stream_secret: row.get::<_, Option<String>>("active_stream_secret")?.map(Secret::from),
        pending_stream_secret: row.get::<_, Option<String>>("pending_stream_secret")?.map(Secret::from),
        dialed: dialed::of(row)?,
        remote_datacenter: row.get("remote_datacenter")?,
        create_index: row.get("create_index")?,
        modify_index: row.get("modify_index")?,
    })
}

/// Returns 16 random bytes in the format of a UUID, without its version bits, like Consul.
fn random_uuid(settings: &Settings) -> String {
    let mut bytes = [0; 16];
    settings.random.fill(&mut bytes).expect("the system provides random bytes");
    Uuid::from_bytes(bytes).hyphenated().to_string()
}
