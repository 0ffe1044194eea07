//! The servers' own settings and state.

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
    name: "grpc-tls-disabled",
    area: Area::Established,
    summary: "The acceptor's servers have no gRPC port with TLS, so they do not generate tokens.",
    why: &[
        "`ports.grpc_tls` is not set on the servers; `ports.grpc` is the plain one since 1.14.",
        "gRPC is off altogether (port -1).",
    ],
    remedy: "Set ports.grpc_tls = 8503 on every server, restart them one by one, open the port, and generate again.",
    next: "curl -s http://127.0.0.1:8500/v1/agent/self",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("TLS for gRPC must be enabled when generating peering tokens")],
};

pub static CONNECT_DISABLED: Entry = Entry {
    name: "connect-disabled",
    area: Area::Established,
    summary: "Connect is off on the servers, and peering needs its CA.",
    why: &["`connect.enabled` is not set in the servers' configuration."],
    remedy: "Set connect { enabled = true } on every server and restart them one by one.",
    next: "consul connect ca get-config",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part(
            "connect.enabled must be set to true in the server's configuration when generating peering tokens",
        ),
        Pattern::part("connect.enabled must be set to true"),
        Pattern::part("Connect must be enabled in order to use this endpoint"),
    ],
};

pub static PEERING_DISABLED: Entry = Entry {
    name: "peering-disabled",
    area: Area::Established,
    summary: "Peering is turned off on this cluster.",
    why: &[
        "`peering.enabled` is false in the configuration of the servers or of the agent that was asked.",
        "In 1.13 it was off by default.",
    ],
    remedy: "Set peering { enabled = true } on the servers and agents and restart them one by one.",
    next: "peering list",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("peering must be enabled to use this endpoint"),
        Pattern::part("peering is disabled"),
        Pattern::part("Peering is disabled"),
    ],
};

pub static SERVER_IS_FOLLOWER: Entry = Entry {
    name: "server-is-follower",
    area: Area::Established,
    summary: "The server that was reached is not the acceptor's leader, and peering streams are for the leader.",
    why: &[
        "Normal: the dialer goes on to the next address by itself.",
        "If it is said of every address: the leader's is missing from the token, or a load balancer leads to followers only.",
    ],
    remedy: "Nothing, if another address works. Otherwise generate a new token that names every server, or let the load balancer reach all of them.",
    next: "consul operator raft list-peers",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("cannot establish a peering stream on a follower node"),
        Pattern::part("stream disconnected due to 'failed precondition' error"),
        Pattern::code("FailedPrecondition"),
    ],
};

pub static NO_LEADER: Entry = Entry {
    name: "no-leader",
    area: Area::Established,
    summary: "The servers have no leader at the moment, or just lost it: nothing can be written.",
    why: &[
        "An election is going on; it takes seconds.",
        "Too few servers are up, or they cannot reach each other (port 8300).",
    ],
    remedy: "Wait a few seconds. If it stays, bring the servers back before anything else. Then try again; if an establish was cut off in the middle, ask first whether the token is still good: peering stale @token -name ACCEPTOR_NAME -probe.",
    next: "consul operator raft list-peers",
    source: "recorded from Consul 1.23.0-dev",
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
    name: "server-rpc-failed",
    area: Area::Established,
    summary: "A Consul server or client could not pass the call on to another server of its own cluster.",
    why: &[
        "The other server is down or just restarting, or port 8300 between them is closed.",
        "Certificates for RPC between the servers do not fit.",
        "The client agent knows no server.",
    ],
    remedy: "This is inside one cluster, not between the two. Look at its members and at the servers' logs.",
    next: "consul members",
    source: "recorded in part from Consul 1.23.0-dev; Consul's source",
    patterns: &[
        Pattern::outer("rpc error getting client: {detail}"),
        Pattern::outer("failed to get conn: {detail}"),
        Pattern::part("No known Consul servers"),
        Pattern::part("No path to datacenter"),
        Pattern::part("lead thread didn't get connection"),
        Pattern::vague("rpc error making call: {detail}"),
    ],
};

pub static RATE_LIMITED: Entry = Entry {
    name: "rate-limited",
    area: Area::Established,
    summary: "Consul refused the call because too many came in.",
    why: &[
        "The cluster's limits on reads, writes or connections are reached, by whatever traffic.",
        "A script retries without a pause.",
    ],
    remedy: "Wait and try again. The call was refused before anything was done, so no token was used up. If it stays, look at limits.request_limits and at who calls so often.",
    next: "consul monitor -log-level=warn",
    source: "Consul's source; failures of the same kind",
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
    summary: "One message of the peering stream is larger than the other side takes.",
    why: &[
        "A service with very many instances, or very many exported services, is sent in one piece.",
        "A proxy limits the size of messages.",
    ],
    remedy: "Upgrade both sides; later releases take larger messages. Until then export less to this peer.",
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
    summary: "The acceptor could not store the exchange of the secret.",
    why: &[
        "The acceptor's servers have no leader or are overloaded.",
        "The acceptor's peering was changed at the same moment.",
    ],
    remedy: "Look at the acceptor's log. Whether the token was used up is not certain: ask before you try again.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "recorded from Consul 1.23.0-dev with several details",
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
    summary: "The acceptor reports trouble of its own, in words not known here.",
    why: &["A fault of the acceptor's servers; their log says more.", "A proxy answered in their place."],
    remedy: "Look at the log of the acceptor's leader at the time of the error.",
    next: "consul monitor -log-level=debug",
    source: "gRPC's status codes",
    patterns: &[Pattern::code("Internal"), Pattern::code("DataLoss")],
};

pub static ACCEPTOR_ABORTED: Entry = Entry {
    name: "acceptor-aborted",
    area: Area::Established,
    summary: "The acceptor ended the call because its state does not allow it now.",
    why: &["The acceptor's peering is DELETING or TERMINATED.", "Two calls came at the same moment."],
    remedy: "Look at the peering on the acceptor.",
    next: "peering read -name ACCEPTOR_NAME",
    source: "gRPC's status codes",
    patterns: &[Pattern::code("Aborted")],
};

pub static ACCEPTOR_INVALID_ARGUMENT: Entry = Entry {
    name: "acceptor-invalid-argument",
    area: Area::Established,
    summary: "The acceptor does not accept something in the request, such as the peer ID.",
    why: &[
        "The peering of the token's ID does not exist any more.",
        "The versions of the two sides are far apart.",
    ],
    remedy: "Read the detail in the message, and compare the versions of both sides.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "gRPC's status codes",
    patterns: &[
        Pattern::part("initial subscription request must {detail}"),
        Pattern::part("subscription request to unknown resource URL: {url}"),
        Pattern::code("InvalidArgument"),
        Pattern::code("NotFound"),
        Pattern::code("AlreadyExists"),
        Pattern::code("OutOfRange"),
    ],
};
