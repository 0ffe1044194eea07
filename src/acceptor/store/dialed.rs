//! Peerings that this side dialed or is about to dial.

use rusqlite::{Row, TransactionBehavior, params};

use super::{Store, find, next_index, peering, random_uuid};
use crate::acceptor::Settings;
use crate::acceptor::peering::{Dialed, Peering};
use crate::token::{Secret, Token};

impl Store {
    /// Stores the contents of a token under a name before it is dialed, and returns this side's ID of the peering. Returns
    /// `None` if this side is the acceptor of the peering of this name.
    pub(in crate::acceptor) fn prepare_dialing(
        &mut self,
        name: &str,
        meta: &str,
        token: &Token,
        settings: &Settings,
    ) -> rusqlite::Result<Option<String>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let existing = find(&transaction, name)?;
        let id = match existing {
            Some(Peering { dialed: None, .. }) => return Ok(None),
            // A terminated peering, or one with another ID on the other side, gets a new ID.
            Some(Peering { id, dialed: Some(dialed), state, .. })
                if dialed.peer_id == token.peer_id && state != "TERMINATED" =>
            {
                id
            }
            Some(_) | None => random_uuid(settings),
        };
        let index = next_index(&transaction)?;
        transaction.execute(
            "INSERT INTO peering (id, name, state, meta, peer_id, peer_cas, peer_server_name,
                                  peer_server_addresses, remote_datacenter, create_index, modify_index)
             VALUES (?1, ?2, 'PENDING', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
             ON CONFLICT (name) DO UPDATE SET
                 state = iif(id = ?1, state, 'PENDING'),
                 active_stream_secret = iif(id = ?1, active_stream_secret, NULL),
                 id = ?1, peer_id = ?4, peer_cas = ?5, peer_server_name = ?6, peer_server_addresses = ?7,
                 remote_datacenter = ?8, modify_index = ?9",
            params![
                id,
                name,
                meta,
                token.peer_id,
                serde_json::json!(token.ca.as_deref().unwrap_or_default()).to_string(),
                token.server_name,
                serde_json::json!(token.dialed_addresses()).to_string(),
                token.remote.as_ref().map(|remote| remote.datacenter.as_str()).unwrap_or_default(),
                index,
            ],
        )?;
        transaction.commit()?;
        Ok(Some(id))
    }

    /// Stores the stream secret that a token's secret was exchanged for.
    pub(in crate::acceptor) fn keep_stream_secret(
        &mut self,
        id: &str,
        secret: &Secret,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        next_index(&transaction)?;
        transaction.execute(
            "UPDATE peering SET active_stream_secret = ?2, state = iif(state = 'PENDING', 'ESTABLISHING', state)
             WHERE id = ?1",
            params![id, secret.expose()],
        )?;
        transaction.commit()
    }

    /// Returns the peerings that this side should have a stream for, by ID.
    pub(in crate::acceptor) fn to_dial(&self) -> rusqlite::Result<Vec<(String, Dialed)>> {
        let mut statement = self.connection.prepare(
            "SELECT * FROM peering
             WHERE peer_id IS NOT NULL AND active_stream_secret IS NOT NULL AND state <> 'TERMINATED'",
        )?;
        let peerings = statement.query_map([], peering)?;
        peerings
            .filter_map(|row| row.map(|row| row.dialed.map(|dialed| (row.id, dialed))).transpose())
            .collect()
    }
}

/// Returns the columns of the dialing side.
pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Option<Dialed>> {
    let Some(peer_id) = row.get::<_, Option<String>>("peer_id")? else { return Ok(None) };
    let list = |column: &str| {
        let json: Option<String> = row.get(column)?;
        Ok::<Vec<String>, rusqlite::Error>(
            json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
        )
    };
    let secret: Option<String> = row.get("active_stream_secret")?;
    Ok(Some(Dialed {
        peer_id,
        cas: list("peer_cas")?,
        server_name: row.get::<_, Option<String>>("peer_server_name")?.unwrap_or_default(),
        addresses: list("peer_server_addresses")?,
        stream_secret: secret.map(Secret::from),
    }))
}
