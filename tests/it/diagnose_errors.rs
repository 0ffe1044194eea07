//! `diagnose -error`: every recorded error, and every message that people report, leads to its cause.
//!
//! The causes of the recordings are a snapshot. The causes of the reported messages are in the table below.

use std::fmt::Write;

use serde_json::Value;

use crate::peering::{Peering, fixture};

/// Returns the name of the first cause of an error message, and how many addresses it has.
fn cause(text: &str) -> (String, usize) {
    let run = Peering::new()
        .args(["diagnose", "-offline", "-format", "json", "-error", "-"])
        .stdin(text)
        .run()
        .status(1);
    let diagnosis: Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &diagnosis["causes"][0];
    (first["name"].as_str().unwrap().to_owned(), first["addresses"].as_array().unwrap().len())
}

/// Returns every recorded establish that failed: the recording's name, and what the command line prints.
pub fn recorded() -> Vec<(String, String)> {
    let files = [
        "http.json",
        "faults.json",
        "versions/v1.13/http.json",
        "versions/v1.14/http.json",
        "versions/v1.20/http.json",
    ];
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(fixture("consul").join(file)).unwrap();
        let recorded: Vec<Value> = serde_json::from_str(&text).unwrap();
        for exchange in recorded {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            if request["path"] != "/v1/peering/establish" || response["status"] == 200 {
                continue;
            }
            let (status, body) = (&response["status"], response["body"].as_str().unwrap().trim());
            let name = exchange["name"].as_str().unwrap();
            failures.push((
                format!("{file} {name}"),
                format!("Error establishing peering for x: Unexpected response code: {status} ({body})"),
            ));
        }
    }
    failures
}

#[test]
fn each_recorded_failure_leads_to_its_cause() {
    let mut table = String::new();
    for (name, text) in recorded() {
        let (cause, addresses) = cause(&text);
        writeln!(table, "{name}: {cause}, {addresses} addresses").unwrap();
    }
    insta::assert_snapshot!("recorded_failures", table);
}

/// Messages that people report, and their causes.
const REPORTED: [(&str, &str); 42] = [
    ("failed to decode token: illegal base64 data at input byte 20", "token-not-base64"),
    ("unexpected end of JSON input", "token-cut-short"),
    ("invalid character 'e' looking for beginning of value", "token-encoded-twice"),
    ("Body decoding failed: json: unknown field \"Peer\"", "request-unknown-field"),
    ("peering token invalid CA: no PEM-encoded data found", "ca-not-pem"),
    ("peering token server addresses value is empty", "token-without-addresses"),
    ("10.0.0.1 is not a valid peering server address", "address-invalid"),
    ("peering token server name value is empty", "token-without-server-name"),
    ("peering token peer ID value is empty", "token-without-peer-id"),
    (
        "rpc error: code = Internal desc = failed to persist peering secret: failed to write peering secret: invalid \
         establishment secret: peering was already established",
        "no-unused-secret",
    ),
    (
        "rpc error: code = Unavailable desc = connection error: desc = \"error reading server preface: EOF\"",
        "tls-port-dialed-in-plain",
    ),
    (
        "Unexpected response code: 403 (a new peering token must be generated: invalid peering establishment secret)",
        "secret-invalid",
    ),
    (
        "cannot create peering with name: \"west\"; there is already an established peering",
        "name-taken-by-dialer",
    ),
    (
        "cannot create peering with name: \"west\"; there is an existing peering expecting to be dialed",
        "name-taken-by-acceptor",
    ),
    (
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing dial tcp \
         192.168.1.10:8502: i/o timeout\"",
        "dial-timeout",
    ),
    (
        "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered",
        "no-mesh-gateway",
    ),
    (
        "18 errors occurred:\n\t* failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = \
         Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: \
         connection refused\"\n\n",
        "dial-refused",
    ),
    (
        "transport: Error while dialing failed to find Consul server for global address \"dc2.10.0.0.1:8300\"",
        "wan-address-unknown",
    ),
    (
        "connection error: desc = \"transport: authentication handshake failed: tls: first record does not look like a \
         TLS handshake\"",
        "not-a-tls-port",
    ),
    ("TLS for gRPC must be enabled when generating peering tokens", "grpc-tls-off"),
    (
        "connect.enabled must be set to true in the server's configuration when generating peering tokens",
        "connect-off",
    ),
    ("peering must be enabled to use this endpoint", "peering-off"),
    (
        "transport: authentication handshake failed: credentials: cannot check peer: missing selected ALPN property. If \
         you upgraded from a grpc-go version earlier than 1.67, your TLS connections may have stopped working",
        "alpn-missing",
    ),
    (
        "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate is valid for \
         lb.example.com, not server.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul",
        "certificate-name-wrong",
    ),
    (
        "authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "certificate-authority-unknown",
    ),
    (
        "x509: certificate signed by unknown authority (possibly because of \"x509: ECDSA verification failure\" while \
         trying to verify candidate authority certificate \"pri-1.consul.ca.5e5e5e5e.consul\")",
        "certificate-authority-unknown",
    ),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-11-23T19:22:31Z is after \
         2026-11-20T00:00:00Z",
        "certificate-expired",
    ),
    (
        "x509: certificate has expired or is not yet valid: current time 2026-11-23T19:22:31Z is before \
         2026-11-28T00:00:00Z",
        "certificate-not-yet-valid",
    ),
    (
        "cannot create a peering within the same cluster \"server.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul\". \
         Refer to the `exported-services` documentation",
        "same-cluster",
    ),
    ("cannot create a peering within the same partition (ENT) or cluster (OSS)", "same-cluster"),
    ("Partitions are a Consul Enterprise feature", "partitions-need-enterprise"),
    (
        "Bad_1 is not a valid peer name: a valid peering name must consist of lower case alphanumeric characters or '-'",
        "peer-name-invalid",
    ),
    (
        "Permission denied: token with AccessorID '5e5e5e5e-1111-2222-3333-444444444444' lacks permission 'peering:write'",
        "permission-denied",
    ),
    (
        "Permission denied: anonymous token lacks permission 'peering:write'. The anonymous token is used implicitly when \
         a request does not specify a token.",
        "permission-denied-anonymous",
    ),
    ("Unexpected response code: 403 (ACL not found)", "acl-token-unknown"),
    ("grpc: received message larger than max (5242880 vs. 4194304)", "message-too-large"),
    (
        "Error establishing peering for west: Put \"http://127.0.0.1:8500/v1/peering/establish\": dial tcp 127.0.0.1:8500: \
         connect: connection refused",
        "agent-refused",
    ),
    (
        "rpc error: code = FailedPrecondition desc = cannot establish a peering stream on a follower node",
        "peer-is-follower",
    ),
    ("rpc error: code = ResourceExhausted desc = rate limit exceeded, try again later", "rate-limited"),
    ("dial tcp: lookup consul.west.example on 10.0.0.2:53: no such host", "host-unknown"),
    (
        "rpc error: code = InvalidArgument desc = initial subscription for unknown PeerID: 5e5e5e5e",
        "peer-id-unknown",
    ),
    ("rpc error: code = PermissionDenied desc = RBAC: access denied", "proxy-denied"),
];

#[test]
fn each_reported_message_leads_to_its_cause() {
    for (text, expected) in REPORTED {
        assert_eq!(cause(text).0, expected, "{text}");
        // As in a log line.
        let logged =
            format!("2026-11-24T09:00:00.000Z [ERROR] agent.http: Request error: method=POST error={text:?}");
        assert_eq!(cause(&logged).0, expected, "{logged}");
        assert_eq!(cause(&format!("Error establishing peering for x: {text}\n")).0, expected, "{text}");
        // As copied from a terminal that breaks lines at words.
        let whole = format!("Error establishing peering for x: Unexpected response code: 500 ({text})");
        let wrapped = wrapped(&whole, 72);
        assert_eq!(cause(&wrapped).0, expected, "{wrapped}");
    }
}

/// Breaks a text at spaces into lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if !line.is_empty() && line.len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}
