//! Whether a peering is healthy, as far as its own cluster reports: ACTIVE, with a recent heartbeat.

use jiff::Timestamp;

use crate::cli::args::http_options::HttpOptions;
use crate::diagnosis::OLD_HEARTBEAT;
use crate::net::consul::Peering;
use crate::shell::quoted;

/// Whether the peering is ACTIVE and has received data recently.
pub fn is_healthy(peering: &Peering, now: Timestamp) -> bool {
    let heard = peering.stream.last_heard_at();
    peering.state == "ACTIVE" && heard.is_some_and(|at| now.duration_since(at) <= OLD_HEARTBEAT)
}

/// Whether a peering only waits for its first dialer, which is no problem.
pub fn waits_for_dialer(peering: &Peering) -> bool {
    peering.state == "PENDING" && peering.peer_id.is_empty() && !peering.has_remote()
}

/// Returns the command that finds out why a peering is not healthy.
pub fn next_command(name: &str, http: &HttpOptions) -> String {
    format!("{DIAGNOSE} -name {}{}", quoted(name), flags(http))
}

/// Returns the command that diagnoses every peering of a cluster.
pub fn diagnose_all(http: &HttpOptions) -> String {
    format!("{DIAGNOSE}{}", flags(http))
}

const DIAGNOSE: &str = "peering diagnose";

/// Returns the flags that select the same cluster, with a space before them.
fn flags(http: &HttpOptions) -> String {
    http.cluster_flags().map_or_else(String::new, |flags| format!(" {flags}"))
}
