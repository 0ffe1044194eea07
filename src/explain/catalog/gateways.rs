//! Mesh gateways, Envoy, and HTTP proxies in front of Consul.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &GATEWAY_SEVERAL_HOST_NAMES,
    &GATEWAY_WITHOUT_ROUTE,
    &PROXY_DISTRUSTS_SERVER,
    &PROXY_USES_TLS,
    &ENVOY_REJECTED_CONFIGURATION,
];

pub static GATEWAY_SEVERAL_HOST_NAMES: Entry = Entry {
    name: "gateway-several-host-names",
    area: Area::MeshGateways,
    summary: "Envoy rejected the cluster for the peer because the token has several gateway addresses that are host names.",
    causes: &[
        "The acceptor has several mesh gateway replicas, and each registers a host name, such as that of a load balancer.",
    ],
    remedy: "Upgrade Consul: fixed in 1.14.11, 1.15.7, 1.16.3 and 1.17.1. Until then, run one replica of the gateway, or register IP addresses.",
    next: "consul version",
    source: "hashicorp/consul#17557, #19268; hashicorp/consul-k8s#2509",
    patterns: &[
        Pattern::part(
            "LOGICAL_DNS clusters must have a single locality_lb_endpoint and a single lb_endpoint",
        ),
        Pattern::part("LOGICAL_DNS clusters must have"),
        Pattern::part("STRICT_DNS clusters must have"),
    ],
};

pub static GATEWAY_WITHOUT_ROUTE: Entry = Entry {
    name: "gateway-without-route",
    area: Area::MeshGateways,
    summary: "A mesh gateway has no route for the token's server name (SNI), and resets the TLS handshake.",
    causes: &[
        "The acceptor's mesh config entry no longer sets Peering.PeerThroughMeshGateways.",
        "The dialer's gateway has no route to the acceptor: the acceptor's gateway is down, or the peering is not stored yet.",
        "The token belongs to a different cluster than the gateway.",
        "The gateway started a moment ago and has no configuration yet.",
    ],
    remedy: "Check the mesh config entry and the mesh gateways of both clusters. Then try again with the same token.",
    next: "consul config read -kind mesh -name mesh",
    source: "Recorded from Consul 1.23.0-dev with Envoy 1.36",
    patterns: &[
        Pattern::part(
            "authentication handshake failed: read tcp {sockets}:8443: read: connection reset by peer",
        ),
        Pattern::part("filter_chain_not_found"),
        Pattern::part("no matching filter chain found"),
    ],
};

pub static PROXY_DISTRUSTS_SERVER: Entry = Entry {
    name: "proxy-distrusts-server",
    area: Area::MeshGateways,
    summary: "A proxy reached its server but does not trust the certificate of the server: the verification failed.",
    causes: &[
        "The proxy has a different CA than the one that issued the certificate, for example after a CA rotation.",
        "The certificate is for a different name, or has expired.",
        "For an imported service, the trust bundle of the peer is missing or old.",
    ],
    remedy: "Check which CA the proxy uses for this server. If the peer's CA was rotated, check that the peering is ACTIVE, because its stream carries the new CA.",
    next: "peering read -name NAME",
    source: "Envoy and BoringSSL error messages; hashicorp/consul#11207, #13046",
    patterns: &[
        Pattern::outer("CERTIFICATE_VERIFY_FAILED"),
        Pattern::outer("TLS_error: certificate verify failed"),
        Pattern::outer("TLS error: Secret is not supplied by SDS"),
    ],
};

pub static PROXY_USES_TLS: Entry = Entry {
    name: "proxy-uses-tls",
    area: Area::MeshGateways,
    summary: "A proxy used TLS, but its server answered without TLS.",
    causes: &[
        "The proxy sends TLS to a port without TLS, such as 8502 or 8500.",
        "The proxy terminates TLS and starts a new connection to the server. It must pass TLS through.",
    ],
    remedy: "Make the proxy pass TLS through to the gRPC TLS port (8503).",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Envoy and BoringSSL error messages",
    patterns: &[
        Pattern::outer("WRONG_VERSION_NUMBER"),
        Pattern::outer("SSL routines:OPENSSL_internal:HTTP_REQUEST"),
    ],
};

pub static ENVOY_REJECTED_CONFIGURATION: Entry = Entry {
    name: "envoy-rejected-configuration",
    area: Area::MeshGateways,
    summary: "Envoy rejected a part of the configuration that Consul sent.",
    causes: &[
        "This version of Envoy does not support the configuration of this version of Consul.",
        "An address or name in the configuration is invalid for Envoy. The rest of the message contains the reason.",
    ],
    remedy: "Compare the versions of Envoy and Consul with Consul's compatibility table. Until Envoy accepts the configuration, it uses the previous one.",
    next: "consul version",
    source: "Envoy error messages",
    patterns: &[
        Pattern::vague("Error adding/updating cluster(s) {detail}"),
        Pattern::vague("Error adding/updating listener(s) {detail}"),
        Pattern::vague("delta config for {detail}"),
        Pattern::vague("gRPC config for {detail}"),
    ],
};
