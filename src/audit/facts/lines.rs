//! Facts as JSON lines, written in one form.

use serde::Serialize;

use super::{ClusterFact, Facts, PeeringFact};

/// A line of facts.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// A cluster at one time.
    Cluster(&'a ClusterFact),
    /// A peering at one time, as one of its two clusters reports it.
    Peering(&'a PeeringFact),
}

impl Facts {
    /// Returns the facts as JSON lines, in an order that depends only on the facts: each cluster, then its peerings.
    pub fn to_lines(&self) -> String {
        let mut facts: Vec<_> =
            self.clusters.iter().map(|fact| (cluster_key(fact), Line::Cluster(fact))).collect();
        facts.extend(self.peerings.iter().map(|fact| (peering_key(fact), Line::Peering(fact))));
        facts.sort_unstable();
        facts.dedup();
        let mut lines = String::new();
        for (_, fact) in &facts {
            lines.push_str(&to_line(fact));
            lines.push('\n');
        }
        lines
    }
}

type Key<'a> = (&'a str, &'a str, jiff::Timestamp, bool, &'a str);

fn cluster_key(fact: &ClusterFact) -> Key<'_> {
    (&fact.cluster, &fact.partition, fact.observed_at, false, "")
}

fn peering_key(fact: &PeeringFact) -> Key<'_> {
    (&fact.cluster, &fact.partition, fact.observed_at, true, &fact.name)
}

fn to_line(line: &Line<'_>) -> String {
    serde_json::to_string(line).unwrap_or_default()
}
