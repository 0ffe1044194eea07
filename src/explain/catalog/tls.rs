//! Ports, protocols and certificates of what answers at an address.

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
];

pub static NOT_A_TLS_PORT: Entry = Entry {
    name: "not-a-tls-port",
    area: Area::Tls,
    summary: "What answers on this port does not speak TLS, but the token demands it.",
    why: &[
        "The port is the plain gRPC port (8502) or the HTTP port (8500). Since Consul 1.14, gRPC with TLS is on 8503.",
        "-server-external-addresses was given with the wrong port.",
        "A proxy answers in plain text.",
    ],
    remedy: "Generate a new token whose addresses carry the acceptor's gRPC TLS port (`ports.grpc_tls`, usually 8503), and open that port in firewalls.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "recorded from Consul 1.23.0-dev; hashicorp/consul#15894",
    patterns: &[
        Pattern::part("first record does not look like a TLS handshake"),
        Pattern::part("received record with version"),
        Pattern::part("tls: oversized record received"),
        Pattern::part("tls: unsupported SSLv2 handshake received"),
        Pattern::part("tls: unexpected message"),
    ],
};

pub static PLAINTEXT_TO_TLS_PORT: Entry = Entry {
    name: "plaintext-to-tls-port",
    area: Area::Tls,
    summary: "The dialer spoke gRPC without TLS, and the port expects TLS: the token has no CA.",
    why: &[
        "The token's `CA` is null or was removed: the dialer then uses no TLS.",
        "The token is of a cluster without gRPC TLS, but the port belongs to one with it.",
        "If the token does have a CA: TLS worked, and then a proxy behind it closed the connection.",
    ],
    remedy: "Generate a new token on the acceptor and look whether it has a CA.",
    next: "peering validate @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("error reading server preface: EOF"),
        Pattern::part("error reading server preface: read tcp {sockets}: read: connection reset by peer"),
        Pattern::vague("error reading server preface: {detail}"),
    ],
};

pub static HANDSHAKE_CLOSED: Entry = Entry {
    name: "handshake-closed",
    area: Area::Tls,
    summary: "The other side closed the connection during the TLS handshake without a word.",
    why: &[
        "The port belongs to another protocol: 8301 and 8302 (gossip) and 8300 (server RPC) do this.",
        "A load balancer without a server behind it takes the connection and closes it.",
    ],
    remedy: "Use the acceptor's gRPC TLS port, usually 8503, and generate a new token with it.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("authentication handshake failed: EOF"),
        Pattern::part("authentication handshake failed: unexpected EOF"),
        Pattern::part("tls handshake eof"),
        Pattern::whole("EOF"),
        Pattern::whole("unexpected EOF"),
    ],
};

pub static CERTIFICATE_FROM_ANOTHER_CLUSTER: Entry = Entry {
    name: "certificate-from-another-cluster",
    area: Area::Tls,
    summary: "A Consul server answered, but of another cluster or datacenter than the token's.",
    why: &[
        "The address now belongs to another cluster: it was rebuilt, or its data was lost, which gives it another trust domain.",
        "-server-external-addresses or a load balancer leads to the wrong cluster.",
        "The token's `ServerName` was edited.",
    ],
    remedy: "Compare the two names: both end in the trust domain of a cluster. Correct the address, or generate a new token on the cluster that you mean to reach.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part(
        "x509: certificate is valid for server.{datacenter}.peering.{shown}, not server.{wanted}",
    )],
};

pub static CERTIFICATE_NAME_MISMATCH: Entry = Entry {
    name: "certificate-name-mismatch",
    area: Area::Tls,
    summary: "The certificate that was shown is made out to another name than the token's server name.",
    why: &[
        "A load balancer or proxy terminates TLS and shows its own certificate.",
        "The port is Consul's HTTPS API or belongs to a client agent: they show the agent's own certificate.",
        "The address leads to something that is not Consul.",
    ],
    remedy: "TLS must be passed through to the Consul servers (TCP mode, with ALPN h2): the dialer trusts the token's CA and the name server.DATACENTER.peering.TRUST_DOMAIN only.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "certificate-unknown-authority",
    area: Area::Tls,
    summary: "The certificate that was shown was not issued by the token's CA.",
    why: &[
        "The acceptor's CA was rotated since the token was generated, without cross-signing, or replaced.",
        "A load balancer or proxy terminates TLS and shows its own certificate.",
        "The address leads to another cluster.",
    ],
    remedy: "Look at which certificate is shown. If it is Consul's, generate a new token: it carries today's CA. If it is a proxy's, let it pass TLS through.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev",
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
    summary: "By the dialing server's clock, the certificate that was shown is not valid yet.",
    why: &[
        "The clocks of the two clusters are apart. The dialer's is behind, or the acceptor's was ahead when the certificate was made.",
    ],
    remedy: "Compare the clocks of both sides (NTP). The message names the dialer's time.",
    next: "timedatectl status",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part(
        "certificate has expired or is not yet valid: current time {now} is before {not_before}",
    )],
};

pub static CERTIFICATE_EXPIRED: Entry = Entry {
    name: "certificate-expired",
    area: Area::Tls,
    summary: "The certificate that was shown, or a CA above it, has expired.",
    why: &[
        "The CA in the token has expired: an old token, or a root that was not rotated in time.",
        "The server's certificate was not renewed, because the acceptor's CA or leader had trouble.",
        "The dialing server's clock is ahead.",
    ],
    remedy: "Look at the dates of the token's CA first. If the CA has expired, rotate it on the acceptor and generate a new token. Otherwise look at the acceptor's log for why its certificate was not renewed.",
    next: "peering validate @token",
    source: "Go's crypto/x509; recorded in its other form from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("certificate has expired or is not yet valid: current time {now} is after {not_after}"),
        Pattern::part("certificate has expired or is not yet valid"),
        Pattern::part("remote error: tls: expired certificate"),
    ],
};

pub static ALPN_MISSING: Entry = Entry {
    name: "alpn-missing",
    area: Area::Tls,
    summary: "TLS worked, but the other side did not agree on HTTP/2 (ALPN `h2`), which newer dialers (Consul 1.23, grpc-go 1.67) demand.",
    why: &[
        "The acceptor is older than the dialer: builds of 1.14 to 1.21 select no ALPN, and a dialer built with grpc-go 1.67 or newer refuses them.",
        "A proxy or load balancer terminates TLS and does not offer h2.",
    ],
    remedy: "Upgrade the acceptor first, then the dialer; the other way round works. Let a proxy between pass TLS through.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "recorded from Consul 1.23.0-dev against 1.14 and 1.20",
    patterns: &[
        Pattern::part("missing selected ALPN property"),
        Pattern::part("remote error: tls: no application protocol"),
        Pattern::part("tls: server selected unadvertised ALPN protocol"),
        Pattern::part("client requested unsupported application protocols"),
    ],
};

pub static HTTP1_RESPONSE: Entry = Entry {
    name: "http1-response",
    area: Area::Tls,
    summary: "Something answered in HTTP/1.1 where gRPC was expected: this is not Consul's gRPC port.",
    why: &[
        "The address is the HTTPS API (8501) or a web server.",
        "A proxy terminates TLS and speaks HTTP/1.1.",
    ],
    remedy: "Use the acceptor's gRPC TLS port, usually 8503, and generate a new token with it.",
    next: "peering generate-token -name ACCEPTOR_NAME -server-external-addresses HOST:8503",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "proxy-response",
    area: Area::Tls,
    summary: "An HTTP proxy or load balancer answered in Consul's place, with a page of its own.",
    why: &[
        "The proxy could not reach the server behind it (502, 503, 504), or forbids the path (403, 404).",
        "The proxy speaks HTTP to its servers and does not know gRPC.",
    ],
    remedy: "Go round the proxy, or set it to pass TCP and TLS through.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "gRPC's messages; failures of the same kind",
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
    summary: "Something before the acceptor forbade the call; the acceptor itself did not see it.",
    why: &[
        "A service mesh or a gRPC proxy has a rule (RBAC, authorization policy) that does not let the dialer in.",
        "A mesh gateway's intentions or an ingress rule covers the peering port.",
    ],
    remedy: "Allow the dialing servers there, or go round it: peering carries its own TLS, and its own secret is the permission.",
    next: "peering diagnose @token",
    source: "Envoy's message; failures of the same kind",
    patterns: &[Pattern::part("RBAC: access denied")],
};

pub static NOT_CONSUL_GRPC: Entry = Entry {
    name: "not-consul-grpc",
    area: Area::Tls,
    summary: "A gRPC server answered, but it does not know Consul's peering.",
    why: &[
        "The address belongs to another gRPC service: a mesh gateway's or proxy's admin port, an application.",
        "It is a Consul older than 1.13, or one with peering turned off, or a client agent instead of a server.",
    ],
    remedy: "Use the gRPC TLS address of the acceptor's servers. Client agents do not accept peerings.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("unknown service {service}"),
        Pattern::part("unknown method {method}"),
        Pattern::part("Method not found!"),
        Pattern::code("Unimplemented"),
    ],
};
