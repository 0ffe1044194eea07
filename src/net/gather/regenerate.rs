//! Queries what is needed to decide whether generating a token would invalidate an unused one.
//!
//! ```no_run
//! # use consul_peering::net::{consul::Client, ledger::Ledger};
//! # async fn example(client: &Client, ledger: &Ledger<'_>) {
//! use consul_peering::net::gather::regenerate::{TIMEOUT, observe};
//! use consul_peering::net::regenerate::{Decision, decide};
//!
//! let observations = observe(client, ledger, "west", "", TIMEOUT).await;
//! if decide(&observations) == Decision::Generate { /* … */ }
//! # }
//! ```

use std::time::Duration;

use ring::rand::SystemRandom;
use tokio::time::timeout as at_most;

use crate::connectivity::probe_answer::SecretAnswer;
use crate::net::consul::{Client, RequestError};
use crate::net::ledger::{Filter, Ledger, NumberedRecord, Record};
use crate::net::peerstream::Trust;
use crate::net::probe::{ConnectionBudget, ProbeTarget, Progress, trace_until_answered};
use crate::net::regenerate::{Observations, ObservedPeering};
use crate::observed::Observed;
use crate::staleness::evidence::{LEDGER_OFF, PeeringState};

/// How long all queries may take together by default.
pub const TIMEOUT: Duration = Duration::from_secs(1);

/// Queries Consul, the ledger and the acceptor's servers, in that order. The results that arrive within `timeout` count.
pub async fn observe(
    client: &Client,
    ledger: &Ledger<'_>,
    name: &str,
    partition: &str,
    timeout: Duration,
) -> Observations {
    let mut peering = Observed::Failed(no_answer(timeout));
    let mut records = Observed::Failed(no_answer(timeout));
    let mut unused_secret = Observed::NotChecked("there was no time left for it".to_owned());
    let queries = async {
        peering = read_peering(client, name).await;
        records = read_ledger(ledger, &peering, name, partition, timeout).await;
        unused_secret = query_unused_secret(client, &peering, &records, timeout).await;
    };
    let _ = at_most(timeout, queries).await;
    Observations { peering, records, unused_secret }
}

/// Queries the peering of a local name alone.
pub async fn observe_peering(
    client: &Client,
    name: &str,
    timeout: Duration,
) -> Observed<Option<ObservedPeering>> {
    at_most(timeout, read_peering(client, name))
        .await
        .unwrap_or_else(|_| Observed::Failed(no_answer(timeout)))
}

fn no_answer(timeout: Duration) -> String {
    format!("no answer within {} s", timeout.as_secs_f64())
}

async fn read_peering(client: &Client, name: &str) -> Observed<Option<ObservedPeering>> {
    // Without the permission, or above a rate limit, Consul refuses to read a peering only after 12 seconds.
    let ((permissions, _), roots) = tokio::join!(client.permissions(), client.ca_roots());
    if permissions.is_some_and(|granted| !granted.peering_read) {
        return Observed::Failed("the ACL token has no peering:read".to_owned());
    }
    if let Err(error @ RequestError::Refused { status: 429, .. }) = roots {
        return Observed::Failed(error.to_string());
    }
    match client.read_peering(name).await {
        Ok(peering) => Observed::Value(peering.map(|peering| ObservedPeering {
            state: PeeringState::from_name(&peering.state),
            has_remote: peering.has_remote(),
            is_dialer: !peering.peer_id.is_empty(),
            id: peering.id,
        })),
        Err(error) => Observed::Failed(error.to_string()),
    }
}

/// Reads the records of a peering by its ID, if that is known: another acceptor may use the same name.
async fn read_ledger(
    ledger: &Ledger<'_>,
    peering: &Observed<Option<ObservedPeering>>,
    name: &str,
    partition: &str,
    timeout: Duration,
) -> Observed<Vec<NumberedRecord>> {
    let filter = match peering.value() {
        Some(Some(peering)) => Filter::PeerId(&peering.id),
        Some(None) => return Observed::Value(Vec::new()),
        None => Filter::NameInPartition(name, partition),
    };
    let records = match ledger {
        Ledger::Off => return Observed::NotChecked(LEDGER_OFF.to_owned()),
        // A SQLite call cannot be cancelled, so it gets a timeout of its own.
        Ledger::Sqlite(ledger) => {
            Ledger::Sqlite(ledger.clone().with_timeout(timeout / 2)).records(filter).await
        }
        Ledger::ConsulKv(_) => ledger.records(filter).await,
    };
    records.map_or_else(|error| Observed::Failed(error.to_string()), Observed::Value)
}

/// Asks the acceptor's servers whether the peering has an unused secret. A record of the ledger has their addresses, server
/// name and roots, and otherwise the acceptor's API has. A record without a datacenter may be from a Consul 1.13, which must
/// not be asked.
async fn query_unused_secret(
    client: &Client,
    peering: &Observed<Option<ObservedPeering>>,
    records: &Observed<Vec<NumberedRecord>>,
    timeout: Duration,
) -> Observed<bool> {
    let not_checked = |reason: &str| Observed::NotChecked(reason.to_owned());
    let Some(Some(peering)) = peering.value() else {
        return not_checked("it needs the peering");
    };
    let records = records.value().map(Vec::as_slice).unwrap_or_default();
    let newest = records.iter().map(|it| &it.record).rfind(|record| !record.origin.has_no_token());
    let target = match newest.filter(|record| record.peer_id == peering.id) {
        Some(record) if record.datacenter.is_none() => {
            return not_checked(
                "Consul 1.13 may have generated the token, and may take the query for an exchange",
            );
        }
        Some(record) => target(record),
        None => match target_of_cluster(client, &peering.id).await {
            Ok(target) => target,
            Err(error) => return Observed::Failed(error.to_string()),
        },
    };
    let traced = trace_until_answered(
        &target,
        timeout,
        &SystemRandom::new(),
        &ConnectionBudget::default(),
        &Progress::none(),
    )
    .await;
    let (_, unused_secret) = traced.answers(None);
    match unused_secret {
        Observed::Value(answer) => match SecretAnswer::of(answer.code, &answer.message) {
            SecretAnswer::UnusedExists => Observed::Value(true),
            SecretAnswer::NoneUnused => Observed::Value(false),
            _ => Observed::Failed(answer.message),
        },
        Observed::Failed(reason) => Observed::Failed(reason),
        Observed::NotChecked(reason) => Observed::NotChecked(reason),
    }
}

/// Returns the servers as Consul would write them into a token now.
pub(super) async fn target_of_cluster(client: &Client, peer_id: &str) -> Result<ProbeTarget, RequestError> {
    let (servers, roots) = tokio::try_join!(client.servers(), client.ca_roots())?;
    let server_name = format!("server.{}.peering.{}", servers.datacenter, roots.trust_domain);
    let cas = roots.roots.into_iter().map(|root| root.certificate).collect();
    Ok(ProbeTarget {
        addresses: servers.grpc_tls_addresses,
        field: "ServerAddresses",
        not_dialed: Vec::new(),
        trust: Trust::Tls { cas, server_name },
        peer_id: peer_id.to_owned(),
        secret_not_asked: None,
    })
}

fn target(record: &Record) -> ProbeTarget {
    let trust = if record.tls {
        let pem = |der: &str| format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        let cas = record.roots.iter().map(|root| pem(&root.der)).collect();
        Trust::Tls { cas, server_name: record.server_name.clone() }
    } else {
        Trust::Plaintext
    };
    ProbeTarget {
        addresses: record.addresses.clone(),
        field: "ServerAddresses",
        not_dialed: Vec::new(),
        trust,
        peer_id: record.peer_id.clone(),
        secret_not_asked: None,
    }
}
