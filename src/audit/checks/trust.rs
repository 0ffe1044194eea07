//! Checks of whether the ends can connect: certificates, addresses and versions.

use std::collections::HashSet;

use serde_json::json;

use super::super::check::{AuditCheck, Found, Run, View};
use super::super::facts::{CaFact, ClusterFact, RootFact, State};
use crate::connectivity::versions::can_peer;
use crate::lint::{Area, Check, Severity, Subject};
use crate::token::shown::MAX_SHOWN;
use crate::utc;

/// `peer-ca-expires`.
pub static PEER_CA_EXPIRES: AuditCheck = AuditCheck {
    check: Check {
        name: "peer-ca-expires",
        severity: Severity::Warning,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The last CA certificate of the peer expires soon, or has expired.",
        why: "This cluster verifies the peer with it. When it expires, the stream and all connections to imported services fail, unless the peer rotates its CA before and the stream carries the new one.",
        remedy: "Rotate the CA of the peer's cluster while the peering is ACTIVE.",
        source: "Consul 1.23.0-dev, recorded: `PeerCAPems` of a peering",
    },
    run: Run::Peering(peer_ca_expires),
};

fn peer_ca_expires(view: &View<'_>) -> Option<Found> {
    let (expires_at, now) = (view.fact.peer_ca_expires_at()?, view.options().now);
    if view.is_deleted() || expires_at.duration_since(now) > view.options().warn_before {
        return None;
    }
    let verb = if expires_at < now { "expired" } else { "expires" };
    let message = format!("the peer's CA {verb} on {}", utc::date_time(expires_at));
    Some(Found::new(message, [("not_after", json!(expires_at))]))
}

/// `peer-ca-not-trusted`.
pub static PEER_CA_NOT_TRUSTED: AuditCheck = AuditCheck {
    check: Check {
        name: "peer-ca-not-trusted",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::PeerCluster,
        summary: "The peer rotated its CA without cross-signing, and this cluster verifies it with the CA from before.",
        why: "An open stream stays open, and cannot be opened again. If the stream was open during the rotation, the dialer stores both CAs, but its leader keeps using the old one. If it was not, the dialer stores the old CA only.",
        remedy: "If the dialer's leader uses the old CA, make another server the leader (`consul operator raft transfer-leader`), or restart the only one. Otherwise generate a token on the acceptor and establish it on the dialer under the same names, as `peering connect -force` does.",
        source: "Consul 1.23.0-dev, recorded: `err-ca-rotated-without-cross-signing`. Consul 1.22.7 and 2.1.0-dev, measured: what the leader of the dialer uses",
    },
    run: Run::Peering(peer_ca_not_trusted),
};

fn peer_ca_not_trusted(view: &View<'_>) -> Option<Found> {
    let (peer, root, untrusted) = untrusted_ca(view)?;
    let message = match untrusted {
        Untrusted::NotStored => format!("it trusts another CA than {} uses", peer.cluster),
        Untrusted::NotUsed => {
            format!("{} rotated its CA, and this dialer's leader still uses the old one", peer.cluster)
        }
    };
    let stored: Vec<&str> = view.fact.peer_cas.iter().take(MAX_SHOWN).map(|ca| ca.sha256.as_str()).collect();
    let values = [("trusted_sha256", json!(stored)), ("active_sha256", json!(root.certificate.sha256))];
    let found = Found::new(message, values);
    // It breaks the stream, so the acceptor has the problem too.
    Some(match view.comparable_peer().filter(|acceptor| view.end.is_dialer() && !acceptor.is_alive()) {
        Some(acceptor) => found.with_other(acceptor.index()),
        None => found,
    })
}

/// Why an end cannot verify its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Untrusted {
    /// No stored CA leads to the one that the peer uses.
    NotStored,
    /// The stream is broken, and the CA that the peer uses is stored beside one from before, which did not sign it.
    NotUsed,
}

/// Returns why an end cannot verify its peer's servers, with the peer's cluster and root.
pub(super) fn untrusted_ca<'c>(view: &View<'c>) -> Option<(&'c ClusterFact, &'c RootFact, Untrusted)> {
    let peer = view.peer_cluster().filter(|peer| {
        let distance = peer.observed_at.duration_since(view.fact.observed_at).abs();
        distance <= view.options().compare_within
    })?;
    let root = peer.active_root()?;
    let used: Vec<&CaFact> = std::iter::once(&root.certificate).chain(&root.intermediates).collect();
    let cas = &view.fact.peer_cas;
    let is_used = |ca: &CaFact| used.iter().any(|used| leads_to(ca, used));
    if view.is_deleted() || cas.is_empty() {
        None
    } else if !cas.iter().any(is_used) {
        Some((peer, root, Untrusted::NotStored))
    } else if view.end.is_dialer() && view.fact.state == State::Failing && !cas.iter().all(is_used) {
        Some((peer, root, Untrusted::NotUsed))
    } else {
        None
    }
}

/// Returns whether a CA is a certificate that the peer uses, or signed it: after a rotation with cross-signing, the old root
/// signed the intermediate that servers present. Facts contain no keys, so the identifiers of the keys are compared.
fn leads_to(ca: &CaFact, used: &CaFact) -> bool {
    let has_key = |id: &Option<String>| id.is_some() && *id == ca.subject_key_id;
    ca.sha256 == used.sha256 || has_key(&used.subject_key_id) || has_key(&used.authority_key_id)
}

/// `peer-addresses-differ`.
pub static PEER_ADDRESSES_DIFFER: AuditCheck = AuditCheck {
    check: Check {
        name: "peer-addresses-differ",
        severity: Severity::Info,
        area: Area::Peerings,
        subject: Subject::PeerCluster,
        summary: "The dialer uses addresses that are not those of the acceptor's servers or mesh gateways.",
        why: "This is right for a load balancer or external addresses. Otherwise servers moved, and the dialer connects to the old addresses when the stream breaks.",
        remedy: "Check the addresses. If they are old, generate a token on the acceptor and establish it on the dialer under the same name.",
        source: "Consul 1.23.0-dev, recorded: `PeerServerAddresses` of a dialer's peering",
    },
    run: Run::Peering(peer_addresses_differ),
};

fn peer_addresses_differ(view: &View<'_>) -> Option<Found> {
    let acceptor = view.peer_cluster().filter(|_| view.end.is_dialer() && !view.is_deleted())?;
    let (servers, gateways) = (acceptor.server_addresses.as_ref()?, acceptor.gateway_addresses.as_ref()?);
    let known: HashSet<String> =
        servers.iter().chain(gateways).map(|address| address.to_lowercase()).collect();
    let other: Vec<&str> = view
        .fact
        .peer_addresses
        .iter()
        .map(String::as_str)
        .filter(|address| !known.contains(&address.to_lowercase()))
        .take(MAX_SHOWN)
        .collect();
    let first = other.first().filter(|_| !servers.is_empty())?;
    let more = match other.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("{first}{more}: not a server or mesh gateway of {}", acceptor.cluster);
    Some(Found::new(message, [("addresses", json!(other))]))
}

/// `versions-cannot-peer`.
pub static VERSIONS_CANNOT_PEER: AuditCheck = AuditCheck {
    check: Check {
        name: "versions-cannot-peer",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::PeerCluster,
        summary: "The dialer's Consul is too new for the acceptor's.",
        why: "Consul 1.14 to 1.21 selects no ALPN protocol when a dialer connects, and Consul 1.23 and later requires one. The TLS handshake fails.",
        remedy: "Upgrade the acceptor to Consul 1.22 or later.",
        source: "grpc-go 1.67; `peering explain alpn-missing`",
    },
    run: Run::Peering(versions_cannot_peer),
};

fn versions_cannot_peer(view: &View<'_>) -> Option<Found> {
    let acceptor = view.peer_cluster().filter(|_| view.end.is_dialer() && !view.is_deleted())?;
    let (old, new) = (acceptor.consul_version.as_deref()?, view.cluster.consul_version.as_deref()?);
    // The agent that was queried may be older than the servers: an open stream shows that they can peer.
    if can_peer(old, new) != Some(false) || view.is_alive() {
        return None;
    }
    let text = |cluster: &ClusterFact| cluster.consul_version.clone().unwrap_or_default();
    let message = format!(
        "Consul {} cannot dial {}, which runs {}",
        text(view.cluster),
        acceptor.cluster,
        text(acceptor)
    );
    Some(Found::new(
        message,
        [("version", json!(text(view.cluster))), ("peer_version", json!(text(acceptor)))],
    ))
}
