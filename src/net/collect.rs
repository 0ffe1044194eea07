//! Collects the facts of many clusters: a limited number of clusters at once, and one request of a cluster after another.
//!
//! ```no_run
//! use consul_peering::net::collect::{Collector, Target, collect};
//! use consul_peering::net::consul::Client;
//!
//! # async fn run(client: Client) {
//! let target = Target::new("east", || Ok(client));
//! let facts = collect(vec![target], &Collector::new(jiff::Timestamp::now)).await;
//! print!("{}", facts.to_lines());
//! # }
//! ```

mod facts;
mod shard;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{self, timeout_at};

use super::consul::{Client, Peering, RequestError, let_connections_settle};
use crate::audit::facts::VERSION;
use crate::audit::{ClusterFact, ClusterStatus, Facts, PeeringFact};

pub use shard::Shard;

/// A cluster to read.
pub struct Target {
    /// Its name in the inventory.
    pub name: String,
    /// Its labels in the inventory.
    pub labels: BTreeMap<String, String>,
    open: Box<dyn FnOnce() -> Result<Client, String> + Send>,
}

impl Target {
    /// Creates a target. `open` returns its client, or the reason why it has none. It may block, for example to read an ACL token.
    pub fn new(
        name: impl Into<String>,
        open: impl FnOnce() -> Result<Client, String> + Send + 'static,
    ) -> Self {
        Self { name: name.into(), labels: BTreeMap::new(), open: Box::new(open) }
    }

    /// Returns the target with labels.
    #[must_use]
    pub fn with_labels(self, labels: BTreeMap<String, String>) -> Self {
        Self { labels, ..self }
    }
}

/// How clusters are read.
#[derive(Clone)]
pub struct Collector {
    /// How many clusters are read at once. Each has at most one connection.
    pub jobs: usize,
    /// How long reading one cluster may take.
    pub timeout: Duration,
    /// Returns the current time.
    pub clock: fn() -> Timestamp,
    /// Is called after each cluster.
    pub progress: Arc<dyn Fn() + Send + Sync>,
}

impl Collector {
    /// Creates a collector of 16 clusters at once, with a timeout of ten seconds and without progress.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        Self { jobs: 16, timeout: Duration::from_secs(10), clock, progress: Arc::new(|| {}) }
    }
}

/// Reads all clusters. A cluster that cannot be read has a fact with the reason.
pub async fn collect(targets: Vec<Target>, collector: &Collector) -> Facts {
    let mut facts = Facts::default();
    let mut targets = targets.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < collector.jobs.max(1)
            && let Some(target) = targets.next()
        {
            running.spawn(read(target, collector.clone()));
        }
        let Some(result) = running.join_next().await else { return facts };
        match result {
            Ok((cluster, peerings)) => {
                facts.clusters.push(cluster);
                facts.peerings.extend(peerings);
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
        (collector.progress)();
    }
}

/// Why the peerings of a cluster were not read.
struct Unread {
    status: ClusterStatus,
    reason: String,
}

impl Unread {
    fn unreachable(reason: &str) -> Self {
        Self { status: ClusterStatus::Unreachable, reason: one_line(reason) }
    }

    /// Returns the reason of a request that failed: without the URL, which the inventory has.
    fn of_error(error: &RequestError) -> Self {
        match error {
            RequestError::Refused { status: 403, body } => Self::denied(body),
            RequestError::Transport { cause, .. } => Self::unreachable(cause),
            error => Self::unreachable(&error.to_string()),
        }
    }

    fn denied(reason: &str) -> Self {
        Self { status: ClusterStatus::Denied, reason: one_line(reason) }
    }
}

async fn read(target: Target, collector: Collector) -> (ClusterFact, Vec<PeeringFact>) {
    let start = Instant::now();
    let deadline = time::Instant::now() + collector.timeout;
    let now = (collector.clock)();
    let mut cluster = ClusterFact {
        version: VERSION,
        cluster: target.name,
        partition: String::new(),
        observed_at: now,
        status: ClusterStatus::Ok,
        reason: None,
        elapsed_ms: 0,
        clock_skew_ms: None,
        labels: target.labels,
        trust_domain: None,
        datacenter: None,
        consul_version: None,
        leader: None,
        roots: Vec::new(),
        server_addresses: None,
        gateway_addresses: None,
    };
    let opened = timeout_at(deadline, tokio::task::spawn_blocking(target.open)).await;
    let client = match opened {
        Ok(opened) => opened
            .unwrap_or_else(|error| Err(error.to_string()))
            .map_err(|reason| Unread::unreachable(&reason)),
        Err(_) => Err(Unread::unreachable(&too_slow("reading its ACL token", &collector))),
    };
    let peerings = match client {
        Ok(client) => {
            client.partition().clone_into(&mut cluster.partition);
            let peerings = match timeout_at(deadline, essentials(&client, &mut cluster, &collector)).await {
                Ok(peerings) => peerings,
                Err(_) => Err(Unread::unreachable(&too_slow(&client.address(), &collector))),
            };
            let is_reachable = !matches!(&peerings, Err(Unread { status: ClusterStatus::Unreachable, .. }));
            if is_reachable {
                // What is missing at the deadline stays unknown.
                let _ = timeout_at(deadline, details(&client, &mut cluster)).await;
            }
            drop(client);
            let_connections_settle().await;
            peerings
        }
        Err(unread) => Err(unread),
    };
    cluster.elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    match peerings {
        Ok(peerings) => {
            let facts = peerings.iter().map(|peering| facts::of_peering(&cluster, peering)).collect();
            (cluster, facts)
        }
        Err(Unread { status, reason }) => {
            (cluster.status, cluster.reason) = (status, Some(reason));
            (cluster, Vec::new())
        }
    }
}

fn too_slow(what: &str, collector: &Collector) -> String {
    format!("{what} took longer than {} s", collector.timeout.as_secs_f64())
}

/// Reads the CA roots, what the ACL token may do, and the peerings.
async fn essentials(
    client: &Client,
    cluster: &mut ClusterFact,
    collector: &Collector,
) -> Result<Vec<Peering>, Unread> {
    match client.ca_roots().await {
        Ok(roots) => {
            cluster.roots = facts::of_roots(&roots);
            cluster.trust_domain = Some(roots.trust_domain).filter(|domain| !domain.is_empty());
        }
        // Connect may be off, or reading denied.
        Err(RequestError::Refused { .. }) => {}
        Err(error) => return Err(Unread::of_error(&error)),
    }
    // Consul refuses a list of peerings only after retrying for 12 seconds.
    let (permissions, date) = client.permissions().await;
    let now = (collector.clock)();
    cluster.observed_at = now;
    cluster.clock_skew_ms = date.and_then(|date| i64::try_from(date.duration_since(now).as_millis()).ok());
    if permissions.is_some_and(|granted| !granted.peering_read) {
        return Err(Unread::denied("the ACL token does not have peering:read"));
    }
    match client.list_peerings().await {
        Ok(peerings) => {
            cluster.observed_at = (collector.clock)();
            Ok(peerings)
        }
        Err(error) => Err(Unread::of_error(&error)),
    }
}

/// Reads what the checks of addresses and versions need.
async fn details(client: &Client, cluster: &mut ClusterFact) {
    (cluster.consul_version, cluster.datacenter) = client.version_and_datacenter().await;
    cluster.leader = client.leader().await;
    let servers = client.servers().await.ok();
    cluster.server_addresses = servers.map(|servers| sorted(servers.grpc_tls_addresses));
    let datacenter = cluster.datacenter.clone().unwrap_or_default();
    cluster.gateway_addresses = client.external_mesh_gateways(&datacenter).await.map(sorted);
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all.dedup();
    all
}

/// Returns a text on one line. The error page of a proxy has many.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
