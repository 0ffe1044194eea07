//! Consul's cluster peering tokens: generate, read, validate, and find out why an establish failed.
#![forbid(unsafe_code)]

#[cfg(feature = "net")]
pub mod acceptor;
pub mod batch;
pub mod cert;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "net")]
pub mod consul;
pub mod diagnose;
pub mod diff;
pub mod explain;
pub mod facts;
pub mod go;
pub mod inspection;
#[cfg(feature = "net")]
pub mod ledger;
#[cfg(feature = "net")]
pub mod peerstream;
#[cfg(feature = "net")]
pub mod probe;
pub mod reach;
pub mod render;
pub mod report;
#[cfg(all(feature = "schema", feature = "cli"))]
pub mod schema;
#[cfg(feature = "net")]
pub mod snapshot;
pub mod stale;
pub mod token;
#[cfg(feature = "net")]
pub mod unused;
mod wiped;
pub mod word;

pub use wiped::Wiped;
