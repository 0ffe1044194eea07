//! The connection to Consul's HTTP API.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &AGENT_REFUSED,
    &AGENT_UNREACHABLE,
    &AGENT_CONNECTION_CLOSED,
    &AGENT_REQUIRES_CLIENT_CERTIFICATE,
    &AGENT_CERTIFICATE_NOT_TRUSTED,
    &AGENT_USES_HTTP,
    &AGENT_REQUIRES_HTTPS,
    &API_PATH_NOT_FOUND,
    &API_METHOD_NOT_ALLOWED,
];

pub static AGENT_REFUSED: Entry = Entry {
    name: "agent-refused",
    area: Area::Access,
    summary: "No Consul agent listens at the HTTP address, so the command did not reach Consul.",
    causes: &[
        "CONSUL_HTTP_ADDR is not set (the default is http://localhost:8500) or has the wrong port.",
        "Consul is not running on this host, or listens on a different address or a Unix socket.",
    ],
    remedy: "Start the agent, or set its address with -http-addr. No token was changed.",
    next: "consul members",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::agent("connect: connection refused"),
        Pattern::agent("connection refused"),
        Pattern::agent("connect: no such file or directory"),
    ],
};

pub static AGENT_UNREACHABLE: Entry = Entry {
    name: "agent-unreachable",
    area: Area::Access,
    summary: "The command could not reach the Consul agent at the HTTP address.",
    causes: &[
        "The host in CONSUL_HTTP_ADDR is down, behind a firewall, or does not exist.",
        "The proxy in HTTP_PROXY or HTTPS_PROXY can't reach the agent.",
    ],
    remedy: "Check CONSUL_HTTP_ADDR and the proxy variables. After a timeout, read the peering before you retry: Consul may have completed the request.",
    next: "curl -sv URL",
    source: "Go net and net/http packages",
    patterns: &[
        Pattern::agent("i/o timeout"),
        Pattern::agent("connection timed out"),
        Pattern::agent("operation timed out"),
        Pattern::agent("no route to host"),
        Pattern::agent("network is unreachable"),
        Pattern::agent("no such host"),
        Pattern::agent("server misbehaving"),
        Pattern::agent("connect: permission denied"),
        Pattern::agent("context deadline exceeded"),
        Pattern::agent("Client.Timeout exceeded while awaiting headers"),
        Pattern::agent("TLS handshake timeout"),
        Pattern::agent("proxyconnect tcp: {detail}"),
        Pattern::part("Client.Timeout exceeded while awaiting headers"),
        Pattern::agent("socks connect tcp"),
    ],
};

pub static AGENT_CONNECTION_CLOSED: Entry = Entry {
    name: "agent-cut-off",
    area: Area::Access,
    summary: "The Consul agent, or a proxy in front of it, closed the connection without an answer.",
    causes: &[
        "The HTTPS API requires a client certificate (`verify_incoming`) and none was sent.",
        "The address is not the HTTP API but the gRPC, RPC or gossip port.",
        "The agent was stopping.",
    ],
    remedy: "If the HTTPS API requires client certificates, set -client-cert and -client-key. Otherwise check the port. Read the peering before you retry: Consul may have completed the request.",
    next: "peering list -ca-file CA.pem -client-cert CERT.pem -client-key KEY.pem",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::agent("write: broken pipe"),
        Pattern::agent("connection reset by peer"),
        Pattern::agent("broken pipe"),
        Pattern::whole_agent("EOF"),
        Pattern::whole_agent("unexpected EOF"),
        Pattern::agent("http: server closed idle connection"),
        Pattern::agent("use of closed network connection"),
    ],
};

pub static AGENT_REQUIRES_CLIENT_CERTIFICATE: Entry = Entry {
    name: "agent-wants-client-certificate",
    area: Area::Access,
    summary: "Consul's HTTPS API requires a client certificate that it trusts.",
    causes: &[
        "`verify_incoming` is set for HTTPS, and the command has no -client-cert and -client-key.",
        "The certificate has expired, or a different CA issued it.",
    ],
    remedy: "Use a certificate that the agent's CA issued.",
    next: "peering list -ca-file CA.pem -client-cert CERT.pem -client-key KEY.pem",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::agent("remote error: tls: {alert}"),
        Pattern::agent("tls: certificate required"),
        Pattern::agent("tls: bad certificate"),
    ],
};

pub static AGENT_CERTIFICATE_NOT_TRUSTED: Entry = Entry {
    name: "agent-certificate-not-trusted",
    area: Area::Access,
    summary: "The command does not trust the certificate of Consul's HTTPS API.",
    causes: &[
        "The agent's CA is not set: use -ca-file or CONSUL_CACERT.",
        "The certificate is for a different name than the address: use -tls-server-name.",
        "The certificate has expired.",
    ],
    remedy: "Set the CA that issued the agent's certificate. It is not the CA in the peering token.",
    next: "peering list -ca-file CA.pem",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::agent("x509: certificate signed by unknown authority"),
        Pattern::agent("x509: certificate is valid for {shown}, not {wanted}"),
        Pattern::agent(
            "x509: cannot validate certificate for {wanted} because it doesn't contain any IP SANs",
        ),
        Pattern::agent("x509: certificate has expired or is not yet valid"),
        Pattern::agent("certificate is not valid for any names"),
        Pattern::agent("x509: certificate relies on legacy Common Name field"),
        Pattern::agent("certificate is not trusted"),
        Pattern::agent("x509: {detail}"),
        Pattern::agent("failed to verify certificate"),
    ],
};

pub static AGENT_USES_HTTP: Entry = Entry {
    name: "agent-speaks-http",
    area: Area::Access,
    summary: "The command used HTTPS, but the port answers in plain HTTP.",
    causes: &[
        "The address starts with https, or CONSUL_HTTP_SSL is set, but the port is 8500.",
        "TLS ends at a proxy that this address bypasses.",
    ],
    remedy: "Use http:// for that port, or use the HTTPS port (8501).",
    next: "peering list -http-addr http://HOST:8500",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("http: server gave HTTP response to HTTPS client"),
        Pattern::agent("http: server gave HTTP response to HTTPS client"),
        Pattern::agent("first record does not look like a TLS handshake"),
    ],
};

pub static AGENT_REQUIRES_HTTPS: Entry = Entry {
    name: "agent-speaks-https",
    area: Area::Access,
    summary: "The command used plain HTTP, but the port requires TLS or a different protocol.",
    causes: &[
        "The address starts with http, but the port is the HTTPS API (8501) or gRPC (8502, 8503).",
        "CONSUL_HTTP_SSL is not set.",
    ],
    remedy: "Use https:// with -ca-file for the HTTPS port. Peering commands do not use the gRPC ports.",
    next: "peering list -http-addr https://HOST:8501 -ca-file CA.pem",
    source: "Go net/http package",
    patterns: &[
        Pattern::part("Client sent an HTTP request to an HTTPS server"),
        Pattern::part("malformed HTTP response"),
        Pattern::part("net/http: HTTP/1.x transport connection broken"),
        Pattern::part("malformed HTTP version"),
        Pattern::part("malformed HTTP status code"),
    ],
};

pub static API_PATH_NOT_FOUND: Entry = Entry {
    name: "api-path-unknown",
    area: Area::Access,
    summary: "The server does not have this path of the HTTP API.",
    causes: &[
        "Consul is older than 1.13, which introduced peering.",
        "The path is wrong, or a proxy changed it.",
    ],
    remedy: "Check the version of the agent, and the path.",
    next: "consul version",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Invalid URL path: not a recognized HTTP API endpoint"),
        Pattern::part("404 page not found"),
        Pattern::part("rpc: can't find service"),
        Pattern::part("rpc: can't find method"),
    ],
};

pub static API_METHOD_NOT_ALLOWED: Entry = Entry {
    name: "api-method-wrong",
    area: Area::Access,
    summary: "The path exists, but not for this HTTP method.",
    causes: &["The request uses GET or PUT. Generating and establishing require POST."],
    remedy: "Use POST for /v1/peering/token and /v1/peering/establish, GET to read and DELETE to delete /v1/peering/NAME.",
    next: "peering generate-token -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("method {method} not allowed"), Pattern::part("Method Not Allowed")],
};
