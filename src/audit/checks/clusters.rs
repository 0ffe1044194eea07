//! Checks of whether a cluster could be read, and of its clock.

use jiff::SignedDuration;
use serde_json::json;

use super::super::check::{AuditCheck, Found, Run};
use super::super::facts::{ClusterFact, ClusterStatus};
use crate::lint::{Area, Check, Severity, Subject};
use crate::staleness::evidence::different_clock;
use crate::utc;

/// `cluster-unreachable`.
pub static CLUSTER_UNREACHABLE: AuditCheck = AuditCheck {
    check: Check {
        name: "cluster-unreachable",
        severity: Severity::Error,
        area: Area::Clusters,
        subject: Subject::Cluster,
        summary: "The cluster did not answer, or answered with an error.",
        why: "Its peerings were not read, so they are not compared with the other ends. The cluster may work: only its HTTP API was queried.",
        remedy: "Run `peering context check` for it. Check the address, the TLS files and whether the cluster has a leader.",
        source: "The HTTP API of Consul",
    },
    run: Run::Cluster(|cluster| unread(cluster, ClusterStatus::Unreachable, "no reason was recorded")),
};

/// `cluster-denied`.
pub static CLUSTER_DENIED: AuditCheck = AuditCheck {
    check: Check {
        name: "cluster-denied",
        severity: Severity::Error,
        area: Area::Clusters,
        subject: Subject::Cluster,
        summary: "The ACL token may not read the peerings of the cluster.",
        why: "Its peerings were not read, so they are not compared with the other ends.",
        remedy: "Use an ACL token whose policy has `peering = \"read\"`.",
        source: "Consul 1.23.0-dev, recorded: `POST /v1/internal/acl/authorize`",
    },
    run: Run::Cluster(|cluster| unread(cluster, ClusterStatus::Denied, "peering:read is missing")),
};

fn unread(cluster: &ClusterFact, status: ClusterStatus, default: &str) -> Option<Found> {
    let reason = cluster.reason.as_deref().unwrap_or(default);
    (cluster.status == status).then(|| Found::new(reason, [("elapsed_ms", json!(cluster.elapsed_ms))]))
}

/// `clock-skew`.
pub static CLOCK_SKEW: AuditCheck = AuditCheck {
    check: Check {
        name: "clock-skew",
        severity: Severity::Warning,
        area: Area::Clusters,
        subject: Subject::Cluster,
        summary: "The clock of the cluster differs from this host's by a minute or more.",
        why: "Certificates expire, or are not valid yet, by the clock of the host that verifies them. The audit corrects the times of heartbeats by this difference.",
        remedy: "Check the time synchronization (NTP) of this host and of the cluster's servers.",
        source: "The `Date` header of the HTTP API (RFC 9110 §6.6.1)",
    },
    run: Run::Cluster(clock_skew),
};

fn clock_skew(cluster: &ClusterFact) -> Option<Found> {
    let skew = cluster.clock_skew_ms?;
    different_clock(Some(skew / 1000))?;
    let direction = if skew > 0 { "ahead of" } else { "behind" };
    let message =
        format!("its clock is {} {direction} this host's", utc::span(SignedDuration::from_millis(skew)));
    Some(Found::new(message, [("clock_skew_ms", json!(skew))]))
}
