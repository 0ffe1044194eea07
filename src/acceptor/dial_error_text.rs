//! The texts of a dialing Consul for failed connections, as far as they are recorded.

use crate::net::peerstream::{DialError, Step};

/// Returns the text after `desc = ` for an address that cannot be reached.
pub(super) fn dial_error_text(error: &DialError, address: &str) -> String {
    let reason = &error.reason;
    let text = match error.step {
        Step::Address | Step::Tcp if error.timed_out => dialing(&format!("dial tcp {address}: i/o timeout")),
        Step::Address | Step::Tcp => dialing(&format!("dial tcp {address}: connect: {reason}")),
        Step::Dns => {
            let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
            dialing(&format!("dial tcp: lookup {host}: no such host"))
        }
        Step::Tls => format!("transport: authentication handshake failed: {}", handshake(error)),
        Step::Grpc => format!("error reading server preface: {reason}"),
    };
    format!("connection error: desc = {text:?}")
}

fn dialing(cause: &str) -> String {
    format!("transport: Error while dialing: {cause}")
}

fn handshake(error: &DialError) -> String {
    let reason = &error.reason;
    if error.timed_out {
        return "context deadline exceeded".to_owned();
    }
    for (pattern, go_text) in [
        ("InvalidContentType", "tls: first record does not look like a TLS handshake"),
        (
            "missing selected ALPN property",
            "credentials: cannot check peer: missing selected ALPN property. If you upgraded from a grpc-go version \
             earlier than 1.67, your TLS connections may have stopped working due to ALPN enforcement. For more \
             details, see: https://github.com/grpc/grpc-go/issues/434",
        ),
        ("eof", "EOF"),
    ] {
        if reason.contains(pattern) {
            return go_text.to_owned();
        }
    }
    reason.clone()
}
