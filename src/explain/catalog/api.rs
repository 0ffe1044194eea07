//! The way to Consul's own HTTP API.

use crate::explain::{Area, Entry, Pattern};

const KIND: &str = "failures of the same kind; the words are Go's";

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
    summary: "No Consul agent listens at the HTTP address: the command did not reach Consul at all.",
    why: &[
        "CONSUL_HTTP_ADDR is not set (then it is http://localhost:8500) or names the wrong port.",
        "Consul does not run on this machine, or listens on another address or on a unix socket.",
    ],
    remedy: "Start the agent, or give its address with -http-addr. Nothing was done to any token.",
    next: "consul members",
    source: "recorded from Consul 1.23.0-dev",
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
    why: &[
        "CONSUL_HTTP_ADDR names a host that is down, behind a firewall, or does not exist.",
        "A proxy from HTTP_PROXY or HTTPS_PROXY stands between and cannot reach it.",
    ],
    remedy: "Check CONSUL_HTTP_ADDR and the proxy variables. If it ended in a timeout, look at the peering before you repeat the command: Consul may have done it.",
    next: "curl -sv URL",
    source: KIND,
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
    name: "agent-connection-closed",
    area: Area::Access,
    summary: "The Consul agent, or something before it, ended the connection without an answer.",
    why: &[
        "The HTTPS API demands a client certificate (`verify_incoming`) and none was sent.",
        "The address is not Consul's HTTP API: it is the gRPC, RPC or gossip port.",
        "The agent was just stopped.",
    ],
    remedy: "If the API is HTTPS with client certificates, give -client-cert and -client-key. Otherwise check the port. Look at the peering before you repeat the command: Consul may have done it.",
    next: "peering list -ca-file CA.pem -client-cert CERT.pem -client-key KEY.pem",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "agent-requires-client-certificate",
    area: Area::Access,
    summary: "Consul's HTTPS API demands a client certificate, and none, or one that it does not trust, was sent.",
    why: &[
        "`verify_incoming` is set for HTTPS, and -client-cert and -client-key were not given.",
        "The certificate is of another CA or has expired.",
    ],
    remedy: "Give a certificate that the agent's CA issued.",
    next: "peering list -ca-file CA.pem -client-cert CERT.pem -client-key KEY.pem",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::agent("remote error: tls: {alert}"),
        Pattern::agent("tls: certificate required"),
        Pattern::agent("tls: bad certificate"),
    ],
};

pub static AGENT_CERTIFICATE_NOT_TRUSTED: Entry = Entry {
    name: "agent-certificate-not-trusted",
    area: Area::Access,
    summary: "Consul's HTTPS API shows a certificate that this command does not accept.",
    why: &[
        "The CA of Consul's HTTPS was not given: -ca-file or CONSUL_CACERT.",
        "The certificate is made out to another name than the one in the address: use -tls-server-name.",
        "The certificate has expired.",
    ],
    remedy: "Give the CA that issued the agent's certificate. It is not the CA in the peering token.",
    next: "peering list -ca-file CA.pem",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "agent-uses-http",
    area: Area::Access,
    summary: "The command spoke HTTPS to a port that answers in plain HTTP.",
    why: &[
        "The address says https, or CONSUL_HTTP_SSL is set, but the port is 8500.",
        "TLS ends at a proxy that is not in this way.",
    ],
    remedy: "Use http:// for that port, or the HTTPS port (8501).",
    next: "peering list -http-addr http://HOST:8500",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("http: server gave HTTP response to HTTPS client"),
        Pattern::agent("http: server gave HTTP response to HTTPS client"),
        Pattern::agent("first record does not look like a TLS handshake"),
    ],
};

pub static AGENT_REQUIRES_HTTPS: Entry = Entry {
    name: "agent-requires-https",
    area: Area::Access,
    summary: "The command spoke plain HTTP to a port that expects TLS, or another protocol.",
    why: &[
        "The address says http, but the port is the HTTPS API's (8501) or gRPC's (8502, 8503).",
        "CONSUL_HTTP_SSL is not set.",
    ],
    remedy: "Use https:// with -ca-file for the HTTPS port. The peering commands never speak to the gRPC ports.",
    next: "peering list -http-addr https://HOST:8501 -ca-file CA.pem",
    source: KIND,
    patterns: &[
        Pattern::part("Client sent an HTTP request to an HTTPS server"),
        Pattern::part("malformed HTTP response"),
        Pattern::part("net/http: HTTP/1.x transport connection broken"),
        Pattern::part("malformed HTTP version"),
        Pattern::part("malformed HTTP status code"),
    ],
};

pub static API_PATH_NOT_FOUND: Entry = Entry {
    name: "api-path-not-found",
    area: Area::Access,
    summary: "What answers does not know this part of the HTTP API.",
    why: &[
        "The Consul is too old for it: peering came with 1.13.",
        "The path is wrong, or a proxy changed it.",
    ],
    remedy: "Check the version of the agent that answers, and the path.",
    next: "consul version",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Invalid URL path: not a recognized HTTP API endpoint"),
        Pattern::part("404 page not found"),
        Pattern::part("rpc: can't find service"),
        Pattern::part("rpc: can't find method"),
    ],
};

pub static API_METHOD_NOT_ALLOWED: Entry = Entry {
    name: "api-method-not-allowed",
    area: Area::Access,
    summary: "The path exists, but not for this HTTP method.",
    why: &["A request written by hand used GET or PUT. To generate or establish it must be POST."],
    remedy: "Use POST for /v1/peering/token and /v1/peering/establish, GET to read and DELETE to delete /v1/peering/NAME.",
    next: "peering generate-token -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("method {method} not allowed"), Pattern::part("Method Not Allowed")],
};
