//! Connections to the acceptor's servers.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &DIAL_REFUSED,
    &DIAL_TIMEOUT,
    &DIAL_NO_ROUTE,
    &DIAL_NOT_PERMITTED,
    &CONNECTION_RESET,
    &NO_SUCH_HOST,
    &RESOLVER_FAILED,
    &SERVER_UNRESPONSIVE,
    &DEADLINE_EXCEEDED,
    &CALL_CANCELED,
    &WAN_ADDRESS_NOT_FOUND,
    &NO_MESH_GATEWAY,
    &NO_HEALTHY_UPSTREAM,
    &CONNECTION_CLOSING,
    &DIAL_UNAVAILABLE,
];

pub static DIAL_REFUSED: Entry = Entry {
    name: "dial-refused",
    area: Area::Connectivity,
    summary: "The host is reachable, but nothing accepts connections on that port.",
    causes: &[
        "The server is down, or its gRPC TLS port is different: 8503 since Consul 1.14, 8502 before.",
        "gRPC listens on a different address than the token's (`client_addr`, `addresses.grpc_tls`).",
        "A firewall rejects the connection.",
        "The token contains loopback or local addresses, so the dialer connected to itself.",
    ],
    remedy: "On the acceptor's server, check that the gRPC TLS port is set and open. Test from a dialing server, because the servers dial. If the address is wrong, generate a token with -server-external-addresses.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("dial tcp {address}: connect: connection refused"),
        Pattern::part("connect: connection refused"),
        Pattern::part("connection refused"),
        Pattern::part("Connection refused"),
        Pattern::part("actively refused it"),
    ],
};

pub static DIAL_TIMEOUT: Entry = Entry {
    name: "dial-timeout",
    area: Area::Connectivity,
    summary: "The address does not respond. A firewall or missing route is probably dropping the packets.",
    causes: &[
        "The token contains addresses that only the acceptor's network can reach, such as LAN or pod addresses.",
        "A firewall or security group drops connections from the dialing servers.",
        "The address of the mesh gateway or load balancer is internal.",
        "The server no longer exists.",
    ],
    remedy: "Generate a token with addresses that the dialing servers can reach: -server-external-addresses HOST:8503. Do not edit the token: Consul replaces edited addresses when it streams the acceptor's own. An attempt takes 20 s, and Consul tries no address after it.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev; hashicorp/consul#15051, #15763",
    patterns: &[
        Pattern::part("dial tcp {address}: i/o timeout"),
        Pattern::part("dial tcp {address}: connect: connection timed out"),
        Pattern::part("connect: connection timed out"),
        Pattern::part("connect: operation timed out"),
        Pattern::part("connection timed out"),
        Pattern::part("Connection timed out"),
        Pattern::part("operation timed out"),
        Pattern::part("i/o timeout"),
    ],
};

pub static DIAL_NO_ROUTE: Entry = Entry {
    name: "dial-no-route",
    area: Area::Connectivity,
    summary: "The dialing server, or a router, has no route to the address.",
    causes: &[
        "The dialing servers are not connected to that network: a VPN is down, networks are not joined, or IPv6 is missing.",
        "A firewall rejects the connection with `no route to host`.",
        "The host is in the same network and is switched off.",
    ],
    remedy: "Check the route from a dialing server. If it should not reach the address, generate a token with -server-external-addresses.",
    next: "ip route get HOST",
    source: "Operating system error messages",
    patterns: &[
        Pattern::part("dial tcp {address}: connect: no route to host"),
        Pattern::part("no route to host"),
        Pattern::part("No route to host"),
        Pattern::part("network is unreachable"),
        Pattern::part("Network is unreachable"),
        Pattern::part("dial tcp {address}: connect: network is unreachable"),
        Pattern::part("host is down"),
        Pattern::part("network is down"),
        Pattern::part("host is unreachable"),
        Pattern::part("unreachable network"),
        Pattern::part("unreachable host"),
    ],
};

pub static DIAL_NOT_PERMITTED: Entry = Entry {
    name: "dial-not-permitted",
    area: Area::Connectivity,
    summary: "The dialing server's operating system blocked the connection.",
    causes: &[
        "A local firewall rule, SELinux or a container network policy forbids it.",
        "The process has no free file descriptors or local ports.",
    ],
    remedy: "Check the firewall rules and limits of the host that runs the dialing Consul server.",
    next: "peering diagnose @token",
    source: "Operating system error messages",
    patterns: &[
        Pattern::part("connect: permission denied"),
        Pattern::part("connect: operation not permitted"),
        Pattern::part("operation not permitted"),
        Pattern::part("connect: cannot assign requested address"),
        Pattern::part("cannot assign requested address"),
        Pattern::part("can't assign requested address"),
        Pattern::part("socket: too many open files"),
        Pattern::part("too many open files"),
        Pattern::part("connect: invalid argument"),
        Pattern::part("address family not supported by protocol"),
    ],
};

pub static CONNECTION_RESET: Entry = Entry {
    name: "connection-reset",
    area: Area::Connectivity,
    summary: "The connection opened, and then the server or a device on the path closed it.",
    causes: &[
        "A load balancer accepts every connection but has no server behind it.",
        "A firewall inspects the connection and rejects TLS without a public name, or HTTP/2.",
        "The port does not use TLS.",
        "The server was restarting.",
    ],
    remedy: "Find out what listens on the port. A load balancer for Consul must pass TCP through and run its health check on the gRPC port.",
    next: "peering diagnose @token",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("read: connection reset by peer"),
        Pattern::part("connection reset by peer"),
        Pattern::part("Connection reset by peer"),
        Pattern::part("write: broken pipe"),
        Pattern::part("broken pipe"),
        Pattern::part("forcibly closed by the remote host"),
        Pattern::part("connection aborted"),
        Pattern::part("connection was aborted"),
        Pattern::part("use of closed network connection"),
    ],
};

pub static NO_SUCH_HOST: Entry = Entry {
    name: "host-unknown",
    area: Area::Connectivity,
    summary: "The DNS resolver of the dialing server does not know the host name.",
    causes: &[
        "The name exists only in the acceptor's network, such as a `.consul`, `.internal` or `.cluster.local` name.",
        "The name in -server-external-addresses is misspelled.",
        "The dialing server uses the wrong resolver.",
    ],
    remedy: "Generate a token with an IP address, or with a name that the dialing servers can resolve.",
    next: "dig +short HOST",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("lookup {host} on {resolver}: no such host"),
        Pattern::part("lookup {host}: no such host"),
        Pattern::part("no such host"),
        Pattern::part("No such host is known"),
        Pattern::part("Name or service not known"),
        Pattern::part("nodename nor servname provided, or not known"),
        Pattern::part("no addresses found"),
        Pattern::part("produced zero addresses"),
    ],
};

pub static RESOLVER_FAILED: Entry = Entry {
    name: "resolver-failed",
    area: Area::Connectivity,
    summary: "The DNS resolver of the dialing server failed, so the name may or may not exist.",
    causes: &[
        "The resolver is down or unreachable.",
        "The resolver refuses the query, or can't reach the name's own servers, such as those of a forwarded `.consul` zone.",
    ],
    remedy: "Fix name resolution on the dialing server. To bypass it, use an IP address in -server-external-addresses.",
    next: "dig HOST",
    source: "Go resolver error messages",
    patterns: &[
        Pattern::part("lookup {host} on {resolver}: server misbehaving"),
        Pattern::part("server misbehaving"),
        Pattern::part("lookup {host} on {resolver}: read udp {sockets}: i/o timeout"),
        Pattern::part("lookup {host} on {resolver}: dial udp {sockets}: i/o timeout"),
        Pattern::part("lookup {host} on {resolver}: read udp {sockets}: read: connection refused"),
        Pattern::part("lookup {host} on {resolver}: dial udp {sockets}: connect: network is unreachable"),
        Pattern::part("lookup {host}: i/o timeout"),
        Pattern::part("lookup {host} on {resolver}: no answer from DNS server"),
        Pattern::part("Temporary failure in name resolution"),
        Pattern::part("no answer from DNS server"),
        Pattern::part("cannot unmarshal DNS message"),
        Pattern::part("invalid DNS response"),
    ],
};

pub static SERVER_UNRESPONSIVE: Entry = Entry {
    name: "server-silent",
    area: Area::Connectivity,
    summary: "The server accepts the connection but does not answer before the timeout.",
    causes: &[
        "A load balancer or proxy accepts connections for a server that does not respond.",
        "The port uses a different protocol, and the server waits for data that the dialer never sends.",
        "The server is overloaded.",
    ],
    remedy: "Find out what listens on the port. Such an attempt takes 20 s, and Consul tries no address after it.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("authentication handshake failed: context deadline exceeded"),
        Pattern::part("authentication handshake failed: i/o timeout"),
        Pattern::part("authentication handshake failed: read tcp {sockets}: i/o timeout"),
        Pattern::part("error reading server preface: context deadline exceeded"),
        Pattern::part("error reading server preface: read tcp {sockets}: i/o timeout"),
        Pattern::part("net/http: TLS handshake timeout"),
        Pattern::part("TLS handshake timeout"),
        Pattern::part("error reading server preface: read tcp {sockets}: use of closed network connection"),
    ],
};

pub static DEADLINE_EXCEEDED: Entry = Entry {
    name: "deadline-exceeded",
    area: Area::Connectivity,
    summary: "The call timed out before an answer arrived.",
    causes: &[
        "An address drops packets, and the attempts to reach it took all the time.",
        "The acceptor's servers are overloaded or have no leader.",
        "A proxy holds the call.",
    ],
    remedy: "Find out which step is slow, then check the acceptor's leader and load.",
    next: "peering diagnose @token",
    source: "gRPC status codes",
    patterns: &[
        Pattern::part("context deadline exceeded"),
        Pattern::part("upstream request timeout"),
        Pattern::part("stream timeout"),
        Pattern::code("DeadlineExceeded"),
    ],
};

pub static CALL_CANCELED: Entry = Entry {
    name: "call-cancelled",
    area: Area::Connectivity,
    summary: "The caller canceled the call.",
    causes: &[
        "Someone stopped the command, or its connection to Consul closed.",
        "The dialing server stopped or lost its leadership during the call.",
    ],
    remedy: "Read the peering before you retry. The acceptor may have exchanged the secret already, which uses the token up.",
    next: "peering read -name NAME",
    source: "gRPC status codes",
    patterns: &[Pattern::part("context canceled"), Pattern::code("Canceled")],
};

pub static WAN_ADDRESS_NOT_FOUND: Entry = Entry {
    name: "wan-address-unknown",
    area: Area::Connectivity,
    summary: "A server looked for the peer's address in its own WAN federation and did not find it.",
    causes: &[
        "The dialing servers are followers or WAN-federated, and run a version that treats peer addresses as its own servers.",
        "The address has port 8300, which is for servers of one federation and not for peering.",
    ],
    remedy: "Upgrade both clusters to a release with the fix. Check that the token's addresses use the gRPC TLS port.",
    next: "peering inspect @token",
    source: "hashicorp/consul#15052, #15087",
    patterns: &[
        Pattern::part("failed to find Consul server for global address \"{address}\""),
        Pattern::part("failed to find Consul server for global address"),
    ],
};

pub static NO_MESH_GATEWAY: Entry = Entry {
    name: "no-mesh-gateway",
    area: Area::Connectivity,
    summary: "The cluster peers through mesh gateways, but no mesh gateway is registered.",
    causes: &[
        "The mesh config entry sets `PeerThroughMeshGateways`, but no gateway runs, or it runs in a different partition.",
        "The gateway has not registered yet.",
    ],
    remedy: "Start a mesh gateway and wait until it is in the catalog, or disable PeerThroughMeshGateways. Then generate again: Consul stored a new secret before it failed, so an earlier unused token no longer works, and the new one was not returned.",
    next: "consul catalog services",
    source: "Recorded from Consul 1.23.0-dev; hashicorp/consul-k8s#1683",
    patterns: &[
        Pattern::part(
            "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered",
        ),
        Pattern::part("no mesh gateway instances are registered"),
        Pattern::part("configured to peer through mesh gateways but no mesh gateways are registered"),
        Pattern::part("no mesh gateways are registered"),
    ],
};

pub static NO_HEALTHY_UPSTREAM: Entry = Entry {
    name: "no-healthy-upstream",
    area: Area::Connectivity,
    summary: "A proxy answered instead of the acceptor: it has no healthy server to send the call to.",
    causes: &[
        "The proxy's health check fails, often because it sends plain HTTP to a TLS port.",
        "The servers behind the proxy are down.",
        "A mesh gateway does not have the addresses of the servers yet.",
    ],
    remedy: "Check the proxy's list of servers and its health check. The proxy must pass TLS through to the gRPC TLS port.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "Recorded from Consul 1.23.0-dev; Envoy error messages",
    patterns: &[
        Pattern::part("no healthy upstream"),
        Pattern::vague("upstream connect error or disconnect/reset before headers{detail}"),
        Pattern::part("delayed connect error: {errno}"),
        Pattern::part("transport failure reason: immediate connect error: {errno}"),
        Pattern::part("reset reason: remote connection failure"),
        Pattern::part("reset reason: connection timeout"),
        Pattern::part("reset reason: connection termination"),
        Pattern::part("reset reason: overflow"),
        Pattern::part("no healthy host"),
        Pattern::part("cluster not found"),
        Pattern::part("route not found"),
    ],
};

pub static CONNECTION_CLOSING: Entry = Entry {
    name: "connection-closing",
    area: Area::Connectivity,
    summary: "An open connection closed during the call.",
    causes: &[
        "The acceptor's server stopped or lost its leadership.",
        "A proxy closed an idle or long-lived connection.",
    ],
    remedy: "Consul reconnects. If the message returns every few minutes, raise the idle timeout of the proxy.",
    next: "peering read -name NAME",
    source: "gRPC error messages",
    patterns: &[
        Pattern::part("transport is closing"),
        Pattern::part("connection is closing"),
        Pattern::part("error reading from server: {detail}"),
        Pattern::part("keepalive ping failed"),
        Pattern::part("too_many_pings"),
        Pattern::part("received prior goaway"),
        Pattern::part("http2: server sent GOAWAY"),
        Pattern::part("stream terminated by RST_STREAM"),
        Pattern::part("the stream is done or WriteHeader was already called"),
        Pattern::part("closed the connection without sending"),
    ],
};

pub static DIAL_UNAVAILABLE: Entry = Entry {
    name: "dial-unavailable",
    area: Area::Connectivity,
    summary: "The address is unavailable, and the message does not say why.",
    causes: &[
        "The server, or a proxy in front of it, is down, restarting or refusing connections.",
        "The network drops or resets the connection.",
    ],
    remedy: "Test each step of the connection from a dialing server.",
    next: "peering diagnose @token",
    source: "gRPC status codes",
    patterns: &[
        Pattern::code("Unavailable"),
        Pattern::vague("Error while dialing{detail}"),
        Pattern::vague("failed to dial peer{detail}"),
        Pattern::vague("failed to exchange peering secret{detail}"),
    ],
};
