//! What changed between two audits.

use std::collections::BTreeMap;

use serde::Serialize;

use super::checks::first_names;
use super::facts::{ClusterStatus, State};
use super::report::{Finding, PeeringRow, Report};
use crate::lint::Severity;

/// The changes between two audits, by cluster and peering.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Changes {
    /// The version of this document: 1.
    pub version: u32,
    /// Each change.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// The name of the cluster in the inventory.
    pub cluster: String,
    /// The partition; empty in the community edition.
    pub partition: String,
    /// The local name of the peering, if the change is about one.
    pub peering: Option<String>,
    /// The check of a finding that was added or resolved.
    pub check: Option<&'static str>,
    /// The severity of that finding.
    pub severity: Option<Severity>,
    /// The value before: a state, the message of a finding, or the services that are no longer exported.
    pub before: Option<String>,
    /// The value now, or the services that are exported in addition.
    pub after: Option<String>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A finding is new.
    FindingAdded,
    /// A finding is gone.
    FindingResolved,
    /// A peering has another state.
    StateChanged,
    /// A cluster exports more services to its peer.
    ExportsAdded,
    /// A cluster no longer exports services to its peer.
    ExportsRemoved,
    /// A peering is new.
    PeeringAdded,
    /// A peering is gone.
    PeeringRemoved,
    /// A cluster is new in the inventory.
    ClusterAdded,
    /// A cluster is gone from the inventory.
    ClusterRemoved,
}

type Place<'a> = (&'a str, &'a str, Option<&'a str>);

impl Changes {
    /// Compares two reports. What a report does not know is no change: the peerings of a cluster that could not be read are not
    /// gone.
    pub fn between(old: &Report, new: &Report) -> Self {
        let mut changes = Vec::new();
        let (clusters_before, clusters_now) = (clusters(old), clusters(new));
        for (place, status) in &clusters_now {
            if !clusters_before.contains_key(place) {
                changes.push(Change::new(ChangeKind::ClusterAdded, *place, None, Some(status_name(*status))));
            }
        }
        for (place, status) in &clusters_before {
            if !clusters_now.contains_key(place) {
                changes.push(Change::new(
                    ChangeKind::ClusterRemoved,
                    *place,
                    Some(status_name(*status)),
                    None,
                ));
            }
        }
        let is_read = |all: &BTreeMap<Place<'_>, ClusterStatus>, (cluster, partition, _): Place<'_>| {
            all.get(&(cluster, partition, None)) == Some(&ClusterStatus::Ok)
        };
        let (before, now) = (peerings(old), peerings(new));
        for (place, row) in &now {
            changes.extend(before.get(place).into_iter().flat_map(|earlier| exports(*place, earlier, row)));
            match before.get(place) {
                Some(earlier) if earlier.state != row.state => {
                    let (earlier, state) = (earlier.state.clone(), row.state.clone());
                    changes.push(Change::new(ChangeKind::StateChanged, *place, Some(earlier), Some(state)));
                }
                None if is_read(&clusters_before, *place) => {
                    changes.push(Change::new(
                        ChangeKind::PeeringAdded,
                        *place,
                        None,
                        Some(row.state.clone()),
                    ));
                }
                _ => {}
            }
        }
        for (place, row) in &before {
            if !now.contains_key(place) && is_read(&clusters_now, *place) {
                changes.push(Change::new(ChangeKind::PeeringRemoved, *place, Some(row.state.clone()), None));
            }
        }
        let (before, now) = (findings(old), findings(new));
        for (key, finding) in &now {
            if !before.contains_key(key) {
                let change =
                    Change::new(ChangeKind::FindingAdded, key.0, None, Some(finding.message.clone()));
                changes.push(change.of(finding));
            }
        }
        for (key, finding) in &before {
            let is_known = finding.peering.is_none() || is_read(&clusters_now, key.0);
            if !now.contains_key(key) && is_known && clusters_now.contains_key(&(key.0.0, key.0.1, None)) {
                let change =
                    Change::new(ChangeKind::FindingResolved, key.0, Some(finding.message.clone()), None);
                changes.push(change.of(finding));
            }
        }
        changes.sort_by(|one, other| {
            let key = |it: &Change| {
                (it.cluster.clone(), it.partition.clone(), it.peering.clone(), it.kind, it.check)
            };
            key(one).cmp(&key(other))
        });
        Self { version: 1, changes }
    }
}

fn clusters(report: &Report) -> BTreeMap<Place<'_>, ClusterStatus> {
    report
        .clusters
        .iter()
        .map(|row| ((row.cluster.as_str(), row.partition.as_str(), None), row.status))
        .collect()
}

fn peerings(report: &Report) -> BTreeMap<Place<'_>, &PeeringRow> {
    let rows = report.peerings.iter();
    rows.map(|row| ((&*row.cluster, &*row.partition, Some(&*row.peering)), row)).collect()
}

fn findings(report: &Report) -> BTreeMap<(Place<'_>, &'static str), &Finding> {
    let findings = report.findings.iter();
    findings.map(|it| (((&*it.cluster, &*it.partition, it.peering.as_deref()), it.check), it)).collect()
}

/// Returns the changes of what a cluster exports over a peering.
fn exports(place: Place<'_>, before: &PeeringRow, now: &PeeringRow) -> impl Iterator<Item = Change> {
    let missing_in = |all: &[String], other: &[String]| {
        let names: Vec<&str> = all.iter().filter(|name| !other.contains(name)).map(String::as_str).collect();
        (!names.is_empty()).then(|| first_names(&names))
    };
    // Before the stream opens again, Consul reports none.
    let is_known = [before, now].iter().all(|row| row.state == State::Active.name());
    let (old, new) = (&before.exports, &now.exports);
    let added =
        missing_in(new, old).map(|names| Change::new(ChangeKind::ExportsAdded, place, None, Some(names)));
    let removed =
        missing_in(old, new).map(|names| Change::new(ChangeKind::ExportsRemoved, place, Some(names), None));
    added.into_iter().chain(removed).filter(move |_| is_known)
}

fn status_name(status: ClusterStatus) -> String {
    match status {
        ClusterStatus::Ok => "ok",
        ClusterStatus::Unreachable => "unreachable",
        ClusterStatus::Denied => "denied",
    }
    .to_owned()
}

impl Change {
    fn new(kind: ChangeKind, place: Place<'_>, before: Option<String>, after: Option<String>) -> Self {
        let (cluster, partition, peering) = place;
        Self {
            kind,
            cluster: cluster.to_owned(),
            partition: partition.to_owned(),
            peering: peering.map(str::to_owned),
            check: None,
            severity: None,
            before,
            after,
        }
    }

    fn of(self, finding: &Finding) -> Self {
        Self { check: Some(finding.check), severity: Some(finding.severity), ..self }
    }
}
