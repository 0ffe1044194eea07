//! Audits in the formats of programs: JSON lines, SARIF, JUnit and OpenMetrics.

#[cfg(feature = "cli")]
mod junit;
pub mod openmetrics;
#[cfg(feature = "cli")]
mod sarif;

use serde::Serialize;

use crate::audit::{ClusterRow, Finding, PeeringRow, Report};

#[cfg(feature = "cli")]
pub use junit::junit;
#[cfg(feature = "cli")]
pub use sarif::sarif;

/// A line of `-format jsonl`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// A cluster.
    Cluster(&'a ClusterRow),
    /// One end of a peering.
    Peering(&'a PeeringRow),
    /// A finding.
    Finding(&'a Finding),
}

/// Returns one JSON object per cluster, end of a peering, and finding.
pub fn jsonl(report: &Report) -> String {
    let clusters = report.clusters.iter().map(Line::Cluster);
    let peerings = report.peerings.iter().map(Line::Peering);
    let lines = clusters.chain(peerings).chain(report.findings.iter().map(Line::Finding));
    lines.filter_map(|line| serde_json::to_string(&line).ok()).map(|line| line + "\n").collect()
}
