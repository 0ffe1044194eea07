//! The harness that runs the command, and servers that several tests use.

pub mod own_server;
pub mod peering;
pub mod served;
