//! Facts that replace stored ones, without the loss of a newer observation.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{ClusterFact, Facts};

/// A cluster and its partition.
type Place = (String, String);

impl Facts {
    /// Returns these facts with what they must not replace: stored observations that are newer than the one here, and those of
    /// other clusters that are newer than the oldest one here. Another run, which started later or at the same time, made them.
    #[must_use]
    pub fn replacing(self, stored: Self) -> Self {
        let newest = |facts: &Self| {
            let mut newest: HashMap<Place, Timestamp> = HashMap::new();
            for cluster in &facts.clusters {
                let at = newest.entry(place(cluster)).or_insert(cluster.observed_at);
                *at = cluster.observed_at.max(*at);
            }
            newest
        };
        let ours = newest(&self);
        let Some(oldest) = ours.values().min().copied() else { return self };
        let mut kept = newest(&stored);
        kept.retain(|place, at| *at > *ours.get(place).unwrap_or(&oldest));
        let is_kept =
            |cluster: &str, partition: &str| kept.contains_key(&(cluster.to_owned(), partition.to_owned()));
        let (mut replaced, mut stored) = (self, stored);
        replaced.clusters.retain(|it| !is_kept(&it.cluster, &it.partition));
        replaced.peerings.retain(|it| !is_kept(&it.cluster, &it.partition));
        stored.clusters.retain(|it| is_kept(&it.cluster, &it.partition));
        stored.peerings.retain(|it| is_kept(&it.cluster, &it.partition));
        replaced.clusters.extend(stored.clusters);
        replaced.peerings.extend(stored.peerings);
        replaced
    }
}

fn place(cluster: &ClusterFact) -> Place {
    (cluster.cluster.clone(), cluster.partition.clone())
}
