//! The harness that runs the command, a browser, and servers that several tests use.

pub mod browser;
pub mod own_server;
pub mod peering;
pub mod served;
