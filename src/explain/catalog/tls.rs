//! Ports, protocols and certificates.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &NOT_A_TLS_PORT,
    &PLAINTEXT_TO_TLS_PORT,
    &HANDSHAKE_CLOSED,
    &CERTIFICATE_FROM_ANOTHER_CLUSTER,
    &CERTIFICATE_NAME_MISMATCH,
    &CERTIFICATE_UNKNOWN_AUTHORITY,
    &CERTIFICATE_NOT_YET_VALID,
    &CERTIFICATE_EXPIRED,
    &ALPN_MISSING,
    &HTTP1_RESPONSE,
    &PROXY_RESPONSE,
    &PROXY_DENIED,
    &NOT_CONSUL_GRPC,
    &CLIENT_WITHOUT_TLS,
    &INCOMING_HANDSHAKE_FAILED,
];

pub static NOT_A_TLS_PORT: Entry = Entry {
    name: "not-a-tls-port",
    area: Area::Tls,
    summary: "The port does not use TLS, but the token requires it.",
    causes: &[
        "The port is the plaintext gRPC port (8502) or the HTTP port (8500). Since Consul 1.14, gRPC with TLS uses 8503.",
        "The value of -server-external-addresses has the wrong port.",
        "A proxy answers in plaintext.",
    ],
    remedy: "Open the acceptor's gRPC TLS port (`ports.grpc_tls`, usually 8503) in firewalls, and generate a token whose addresses use it.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "Recorded from Consul 1.23.0-dev; hashicorp/consul#15894",
    patterns: &[
        Pattern::part("first record does not look like a TLS handshake"),
        Pattern::part("received record with version"),
        Pattern::part("tls: oversized record received"),
        Pattern::part("tls: unsupported SSLv2 handshake received"),
        Pattern::part("tls: unexpected message"),
    ],
};

pub static PLAINTEXT_TO_TLS_PORT: Entry = Entry {
    name: "tls-port-dialed-in-plain",
    area: Area::Tls,
    summary: "The dialer used gRPC without TLS because the token has no CA, but the port requires TLS.",
    causes: &[
        "The token's `CA` is null or was removed. The dialer then uses no TLS.",
        "The token comes from a cluster without gRPC TLS, but the address belongs to a cluster with it.",
        "If the token has a CA, TLS worked and a proxy behind it closed the connection.",
    ],
    remedy: "Check whether the token has a CA. If it has none, generate a token on the acceptor and check that one.",
    next: "peering validate @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("error reading server preface: EOF"),
        Pattern::part("error reading server preface: read tcp {sockets}: read: connection reset by peer"),
        Pattern::vague("error reading server preface: {detail}"),
    ],
};

pub static HANDSHAKE_CLOSED: Entry = Entry {
    name: "handshake-cut-off",
    area: Area::Tls,
    summary: "The server closed the connection during the TLS handshake.",
    causes: &[
        "The port uses a different protocol, such as gossip (8301, 8302) or server RPC (8300).",
        "A load balancer accepts the connection and closes it because it has no server behind it.",
    ],
    remedy: "Generate a token whose addresses use the acceptor's gRPC TLS port, usually 8503.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("authentication handshake failed: EOF"),
        Pattern::part("authentication handshake failed: unexpected EOF"),
        Pattern::part("tls handshake eof"),
        Pattern::whole("EOF"),
        Pattern::whole("unexpected EOF"),
    ],
};

pub static CERTIFICATE_FROM_ANOTHER_CLUSTER: Entry = Entry {
    name: "certificate-of-another-cluster",
    area: Area::Tls,
    summary: "A Consul server answered, but it belongs to a different cluster or datacenter than the token.",
    causes: &[
        "The address now belongs to a different cluster. A rebuilt cluster, or one that lost its data, has a new trust domain.",
        "The value of -server-external-addresses or a load balancer leads to the wrong cluster.",
        "Someone edited the token's `ServerName`.",
    ],
    remedy: "Compare the two names: each ends in the trust domain of its cluster. Correct the address, or generate a token on the cluster that you want to reach.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part(
        "x509: certificate is valid for server.{datacenter}.peering.{shown}, not server.{wanted}",
    )],
};

pub static CERTIFICATE_NAME_MISMATCH: Entry = Entry {
    name: "certificate-name-wrong",
    area: Area::Tls,
    summary: "The server's certificate is for a different name than the token expects.",
    causes: &[
        "A load balancer or proxy terminates TLS and presents its own certificate.",
        "The port is Consul's HTTPS API or belongs to a client agent, which presents the agent's certificate.",
        "The address does not belong to Consul.",
    ],
    remedy: "Pass TLS through to the Consul servers (TCP mode, ALPN h2). The dialer trusts only the token's CA and the name server.DATACENTER.peering.TRUST_DOMAIN.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("x509: certificate is valid for {shown}, not {wanted}"),
        Pattern::part("certificate is not valid for any names, but wanted to match {wanted}"),
        Pattern::part("x509: certificate relies on legacy Common Name field"),
        Pattern::part(
            "x509: cannot validate certificate for {wanted} because it doesn't contain any IP SANs",
        ),
        Pattern::part("x509: certificate is not valid for any names"),
    ],
};

pub static CERTIFICATE_UNKNOWN_AUTHORITY: Entry = Entry {
    name: "certificate-authority-unknown",
    area: Area::Tls,
    summary: "The token's CA did not issue the server's certificate.",
    causes: &[
        "The acceptor's CA was replaced, or rotated without cross-signing, after the token was generated.",
        "A load balancer or proxy terminates TLS and presents its own certificate.",
        "The address leads to a different cluster.",
    ],
    remedy: "Check which certificate the server presents. If it is Consul's, generate a token, which contains the current CA. If it is a proxy's, make the proxy pass TLS through.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("x509: certificate signed by unknown authority (possibly because of \"{reason}\""),
        Pattern::part("x509: certificate signed by unknown authority"),
        Pattern::part("certificate signed by unknown authority"),
        Pattern::part("certificate is not trusted"),
    ],
};

pub static CERTIFICATE_NOT_YET_VALID: Entry = Entry {
    name: "certificate-not-yet-valid",
    area: Area::Tls,
    summary: "According to the dialing server's clock, the server's certificate is not valid yet.",
    causes: &[
        "The clocks of the clusters differ. The dialer's clock is slow, or the acceptor's was fast when it issued the certificate.",
    ],
    remedy: "Compare the clocks of both clusters (NTP). The message contains the dialer's time.",
    next: "timedatectl status",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part(
        "certificate has expired or is not yet valid: current time {now} is before {not_before}",
    )],
};

pub static CERTIFICATE_EXPIRED: Entry = Entry {
    name: "certificate-expired",
    area: Area::Tls,
    summary: "The server's certificate, or a CA above it, has expired.",
    causes: &[
        "The CA in the token has expired: the token is old, or the root was not rotated in time.",
        "The server could not renew its certificate because of a problem with the acceptor's CA or leader.",
        "The dialing server's clock is fast.",
    ],
    remedy: "Check the dates of the token's CA first. If it has expired, rotate the CA on the acceptor and generate a token. Otherwise check the acceptor's log for failed renewals.",
    next: "peering validate @token",
    source: "Go crypto/x509 package; recorded from Consul 1.23.0-dev in its other form",
    patterns: &[
        Pattern::part("certificate has expired or is not yet valid: current time {now} is after {not_after}"),
        Pattern::part("certificate has expired or is not yet valid"),
        Pattern::part("remote error: tls: expired certificate"),
    ],
};

pub static ALPN_MISSING: Entry = Entry {
    name: "alpn-missing",
    area: Area::Tls,
    summary: "TLS works, but the server did not select HTTP/2 (ALPN `h2`), which newer dialers require.",
    causes: &[
        "The acceptor is older than the dialer. Consul 1.14 to 1.21 selects no ALPN protocol; Consul 1.23 (grpc-go 1.67 or newer) requires it.",
        "A proxy or load balancer terminates TLS and does not offer h2.",
    ],
    remedy: "Upgrade the acceptor before the dialer; an older dialer works with a newer acceptor. Make proxies pass TLS through.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Recorded from Consul 1.23.0-dev with acceptors 1.14 and 1.20",
    patterns: &[
        Pattern::part("missing selected ALPN property"),
        Pattern::part("remote error: tls: no application protocol"),
        Pattern::part("tls: server selected unadvertised ALPN protocol"),
        Pattern::part("client requested unsupported application protocols"),
    ],
};

pub static HTTP1_RESPONSE: Entry = Entry {
    name: "http1-answered",
    area: Area::Tls,
    summary: "The server answered with HTTP/1.1, so this is not Consul's gRPC port.",
    causes: &[
        "The address is the HTTPS API (8501) or a web server.",
        "A proxy terminates TLS and uses HTTP/1.1.",
    ],
    remedy: "Generate a token whose addresses use the acceptor's gRPC TLS port, usually 8503.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("looked like an HTTP/1.1 header"),
        Pattern::part("error reading server preface: http2: frame too large"),
        Pattern::part("error reading server preface: http2: failed reading the frame payload{detail}"),
        Pattern::part("error reading server preface: http2: {detail}"),
        Pattern::part("http2: frame too large"),
        Pattern::part("bogus greeting"),
    ],
};

pub static PROXY_RESPONSE: Entry = Entry {
    name: "proxy-answered",
    area: Area::Tls,
    summary: "An HTTP proxy or load balancer answered with its own page instead of Consul.",
    causes: &[
        "The proxy can't reach its server (502, 503, 504) or forbids the path (403, 404).",
        "The proxy sends HTTP to its servers and does not support gRPC.",
    ],
    remedy: "Bypass the proxy, or configure it to pass TCP and TLS through.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "gRPC and HTTP proxy error messages",
    patterns: &[
        Pattern::part("unexpected HTTP status code received from server: {status}"),
        Pattern::part("received unexpected content-type \"{content_type}\""),
        Pattern::part("received unexpected content-type"),
        Pattern::part("malformed header: missing HTTP content-type"),
        Pattern::part("transport: missing content-type field"),
        Pattern::part("502 Bad Gateway"),
        Pattern::part("503 Service Temporarily Unavailable"),
        Pattern::part("504 Gateway Time-out"),
        Pattern::part("504 Gateway Timeout"),
        Pattern::part("<html"),
        Pattern::part("<!DOCTYPE html"),
        Pattern::part("<!doctype html"),
    ],
};

pub static PROXY_DENIED: Entry = Entry {
    name: "proxy-denied",
    area: Area::Tls,
    summary: "A proxy denied the call before it reached the acceptor.",
    causes: &[
        "A service mesh or gRPC proxy has a rule (RBAC, authorization policy) that excludes the dialer.",
        "A mesh gateway's intentions or an ingress rule covers the peering port.",
    ],
    remedy: "Allow the dialing servers in that rule, or bypass the proxy. Peering has its own TLS and its own secret.",
    next: "peering diagnose @token",
    source: "Envoy error messages",
    patterns: &[Pattern::part("RBAC: access denied")],
};

pub static NOT_CONSUL_GRPC: Entry = Entry {
    name: "not-consul-grpc",
    area: Area::Tls,
    summary: "A gRPC server answered, but it does not offer Consul's peering service.",
    causes: &[
        "The address belongs to a different gRPC service, such as an application or the admin port of a proxy.",
        "The address belongs to a client agent, to Consul older than 1.13, or to a cluster with peering disabled.",
        "The address belongs to a follower of Consul 1.13.0, which can't pass the call on to its leader.",
    ],
    remedy: "Use the gRPC TLS addresses of the acceptor's servers. Client agents do not accept peerings. If the acceptor runs 1.13.0, upgrade it: fixed in release 1.13.1.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev; hashicorp/consul#14119, #14147",
    patterns: &[
        Pattern::part("unknown service {service}"),
        Pattern::part("unknown method {method}"),
        Pattern::part("Method not found!"),
        Pattern::code("Unimplemented"),
    ],
};

pub static CLIENT_WITHOUT_TLS: Entry = Entry {
    name: "client-without-tls",
    area: Area::Tls,
    summary: "A client connected without TLS to a port of this server that requires TLS.",
    causes: &[
        "The client at the address in the line uses plaintext: an Envoy proxy, consul-dataplane, an older agent, or a health check.",
        "TLS became active on the gRPC port of this server, and its clients still use plaintext.",
    ],
    remedy: "Find the client by its address. Configure it for TLS, or give it the plaintext gRPC port (`ports.grpc`, usually 8502).",
    next: "curl -s http://127.0.0.1:8500/v1/agent/self",
    source: "hashicorp/consul#14211, #13733",
    patterns: &[
        Pattern::accepted("first record does not look like a TLS handshake"),
        Pattern::accepted("client sent an HTTP request to an HTTPS server"),
        Pattern::accepted("unsupported SSLv2 handshake received"),
        Pattern::accepted("received record with version"),
        Pattern::accepted("oversized record received"),
    ],
};

pub static INCOMING_HANDSHAKE_FAILED: Entry = Entry {
    name: "incoming-handshake-failed",
    area: Area::Tls,
    summary: "A client connected to this server, and the TLS handshake failed.",
    causes: &["The client and the server do not agree. The rest of the line contains the server's reason."],
    remedy: "Find the client by the address in the line, and read the client's own error.",
    next: "consul monitor -log-level=debug",
    source: "Go net/http and gRPC error messages",
    patterns: &[Pattern::accepted("{detail}")],
};
