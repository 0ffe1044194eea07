//! The newest observation of each cluster, and where to find a cluster and a peering.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::facts::{ClusterFact, ClusterStatus, Facts, PeeringFact, Role};
use crate::dns_name::strip_prefix_ignoring_case;

/// Two names in the inventory may lead to one cluster. Of observations that differ by less than this, the one of the first name
/// is used, so that the name does not change from run to run.
const SAME_RUN: SignedDuration = SignedDuration::from_mins(1);

/// The newest observations of all clusters. Everything is in an order that does not depend on the order of the facts.
#[derive(Debug)]
pub(super) struct Fleet<'a> {
    /// The clusters, by name and partition.
    pub clusters: Vec<Cluster<'a>>,
    /// The peerings, each from one end, by cluster and name.
    pub ends: Vec<End<'a>>,
    by_trust_domain: HashMap<String, Vec<usize>>,
    /// Whether some cluster's trust domain is unknown: it may be any cluster.
    has_unknown: bool,
}

/// The newest observation of a cluster.
#[derive(Debug)]
pub(super) struct Cluster<'a> {
    pub fact: &'a ClusterFact,
    /// Who it is; also from an older observation, if the newest one failed.
    identity: Option<Identity>,
}

/// A peering as one of its clusters reports it.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'a> {
    pub fact: &'a PeeringFact,
    /// The index of its cluster.
    pub cluster: usize,
}

/// What identifies a cluster. Federated datacenters have one trust domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Identity {
    trust_domain: String,
    /// Empty if it is unknown.
    datacenter: String,
}

/// The result of looking for the cluster of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// It is this cluster, and its peerings are known.
    Known(usize),
    /// It is this cluster, and its peerings could not be read.
    Unread(usize),
    /// It is not in the inventory, or not with the partition of the peering.
    Missing,
    /// It cannot be identified, or may be a cluster whose trust domain is unknown.
    Unknown,
}

type Place<'a> = (&'a str, &'a str);

impl<'a> Fleet<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let mut observations: BTreeMap<Place<'a>, Vec<&'a ClusterFact>> = BTreeMap::new();
        for fact in &facts.clusters {
            observations.entry((&fact.cluster, &fact.partition)).or_default().push(fact);
        }
        for all in observations.values_mut() {
            // The newest first. Of two at one time, one that depends on the contents only.
            all.sort_by(|one, other| other.observed_at.cmp(&one.observed_at).then_with(|| other.cmp(one)));
        }
        let newest: Vec<(Cluster<'a>, Option<Timestamp>)> = observations
            .into_values()
            .map(|all| {
                let fact = all[0];
                let previous =
                    all.iter().find(|it| it.observed_at < fact.observed_at).map(|it| it.observed_at);
                let identity = all.iter().find_map(|fact| Identity::of_cluster(fact));
                (Cluster { fact, identity }, previous)
            })
            .collect();
        let kept = without_second_names(newest);
        let mut places: HashMap<Place<'a>, (usize, Option<Timestamp>)> = HashMap::new();
        let mut clusters = Vec::with_capacity(kept.len());
        for (cluster, previous) in kept {
            places.insert((&cluster.fact.cluster, &cluster.fact.partition), (clusters.len(), previous));
            clusters.push(cluster);
        }
        let ends = newest_ends(facts, &clusters, &places);
        let mut by_trust_domain: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, cluster) in clusters.iter().enumerate() {
            if let Some(identity) = &cluster.identity {
                by_trust_domain.entry(identity.trust_domain.clone()).or_default().push(index);
            }
        }
        let has_unknown = clusters.iter().any(|cluster| cluster.identity.is_none());
        Self { clusters, ends, by_trust_domain, has_unknown }
    }

    /// Returns the cluster that reports an end.
    pub(super) fn cluster_of(&self, end: End<'_>) -> &'a ClusterFact {
        self.clusters[end.cluster].fact
    }

    /// Looks for the peer's cluster of an end: by the server name of its servers, else by the SPIFFE ID of its CAs.
    pub(super) fn peer_of(&self, end: End<'_>) -> Lookup {
        let Some(identity) = Identity::of_peer(end.fact) else { return Lookup::Unknown };
        let is_it = |index: &usize| {
            let cluster = &self.clusters[*index];
            *index != end.cluster
                && cluster.identity.as_ref().is_some_and(|it| it.fits(&identity))
                && same_partition(&cluster.fact.partition, &end.fact.remote.partition)
        };
        match self.by_trust_domain.get(&identity.trust_domain).and_then(|all| all.iter().copied().find(is_it))
        {
            Some(index) if self.clusters[index].fact.status == ClusterStatus::Ok => Lookup::Known(index),
            Some(index) => Lookup::Unread(index),
            None if self.has_unknown => Lookup::Unknown,
            None => Lookup::Missing,
        }
    }

    /// Returns whether a cluster is the one that an end names as its peer's.
    pub(super) fn is_peer_of(&self, cluster: usize, end: End<'_>) -> bool {
        let identity = self.clusters[cluster].identity.as_ref();
        let expected = Identity::of_peer(end.fact);
        matches!((identity, expected), (Some(identity), Some(expected)) if identity.fits(&expected))
    }
}

/// Keeps one name of each cluster and partition that has several. A copy of a cluster, restored from a snapshot beside it, has
/// the same identity and another leader: it is kept.
fn without_second_names<'a>(
    clusters: Vec<(Cluster<'a>, Option<Timestamp>)>,
) -> Vec<(Cluster<'a>, Option<Timestamp>)> {
    let key = |cluster: &Cluster<'a>| {
        let identity = cluster.identity.clone().filter(|it| !it.datacenter.is_empty())?;
        let partition =
            if cluster.fact.partition == "default" { "" } else { cluster.fact.partition.as_str() };
        Some((identity, partition))
    };
    let mut newest: HashMap<_, (bool, Timestamp)> = HashMap::new();
    for (cluster, _) in &clusters {
        let Some(key) = key(cluster) else { continue };
        let this = (cluster.fact.status == ClusterStatus::Ok, cluster.fact.observed_at);
        newest.entry(key).and_modify(|best| *best = this.max(*best)).or_insert(this);
    }
    // The leaders of the names that are kept; `None` if one does not know its leader.
    let mut taken: HashMap<_, Vec<Option<&str>>> = HashMap::new();
    let mut kept = clusters;
    kept.retain(|(cluster, _)| {
        let Some(key) = key(cluster) else { return true };
        let (is_ok, at) = newest[&key];
        let is_candidate = (cluster.fact.status == ClusterStatus::Ok) == is_ok
            && at.duration_since(cluster.fact.observed_at) < SAME_RUN;
        let leader = cluster.fact.leader.as_deref();
        let leaders = taken.entry(key).or_default();
        let is_second = leaders.iter().any(|other| leader.is_none() || other.is_none() || *other == leader);
        if is_candidate && !is_second {
            leaders.push(leader);
        }
        is_candidate && !is_second
    });
    kept
}

/// Returns the peerings of the newest observations, one for each ID.
fn newest_ends<'a>(
    facts: &'a Facts,
    clusters: &[Cluster<'a>],
    places: &HashMap<Place<'a>, (usize, Option<Timestamp>)>,
) -> Vec<End<'a>> {
    let mut ends: Vec<End<'a>> = Vec::with_capacity(facts.peerings.len());
    for fact in &facts.peerings {
        let Some((cluster, previous)) = places.get(&(fact.cluster.as_str(), fact.partition.as_str())) else {
            continue;
        };
        let is_ok = clusters[*cluster].fact.status == ClusterStatus::Ok;
        // What an older observation reported may not exist anymore.
        if is_ok && previous.is_none_or(|previous| fact.observed_at > previous) {
            ends.push(End { fact, cluster: *cluster });
        }
    }
    ends.sort_by(|one, other| {
        let by_place = (one.cluster, &one.fact.id).cmp(&(other.cluster, &other.fact.id));
        by_place
            .then_with(|| other.fact.observed_at.cmp(&one.fact.observed_at))
            .then_with(|| other.fact.cmp(one.fact))
    });
    ends.dedup_by(|later, kept| later.cluster == kept.cluster && later.fact.id == kept.fact.id);
    ends.sort_by(|one, other| {
        (one.cluster, &one.fact.name, &one.fact.id).cmp(&(other.cluster, &other.fact.name, &other.fact.id))
    });
    ends
}

/// Returns whether two partitions are the same. The community edition has only the default one, which it does not name.
fn same_partition(one: &str, other: &str) -> bool {
    let name =
        |partition: &str| if partition.is_empty() { "default".to_owned() } else { partition.to_lowercase() };
    name(one) == name(other)
}

impl Identity {
    fn new(trust_domain: &str, datacenter: &str) -> Self {
        Self { trust_domain: trust_domain.to_lowercase(), datacenter: datacenter.to_lowercase() }
    }

    fn of_cluster(fact: &ClusterFact) -> Option<Self> {
        let trust_domain = fact.trust_domain.as_deref().filter(|domain| !domain.is_empty());
        let of_root = || fact.active_root().and_then(|root| root.certificate.trust_domain.as_deref());
        Some(Self::new(trust_domain.or_else(of_root)?, fact.datacenter.as_deref().unwrap_or_default()))
    }

    /// Returns the peer that an end names.
    fn of_peer(fact: &PeeringFact) -> Option<Self> {
        if let Some((datacenter, trust_domain)) = server_name(&fact.peer_server_name) {
            return Some(Self::new(trust_domain, datacenter));
        }
        let trust_domain = fact.peer_cas.iter().find_map(|ca| ca.trust_domain.as_deref())?;
        Some(Self::new(trust_domain, &fact.remote.datacenter))
    }

    /// Returns whether this is the expected cluster, as far as both are known.
    fn fits(&self, expected: &Self) -> bool {
        let is_unknown = self.datacenter.is_empty() || expected.datacenter.is_empty();
        self.trust_domain == expected.trust_domain && (is_unknown || self.datacenter == expected.datacenter)
    }
}

/// Splits `server.<datacenter>.peering.<trust-domain>`. Consul 1.13 wrote no trust domain.
fn server_name(name: &str) -> Option<(&str, &str)> {
    let (datacenter, rest) = strip_prefix_ignoring_case(name, "server.")?.split_once('.')?;
    let trust_domain = strip_prefix_ignoring_case(rest, "peering.")?;
    Some((datacenter, trust_domain)).filter(|_| !trust_domain.is_empty())
}

impl End<'_> {
    pub(super) fn is_dialer(self) -> bool {
        self.fact.role == Role::Dialer
    }
}
