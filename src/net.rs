//! Everything that does I/O: Consul's HTTP API, TLS, peering streams, probes, snapshots and the ledger.

pub mod consul;
pub mod ledger;
pub mod peerstream;
pub mod probe;
pub mod regenerate;
pub mod snapshot;
pub(crate) mod tls;
