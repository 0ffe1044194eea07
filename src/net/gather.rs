//! Queries the sources of evidence: Consul's HTTP API, the probes, the ledger and snapshots.
//!
//! The results are plain values for the pure core. The caller passes in the clock, the host's name and the progress.

pub mod connect;
pub mod contexts;
pub mod diagnosis;
pub mod regenerate;
pub mod staleness;
