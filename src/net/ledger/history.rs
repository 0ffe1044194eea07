//! What the ledger knows, as `history` tells it: each record, and whether a newer one took its place.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{Entry, Origin, Record};

/// The version of the JSON form of [`History`].
pub const SCHEMA_VERSION: u32 = 1;

/// What `history -format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Oldest first.
    pub records: Vec<Remembered>,
}

/// One record, and where it stands among the others.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Remembered {
    /// Its place in the ledger.
    pub number: u64,
    /// When it was generated, or imported.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub time: Timestamp,
    /// The local name.
    pub name: String,
    /// The acceptor's admin partition; empty where there are none.
    pub partition: String,
    /// The acceptor's datacenter.
    pub datacenter: Option<String>,
    /// The acceptor's trust domain.
    pub trust_domain: Option<String>,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The TLS name of the acceptor's servers.
    pub server_name: String,
    /// The addresses that a dialer tries, in its order.
    pub addresses: Vec<String>,
    /// SHA-256 of each CA certificate.
    pub ca_sha256: Vec<String>,
    /// SHA-256 of the establishment secret.
    pub secret_sha256: Option<String>,
    /// SHA-256 of the token, as `inspect` shows it.
    pub token_sha256: String,
    /// Who recorded it.
    pub user: String,
    /// Where.
    pub host: String,
    /// How it is known.
    pub source: Origin,
    /// Whether a newer one took its place.
    pub standing: Standing,
}

/// What the later records of a ledger say of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "verdict", content = "by")]
pub enum Standing {
    /// No newer one is known. It may have been used, and newer ones may have been generated elsewhere.
    Newest,
    /// The record of this number was generated later for the same peering: this token cannot establish any more.
    Superseded(u64),
    /// Another token of the peering is in the ledger, and one of them was imported: which is newer cannot be told.
    NotKnown,
    /// The record of this number has the same name of the same acceptor under another peer ID: the peering of this token
    /// was deleted.
    Orphaned(u64),
}

impl History {
    /// The history that records form, which come oldest first and complete for their names.
    pub fn of(entries: Vec<Entry>) -> Self {
        let standings = standings(&entries);
        let records = entries.into_iter().zip(standings).map(|(entry, standing)| {
            let Entry { number, record, .. } = entry;
            Remembered {
                number,
                time: record.time,
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
                source: record.source,
                standing,
            }
        });
        Self { version: SCHEMA_VERSION, records: records.collect() }
    }
}

/// A peer ID never comes back, so the newest record of a name and the newest of a peering say all.
fn standings(entries: &[Entry]) -> Vec<Standing> {
    let name = |record: &Record| (record.name.clone(), record.partition.clone(), record.server_name.clone());
    let by_name: HashMap<_, &Entry> = entries.iter().map(|entry| (name(&entry.record), entry)).collect();
    let by_peering: HashMap<&str, u64> =
        entries.iter().map(|entry| (entry.record.peer_id.as_str(), entry.number)).collect();
    let unclear = unclear(entries);
    let standing = |Entry { number, record, .. }: &Entry| {
        if let Some(newest) = by_name.get(&name(record))
            && newest.record.peer_id != record.peer_id
        {
            return Standing::Orphaned(newest.number);
        }
        if unclear.contains(record.peer_id.as_str()) {
            return Standing::NotKnown;
        }
        match by_peering.get(record.peer_id.as_str()) {
            Some(newest) if newest > number => Standing::Superseded(*newest),
            _ => Standing::Newest,
        }
    };
    entries.iter().map(standing).collect()
}

/// The peerings with tokens that differ, one of them imported: that one does not say when it was generated.
fn unclear(entries: &[Entry]) -> HashSet<&str> {
    let mut first = HashMap::new();
    let (mut several, mut imported) = (HashSet::new(), HashSet::new());
    for Entry { record, .. } in entries {
        let peer_id = record.peer_id.as_str();
        if *first.entry(peer_id).or_insert(&record.secret_sha256) != &record.secret_sha256 {
            several.insert(peer_id);
        }
        if record.source == Origin::Imported {
            imported.insert(peer_id);
        }
    }
    several.retain(|peer_id| imported.contains(peer_id));
    several
}
