//! Finds the other end of each peering: an acceptor's ID of a peering is the `PeerID` of its dialer.

use std::collections::HashMap;

use super::facts::State;
use super::fleet::{End, Fleet, Lookup};

/// The other ends of all peerings.
#[derive(Debug)]
pub(super) struct Join<'a> {
    /// For each end of the fleet, its other end.
    peers: Vec<Peer>,
    /// The acceptors by their ID.
    acceptors: HashMap<&'a str, Vec<usize>>,
    /// The dialers by the acceptor's ID.
    dialers: HashMap<&'a str, Vec<usize>>,
}

/// The other end of a peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// The end with this index in the fleet.
    Joined(usize),
    /// No end has the ID. The trust domain leads to a cluster, or to none.
    NotJoined(Lookup),
}

impl<'a> Join<'a> {
    pub(super) fn new(fleet: &Fleet<'a>) -> Self {
        let (mut acceptors, mut dialers) = (HashMap::new(), HashMap::new());
        for (index, end) in fleet.ends.iter().enumerate() {
            let (by_id, id): (&mut HashMap<&'a str, Vec<usize>>, &'a str) = if end.is_dialer() {
                (&mut dialers, &end.fact.peer_id)
            } else {
                (&mut acceptors, &end.fact.id)
            };
            if !id.is_empty() {
                by_id.entry(id).or_default().push(index);
            }
        }
        let mut join = Self { peers: Vec::new(), acceptors, dialers };
        join.peers = fleet.ends.iter().map(|end| join.find(fleet, *end)).collect();
        join
    }

    fn find(&self, fleet: &Fleet<'a>, end: End<'a>) -> Peer {
        let candidates = if end.is_dialer() {
            self.acceptors.get(end.fact.peer_id.as_str())
        } else {
            self.dialers.get(end.fact.id.as_str())
        };
        let others = candidates
            .into_iter()
            .flatten()
            .copied()
            .filter(|other| fleet.ends[*other].cluster != end.cluster);
        // The ends are in a fixed order, so of equal candidates the first one is always the same.
        let best = others.max_by_key(|other| {
            let candidate = fleet.ends[*other];
            let is_expected = fleet.is_peer_of(candidate.cluster, end);
            (is_expected, candidate.fact.state == State::Active, std::cmp::Reverse(*other))
        });
        best.map_or_else(|| Peer::NotJoined(fleet.peer_of(end)), Peer::Joined)
    }

    /// Returns the other end of the end with this index.
    pub(super) fn peer(&self, end: usize) -> Peer {
        self.peers[end]
    }

    /// Returns the dialers with the same acceptor's ID as this one, itself included; none for an acceptor.
    pub(super) fn dialers(&self, end: End<'_>) -> &[usize] {
        self.dialers.get(end.fact.peer_id.as_str()).map_or(&[][..], Vec::as_slice)
    }
}
