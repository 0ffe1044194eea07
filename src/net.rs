//! Everything that does I/O: Consul's HTTP API, TLS, peering streams, probes, snapshots, the ledger, and the code that
//! gathers their evidence.

pub mod bundle;
pub mod collect;
pub mod connect;
pub mod consul;
pub mod context;
pub(crate) mod file;
pub mod find_files;
pub mod gather;
pub(crate) mod http_server;
pub mod hub;
pub mod ledger;
pub mod peerstream;
pub mod probe;
pub mod regenerate;
pub mod snapshot;
pub(crate) mod sqlite;
pub(crate) mod tls;
