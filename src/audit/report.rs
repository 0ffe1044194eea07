//! The result of an audit: every cluster, every peering from each end, and the findings.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::check::{Context, Found, View, is_read};
use super::facts::{ClusterStatus, Role};
use crate::lint::{Check, Severity, SkippedCheck, Values};

/// The version of the JSON document.
const VERSION: u32 = 1;

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this document: 1.
    pub version: u32,
    /// The severity of the worst finding; `ok` if there are none.
    pub status: Status,
    /// The time by which certificates and unused tokens were judged.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub judged_at: Timestamp,
    /// The clusters, by name and partition.
    pub clusters: Vec<ClusterRow>,
    /// The peerings, each from one end, by cluster and name.
    pub peerings: Vec<PeeringRow>,
    /// The findings: the most severe first, then by cluster and peering.
    pub findings: Vec<Finding>,
    /// The number of peerings that were not compared with the other end, because the two were read at different times.
    pub not_compared: usize,
    /// The checks that did not run.
    pub skipped: Vec<SkippedCheck>,
}

/// The severity of the worst finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There are no findings.
    #[default]
    Ok,
    /// The worst finding is an info.
    Info,
    /// The worst finding is a warning.
    Warning,
    /// The worst finding is an error.
    Error,
}

/// A cluster in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterRow {
    /// Its name in the inventory.
    pub cluster: String,
    /// The partition whose peerings were read; empty in the community edition.
    pub partition: String,
    /// Whether its peerings could be read.
    pub status: ClusterStatus,
    /// When they were read.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub observed_at: Timestamp,
    /// How long reading them took, in milliseconds.
    pub elapsed_ms: u64,
    /// The datacenter.
    pub datacenter: Option<String>,
    /// The trust domain of its CA.
    pub trust_domain: Option<String>,
    /// The version of the Consul agent that was queried.
    pub consul_version: Option<String>,
    /// When the validity period of the root starts that signs new certificates.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub ca_starts_at: Option<Timestamp>,
    /// When that root expires.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub ca_expires_at: Option<Timestamp>,
    /// The number of its peerings.
    pub peerings: usize,
    /// The severity of the worst finding about the cluster itself.
    pub finding: Status,
}

/// One end of a peering in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeeringRow {
    /// The name of the cluster in the inventory.
    pub cluster: String,
    /// The partition; empty in the community edition.
    pub partition: String,
    /// The local name.
    pub peering: String,
    /// The cluster's ID of the peering.
    pub id: String,
    /// Whether the cluster is the acceptor or the dialer.
    pub role: Role,
    /// The state, as Consul names it.
    pub state: String,
    /// When the peering was read.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub observed_at: Timestamp,
    /// When the last message of the peer arrived, by the clock of the host that read it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_heard_at: Option<Timestamp>,
    /// When the validity period of the peer's CA certificate starts that expires last.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub peer_ca_starts_at: Option<Timestamp>,
    /// When the last of the peer's CA certificates expires.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub peer_ca_expires_at: Option<Timestamp>,
    /// The number of services that the peer exports to this cluster.
    pub imported_services: usize,
    /// The number of services that this cluster exports to the peer.
    pub exported_services: usize,
    /// Their names, for [`super::Changes`].
    #[serde(skip)]
    pub(super) exports: Vec<String>,
    /// The other end, if it was found by its ID.
    pub other_end: Option<OtherEnd>,
    /// The cluster of the peer, if it is in the inventory: also if it could not be read, or does not have the other end.
    pub peer_cluster: Option<PeerCluster>,
    /// The severity of the worst finding about this end.
    pub finding: Status,
}

/// A cluster of the inventory that is a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeerCluster {
    /// Its name in the inventory.
    pub cluster: String,
    /// The partition; empty in the community edition.
    pub partition: String,
}

/// A peering in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherEnd {
    /// The name of the cluster in the inventory.
    pub cluster: String,
    /// The partition; empty in the community edition.
    pub partition: String,
    /// The local name.
    pub peering: String,
}

/// A finding about a cluster or a peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// The name of the cluster in the inventory.
    pub cluster: String,
    /// The partition; empty in the community edition.
    pub partition: String,
    /// The local name of the peering; `None` if the finding is about the cluster.
    pub peering: Option<String>,
    /// The other end that the finding is about too.
    pub other_end: Option<OtherEnd>,
    /// What was found, with the values that matter.
    pub message: String,
    /// The values by name.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    pub values: Values,
}

impl From<Severity> for Status {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl Report {
    /// Returns whether a finding has at least this severity.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.status >= Status::from(threshold)
    }

    /// Returns the findings about each end of a peering, and about each cluster: the most severe first.
    pub fn findings_by_place(&self) -> HashMap<Place<'_>, Vec<&Finding>> {
        let mut by_place: HashMap<Place<'_>, Vec<&Finding>> = HashMap::new();
        for finding in &self.findings {
            let first = (&*finding.cluster, &*finding.partition, finding.peering.as_deref());
            let other = finding.other_end.as_ref().map(OtherEnd::place);
            for place in std::iter::once(first).chain(other) {
                by_place.entry(place).or_default().push(finding);
            }
        }
        by_place
    }
}

/// A cluster, a partition, and a peering or the cluster itself.
pub type Place<'a> = (&'a str, &'a str, Option<&'a str>);

impl PeeringRow {
    /// Returns where it is.
    pub fn place(&self) -> Place<'_> {
        (&self.cluster, &self.partition, Some(&self.peering))
    }
}

impl ClusterRow {
    /// Returns where it is.
    pub fn place(&self) -> Place<'_> {
        (&self.cluster, &self.partition, None)
    }
}

impl PeerCluster {
    /// Returns where it is.
    pub fn place(&self) -> Place<'_> {
        (&self.cluster, &self.partition, None)
    }
}

impl Finding {
    /// Returns the place of the finding: `dc1`, `dc1/east`, or `dc1/team/east` with a partition.
    pub fn place(&self) -> String {
        let names =
            [Some(&self.cluster), Some(&self.partition).filter(|it| !it.is_empty()), self.peering.as_ref()];
        names.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("/")
    }
}

impl OtherEnd {
    /// Returns where it is.
    pub fn place(&self) -> Place<'_> {
        (&self.cluster, &self.partition, Some(&self.peering))
    }
}

/// A report to which checks add findings.
pub(super) struct Builder<'c> {
    context: &'c Context<'c>,
    findings: Vec<Finding>,
    of_clusters: Vec<Status>,
    of_ends: Vec<Status>,
}

impl<'c> Builder<'c> {
    pub(super) fn new(context: &'c Context<'c>) -> Self {
        let of_clusters = vec![Status::Ok; context.fleet.clusters.len()];
        let of_ends = vec![Status::Ok; context.fleet.ends.len()];
        Self { context, findings: Vec::new(), of_clusters, of_ends }
    }

    pub(super) fn add_to_cluster(&mut self, check: &Check, severity: Severity, cluster: usize, found: Found) {
        self.of_clusters[cluster] = self.of_clusters[cluster].max(severity.into());
        let fact = self.context.fleet.clusters[cluster].fact;
        self.add(check, severity, (&fact.cluster, &fact.partition, None), found);
    }

    pub(super) fn add_to_peering(&mut self, check: &Check, severity: Severity, end: usize, found: Found) {
        for end in std::iter::once(end).chain(found.other) {
            self.of_ends[end] = self.of_ends[end].max(severity.into());
        }
        let fact = self.context.fleet.ends[end].fact;
        self.add(check, severity, (&fact.cluster, &fact.partition, Some(&fact.name)), found);
    }

    fn add(&mut self, check: &Check, severity: Severity, place: Place<'_>, found: Found) {
        let (cluster, partition, peering) = place;
        self.findings.push(Finding {
            check: check.name,
            severity,
            cluster: cluster.to_owned(),
            partition: partition.to_owned(),
            peering: peering.map(str::to_owned),
            other_end: found.other.map(|end| self.place(end)),
            message: found.message,
            values: found.values.into_iter().collect(),
        });
    }

    fn place(&self, end: usize) -> OtherEnd {
        let fact = View::new(self.context, end).fact;
        OtherEnd {
            cluster: fact.cluster.clone(),
            partition: fact.partition.clone(),
            peering: fact.name.clone(),
        }
    }

    pub(super) fn finish(self) -> Report {
        let ends = 0..self.context.fleet.ends.len();
        let mut of_cluster = vec![0; self.context.fleet.clusters.len()];
        let peerings: Vec<PeeringRow> = ends.clone().map(|end| self.peering(end)).collect();
        ends.clone().for_each(|end| of_cluster[self.context.fleet.ends[end].cluster] += 1);
        let clusters =
            of_cluster.into_iter().enumerate().map(|(index, count)| self.cluster(index, count)).collect();
        let views = ends.map(|end| View::new(self.context, end));
        // Both ends of a joined peering are one.
        let not_compared = views
            .filter(|view| view.is_incomparable() && (view.peer().is_none() || !view.end.is_dialer()))
            .count();
        let skipped = self.context.options.rules.deselected().collect();
        let mut findings = self.findings;
        findings.sort_by(|one, other| {
            let by_place = (&one.cluster, &one.partition, &one.peering).cmp(&(
                &other.cluster,
                &other.partition,
                &other.peering,
            ));
            other.severity.cmp(&one.severity).then(by_place)
        });
        let status = findings.iter().map(|finding| Status::from(finding.severity)).max().unwrap_or_default();
        let judged_at = self.context.options.now;
        Report { version: VERSION, status, judged_at, clusters, peerings, findings, not_compared, skipped }
    }

    fn cluster(&self, index: usize, peerings: usize) -> ClusterRow {
        let fact = self.context.fleet.clusters[index].fact;
        let ca = fact.active_root().map(|root| &root.certificate);
        ClusterRow {
            cluster: fact.cluster.clone(),
            partition: fact.partition.clone(),
            status: fact.status,
            observed_at: fact.observed_at,
            elapsed_ms: fact.elapsed_ms,
            datacenter: fact.datacenter.clone(),
            trust_domain: fact.trust_domain.clone(),
            consul_version: fact.consul_version.clone(),
            ca_starts_at: ca.map(|ca| ca.not_before),
            ca_expires_at: ca.map(|ca| ca.not_after),
            peerings: if is_read(fact) { peerings } else { 0 },
            finding: self.of_clusters[index],
        }
    }

    fn peering(&self, end: usize) -> PeeringRow {
        let view = View::new(self.context, end);
        let fact = view.fact;
        PeeringRow {
            cluster: fact.cluster.clone(),
            partition: fact.partition.clone(),
            peering: fact.name.clone(),
            id: fact.id.clone(),
            role: fact.role,
            state: fact.state.name().to_owned(),
            observed_at: fact.observed_at,
            last_heard_at: fact.last_heard_at().map(|at| view.cluster.by_our_clock(at)),
            peer_ca_starts_at: fact.last_peer_ca().map(|ca| ca.not_before),
            peer_ca_expires_at: fact.peer_ca_expires_at(),
            imported_services: fact.imported_services.len(),
            exported_services: fact.exported_services.len(),
            exports: fact.exported_services.clone(),
            other_end: view.peer().map(|peer| self.place(peer.index())),
            peer_cluster: view.cluster_of_peer().map(|cluster| PeerCluster {
                cluster: cluster.cluster.clone(),
                partition: cluster.partition.clone(),
            }),
            finding: self.of_ends[end],
        }
    }
}
