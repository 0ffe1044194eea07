//! A check of an audit: its description, and a pure function of a cluster or of one end of a peering.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Options;
use super::facts::{ClusterFact, ClusterStatus, PeeringFact, State, real_time};
use super::fleet::{End, Fleet, Lookup};
use super::join::{Join, Peer};
use super::tokens::UnusedTokens;
use crate::lint::{Check, Rule};

/// A cluster sends a heartbeat this often, and the first one this long after the stream opens.
const HEARTBEAT_INTERVAL: SignedDuration = SignedDuration::from_secs(15);

/// From this age on, a heartbeat is missing: three intervals. A frozen peer shows after 25 to 45 seconds.
const MAX_HEARTBEAT_AGE: SignedDuration = SignedDuration::from_secs(45);

/// A stream that opened this recently may not have had its first heartbeat.
const NEW_STREAM: SignedDuration = SignedDuration::from_secs(20);

/// A check of an audit.
#[derive(Debug, Clone, Copy)]
pub struct AuditCheck {
    /// Its description.
    pub check: Check,
    pub(super) run: Run,
}

impl Rule for AuditCheck {
    fn check(&self) -> &Check {
        &self.check
    }
}

/// What a check looks at. It finds at most one problem.
#[derive(Debug, Clone, Copy)]
pub(super) enum Run {
    Cluster(fn(&ClusterFact) -> Option<Found>),
    Peering(fn(&View<'_>) -> Option<Found>),
}

/// A problem that a check found.
#[derive(Debug)]
pub(super) struct Found {
    pub message: String,
    pub values: Vec<(&'static str, Value)>,
    /// The index of another end that has the problem too.
    pub other: Option<usize>,
}

/// All facts, joined.
pub(super) struct Context<'a> {
    pub fleet: Fleet<'a>,
    pub join: Join<'a>,
    pub tokens: UnusedTokens<'a>,
    pub options: &'a Options,
}

/// One end of a peering, and everything that is known about it.
#[derive(Clone, Copy)]
pub(super) struct View<'c> {
    context: &'c Context<'c>,
    index: usize,
    pub end: End<'c>,
    pub fact: &'c PeeringFact,
    pub cluster: &'c ClusterFact,
}

impl Found {
    pub(super) fn new(
        message: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Self {
        Self { message: message.into(), values: values.into_iter().collect(), other: None }
    }

    pub(super) fn with_other(self, end: usize) -> Self {
        Self { other: Some(end), ..self }
    }
}

impl<'c> View<'c> {
    pub(super) fn new(context: &'c Context<'c>, index: usize) -> Self {
        let end = context.fleet.ends[index];
        View { context, index, end, fact: end.fact, cluster: context.fleet.cluster_of(end) }
    }

    pub(super) fn options(&self) -> &'c Options {
        self.context.options
    }

    /// Returns the other end, if it was found by its ID.
    pub(super) fn peer(&self) -> Option<View<'c>> {
        match self.context.join.peer(self.index) {
            Peer::Joined(other) => Some(View::new(self.context, other)),
            Peer::NotJoined(_) => None,
        }
    }

    /// Returns the other end, if both were read at about the same time. Otherwise, differences prove nothing: the newer one
    /// may have changed since.
    pub(super) fn comparable_peer(&self) -> Option<View<'c>> {
        self.peer().filter(|peer| self.is_close(peer.fact.observed_at))
    }

    /// Returns the result of looking for the peer's cluster, if the other end was not found by its ID.
    pub(super) fn lookup(&self) -> Option<Lookup> {
        match self.context.join.peer(self.index) {
            Peer::Joined(_) => None,
            Peer::NotJoined(lookup) => Some(lookup),
        }
    }

    /// Returns the peer's cluster, if its peerings are known.
    pub(super) fn peer_cluster(&self) -> Option<&'c ClusterFact> {
        match self.context.join.peer(self.index) {
            Peer::Joined(other) => Some(View::new(self.context, other).cluster),
            Peer::NotJoined(Lookup::Known(cluster)) => Some(self.context.fleet.clusters[cluster].fact),
            Peer::NotJoined(_) => None,
        }
    }

    /// Returns the peer's cluster, also if its peerings are not known.
    pub(super) fn cluster_of_peer(&self) -> Option<&'c ClusterFact> {
        match self.lookup() {
            Some(Lookup::Unread(cluster)) => Some(self.context.fleet.clusters[cluster].fact),
            _ => self.peer_cluster(),
        }
    }

    /// Returns the cluster that should have the other end but does not, as of about the same time.
    pub(super) fn cluster_without_other_end(&self) -> Option<&'c ClusterFact> {
        let Some(Lookup::Known(_)) = self.lookup() else { return None };
        self.peer_cluster().filter(|cluster| self.is_close(cluster.observed_at))
    }

    /// Returns whether this end was used and its other end is gone.
    pub(super) fn has_lost_its_other_end(&self) -> bool {
        self.cluster_without_other_end().is_some() && (self.end.is_dialer() || self.fact.has_remote())
    }

    /// Returns whether a time is close enough to when this end was read.
    fn is_close(&self, at: Timestamp) -> bool {
        self.fact.observed_at.duration_since(at).abs() <= self.options().compare_within
    }

    /// Returns whether the other end, or its absence, was read at another time.
    pub(super) fn is_incomparable(&self) -> bool {
        match self.context.join.peer(self.index) {
            Peer::Joined(_) => self.comparable_peer().is_none(),
            Peer::NotJoined(Lookup::Known(_)) => self.cluster_without_other_end().is_none(),
            Peer::NotJoined(_) => false,
        }
    }

    /// Returns the ends that dial this end's peering if they are in several clusters, this one included. Ends that were
    /// read at another time than the newest are left out: the dialer may have moved.
    pub(super) fn dialers_of_same_peering(&self) -> Vec<View<'c>> {
        let all = self.context.join.dialers(self.end).iter().map(|index| View::new(self.context, *index));
        let mut dialers: Vec<View<'c>> = all.filter(|dialer| !dialer.is_deleted()).collect();
        let newest = dialers.iter().map(|dialer| dialer.fact.observed_at).max();
        dialers.retain(|dialer| newest.is_some_and(|newest| dialer.is_close(newest)));
        let first = dialers.first().map(|dialer| dialer.end.cluster);
        if dialers.iter().all(|dialer| Some(dialer.end.cluster) == first) { Vec::new() } else { dialers }
    }

    /// Returns whether the acceptor of this dialer has no other dialer, or is unknown.
    pub(super) fn is_dialer_of_acceptor(&self) -> bool {
        self.peer().and_then(|acceptor| acceptor.peer()).is_none_or(|dialer| dialer.index == self.index)
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Returns when the newest unused token of this peering was generated, if the ledger contains it.
    pub(super) fn unused_since(&self) -> Option<Timestamp> {
        self.context.tokens.newest(&self.fact.id)
    }

    /// Returns how old the last heartbeat was when the peering was read. Never negative, although clocks may differ.
    pub(super) fn heartbeat_age(&self) -> Option<SignedDuration> {
        Some(self.age(real_time(self.fact.last_heartbeat)?).max(SignedDuration::ZERO))
    }

    fn age(&self, at: Timestamp) -> SignedDuration {
        self.cluster.by_its_clock(self.fact.observed_at).duration_since(at)
    }

    /// Returns the time of the last heartbeat by the clock of the host that read the facts.
    pub(super) fn heartbeat_by_our_clock(&self) -> Option<Timestamp> {
        real_time(self.fact.last_heartbeat).map(|at| self.cluster.by_our_clock(at))
    }

    /// Returns the time of the last message by the clock of the host that read the facts.
    pub(super) fn receive_by_our_clock(&self) -> Option<Timestamp> {
        real_time(self.fact.last_receive).map(|at| self.cluster.by_our_clock(at))
    }

    /// Returns whether heartbeats arrive.
    pub(super) fn has_fresh_heartbeat(&self) -> bool {
        self.heartbeat_age().is_some_and(|age| age <= MAX_HEARTBEAT_AGE)
    }

    /// Returns whether the stream is open and heartbeats arrive.
    pub(super) fn is_alive(&self) -> bool {
        self.fact.state == State::Active && self.has_fresh_heartbeat()
    }

    /// Returns whether the stream may have opened too recently for a heartbeat.
    pub(super) fn is_new_stream(&self) -> bool {
        let first = real_time(self.fact.last_receive).or(real_time(self.fact.last_send));
        first.is_some_and(|at| self.age(at) <= NEW_STREAM)
    }

    /// Returns whether the stream may have been opened again so recently that the last heartbeat is that of the broken one. Both
    /// ends send and receive when it opens.
    pub(super) fn is_reopened_stream(&self) -> bool {
        let is_new = |at| real_time(at).is_some_and(|at| self.age(at) <= NEW_STREAM);
        is_new(self.fact.last_receive) && is_new(self.fact.last_send)
    }

    /// Returns whether one side deleted the peering. Other checks have nothing to add.
    pub(super) fn is_deleted(&self) -> bool {
        self.fact.state.is_deleted()
    }
}

/// Returns whether a stream that had a heartbeat at this time was open when another end was read: that end cannot have a
/// good reason to report a broken stream. A stream has its first heartbeat 15 seconds after it opens, and a broken one shows
/// after 25 seconds at the earliest.
pub(super) fn proves_open(heartbeat: Timestamp, observed_at: Timestamp) -> bool {
    let distance = heartbeat.duration_since(observed_at);
    distance < HEARTBEAT_INTERVAL && distance > -SignedDuration::from_secs(25)
}

/// Returns whether the peerings of a cluster were read.
pub(super) fn is_read(cluster: &ClusterFact) -> bool {
    cluster.status == ClusterStatus::Ok
}
