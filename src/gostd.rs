//! The parts of Go's standard library that read a peering token in Consul, with the same results and error texts.
//!
//! Consul is written in Go, so Go's standard library decides which tokens are accepted and how an error reads. Each module
//! implements the rules of one package as of Go 1.26, in the same order of checks, because the first error found is the
//! one that is reported.

pub mod address;
pub mod base64;
pub mod chain;
pub mod json;
pub mod os_error;
pub mod pem;
pub(crate) mod quote;
pub(crate) mod url;
pub mod x509;
