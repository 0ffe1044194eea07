//! The expected entry of each recorded error, with the names of the recordings.

/// `fixtures/consul/http.json`
pub(super) const HTTP: &[(&str, &[&str])] = &[
    ("request-without-name", &["generate-no-name", "generate-empty-name", "establish-no-name"]),
    ("request-without-token", &["establish-no-token"]),
    (
        "peer-name-invalid",
        &[
            "generate-upper-name",
            "generate-name-64",
            "generate-name-dash",
            "generate-name-dot",
            "establish-bad-name",
        ],
    ),
    ("request-unknown-field", &["generate-unknown-field"]),
    ("request-not-json", &["generate-name-number", "generate-meta-number", "generate-bad-json"]),
    ("partitions-need-enterprise", &["generate-partition-ce"]),
    (
        "meta-invalid",
        &["generate-meta-65", "generate-meta-bad-key", "generate-meta-reserved", "generate-meta-empty-key"],
    ),
    ("api-method-wrong", &["generate-get-method", "generate-put-method"]),
    ("connect-off", &["generate-connect-disabled"]),
    (
        "peering-off",
        &[
            "generate-peering-disabled",
            "list-peering-disabled",
            "read-peering-disabled",
            "establish-peering-disabled",
        ],
    ),
    ("grpc-tls-off", &["generate-no-grpc-tls", "generate-no-grpc"]),
    (
        "secret-invalid",
        &[
            "establish-superseded-token",
            "establish-used-token-again",
            "establish-used-token-other-name",
            "establish-trailing-newline",
            "establish-url-safe",
            "establish-unknown-peer-id",
            "establish-wrong-secret",
            "establish-one-bad-one-good",
            "establish-extra-field",
            "establish-over-terminated",
            "orphan-establish",
            "orphan-establish-old-after-recreate",
        ],
    ),
    ("same-cluster", &["establish-same-cluster"]),
    ("name-taken-by-dialer", &["establish-name-is-acceptor"]),
    (
        "token-not-base64",
        &["establish-bad-base64", "establish-trailing-space", "establish-quoted", "establish-no-padding"],
    ),
    ("token-cut-short", &["establish-truncated"]),
    ("token-not-json", &["establish-not-json"]),
    ("token-wrong-type", &["establish-json-array"]),
    ("token-without-addresses", &["establish-json-null", "establish-json-empty", "establish-no-addresses"]),
    (
        "address-invalid",
        &[
            "establish-address-no-port",
            "establish-address-port-0",
            "establish-address-port-70000",
            "establish-address-ipv6-bare",
        ],
    ),
    ("dial-refused", &["establish-address-empty-host", "establish-address-ipv6", "establish-refused-port"]),
    ("ca-not-pem", &["establish-ca-garbage", "establish-ca-empty-string"]),
    ("tls-port-dialed-in-plain", &["establish-ca-null"]),
    ("token-without-server-name", &["establish-no-server-name"]),
    ("token-without-peer-id", &["establish-no-peer-id"]),
    ("no-unused-secret", &["establish-no-secret"]),
    ("certificate-of-another-cluster", &["establish-wrong-server-name"]),
    ("not-a-tls-port", &["establish-http-port"]),
    ("host-unknown", &["establish-no-such-host"]),
    (
        "peering-not-found",
        &["read-missing", "acl-read-read-only", "read-deleting", "orphan-read-after-delete"],
    ),
    ("config-entry-not-found", &["config-mesh-missing"]),
    ("api-path-unknown", &["imported-services"]),
    (
        "permission-denied-anonymous",
        &[
            "acl-generate-anonymous",
            "acl-read-anonymous",
            "acl-list-anonymous",
            "acl-agent-self-anonymous",
            "acl-delete-anonymous",
            "acl-snapshot-anonymous",
            "acl-establish-anonymous",
        ],
    ),
    (
        "acl-token-unknown",
        &[
            "acl-token-self-anonymous",
            "acl-generate-unknown-token",
            "acl-read-unknown-token",
            "acl-list-unknown-token",
            "acl-agent-self-unknown-token",
            "acl-token-self-unknown-token",
            "acl-delete-unknown-token",
            "acl-snapshot-unknown-token",
        ],
    ),
    (
        "permission-denied",
        &[
            "acl-generate-read-only",
            "acl-agent-self-read-only",
            "acl-delete-read-only",
            "acl-snapshot-read-only",
            "acl-generate-no-peering-rule",
            "acl-read-no-peering-rule",
            "acl-list-no-peering-rule",
            "acl-agent-self-no-peering-rule",
            "acl-delete-no-peering-rule",
            "acl-snapshot-no-peering-rule",
            "acl-agent-self-write",
            "acl-snapshot-write",
            "acl-agent-self-operator-write",
            "acl-snapshot-operator-write",
            "acl-establish-read-only",
        ],
    ),
    ("no-mesh-gateway", &["mesh-no-gateways"]),
];

/// `fixtures/consul/faults.json`
pub(super) const FAULTS: &[(&str, &[&str])] = &[
    ("server-silent", &["establish-fault-accepts-and-never-answers"]),
    ("connection-reset", &["establish-fault-connection-reset"]),
    ("dial-timeout", &["establish-fault-black-hole", "establish-fault-black-hole-then-refusal"]),
    ("certificate-authority-unknown", &["establish-fault-other-ca"]),
    ("certificate-name-wrong", &["establish-fault-other-server-name"]),
    ("certificate-not-yet-valid", &["establish-fault-leaf-not-yet-valid"]),
    ("alpn-missing", &["establish-fault-no-alpn", "establish-fault-alpn-http1-only"]),
    ("http1-answered", &["establish-fault-tls-then-http1"]),
    ("not-consul-grpc", &["establish-fault-grpc-not-consul", "establish-fault-grpc-unimplemented"]),
    ("no-leader", &["establish-fault-grpc-internal"]),
    ("no-healthy-upstream", &["establish-fault-grpc-unavailable"]),
    ("peer-is-follower", &["establish-fault-grpc-failed-precondition"]),
    (
        "secret-invalid",
        &["establish-fault-grpc-permission-denied", "establish-fault-followers-only-bogus-secret"],
    ),
    ("dial-refused", &["establish-fault-manual-bad-server-good"]),
    ("certificate-of-another-cluster", &["establish-fault-another-consul-cluster"]),
    ("handshake-cut-off", &["establish-fault-serf-port"]),
];

/// `fixtures/consul/cli.json`
pub(super) const CLI: &[(&str, &[&str])] = &[
    (
        "flag-missing",
        &[
            "no-args-generate-token",
            "no-args-establish",
            "no-args-read",
            "no-args-delete",
            "no-args-exported-services",
            "generate-flag-after-arg",
            "establish-no-token",
        ],
    ),
    ("flag-value-invalid", &["generate-meta"]),
    ("format-unknown", &["generate-bad-format", "read-bad-format"]),
    ("peer-name-invalid", &["generate-bad-name"]),
    ("flag-unknown", &["generate-unknown-flag", "generate-datacenter-flag"]),
    ("flag-value-missing", &["generate-missing-value"]),
    ("agent-refused", &["generate-no-server"]),
    ("partitions-need-enterprise", &["generate-partition"]),
    ("permission-denied-anonymous", &["generate-acl-denied"]),
    ("scheme-unknown", &["generate-bad-scheme"]),
    ("agent-speaks-http", &["generate-https-to-http"]),
    ("peering-not-found", &["read-missing", "exported-missing"]),
    ("token-not-base64", &["establish-bad"]),
    ("secret-invalid", &["establish-again"]),
    ("agent-certificate-not-trusted", &["https-no-ca"]),
    ("agent-cut-off", &["https-ca-no-client-cert", "https-skip-verify"]),
    ("client-certificate-incomplete", &["https-cert-without-key"]),
    ("agent-wants-client-certificate", &["https-sni"]),
];

/// `fixtures/consul/versions/v1.13/http.json`
pub(super) const V1_13: &[(&str, &[&str])] = &[
    ("secret-invalid", &["establish-used-again", "establish-superseded"]),
    ("peering-not-found", &["read-gone"]),
    ("peer-name-invalid", &["generate-bad-name"]),
    ("request-without-name", &["generate-no-name"]),
    ("request-unknown-field", &["generate-unknown"]),
    ("same-cluster", &["establish-same-cluster"]),
    ("token-not-base64", &["establish-garbage"]),
];

/// `fixtures/consul/versions/v1.14/http.json`, and v1.20
pub(super) const LATER: &[(&str, &[&str])] = &[
    ("secret-invalid", &["establish-used-again", "establish-superseded"]),
    ("peering-not-found", &["read-gone"]),
    ("peer-name-invalid", &["generate-bad-name"]),
    ("request-without-name", &["generate-no-name"]),
    ("request-unknown-field", &["generate-unknown"]),
    ("same-cluster", &["establish-same-cluster"]),
    ("token-not-base64", &["establish-garbage"]),
    ("alpn-missing", &["new-dialer-1.23"]),
];

/// `fixtures/consul/staleness/http.json`
pub(super) const STALENESS: &[(&str, &[&str])] = &[("peering-not-found", &["read-gone"])];

/// `fixtures/consul/staleness/terminated.json`
pub(super) const TERMINATED: &[(&str, &[&str])] = &[("secret-invalid", &["establish-stillborn"])];
