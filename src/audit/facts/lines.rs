//! Facts as JSON lines, written in one form.

use std::iter;

use serde::Serialize;

use super::{ClusterFact, Facts, PeeringFact};

/// The length of a part of the lines, in bytes.
const PART_LEN: usize = 1024 * 1024;

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
        self.parts_of_lines().collect()
    }

    /// Returns the same lines in parts of about 1 MB, so that the text of a large fleet is not in memory at once.
    pub fn parts_of_lines(&self) -> impl Iterator<Item = String> + use<'_> {
        let mut facts: Vec<_> =
            self.clusters.iter().map(|fact| (cluster_key(fact), Line::Cluster(fact))).collect();
        facts.extend(self.peerings.iter().map(|fact| (peering_key(fact), Line::Peering(fact))));
        facts.sort_unstable();
        facts.dedup();
        let mut facts = facts.into_iter();
        iter::from_fn(move || {
            let mut part = String::new();
            while part.len() < PART_LEN
                && let Some((_, fact)) = facts.next()
            {
                part.push_str(&to_line(&fact));
                part.push('\n');
            }
            Some(part).filter(|part| !part.is_empty())
        })
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
