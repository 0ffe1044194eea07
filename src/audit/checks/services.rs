//! Checks of the services that one end exports and the other imports.

use std::collections::HashSet;

use serde_json::json;

use super::super::check::{AuditCheck, Found, Run, View};
use crate::lint::{Area, Check, Severity, Subject};
use crate::token::shown::MAX_SHOWN;

/// How many names are in a message. The values have more.
const MAX_IN_MESSAGE: usize = 3;

/// `exports-not-imported`.
pub static EXPORTS_NOT_IMPORTED: AuditCheck = AuditCheck {
    check: Check {
        name: "exports-not-imported",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::BothEnds,
        summary: "One end exports services that the other does not import.",
        why: "Exported services appear at the peer within seconds. Both ends are ACTIVE, but the stream does not carry this data, so the services cannot be reached.",
        remedy: "Restart the leader of the importing cluster, so that it opens a new stream and receives all services again. You need no token.",
        source: "Consul 1.23.0-dev, recorded from a mesh of four clusters: `ExportedServices` of one end are `ImportedServices` of the other",
    },
    run: Run::Peering(exports_not_imported),
};

fn exports_not_imported(view: &View<'_>) -> Option<Found> {
    // A second dialer has no stream with the acceptor.
    let peer = view.comparable_peer().filter(|_| view.is_dialer_of_acceptor())?;
    if !view.is_alive() || !peer.is_alive() {
        return None;
    }
    let imported: HashSet<&str> = peer.fact.imported_services.iter().map(String::as_str).collect();
    let mut missing: Vec<&str> = view
        .fact
        .exported_services
        .iter()
        .map(String::as_str)
        .filter(|name| !imported.contains(name))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return None;
    }
    let message = format!("{} does not import {}", peer.cluster.cluster, first_names(&missing));
    let count = missing.len();
    missing.truncate(MAX_SHOWN);
    let values = [("services", json!(missing)), ("count", json!(count))];
    Some(Found::new(message, values).with_other(peer.index()))
}

/// Returns the first of some names, and how many there are beside them.
pub(in crate::audit) fn first_names(names: &[&str]) -> String {
    let shown = names.iter().take(MAX_IN_MESSAGE).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_IN_MESSAGE) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
