//! Records a request for a token in the ledger: before it is sent, and again when the answer arrives.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::timeout as at_most;

use super::if_unused::{IfUnused, replaced};
use crate::cli::env::{host, now, stderr_is_a_terminal, user};
use crate::cli::output::{eprint_line, note};
use crate::net::consul::{Client, RequestError};
use crate::net::gather::regenerate::{TIMEOUT, observe_peering};
use crate::net::ledger::{Filter, Ledger, NumberedRecord, Origin, Record, RecordMeta};
use crate::token::{Secret, decode};

/// How long finishing a record in Consul's KV may take.
const KV_TIMEOUT: Duration = Duration::from_secs(10);

/// The record of one request.
pub struct Recording<'a> {
    ledger: Result<Ledger<'a>, String>,
    meta: RecordMeta,
    /// The number of the record that was added before the request; `None` if there is none.
    number: Option<u64>,
}

impl<'a> Recording<'a> {
    /// Adds the record of a request that is about to be sent. If this process is killed before the answer arrives, the ledger
    /// shows that an earlier token may no longer work. An error is reported when the record is finished.
    pub async fn start(
        ledger: Result<Ledger<'a>, String>,
        name: &str,
        partition: String,
        state_before: Option<String>,
    ) -> Self {
        let meta = RecordMeta {
            recorded_at: now(),
            name: name.to_owned(),
            partition,
            user: user(),
            host: host(),
            origin: Origin::Unanswered,
            state_before,
        };
        let mut recording = Self { ledger, meta, number: None };
        let RecordMeta { name, partition, .. } = &recording.meta;
        if !is_plain_name(name) || !(partition.is_empty() || is_plain_name(partition)) {
            return recording;
        }
        recording.number = recording.add().await.map(|added| added.number);
        recording
    }

    async fn add(&self) -> Option<NumberedRecord> {
        let meta = self.meta.clone();
        match self.ledger.as_ref().ok()? {
            Ledger::Off => None,
            // A SQLite call cannot be cancelled, so it gets a timeout of its own.
            Ledger::Sqlite(ledger) => {
                let ledger = Ledger::Sqlite(ledger.clone().with_timeout(TIMEOUT));
                let same_name = Filter::NameInPartition(&meta.name, &meta.partition);
                let records = ledger.records(same_name).await.ok()?;
                ledger.add(&Record::without_token(None, only_peering(&records), meta)).await.ok()?
            }
            // All of its records are about this acceptor, so the name is enough.
            ledger @ Ledger::ConsulKv(_) => {
                let record = Record::without_token(None, None, meta);
                at_most(TIMEOUT, ledger.add(&record)).await.ok()?.ok()?
            }
        }
    }

    /// Records the generated token, which was delivered already: an error here cannot lose it. The error is the end of a
    /// sentence.
    pub async fn generated(self, token: &Secret, if_unused: IfUnused) -> Result<(), String> {
        if self.is_off()? {
            return Ok(());
        }
        let decoded = decode(token.expose().as_bytes())
            .map_err(|error| not_recorded(format!("cannot decode it: {error}")))?;
        let record = Record::of(&decoded.token, token.expose(), self.meta(Origin::Generated));
        if if_unused == IfUnused::Replace && stderr_is_a_terminal() {
            self.note_replaced(&record.peer_id).await;
        }
        self.finish(&record).await
    }

    /// Records that the generated token was discarded, so that an earlier one no longer works.
    pub async fn discarded(self, token: &Secret) -> Result<(), String> {
        if self.is_off()? {
            return Ok(());
        }
        let decoded = decode(token.expose().as_bytes())
            .map_err(|error| not_recorded(format!("cannot decode it: {error}")))?;
        self.finish(&Record::of_discarded(&decoded.token, self.meta(Origin::Revoked))).await
    }

    /// Records a request that failed, and prints a warning if that is not possible although Consul may have stored a new secret.
    pub async fn failed(self, error: &RequestError, client: &Client) -> Origin {
        let origin = Origin::of_failed_request(error);
        if let Err(reason) = self.without_token(origin, client).await
            && origin != Origin::Refused
        {
            eprint_line(&format!("Warning: the failed request {reason}"));
        }
        origin
    }

    /// Records that the request returned no token; `origin` is [`Origin::Failed`], `Unanswered` or `Refused`.
    pub async fn without_token(self, origin: Origin, client: &Client) -> Result<(), String> {
        if self.is_off()? || (origin == Origin::Refused && self.number.is_none()) {
            return Ok(());
        }
        let (name, partition) = (&self.meta.name, &self.meta.partition);
        let peering = match origin {
            Origin::Refused => None,
            _ => observe_peering(client, name, TIMEOUT).await.into_value().flatten(),
        };
        let peer_id = peering.map(|peering| peering.id);
        let filter = match &peer_id {
            Some(peer_id) => Filter::PeerId(peer_id),
            None => Filter::NameInPartition(name, partition),
        };
        let records = self.records(filter).await?;
        self.finish(&Record::without_token(peer_id.clone(), only_peering(&records), self.meta(origin))).await
    }

    fn is_off(&self) -> Result<bool, String> {
        self.ledger.as_ref().map(|ledger| matches!(ledger, Ledger::Off)).map_err(not_recorded)
    }

    fn meta(&self, origin: Origin) -> RecordMeta {
        RecordMeta { recorded_at: now(), origin, ..self.meta.clone() }
    }

    async fn records(&self, filter: Filter<'_>) -> Result<Vec<NumberedRecord>, String> {
        let ledger = self.ledger.as_ref().map_err(not_recorded)?;
        let records = at_most(KV_TIMEOUT, ledger.records(filter)).await.map_err(|_| not_confirmed())?;
        records.map_err(not_recorded)
    }

    /// Prints which token the new one replaced, on a terminal. Reading a ledger in the KV takes too long for that.
    async fn note_replaced(&self, peer_id: &str) {
        if !matches!(self.ledger, Ok(Ledger::Sqlite(_))) {
            return;
        }
        // An error is reported below, when the record is finished.
        let records = self.records(Filter::PeerId(peer_id)).await.unwrap_or_default();
        if let Some(newest) = records.iter().rfind(|it| !it.record.origin.has_no_token()) {
            note(&replaced(newest));
        }
    }

    async fn finish(&self, record: &Record) -> Result<(), String> {
        let ledger = self.ledger.as_ref().map_err(not_recorded)?;
        let written = async {
            match self.number {
                Some(number) => ledger.finish(&NumberedRecord { number, record: record.clone() }).await,
                None => ledger.add(record).await.map(drop),
            }
        };
        match at_most(KV_TIMEOUT, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.may_be_recorded() => Err(format!("may not be in the ledger: {error}")),
            Ok(Err(error)) => Err(not_recorded(error)),
            Err(_) => Err(not_confirmed()),
        }
    }
}

/// Returns the newest record of a token, if all tokens belong to one peering.
fn only_peering(records: &[NumberedRecord]) -> Option<&Record> {
    let mut tokens = records.iter().map(|it| &it.record).filter(|record| !record.origin.has_no_token());
    let newest = tokens.next_back()?;
    tokens.all(|record| record.peer_id == newest.peer_id).then_some(newest)
}

/// Whether Consul may accept a name. A token or an ACL token in the place of a name is not recorded before Consul accepts it.
fn is_plain_name(name: &str) -> bool {
    let is_uuid = name.len() == 36 && name.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=63).contains(&name.len()) && !is_uuid && name.bytes().all(is_valid)
}

fn not_recorded(reason: impl Display) -> String {
    format!("is not in the ledger: {reason}")
}

fn not_confirmed() -> String {
    format!(
        "may not be in the ledger: Consul did not confirm within {} s that it stored the record",
        KV_TIMEOUT.as_secs()
    )
}
