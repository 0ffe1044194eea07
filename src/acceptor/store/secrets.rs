//! Exchanges and checks a peering's secrets like Consul.

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use super::{Store, next_index, random_uuid};
use crate::acceptor::Settings;
use crate::token::Secret;

/// The result of exchanging an establishment secret.
#[derive(Debug)]
pub(in crate::acceptor) enum Exchanged {
    /// The secret was the unused one and is now used up. This secret opens the stream.
    StreamSecret(Secret),
    /// The secret is not the unused one, or the peering does not exist.
    Invalid,
    /// The secret is empty, and the peering has no unused one.
    AlreadyEstablished,
}

/// The result of opening a stream.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::acceptor) enum Opened {
    /// The secret is valid.
    Accepted,
    /// The peering does not exist.
    Unknown,
    /// The other side deleted the peering.
    Deleted,
    /// The secret is invalid.
    WrongSecret,
}

impl Store {
    /// Exchanges an establishment secret for a stream secret.
    pub(in crate::acceptor) fn exchange(
        &mut self,
        peer_id: &str,
        given: &Secret,
        settings: &Settings,
    ) -> rusqlite::Result<Exchanged> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let unused: Option<Option<String>> = transaction
            .query_row(
                "SELECT establishment_secret FROM peering WHERE id = ?1 AND peer_id IS NULL",
                [peer_id],
                |row| row.get(0),
            )
            .optional()?;
        let Some(unused) = unused else { return Ok(Exchanged::Invalid) };
        let unused = unused.map(Secret::from).unwrap_or_default();
        if unused != *given {
            return Ok(Exchanged::Invalid);
        }
        if given.is_empty() {
            return Ok(Exchanged::AlreadyEstablished);
        }
        let stream_secret = random_uuid(settings);
        next_index(&transaction)?;
        transaction.execute(
            "UPDATE peering SET establishment_secret = NULL, pending_stream_secret = ?2 WHERE id = ?1",
            [peer_id, &stream_secret],
        )?;
        transaction.commit()?;
        Ok(Exchanged::StreamSecret(stream_secret.into()))
    }

    /// Opens a stream for a dialer in a datacenter. A pending secret becomes the active one.
    pub(in crate::acceptor) fn open_stream(
        &mut self,
        peer_id: &str,
        given: &Secret,
        datacenter: &str,
    ) -> rusqlite::Result<Opened> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = transaction
            .query_row(
                "SELECT state, active_stream_secret, pending_stream_secret FROM peering
                 WHERE id = ?1 AND peer_id IS NULL",
                [peer_id],
                |row| {
                    let secret =
                        |column| row.get::<_, Option<String>>(column).map(|secret| secret.map(Secret::from));
                    Ok((row.get::<_, String>(0)?, secret(1)?, secret(2)?))
                },
            )
            .optional()?;
        let Some((state, active, pending)) = found else { return Ok(Opened::Unknown) };
        if state == "TERMINATED" {
            return Ok(Opened::Deleted);
        }
        if pending.as_ref() == Some(given) {
            transaction.execute(
                "UPDATE peering SET active_stream_secret = pending_stream_secret, pending_stream_secret = NULL
                 WHERE id = ?1",
                [peer_id],
            )?;
        } else if active.as_ref() != Some(given) {
            return Ok(Opened::WrongSecret);
        }
        let index = next_index(&transaction)?;
        transaction.execute(
            "UPDATE peering SET state = 'ACTIVE', remote_datacenter = ?2, modify_index = ?3 WHERE id = ?1",
            params![peer_id, datacenter, index],
        )?;
        transaction.commit()?;
        Ok(Opened::Accepted)
    }

    /// Returns the state of a peering by its ID, or `None` if it was deleted.
    pub(in crate::acceptor) fn state(&self, id: &str) -> rusqlite::Result<Option<String>> {
        self.connection
            .query_row("SELECT state FROM peering WHERE id = ?1", [id], |row| row.get(0))
            .optional()
    }

    /// Sets the state of a peering, unless it is terminated.
    pub(in crate::acceptor) fn set_state(&mut self, id: &str, state: &str) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let index = next_index(&transaction)?;
        transaction.execute(
            "UPDATE peering SET state = ?2, modify_index = ?3
             WHERE id = ?1 AND state <> 'TERMINATED' AND state <> ?2",
            params![id, state, index],
        )?;
        transaction.commit()
    }
}
