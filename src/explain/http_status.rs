//! The messages that come with an HTTP status.

use super::{Entry, entry};

/// The entries for each status of Consul's HTTP API, as recorded from Consul, and for the statuses of proxies.
const ENTRIES: [(&str, &[&str]); 10] = [
    (
        "400",
        &[
            "request-not-json",
            "request-unknown-field",
            "request-without-name",
            "request-without-token",
            "partitions-need-enterprise",
        ],
    ),
    (
        "403",
        &[
            "permission-denied",
            "permission-denied-anonymous",
            "acl-token-unknown",
            "secret-invalid",
            "api-proxy-denied",
        ],
    ),
    ("404", &["peering-not-found", "api-path-unknown", "config-entry-not-found"]),
    ("405", &["api-method-wrong"]),
    ("408", &["api-proxy-failed"]),
    ("429", &["rate-limited"]),
    (
        "500",
        &[
            "token-not-base64",
            "token-not-json",
            "token-cut-short",
            "token-wrong-type",
            "token-without-addresses",
            "token-without-server-name",
            "token-without-peer-id",
            "address-invalid",
            "ca-not-pem",
            "same-cluster",
            "name-taken-by-dialer",
            "peer-name-invalid",
            "meta-invalid",
            "secret-invalid",
            "no-unused-secret",
            "no-mesh-gateway",
            "peering-off",
            "connect-off",
            "grpc-tls-off",
            "no-leader",
            "peer-is-follower",
            "not-consul-grpc",
            "partitions-need-enterprise",
        ],
    ),
    ("502", &["api-proxy-failed"]),
    (
        "503",
        &[
            "dial-refused",
            "dial-timeout",
            "host-unknown",
            "connection-reset",
            "server-silent",
            "not-a-tls-port",
            "tls-port-dialed-in-plain",
            "handshake-cut-off",
            "certificate-of-another-cluster",
            "certificate-authority-unknown",
            "certificate-name-wrong",
            "certificate-not-yet-valid",
            "alpn-missing",
            "http1-answered",
            "no-healthy-upstream",
            "api-proxy-failed",
        ],
    ),
    ("504", &["api-proxy-failed"]),
];

/// Returns the entries for an HTTP status, such as `403`; none if the text is not a known status.
pub fn with_status(status: &str) -> Vec<&'static Entry> {
    let names = ENTRIES.iter().find(|(it, _)| *it == status).map_or(&[][..], |(_, names)| names);
    names.iter().filter_map(|name| entry(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::explain;

    #[test]
    fn every_name_is_an_entry() {
        for (status, names) in ENTRIES {
            assert_eq!(with_status(status).len(), names.len(), "{status}");
        }
        assert!(with_status("200").is_empty());
    }

    #[test]
    fn the_recorded_answers_of_consul_are_listed() {
        let mut checked = 0;
        let recorded = std::fs::read_to_string("fixtures/consul/cli.json").unwrap();
        for (_, answer) in
            recorded.match_indices("Unexpected response code: ").map(|(at, _)| (at, &recorded[at..]))
        {
            let line = answer.split("\\n").next().unwrap();
            let status = &line["Unexpected response code: ".len()..][..3];
            let Some(found) = explain(line).into_iter().next() else { continue };
            assert!(with_status(status).iter().any(|it| it.name == found.entry.name), "{status}: {line}");
            checked += 1;
        }
        assert!(checked > 3, "{checked}");
    }
}
