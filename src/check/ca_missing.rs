//! The token has no CA: the dialer uses no TLS.

use super::{Area, Check, Found, Severity, Subject};
use crate::facts::Facts;

/// `ca-missing`.
pub static CA_MISSING: Check = Check {
    name: "ca-missing",
    severity: Severity::Warning,
    area: Area::Certificates,
    subject: Subject::Fields,
    summary: "The token has no CA: the dialer uses no TLS.",
    why: "The acceptor runs without gRPC TLS, which Consul 1.13 allowed, or the token was edited. The establishment secret and everything after it cross the network in the clear; and if the port expects TLS, establishing fails with `error reading server preface: EOF`.",
    remedy: "Give the acceptor's servers gRPC TLS (`ports.grpc_tls`, Consul 1.14 and newer) and generate the token again.",
    source: "Consul 1.23.0-dev and 1.13, recorded",
    run,
};

fn run(facts: &Facts<'_>, found: &mut Found) {
    if facts.authorities.is_empty() && facts.token().is_some() {
        found.fault("CA", "CA is empty: everything is sent in the clear", []);
    }
}
