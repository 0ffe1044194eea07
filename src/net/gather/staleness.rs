//! Queries the sources of evidence about a token's staleness.
//!
//! ```no_run
//! # async fn example(client: &consul_peering::net::consul::Client, token: consul_peering::token::Token) {
//! use consul_peering::net::gather::staleness::Sources;
//! use consul_peering::observed::Observed;
//! use consul_peering::staleness::assess;
//!
//! let mut sources = Sources::new(jiff::Timestamp::now);
//! sources.consul = Observed::Value(client);
//! let assessment = assess("argument", &token, &sources.query(&token).await);
//! # }
//! ```

use std::time::Duration;

use jiff::Timestamp;
use ring::rand::SystemRandom;

use crate::net::consul::{Client, Peering};
use crate::net::ledger::{Filter, Ledger, Origin, Record};
use crate::net::probe::{ConnectionBudget, ProbeTarget, Progress, trace_until_answered};
use crate::net::snapshot::Snapshot;
use crate::observed::Observed;
use crate::staleness::evidence::{
    ConsulView, Entry, Evidence, LEDGER_OFF, LedgerRecord, Lost, Named, PeeringState,
};
use crate::token::Token;

/// A reasonable timeout for each step of a probe.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// The sources to query, each with the reason if it is not to be queried. All tokens of one run can share them.
pub struct Sources<'a> {
    /// The local name that the tokens were generated for, if known.
    pub name: Option<&'a str>,
    /// The ledger's records, oldest first: see [`read_ledger`].
    pub ledger: Observed<Vec<LedgerRecord>>,
    /// The client for the HTTP API of a Consul, preferably the acceptor's.
    pub consul: Observed<&'a Client>,
    /// The timeout of each step of the two probes, such as [`PROBE_TIMEOUT`].
    pub probes: Observed<Duration>,
    /// A snapshot of the acceptor, read for the peer IDs of the tokens: see [`crate::net::snapshot`].
    pub snapshot: Observed<Snapshot>,
    /// Shared by the probes of all tokens.
    connections: ConnectionBudget,
    /// Receives the progress of the probes.
    pub progress: Progress,
    clock: fn() -> Timestamp,
}

impl Sources<'_> {
    /// Returns sources of which none is queried. `clock` returns the time.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        Self {
            name: None,
            ledger: Observed::default(),
            consul: Observed::default(),
            probes: Observed::default(),
            snapshot: Observed::default(),
            connections: ConnectionBudget::default(),
            progress: Progress::none(),
            clock,
        }
    }

    /// Queries the sources about one token. The token's secret is not sent anywhere.
    pub async fn query(&self, token: &Token) -> Evidence {
        let consul = match &self.consul {
            Observed::Value(client) => query_consul(client, self.name, token, self.clock).await,
            Observed::Failed(reason) => Observed::Failed(reason.clone()),
            Observed::NotChecked(reason) => Observed::NotChecked(reason.clone()),
        };
        let mut presented_trust_domain = None;
        let (peering_exists, unused_secret) = match &self.probes {
            Observed::Value(timeout) => {
                let random = SystemRandom::new();
                let target = ProbeTarget::from(token);
                let traced =
                    trace_until_answered(&target, *timeout, &random, &self.connections, &self.progress).await;
                presented_trust_domain = traced.other_trust_domain().map(str::to_owned);
                traced.answers(Some((self.clock)()))
            }
            Observed::Failed(reason) => (Observed::Failed(reason.clone()), Observed::Failed(reason.clone())),
            Observed::NotChecked(reason) => {
                (Observed::NotChecked(reason.clone()), Observed::NotChecked(reason.clone()))
            }
        };
        let snapshot = match &self.snapshot {
            Observed::Value(snapshot) => Observed::Value(snapshot.of(&token.peer_id)),
            Observed::Failed(reason) => Observed::Failed(reason.clone()),
            Observed::NotChecked(reason) => Observed::NotChecked(reason.clone()),
        };
        Evidence {
            name: self.name.map(str::to_owned),
            ledger: self.ledger.clone(),
            consul,
            peering_exists,
            unused_secret,
            presented_trust_domain,
            snapshot,
        }
    }
}

/// Reads all records of a ledger. Records of tokens without a secret are ignored.
pub async fn read_ledger(ledger: &Ledger<'_>) -> Observed<Vec<LedgerRecord>> {
    if matches!(ledger, Ledger::Off) {
        return Observed::NotChecked(LEDGER_OFF.to_owned());
    }
    match ledger.records(Filter::All).await {
        Ok(records) => {
            Observed::Value(records.into_iter().filter_map(|it| ledger_record(it.record)).collect())
        }
        Err(error) => Observed::Failed(error.to_string()),
    }
}

fn ledger_record(record: Record) -> Option<LedgerRecord> {
    let lost = match record.origin {
        Origin::Failed => Some(Lost::Replaced),
        Origin::Revoked => Some(Lost::Revoked),
        Origin::Unanswered => Some(Lost::Possibly),
        Origin::Generated | Origin::Imported => None,
        Origin::Refused => return None,
    };
    Some(LedgerRecord {
        name: record.name,
        partition: record.partition,
        server_name: record.server_name,
        peer_id: record.peer_id,
        secret_sha256: match (record.secret_sha256, lost) {
            (None, Some(_)) => String::new(),
            (secret, _) => secret?,
        },
        recorded_at: record.recorded_at,
        imported: record.origin == Origin::Imported,
        lost,
    })
}

/// Queries the HTTP API of a Consul: first for its trust domain and whether it would answer, then for the peering of the
/// name. The list of peerings is queried too, unless the peering of the name is the token's.
pub async fn query_consul(
    client: &Client,
    name: Option<&str>,
    token: &Token,
    clock: fn() -> Timestamp,
) -> Observed<ConsulView> {
    let roots = match client.ca_roots().await {
        Ok(roots) => roots,
        Err(error) => return Observed::Failed(error.to_string()),
    };
    let now = clock();
    let mut view = ConsulView {
        address: client.address(),
        observed_at: Some(now),
        clock_offset: None,
        trust_domain: Some(roots.trust_domain.clone()).filter(|domain| !domain.is_empty()),
        active_ca: roots.into_active_chain(),
        named: None,
        listed: None,
    };
    // Consul refuses both requests only after 12 seconds.
    let (permissions, is_enabled) = tokio::join!(client.permissions(), client.peering_enabled());
    let (permissions, date) = permissions;
    view.clock_offset = date.map(|date| date.duration_since(now).as_secs());
    if permissions.is_some_and(|granted| !granted.peering_read) {
        return Observed::Failed("the ACL token has no peering:read".to_owned());
    }
    if is_enabled == Some(false) {
        return Observed::Failed("peering is disabled there (peering.enabled = false)".to_owned());
    }
    if let Some(name) = name {
        view.named = match client.read_peering(name).await {
            Ok(Some(peering)) => Some(Named::Found(entry(peering))),
            Ok(None) => Some(Named::NotFound),
            Err(error) => return Observed::Failed(error.to_string()),
        };
    }
    let is_found = matches!(&view.named, Some(Named::Found(entry)) if entry.id == token.peer_id);
    if !is_found {
        match client.list_peerings().await {
            Ok(peerings) => view.listed = Some(peerings.into_iter().map(entry).collect()),
            Err(error) if view.named.is_none() => return Observed::Failed(error.to_string()),
            Err(_) => {}
        }
    }
    Observed::Value(view)
}

/// Converts a peering of the HTTP API.
pub(super) fn entry(peering: Peering) -> Entry {
    Entry {
        has_remote: peering.has_remote(),
        id: peering.id,
        name: peering.name,
        state: PeeringState::from_name(&peering.state),
        peer_id: Some(peering.peer_id).filter(|id| !id.is_empty()),
        last_heartbeat: peering.stream.last_heard_at(),
    }
}
