//! Go's reading of text, as far as Consul reads a peering token with it.
//!
//! Consul is written in Go and hands a token to Go's standard library, whose habits decide what is accepted and what
//! a refusal says. Each module states the rules of one package, as of Go 1.26, and follows its order of checks, for
//! the first fault found is the one that is reported.

pub mod address;
pub mod base64;
pub mod chain;
pub mod json;
pub mod os_error;
pub mod pem;
pub(crate) mod quote;
pub(crate) mod url;
pub mod x509;
