//! The ledger's records as `history` shows them: each with its status among the others.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{NumberedRecord, Origin, Record};

/// The version of the JSON form of [`History`].
pub const SCHEMA_VERSION: u32 = 1;

/// The output of `history -format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Oldest first.
    pub records: Vec<HistoryRecord>,
}

/// One record, and its status among the others.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HistoryRecord {
    /// Its number in the ledger.
    pub number: u64,
    /// When it was generated, or imported.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub recorded_at: Timestamp,
    /// The local name.
    pub name: String,
    /// The acceptor's admin partition; empty in the community edition.
    pub partition: String,
    /// The acceptor's datacenter.
    pub datacenter: Option<String>,
    /// The acceptor's trust domain.
    pub trust_domain: Option<String>,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// The addresses in the order in which a dialer tries them.
    pub addresses: Vec<String>,
    /// SHA-256 of each CA certificate.
    pub ca_sha256: Vec<String>,
    /// SHA-256 of the establishment secret.
    pub secret_sha256: Option<String>,
    /// SHA-256 of the token, as `inspect` shows it.
    pub token_sha256: String,
    /// The user who recorded it.
    pub user: String,
    /// The host on which it was recorded.
    pub host: String,
    /// How the ledger got the token.
    pub origin: Origin,
    /// Its status among the records of the ledger.
    pub status: Status,
    /// The number of the record that superseded or orphaned it.
    pub replaced_by: Option<u64>,
}

/// What the other records show about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The ledger has no newer one. It may have been used, and newer tokens may have been generated elsewhere.
    Newest,
    /// `replaced_by` was generated later for the same peering: this token can no longer be used.
    Superseded,
    /// `replaced_by` has the same name of the same acceptor and another peer ID: the peering of this token was deleted.
    Orphaned,
    /// The ledger has another token of the peering, and one of them was imported: it is unknown which one is newer. Or the
    /// answer to the later request `replaced_by` was lost, which may have superseded it.
    Undetermined,
    /// The request returned no token.
    NoToken,
}

impl History {
    /// Makes the history of records, which are oldest first and complete for their names.
    pub fn of(records: Vec<NumberedRecord>) -> Self {
        let statuses = statuses(&records);
        let records = records.into_iter().zip(statuses).map(|(numbered, (status, replaced_by))| {
            let NumberedRecord { number, record } = numbered;
            HistoryRecord {
                number,
                recorded_at: record.recorded_at,
                name: record.name,
                partition: record.partition,
                datacenter: record.datacenter,
                trust_domain: record.trust_domain,
                peer_id: record.peer_id,
                server_name: record.server_name,
                addresses: record.addresses,
                ca_sha256: record.roots.into_iter().map(|root| root.sha256).collect(),
                secret_sha256: record.secret_sha256,
                token_sha256: record.token_sha256,
                user: record.user,
                host: record.host,
                origin: record.origin,
                status,
                replaced_by,
            }
        });
        Self { version: SCHEMA_VERSION, records: records.collect() }
    }
}

/// Which records of a history to keep.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection {
    /// Those since this time.
    pub since: Option<Timestamp>,
    /// Those whose token may still be unused, as far as the ledger shows.
    pub unused: bool,
    /// At most this many: the newest.
    pub limit: Option<usize>,
}

impl History {
    /// Drops the other records. The status of a record remains the one among all records.
    pub fn select(&mut self, selection: Selection) {
        let is_recent =
            |record: &HistoryRecord| selection.since.is_none_or(|since| record.recorded_at >= since);
        let is_out = |record: &HistoryRecord| matches!(record.status, Status::Newest | Status::Undetermined);
        self.records.retain(|record| is_recent(record) && (!selection.unused || is_out(record)));
        if let Some(limit) = selection.limit {
            self.records.drain(..self.records.len().saturating_sub(limit));
        }
    }
}

/// A peer ID is never used again, so the newest record of each name and of each peering is enough to compare with.
fn statuses(records: &[NumberedRecord]) -> Vec<(Status, Option<u64>)> {
    let lost = |record: &&NumberedRecord| record.record.origin.has_no_token();
    let name = |record: &Record| (record.name.clone(), record.partition.clone(), record.server_name.clone());
    let by_name: HashMap<_, &NumberedRecord> =
        records.iter().filter(|it| !lost(it)).map(|it| (name(&it.record), it)).collect();
    let by_peering: HashMap<&str, u64> =
        records.iter().filter(|it| !lost(it)).map(|it| (it.record.peer_id.as_str(), it.number)).collect();
    let unordered = unordered_peerings(records);
    let later_request = |number: u64, record: &Record| {
        records.iter().filter(lost).rfind(|it| it.number > number && it.record.may_replace(record))
    };
    let status = |NumberedRecord { number, record }: &NumberedRecord| {
        if record.origin.has_no_token() {
            return (Status::NoToken, None);
        }
        if let Some(newest) = by_name.get(&name(record))
            && newest.record.peer_id != record.peer_id
        {
            return (Status::Orphaned, Some(newest.number));
        }
        if unordered.contains(record.peer_id.as_str()) {
            return (Status::Undetermined, None);
        }
        match by_peering.get(record.peer_id.as_str()) {
            Some(newest) if newest > number => (Status::Superseded, Some(*newest)),
            _ => match later_request(*number, record) {
                Some(later) if matches!(later.record.origin, Origin::Failed | Origin::Revoked) => {
                    (Status::Superseded, Some(later.number))
                }
                Some(later) => (Status::Undetermined, Some(later.number)),
                None => (Status::Newest, None),
            },
        }
    };
    records.iter().map(status).collect()
}

/// Returns the peerings with several tokens of which one was imported: it is unknown when that one was generated.
fn unordered_peerings(records: &[NumberedRecord]) -> HashSet<&str> {
    let mut first = HashMap::new();
    let (mut several, mut imported) = (HashSet::new(), HashSet::new());
    for NumberedRecord { record, .. } in records.iter().filter(|it| !it.record.origin.has_no_token()) {
        let peer_id = record.peer_id.as_str();
        if *first.entry(peer_id).or_insert(&record.secret_sha256) != &record.secret_sha256 {
            several.insert(peer_id);
        }
        if record.origin == Origin::Imported {
            imported.insert(peer_id);
        }
    }
    several.retain(|peer_id| imported.contains(peer_id));
    several
}
