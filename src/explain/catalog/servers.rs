//! Configuration and state of the servers.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &GRPC_TLS_DISABLED,
    &CONNECT_DISABLED,
    &PEERING_DISABLED,
    &SERVER_IS_FOLLOWER,
    &NO_LEADER,
    &SERVER_RPC_FAILED,
    &RATE_LIMITED,
    &MESSAGE_TOO_LARGE,
    &SECRET_NOT_STORED,
    &ACCEPTOR_INTERNAL_ERROR,
    &ACCEPTOR_ABORTED,
    &ACCEPTOR_INVALID_ARGUMENT,
];

pub static GRPC_TLS_DISABLED: Entry = Entry {
    name: "grpc-tls-off",
    area: Area::Established,
    summary: "The acceptor's servers have no gRPC TLS port, so they do not generate tokens.",
    causes: &[
        "`ports.grpc_tls` is not set on the servers. Since Consul 1.14, `ports.grpc` is plaintext.",
        "gRPC is disabled (port -1).",
    ],
    remedy: "Set ports.grpc_tls = 8503 on every server, restart the servers one at a time, open the port, and generate the token again.",
    next: "curl -s http://127.0.0.1:8500/v1/agent/self",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("TLS for gRPC must be enabled when generating peering tokens"),
        Pattern::part("a grpc bind port must be specified in the configuration for all servers"),
    ],
};

pub static CONNECT_DISABLED: Entry = Entry {
    name: "connect-off",
    area: Area::Established,
    summary: "Connect is disabled on the servers, and peering needs the Connect CA.",
    causes: &["The servers' configuration does not set `connect.enabled`."],
    remedy: "Set connect { enabled = true } on every server and restart the servers one at a time.",
    next: "consul connect ca get-config",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part(
            "connect.enabled must be set to true in the server's configuration when generating peering tokens",
        ),
        Pattern::part("connect.enabled must be set to true"),
        Pattern::part("Connect must be enabled in order to use this endpoint"),
    ],
};

pub static PEERING_DISABLED: Entry = Entry {
    name: "peering-off",
    area: Area::Established,
    summary: "Peering is disabled in this cluster.",
    causes: &[
        "`peering.enabled` is false on the servers or on the agent that answered.",
        "Consul 1.13 disables peering by default.",
    ],
    remedy: "Set peering { enabled = true } on the servers and agents, and restart them one at a time.",
    next: "peering list",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("peering must be enabled to use this endpoint"),
        Pattern::part("peering is disabled"),
        Pattern::part("Peering is disabled"),
    ],
};

pub static SERVER_IS_FOLLOWER: Entry = Entry {
    name: "peer-is-follower",
    area: Area::Established,
    summary: "The dialer reached a follower, but only the acceptor's leader accepts peering streams.",
    causes: &[
        "This is normal: the dialer continues with the next address.",
        "If every address reports it, the address of the leader is missing from the token, or a load balancer or mesh gateway leads only to followers.",
    ],
    remedy: "If another attempt works, no action is needed: the dialer connects again. If not, make the load balancer or mesh gateway lead to every server of the acceptor. Only if each address of the token belongs to one server, generate a token when all servers are up.",
    next: "consul operator raft list-peers",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("cannot establish a peering stream on a follower node"),
        Pattern::part("stream disconnected due to 'failed precondition' error"),
    ],
};

pub static NO_LEADER: Entry = Entry {
    name: "no-leader",
    area: Area::Established,
    summary: "The cluster has no leader, so it accepts no writes.",
    causes: &[
        "An election is in progress and takes a few seconds.",
        "Too few servers are up, or they can't reach each other on port 8300.",
    ],
    remedy: "Wait a few seconds and retry. If there is still no leader, restore the servers first. If an establish was interrupted, check the token before you retry: peering stale @token -name ACCEPTOR_NAME -probe.",
    next: "consul operator raft list-peers",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("leadership lost while committing log"),
        Pattern::part("leadership lost"),
        Pattern::part("No cluster leader"),
        Pattern::part("node is not the leader"),
        Pattern::part("leadership transfer in progress"),
        Pattern::part("Raft leader not found in server lookup mapping"),
        Pattern::part("no leader"),
        Pattern::part("raft is already shutdown"),
        Pattern::part("not ready to serve consistent reads"),
    ],
};

pub static SERVER_RPC_FAILED: Entry = Entry {
    name: "servers-not-connected",
    area: Area::Established,
    summary: "A Consul agent could not forward the call to a server of its own cluster.",
    causes: &[
        "The server is down or restarting, or port 8300 between the servers is closed.",
        "The certificates for RPC between the servers do not match.",
        "The client agent has no known servers.",
    ],
    remedy: "This problem is inside one cluster, not between the two. Check its members and the servers' logs.",
    next: "consul members",
    source: "Consul source code; partly recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::outer("rpc error getting client: {detail}"),
        Pattern::outer("failed to get conn: {detail}"),
        Pattern::part("No known Consul servers"),
        Pattern::part("No path to datacenter"),
        Pattern::part("lead thread didn't get connection"),
        Pattern::whole_forwarded("EOF"),
        Pattern::whole_forwarded("unexpected EOF"),
        Pattern::forwarded("i/o timeout"),
        Pattern::forwarded("connection reset by peer"),
        Pattern::forwarded("connection refused"),
        Pattern::forwarded("broken pipe"),
        Pattern::forwarded("stream closed"),
        Pattern::forwarded("session shutdown"),
        Pattern::forwarded("rpc error getting client"),
    ],
};

pub static RATE_LIMITED: Entry = Entry {
    name: "rate-limited",
    area: Area::Established,
    summary: "Consul rejected the call because of a rate limit.",
    causes: &[
        "The cluster reached its limit on reads, writes or connections.",
        "A script retries without a pause.",
    ],
    remedy: "Wait and retry. Consul rejected the call before doing anything, so no token was used. If it persists, check limits.request_limits and find the client with the most calls.",
    next: "consul monitor -log-level=warn",
    source: "Consul source code",
    patterns: &[
        Pattern::part("rate limit exceeded, try again later or against a different server"),
        Pattern::part(
            "rate limit exceeded for operation that can only be performed by the leader, try again later",
        ),
        Pattern::part("rate limit exceeded"),
        Pattern::part("rate limit reached"),
        Pattern::part("Your IP is issuing too many concurrent connections"),
        Pattern::part("stream disconnected due to 'resource exhausted' error"),
        Pattern::part("Too Many Requests"),
        Pattern::part("too many requests"),
        Pattern::code("ResourceExhausted"),
    ],
};

pub static MESSAGE_TOO_LARGE: Entry = Entry {
    name: "message-too-large",
    area: Area::Established,
    summary: "A message on the peering stream is larger than the other cluster accepts.",
    causes: &[
        "Consul sends a service with many instances, or many exported services, in one message.",
        "A proxy limits the size of messages.",
    ],
    remedy: "Upgrade both clusters; later releases accept larger messages. Until then, export fewer services to this peer.",
    next: "peering exported-services -name NAME",
    source: "hashicorp/consul#15503",
    patterns: &[
        Pattern::part("grpc: received message larger than max ({size} vs. {limit})"),
        Pattern::part("received message larger than max"),
        Pattern::part("trying to send message larger than max"),
        Pattern::part("received message after decompression larger than max"),
    ],
};

pub static SECRET_NOT_STORED: Entry = Entry {
    name: "secret-not-stored",
    area: Area::Established,
    summary: "The acceptor could not store the result of the secret exchange.",
    causes: &[
        "The acceptor's servers are overloaded or have no leader.",
        "The acceptor's peering changed at the same time.",
    ],
    remedy: "Check the acceptor's log. The token may or may not be used up, so check it before you retry.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "Recorded from Consul 1.23.0-dev with several causes",
    patterns: &[
        Pattern::vague("failed to persist peering secret: {detail}"),
        Pattern::vague("failed to persist peering: {detail}"),
        Pattern::vague("failed to write peering secret: {detail}"),
        Pattern::vague("failed to write peering establishment secret: {detail}"),
        Pattern::vague("failed to validate peering secret{detail}"),
    ],
};

pub static ACCEPTOR_INTERNAL_ERROR: Entry = Entry {
    name: "acceptor-internal-error",
    area: Area::Established,
    summary: "The acceptor reports an internal error that this catalog does not list.",
    causes: &[
        "The acceptor's servers have a problem. Their log contains the details.",
        "A proxy answered instead of the servers.",
    ],
    remedy: "Check the log of the acceptor's leader at the time of the error.",
    next: "consul monitor -log-level=debug",
    source: "gRPC status codes",
    patterns: &[Pattern::code("Internal"), Pattern::code("DataLoss")],
};

pub static ACCEPTOR_ABORTED: Entry = Entry {
    name: "acceptor-gave-up",
    area: Area::Established,
    summary: "The acceptor ended the call because of the peering's current state.",
    causes: &["The acceptor's peering is DELETING or TERMINATED.", "Two calls arrived at the same time."],
    remedy: "Read the peering on the acceptor.",
    next: "peering read -name ACCEPTOR_NAME",
    source: "gRPC status codes",
    patterns: &[Pattern::code("Aborted"), Pattern::code("FailedPrecondition")],
};

pub static ACCEPTOR_INVALID_ARGUMENT: Entry = Entry {
    name: "acceptor-refused-argument",
    area: Area::Established,
    summary: "The acceptor rejects a value in the request, such as the peer ID.",
    causes: &[
        "The peering with the token's peer ID no longer exists.",
        "The versions of the clusters are too far apart.",
    ],
    remedy: "Read the detail in the message, and compare the versions of both clusters.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "gRPC status codes",
    patterns: &[
        Pattern::part("initial subscription request must {detail}"),
        Pattern::part("subscription request to unknown resource URL: {url}"),
        Pattern::code("InvalidArgument"),
        Pattern::code("NotFound"),
        Pattern::code("AlreadyExists"),
        Pattern::code("OutOfRange"),
    ],
};
