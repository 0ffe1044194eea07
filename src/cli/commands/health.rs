//! Whether a peering is healthy, as far as its own cluster reports: ACTIVE, with a recent heartbeat.

use jiff::Timestamp;

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
pub fn next_command(name: &str, http_addr: Option<&str>) -> String {
    format!("peering diagnose -name {}{}", quoted(name), http_addr_option(http_addr))
}

/// Returns the command that diagnoses every peering of a cluster.
pub fn diagnose_all(http_addr: Option<&str>) -> String {
    format!("peering diagnose{}", http_addr_option(http_addr))
}

fn http_addr_option(http_addr: Option<&str>) -> String {
    http_addr.map_or_else(String::new, |address| format!(" -http-addr {}", quoted(address)))
}
