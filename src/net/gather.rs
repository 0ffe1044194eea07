//! Queries the sources of evidence: Consul's HTTP API, the probes and the ledger.
//!
//! The results are plain values for the pure core. The caller passes in the clock, the host's name and the progress.

pub mod diagnosis;
pub mod staleness;
