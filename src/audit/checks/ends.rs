//! Checks of whether a peering has both its ends.

use serde_json::json;

use super::super::check::{AuditCheck, Found, Run, View};
use super::super::fleet::Lookup;
use crate::lint::{Area, Check, Severity, Subject};

/// `peering-one-sided`.
pub static PEERING_ONE_SIDED: AuditCheck = AuditCheck {
    check: Check {
        name: "peering-one-sided",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::PeerCluster,
        summary: "The acceptor has the peering, but the dialing cluster does not.",
        why: "The dialing cluster lost or deleted its end, for example while the acceptor was down, or when it was restored from an older snapshot. The acceptor can stay ACTIVE: the leader that deleted the peering may keep its stream open.",
        remedy: "Delete the peering on the acceptor, then peer the clusters again: generate a token there and establish it on the dialer.",
        source: "Consul 1.23.0-dev, recorded from a mesh of four clusters: an acceptor's ID of a peering is its dialer's `PeerID`",
    },
    run: Run::Peering(peering_one_sided),
};

fn peering_one_sided(view: &View<'_>) -> Option<Found> {
    let is_used_acceptor = !view.end.is_dialer() && view.fact.has_remote() && !view.is_deleted();
    let dialer = view.cluster_without_other_end().filter(|_| is_used_acceptor)?;
    let message = format!("{} does not have the other end of this peering", dialer.cluster);
    Some(Found::new(message, [("peer_cluster", json!(dialer.cluster)), ("id", json!(view.fact.id))]))
}

/// `peering-orphaned`.
pub static PEERING_ORPHANED: AuditCheck = AuditCheck {
    check: Check {
        name: "peering-orphaned",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::PeerCluster,
        summary: "The dialer has the peering, but the acceptor does not know its ID.",
        why: "The acceptor lost the peering, or it was deleted and created again under the same name. The dialer retries, and the acceptor rejects it each time.",
        remedy: "Delete the peering on the dialer, then generate a token on the acceptor and establish it.",
        source: "Consul 1.23.0-dev, recorded: the acceptor answers `unknown PeerID`",
    },
    run: Run::Peering(peering_orphaned),
};

fn peering_orphaned(view: &View<'_>) -> Option<Found> {
    let is_dialer = view.end.is_dialer() && !view.fact.peer_id.is_empty() && !view.is_deleted();
    let acceptor = view.cluster_without_other_end().filter(|_| is_dialer)?;
    let peer_id = &view.fact.peer_id;
    let message = format!("{} has no peering with the ID {peer_id}", acceptor.cluster);
    Some(Found::new(message, [("peer_cluster", json!(acceptor.cluster)), ("peer_id", json!(peer_id))]))
}

/// `two-dialers`.
pub static TWO_DIALERS: AuditCheck = AuditCheck {
    check: Check {
        name: "two-dialers",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "Several clusters dial one peering.",
        why: "A cluster that was restored from a snapshot beside the original dials with the same ID and secret. The acceptor accepts both streams and mixes them: it imports the services of both, and reports FAILING when one of them ends. A cluster that tried to establish with a used token keeps a PENDING peering.",
        remedy: "If one of them is PENDING, delete the peering there. Otherwise stop the copy: deleting the peering on it ends that of the original too. If the acceptor stays FAILING, make another server the leader of the original.",
        source: "Consul 1.22.7 and 2.1.0-dev, measured: a dialer that was restored from a snapshot beside the original",
    },
    run: Run::Peering(two_dialers),
};

fn two_dialers(view: &View<'_>) -> Option<Found> {
    let all = view.dialers_of_same_peering();
    let first = all.first().filter(|first| first.index() == view.index())?;
    let names: Vec<&str> = all.iter().map(|dialer| dialer.cluster.cluster.as_str()).collect();
    let message = format!("{} dial the same peering", joined(&names));
    let values = [("clusters", json!(names)), ("peer_id", json!(first.fact.peer_id))];
    let found = Found::new(message, values);
    Some(match all.get(1) {
        Some(second) => found.with_other(second.index()),
        None => found,
    })
}

/// Returns `a, b and c`.
fn joined(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.join(", "),
    }
}

/// `peer-not-in-inventory`.
pub static PEER_NOT_IN_INVENTORY: AuditCheck = AuditCheck {
    check: Check {
        name: "peer-not-in-inventory",
        severity: Severity::Info,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The cluster of the peer is not in the inventory.",
        why: "The audit sees one end of this peering only, so it cannot compare it with the other.",
        remedy: "Add a context for the cluster of the peer, with the partition of the peering.",
        source: "The trust domain in the server name or in the SPIFFE ID of the peer's CA",
    },
    run: Run::Peering(peer_not_in_inventory),
};

fn peer_not_in_inventory(view: &View<'_>) -> Option<Found> {
    if view.lookup() != Some(Lookup::Missing) || view.is_deleted() {
        return None;
    }
    let remote = &view.fact.remote;
    let trust_domain =
        view.fact.peer_cas.iter().find_map(|ca| ca.trust_domain.as_deref()).unwrap_or_default();
    let name = if remote.datacenter.is_empty() { trust_domain } else { &remote.datacenter };
    let partition = match remote.partition.as_str() {
        "" | "default" => String::new(),
        partition => format!(" with the partition {partition}"),
    };
    let message = format!("its peer {name} is not in the inventory{partition}");
    let values = [("datacenter", json!(remote.datacenter)), ("trust_domain", json!(trust_domain))];
    Some(Found::new(message, values))
}
