//! The way to the acceptor's servers.

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
    summary: "The host answered that nothing listens on that port.",
    why: &[
        "Consul does not listen there: the server is down, or its gRPC TLS port is another (8503 since 1.14, 8502 before).",
        "gRPC is bound to another address than the one in the token (`client_addr`, `addresses.grpc_tls`).",
        "A firewall rejects the connection.",
        "The token carries loopback or local addresses, and the dialer asked itself.",
    ],
    remedy: "On the acceptor's server check that the gRPC TLS port is set and open. It is the dialing servers that dial, so try from one of them. If the address itself is wrong, generate a new token with -server-external-addresses.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev",
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
    summary: "Nothing answered at the address: the packets are dropped on the way.",
    why: &[
        "The token carries addresses that only the acceptor's own network can reach (LAN addresses, pod addresses).",
        "A firewall or security group drops the connection from the dialing servers.",
        "The mesh gateway's or load balancer's address is an internal one.",
        "The server behind the address is gone.",
    ],
    remedy: "Generate a new token with addresses that the dialing servers can reach: -server-external-addresses HOST:8503. Do not edit the token: the edit is lost when the acceptor streams its addresses. One attempt takes 20 s here and no further address is tried, so a good address behind this one is not reached.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev; hashicorp/consul#15051, #15763",
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
    summary: "The dialing server has no way to that address: its network, or a router on the way, says so.",
    why: &[
        "The address is of a network that the dialing servers are not joined to (VPN down, missing peering of the networks, no IPv6).",
        "A firewall answers for the host (`no route to host` is what a rejecting firewall sends).",
        "The host is switched off and was on the same network.",
    ],
    remedy: "Ask a dialing server for its route to the address. If the address is not meant to be reachable from there, generate a new token with -server-external-addresses.",
    next: "ip route get HOST",
    source: "failures of the same kind; the words are the operating system's",
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
    summary: "The dialing server's own system forbade the connection before a packet left.",
    why: &[
        "A local firewall rule, SELinux, or a container's network policy forbids it.",
        "The process ran out of file descriptors or of local ports.",
    ],
    remedy: "Look at the rules and limits of the host on which the dialing Consul server runs.",
    next: "peering diagnose @token",
    source: "failures of the same kind; the words are the operating system's",
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
    summary: "The connection was made and then cut off by the other side, or by something between.",
    why: &[
        "A load balancer takes every connection and has no server behind it.",
        "A firewall inspects the connection and cuts off what it does not know (TLS without a public name, HTTP/2).",
        "The port belongs to something that does not speak TLS.",
        "The server was just restarting.",
    ],
    remedy: "Find out what answers on the port. A load balancer in front of Consul must pass TCP through and check the gRPC port.",
    next: "peering diagnose @token",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "no-such-host",
    area: Area::Connectivity,
    summary: "The name in the address does not exist for the resolver that the dialing server asked.",
    why: &[
        "The name is only known inside the acceptor's network, such as a `.consul`, `.internal` or `.cluster.local` name.",
        "The name is misspelt in -server-external-addresses.",
        "The dialing server asks the wrong resolver.",
    ],
    remedy: "Use a name that the dialing servers can resolve, or an address, and generate a new token with it.",
    next: "dig +short HOST",
    source: "recorded from Consul 1.23.0-dev",
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
    summary: "The resolver that the dialing server asked did not give a usable answer: it is not known whether the name exists.",
    why: &[
        "The resolver is down or not reachable.",
        "The resolver refuses, or fails to ask the name's own servers (a forwarded zone, such as `.consul`, that leads nowhere).",
    ],
    remedy: "Repair the dialing server's name resolution. An address in place of the name in -server-external-addresses goes round it.",
    next: "dig HOST",
    source: "failures of the same kind; the words are Go's resolver's",
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
    name: "server-unresponsive",
    area: Area::Connectivity,
    summary: "The connection was made, but nothing was said on it until the time was over.",
    why: &[
        "A load balancer or proxy takes connections for a server that does not answer.",
        "The port belongs to something that waits for the other side to speak first.",
        "The server is so busy that it does not come to answer.",
    ],
    remedy: "Find out what listens on the port. One such attempt takes 20 s, and no further address is tried.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "recorded from Consul 1.23.0-dev",
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
    summary: "The time for the whole call was over before an answer came.",
    why: &[
        "An address drops packets, so the attempts took all the time.",
        "The acceptor's servers have no leader or are overloaded.",
        "A proxy between holds the call.",
    ],
    remedy: "Find out which step is slow. Then look at the acceptor's leader and load.",
    next: "peering diagnose @token",
    source: "gRPC's status codes",
    patterns: &[
        Pattern::part("context deadline exceeded"),
        Pattern::part("upstream request timeout"),
        Pattern::part("stream timeout"),
        Pattern::code("DeadlineExceeded"),
    ],
};

pub static CALL_CANCELED: Entry = Entry {
    name: "call-canceled",
    area: Area::Connectivity,
    summary: "The call was given up by the side that made it.",
    why: &[
        "The command was stopped, or its connection to Consul ended.",
        "The dialing server lost its leadership or was shut down while it dialed.",
    ],
    remedy: "Look at the peering's state before you try again: the secret may have been exchanged already, which uses the token up.",
    next: "peering read -name NAME",
    source: "gRPC's status codes",
    patterns: &[Pattern::part("context canceled"), Pattern::code("Canceled")],
};

pub static WAN_ADDRESS_NOT_FOUND: Entry = Entry {
    name: "wan-address-not-found",
    area: Area::Connectivity,
    summary: "A server took the address of a peer for one of its own WAN federation and did not find it there.",
    why: &[
        "The dialing servers are followers or federated over WAN, in versions that looked the address up among their own servers.",
        "The address carries port 8300, which is for servers of one federation, not for peering.",
    ],
    remedy: "Upgrade both sides to a release that has the fix. Check that the token's addresses carry the gRPC TLS port.",
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
    summary: "This cluster is set to peer through mesh gateways, and no mesh gateway is registered.",
    why: &[
        "The mesh config entry says `PeerThroughMeshGateways`, but no gateway runs, or it runs in another partition.",
        "The gateway is not registered yet.",
    ],
    remedy: "Start a mesh gateway and wait until it shows in the catalog, or turn PeerThroughMeshGateways off. The mesh config entry must be there before the token is generated, since the token carries the gateways' addresses.",
    next: "consul catalog services",
    source: "recorded from Consul 1.23.0-dev; hashicorp/consul-k8s#1683",
    patterns: &[
        Pattern::part(
            "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered",
        ),
        Pattern::part("no mesh gateway instances are registered"),
    ],
};

pub static NO_HEALTHY_UPSTREAM: Entry = Entry {
    name: "no-healthy-upstream",
    area: Area::Connectivity,
    summary: "A proxy answered in the acceptor's place: it has no healthy server to send the call to.",
    why: &[
        "The load balancer's or gateway's health check fails, often because it checks plain HTTP on a TLS port.",
        "The servers behind it are down.",
        "A mesh gateway has not learnt the servers' addresses yet.",
    ],
    remedy: "Look at the proxy's view of its servers. It must pass TLS through to the gRPC TLS port.",
    next: "openssl s_client -connect ADDRESS -alpn h2",
    source: "recorded from Consul 1.23.0-dev; Envoy's messages",
    patterns: &[
        Pattern::part("no healthy upstream"),
        Pattern::part("upstream connect error or disconnect/reset before headers"),
        Pattern::part("no healthy host"),
        Pattern::part("cluster not found"),
        Pattern::part("route not found"),
    ],
};

pub static CONNECTION_CLOSING: Entry = Entry {
    name: "connection-closing",
    area: Area::Connectivity,
    summary: "An established connection ended in the middle of the call.",
    why: &[
        "The acceptor's server was stopped or lost its leadership.",
        "A proxy ended an idle or long connection.",
    ],
    remedy: "Consul connects again by itself. If it comes back every few minutes, raise the idle timeout of the proxy between.",
    next: "peering read -name NAME",
    source: "gRPC's messages",
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
    summary: "The address could not be used; the text does not say why in words known here.",
    why: &[
        "The server, or a proxy before it, is down, restarting or refusing.",
        "The network between drops or cuts the connection.",
    ],
    remedy: "Go through the steps of a connection one by one, from one of the dialing servers.",
    next: "peering diagnose @token",
    source: "gRPC's status codes",
    patterns: &[
        Pattern::code("Unavailable"),
        Pattern::vague("Error while dialing{detail}"),
        Pattern::vague("failed to dial peer{detail}"),
        Pattern::vague("failed to exchange peering secret{detail}"),
    ],
};
