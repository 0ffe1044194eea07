//! Audits as metrics: OpenMetrics 1.0 text, which Prometheus and node_exporter's textfile collector read.
//!
//! By default the number of series depends on the number of clusters only. Series of single peerings are opt-in.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use jiff::Timestamp;

use crate::audit::{ClusterRow, ClusterStatus, PeeringRow, Report, Status, checks};
use crate::lint::{Rule, Severity};

/// The states of a peering that have a label of their own. Others are counted as `other`, so that a server cannot make labels.
const STATES: [&str; 6] = ["PENDING", "ESTABLISHING", "ACTIVE", "FAILING", "DELETING", "TERMINATED"];

/// How many series to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Series {
    /// Series of clusters and checks.
    #[default]
    Aggregated,
    /// Also series of each peering.
    PerPeering,
}

/// Returns the metrics of a report.
pub fn render(report: &Report, series: Series) -> String {
    let mut text = Text::default();
    of_clusters(&mut text, &report.clusters);
    of_peerings_by_state(&mut text, &report.peerings);
    of_findings(&mut text, report);
    earliest_expiry(&mut text, report);
    if series == Series::PerPeering {
        of_each_peering(&mut text, report);
    }
    let oldest = report.clusters.iter().map(|row| row.observed_at).min().unwrap_or(report.judged_at);
    text.metric(
        "peering_audit_oldest_facts_timestamp_seconds",
        "When the oldest facts of this audit were read",
    );
    text.sample(&[], seconds(oldest));
    text.metric("peering_audit_last_success_timestamp_seconds", "When this audit finished");
    text.sample(&[], seconds(report.judged_at));
    text.finish()
}

fn of_clusters(text: &mut Text, clusters: &[ClusterRow]) {
    text.metric("peering_audit_cluster_up", "Whether the peerings of the cluster could be read");
    for row in clusters {
        text.sample(&cluster_labels(row), u8::from(row.status == ClusterStatus::Ok));
    }
    text.metric("peering_audit_collect_seconds", "How long reading the cluster took");
    for row in clusters {
        text.sample(&cluster_labels(row), milliseconds(row.elapsed_ms));
    }
}

fn cluster_labels(row: &ClusterRow) -> [(&'static str, &str); 2] {
    [("cluster", &row.cluster), ("partition", &row.partition)]
}

fn of_peerings_by_state(text: &mut Text, peerings: &[PeeringRow]) {
    let mut numbers: BTreeMap<[&str; 4], u64> = BTreeMap::new();
    for row in peerings {
        *numbers.entry([&row.cluster, &row.partition, state(row), row.role.name()]).or_default() += 1;
    }
    text.metric("peering_audit_peerings", "Number of peerings, as this cluster reports them");
    for ([cluster, partition, state, role], number) in numbers {
        text.sample(
            &[("cluster", cluster), ("partition", partition), ("state", state), ("role", role)],
            number,
        );
    }
}

fn state(row: &PeeringRow) -> &str {
    STATES.into_iter().find(|state| *state == row.state).unwrap_or("other")
}

/// All checks have a series, so that an alert on one does not lack data.
fn of_findings(text: &mut Text, report: &Report) {
    let mut numbers: BTreeMap<(&str, Severity), u64> = BTreeMap::new();
    for check in checks::ALL.iter().map(|rule| rule.check()) {
        let is_skipped = report.skipped.iter().any(|skipped| skipped.check == check.name);
        let has_other_severity =
            report.findings.iter().any(|it| it.check == check.name && it.severity != check.severity);
        if !is_skipped && !has_other_severity {
            numbers.insert((check.name, check.severity), 0);
        }
    }
    for finding in &report.findings {
        *numbers.entry((finding.check, finding.severity)).or_default() += 1;
    }
    text.metric("peering_audit_findings", "Number of findings of a check");
    for ((check, severity), number) in numbers {
        text.sample(&[("check", check), ("severity", severity.name())], number);
    }
}

fn earliest_expiry(text: &mut Text, report: &Report) {
    let mut earliest: BTreeMap<[&str; 2], Timestamp> = BTreeMap::new();
    for row in &report.peerings {
        let Some(at) = row.peer_ca_expires_at else { continue };
        let known = earliest.entry([&row.cluster, &row.partition]).or_insert(at);
        *known = at.min(*known);
    }
    let name = "peering_audit_peer_ca_expiry_timestamp_seconds";
    text.metric(name, "When the first CA of a peer of this cluster expires");
    for ([cluster, partition], at) in earliest {
        text.sample(&[("cluster", cluster), ("partition", partition)], seconds(at));
    }
    text.metric(
        "peering_audit_ca_expiry_timestamp_seconds",
        "When the active root of the cluster's own CA expires",
    );
    for row in &report.clusters {
        if let Some(at) = row.ca_expires_at {
            text.sample(&cluster_labels(row), seconds(at));
        }
    }
}

fn of_each_peering(text: &mut Text, report: &Report) {
    type Value = fn(&PeeringRow) -> Option<String>;
    let metrics: [(&str, &str, Value); 5] = [
        (
            "peering_audit_peering_up",
            "Whether the peering is ACTIVE at this end and no check reports an error",
            |row| Some(u8::from(row.state == "ACTIVE" && row.finding != Status::Error).to_string()),
        ),
        (
            "peering_audit_peering_last_heard_timestamp_seconds",
            "When the last message of the peer arrived",
            |row| row.last_heard_at.map(|at| seconds(at).to_string()),
        ),
        (
            "peering_audit_peering_ca_expiry_timestamp_seconds",
            "When the last CA of the peer expires",
            |row| row.peer_ca_expires_at.map(|at| seconds(at).to_string()),
        ),
        (
            "peering_audit_peering_imported_services",
            "Number of services that the peer exports to this cluster",
            |row| Some(row.imported_services.to_string()),
        ),
        (
            "peering_audit_peering_exported_services",
            "Number of services that this cluster exports to the peer",
            |row| Some(row.exported_services.to_string()),
        ),
    ];
    for (name, help, value) in metrics {
        text.metric(name, help);
        for row in &report.peerings {
            if let Some(value) = value(row) {
                let labels = [
                    ("cluster", row.cluster.as_str()),
                    ("partition", &row.partition),
                    ("peering", &row.peering),
                    ("role", row.role.name()),
                ];
                text.sample(&labels, value);
            }
        }
    }
}

/// Returns a time in seconds since 1970.
fn seconds(at: Timestamp) -> i64 {
    at.as_second()
}

fn milliseconds(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

/// The text of an exposition.
#[derive(Default)]
struct Text {
    text: String,
    name: &'static str,
}

impl Text {
    /// Starts a gauge.
    fn metric(&mut self, name: &'static str, help: &str) {
        self.name = name;
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} gauge");
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        for (index, (name, value)) in labels.clone().enumerate() {
            let start = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{start}{name}=\"{}\"", escaped(value));
        }
        let end = if labels.count() > 0 { "}" } else { "" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    fn finish(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }
}

/// Escapes the value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
