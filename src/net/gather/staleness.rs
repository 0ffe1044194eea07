//! The evidence of a token's staleness from Consul's HTTP API and from the ledger.

use jiff::Timestamp;

use crate::net::consul::{Client, Peering};
use crate::net::ledger::{Ledger, Origin, Record};
use crate::observed::Observed;
use crate::staleness::evidence::{ConsulView, Entry, LEDGER_OFF, LedgerRecord, Named, PeeringState};
use crate::token::Token;

/// Reads the ledger's records, oldest first. The error says why there are none.
pub async fn ledger_records(ledger: &Ledger<'_>) -> Result<Vec<LedgerRecord>, String> {
    if matches!(ledger, Ledger::Off) {
        return Err(LEDGER_OFF.to_owned());
    }
    let entries = ledger.records(None).await.map_err(|error| error.to_string())?;
    Ok(entries.into_iter().filter_map(|entry| ledger_record(entry.record)).collect())
}

fn ledger_record(record: Record) -> Option<LedgerRecord> {
    Some(LedgerRecord {
        name: record.name,
        partition: record.partition,
        server_name: record.server_name,
        peer_id: record.peer_id,
        secret_sha256: record.secret_sha256?,
        at: record.time,
        imported: record.source == Origin::Imported,
    })
}

/// Queries a Consul: its roots, which show the cluster, then the peering with the name, then the list of peerings unless
/// the name settles it.
pub async fn consul_view(
    client: &Client,
    name: Option<&str>,
    token: &Token,
    clock: fn() -> Timestamp,
) -> Observed<ConsulView> {
    let roots = match client.ca_roots().await {
        Ok(roots) => roots,
        Err(error) => return Observed::Failed(error.to_string()),
    };
    let mut view = ConsulView {
        at: Some(clock()),
        trust_domain: Some(roots.trust_domain).filter(|domain| !domain.is_empty()),
        roots: roots.roots.into_iter().map(|root| root.certificate).collect(),
        named: None,
        listed: None,
    };
    if let Some(name) = name {
        view.named = match client.read_peering(name).await {
            Ok(Some(peering)) => Some(Named::Found(entry(peering))),
            Ok(None) => Some(Named::NotFound),
            Err(error) => return Observed::Failed(error.to_string()),
        };
    }
    let is_settled = matches!(&view.named, Some(Named::Found(entry)) if entry.id == token.peer_id);
    if !is_settled {
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
        id: peering.id,
        name: peering.name,
        state: PeeringState::from_name(&peering.state),
        peer_id: Some(peering.peer_id).filter(|id| !id.is_empty()),
        last_heartbeat: peering.stream.last_heartbeat,
    }
}
