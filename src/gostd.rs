//! The parts of Go's standard library that read a peering token in Consul, with the same results and error texts.
//!
//! Consul is written in Go, so Go's standard library decides which tokens are accepted and how an error reads. Each module
//! implements the rules of one package as of Go 1.26, in the same order of checks, because the first error found is the
//! one that is reported.

pub mod address;
pub mod base64;
pub mod json;
pub mod os_error;
pub mod pem;
pub(crate) mod quote;
pub(crate) mod url;
pub mod x509;

/// The settings (`GODEBUG`) that change what Go's standard library accepts. The defaults of a program follow the `go` line
/// of its go.mod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoDebug {
    /// `urlstrictcolons`: whether several colons in the host of an HTTP URL are an error, as by default since Go 1.26.
    pub url_strict_colons: bool,
}

/// The defaults of Go 1.26.
impl Default for GoDebug {
    fn default() -> Self {
        Self { url_strict_colons: true }
    }
}
