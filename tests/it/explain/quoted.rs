//! Messages from public failure reports, and similar ones, with the entry of each.

/// The expected entry, and its texts.
pub(super) const MESSAGES: &[(&str, &[&str])] = &[
    ("token-not-base64", &["failed to decode token: illegal base64 data at input byte 20"]),
    ("token-encoded-twice", &["invalid character 'e' looking for beginning of value"]),
    ("request-unknown-field", &["Body decoding failed: json: unknown field \"Peer\""]),
    ("request-not-json", &["Body decoding failed: EOF"]),
    (
        "address-invalid",
        &[
            "Error establishing peering for c: Unexpected response code: 500 (lb.example.com is not a valid peering server address)",
            "rpc error: code = Unknown desc = https://lb:8503/x is not a valid peering server address",
        ],
    ),
    (
        "secret-invalid",
        &[
            "a new peering token must be generated: invalid peering establishment secret",
            "rpc error: code = PermissionDenied desc = a new peering token must be generated: invalid peering establishment secret",
            "B PermissionDenied invalid peering establishment secret",
            "failed to persist peering secret: failed to write peering secret: invalid establishment secret",
        ],
    ),
    (
        "peering-deleted",
        &[
            "rpc error: code = Aborted desc = peering is marked as deleted: a0f9d0fb-075f-7b9e-5f54-2f3d98758788",
        ],
    ),
    (
        "stream-secret-invalid",
        &["rpc error: code = Internal desc = unable to authorize connection, peering must be re-established"],
    ),
    (
        "name-taken-by-dialer",
        &["cannot create peering with name: \"X\"; there is already an established peering"],
    ),
    (
        "name-taken-by-acceptor",
        &["cannot create peering with name: \"X\"; there is an existing peering expecting to be dialed"],
    ),
    (
        "dial-timeout",
        &[
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing dial tcp 192.168.1.10:8502: i/o timeout\"",
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection timed out\"",
            "failed to dial peer: context deadline exceeded while dialing: i/o timeout, connect: operation timed out",
        ],
    ),
    (
        "dial-no-route",
        &[
            "failed to exchange peering secret through address \"10.1.2.3:8503\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.1.2.3:8503: connect: no route to host\"",
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp [2001:db8::1]:8503: connect: network is unreachable\"",
            "dial tcp 10.0.0.1:8503: connect: host is down",
        ],
    ),
    (
        "dial-not-permitted",
        &[
            "dial tcp 10.0.0.1:8503: connect: permission denied",
            "dial tcp 10.0.0.1:8503: connect: operation not permitted",
        ],
    ),
    (
        "connection-reset",
        &[
            "transport: authentication handshake failed: write tcp 10.0.0.1:1->10.0.0.2:8503: write: broken pipe",
        ],
    ),
    (
        "host-unknown",
        &[
            "dial tcp: lookup consul.example on 10.0.0.2:53: no such host",
            "dial tcp: lookup consul.example: no such host",
        ],
    ),
    (
        "resolver-failed",
        &[
            "transport: Error while dialing: dial tcp: lookup consul.example on 10.0.0.2:53: server misbehaving",
            "dial tcp: lookup consul.example on 10.0.0.2:53: read udp 10.0.0.1:4->10.0.0.2:53: i/o timeout",
            "dial tcp: lookup consul.example: i/o timeout",
            "dial tcp: lookup consul.example: Temporary failure in name resolution",
        ],
    ),
    (
        "deadline-exceeded",
        &[
            "context deadline exceeded",
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "rpc error: code = DeadlineExceeded desc = stream took too long",
        ],
    ),
    (
        "no-mesh-gateway",
        &["servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered"],
    ),
    (
        "wan-address-unknown",
        &[
            "transport: Error while dialing failed to find Consul server for global address \"10.0.0.1:8300\"",
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing failed to find Consul server for global address \"10.0.0.1:8300\"\"",
        ],
    ),
    (
        "not-a-tls-port",
        &["authentication handshake failed: tls: first record does not look like a TLS handshake"],
    ),
    (
        "alpn-missing",
        &[
            "credentials: cannot check peer: missing selected ALPN property",
            "remote error: tls: no application protocol",
        ],
    ),
    (
        "tls-port-dialed-in-plain",
        &[
            "error reading server preface: EOF",
            "error reading server preface: read tcp 10.0.0.1:1->10.0.0.2:8503: read: connection reset by peer",
        ],
    ),
    (
        "certificate-authority-unknown",
        &[
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of \\\"x509: ECDSA verification failure\\\" while trying to verify candidate authority certificate \\\"pri-1cxnar1.consul.ca.3c5ece39.consul\\\")\"",
            "transport: authentication handshake failed: x509: certificate signed by unknown authority",
        ],
    ),
    (
        "certificate-expired",
        &[
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T19:22:31Z is after 2026-11-20T00:00:00Z",
        ],
    ),
    (
        "certificate-name-wrong",
        &[
            "tls: failed to verify certificate: x509: certificate is valid for *.example.com, example.com, not server.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul",
            "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
        ],
    ),
    (
        "client-certificate-demanded",
        &[
            "remote error: tls: bad certificate",
            "rpc error: code = Unavailable desc = connection error: desc = \"error reading server preface: remote error: tls: certificate required\"",
        ],
    ),
    ("certificate-refused-by-peer", &["remote error: tls: unknown certificate authority"]),
    (
        "tls-versions-differ",
        &["remote error: tls: handshake failure", "remote error: tls: protocol version not supported"],
    ),
    ("server-name-refused", &["remote error: tls: unrecognized name"]),
    ("tls-trouble-at-peer", &["remote error: tls: internal error", "remote error: tls: some future text"]),
    (
        "certificate-unusable",
        &[
            "tls: failed to verify certificate: x509: certificate specifies an incompatible key usage",
            "tls: failed to verify certificate: x509: some future text",
        ],
    ),
    ("http1-answered", &["error reading server preface: http2: frame too large", "http2: frame too large"]),
    (
        "proxy-answered",
        &[
            "rpc error: code = Unavailable desc = unexpected HTTP status code received from server: 502 (Bad Gateway); transport: received unexpected content-type \"text/html\"",
            "Error establishing peering for c: Unexpected response code: 502 (<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n)",
        ],
    ),
    (
        "not-consul-grpc",
        &[
            "rpc error: code = Unimplemented desc = unknown service hashicorp.consul.internal.peerstream.PeerStreamService",
            "rpc error: code = Unimplemented desc = other",
        ],
    ),
    ("grpc-tls-off", &["TLS for gRPC must be enabled when generating peering tokens"]),
    (
        "connect-off",
        &["connect.enabled must be set to true in the server's configuration when generating peering tokens"],
    ),
    (
        "peering-off",
        &[
            "peering must be enabled to use this endpoint",
            "rpc error: code = FailedPrecondition desc = peering must be enabled to use this endpoint",
        ],
    ),
    ("same-cluster", &["cannot create a peering within the same cluster \"server.dc1.peering.td.consul\""]),
    ("peer-name-invalid", &["X is not a valid peer name: a valid peering name must consist of lower case"]),
    ("partitions-need-enterprise", &["Partitions are a Consul Enterprise feature"]),
    (
        "permission-denied",
        &[
            "rpc error: code = PermissionDenied desc = Permission denied: token with AccessorID '8d5e5337-c5dc-dbf6-6fb4-9304e9878ab8' lacks permission 'peering:read'",
            "Permission denied",
        ],
    ),
    (
        "acl-token-unknown",
        &[
            "ACL not found",
            "rpc error: code = Unknown desc = rpc error making call: rpc error: code = Unknown desc = ACL not found",
            "rpc error making call: ACL not found",
        ],
    ),
    (
        "no-leader",
        &["Unexpected response code: 500 (No cluster leader)", "rpc error making call: No cluster leader"],
    ),
    ("forwarded-call-failed", &["rpc error making call: some future text"]),
    (
        "servers-not-connected",
        &[
            "rpc error getting client: failed to get conn: dial tcp 10.0.0.1:0->10.0.0.2:8300: connect: connection refused",
            "rpc error making call: EOF",
            "No known Consul servers",
        ],
    ),
    (
        "rate-limited",
        &[
            "rate limit exceeded, try again later or against a different server",
            "Unexpected response code: 429 (rate limit exceeded for operation that can only be performed by the leader, try again later)",
            "rpc error: code = ResourceExhausted desc = slow down",
        ],
    ),
    (
        "message-too-large",
        &[
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5368709 vs. 4194304)",
        ],
    ),
    ("peering-not-found", &["Peering not found for \"x\"", "No peering with name x found."]),
    ("flag-missing", &["Missing the required -name flag"]),
    ("format-unknown", &["Invalid format, valid formats are {json|pretty}"]),
    ("flag-unknown", &["flag provided but not defined: -datacenter"]),
    (
        "agent-refused",
        &[
            "Error establishing peering for c: Post \"http://127.0.0.1:8500/v1/peering/establish\": dial tcp 127.0.0.1:8500: connect: connection refused",
        ],
    ),
    (
        "agent-unreachable",
        &[
            "Error listing peerings: Get \"http://consul.example:8500/v1/peerings\": dial tcp: lookup consul.example: no such host",
            "Error listing peerings: Get \"http://10.0.0.1:8500/v1/peerings\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ],
    ),
    ("agent-cut-off", &["Error listing peerings: Get \"http://10.0.0.1:8300/v1/peerings\": EOF"]),
    (
        "agent-certificate-not-trusted",
        &[
            "Error reading peering: Get \"https://10.0.0.1:8501/v1/peering/x\": tls: failed to verify certificate: x509: certificate is valid for 127.0.0.1, not 10.0.0.1",
        ],
    ),
    (
        "agent-speaks-https",
        &["Unexpected response code: 400 (Client sent an HTTP request to an HTTPS server.)"],
    ),
    ("acceptor-internal-error", &["rpc error: code = Internal desc = some future text"]),
    ("acceptor-gave-up", &["rpc error: code = Aborted desc = some future text"]),
    ("acceptor-refused-argument", &["rpc error: code = InvalidArgument desc = some future text"]),
    (
        "peer-is-follower",
        &["rpc error: code = FailedPrecondition desc = cannot establish a peering stream on a follower node"],
    ),
    ("dial-unavailable", &["rpc error: code = Unavailable desc = some future text"]),
    (
        "handshake-failed",
        &[
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: authentication handshake failed: some future text\"",
        ],
    ),
    (
        "secret-not-stored",
        &["rpc error: code = Internal desc = failed to persist peering secret: some future text"],
    ),
    ("no-heartbeat", &["    \"LastHeartbeat\": null,"]),
    ("state-failing", &["cluster-02  FAILING  0  0"]),
    ("state-terminated", &["State:        TERMINATED"]),
    (
        "certificate-of-another-cluster",
        &["x509: certificate is valid for server.dc3.peering.a.consul, not server.dc10.peering.b.consul"],
    ),
    (
        "proxy-answered",
        &["rpc error: code = Unknown desc = OK: HTTP status code 200; transport: missing content-type field"],
    ),
    (
        "request-too-large",
        &["Unexpected response code: 413 (Request body too large, max size: 524288 bytes. See x.)"],
    ),
    ("name-has-other-id", &["A peering already exists with the name \"x\" and a different ID \"y\""]),
    ("connection-closing", &["rpc error: code = Unavailable desc = error reading from server: EOF"]),
    ("not-a-tls-port", &["tls: first record does not look like a TLS handshake"]),
    ("kubernetes-secret-missing", &["PeeringDialer spec.peer.secret does not exist"]),
    (
        "kubernetes-secret-shared",
        &[
            "admission webhook denied the request: an existing PeeringAcceptor resource has the same secret name `name: a, namespace: b`",
        ],
    ),
];
