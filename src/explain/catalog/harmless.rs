//! Lines that look like problems and are none.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &SERVER_ADDRESSES_NOT_APPLIED,
    &NOT_IN_STREAM_TRACKER,
    &MESH_GATEWAY_MODE_DEFAULT,
    &BLOCKING_QUERY_ENDED,
    &INCOMING_CONNECTION_CLOSED,
    &CONNECTION_ATTEMPT_CANCELED,
    &STREAM_CLOSED_AS_REQUESTED,
    &ESTABLISH_SUCCEEDED,
];

pub static SERVER_ADDRESSES_NOT_APPLIED: Entry = Entry {
    name: "server-addresses-not-applied",
    area: Area::Harmless,
    summary: "Harmless: the peer tried to store server addresses for a peering that it does not dial.",
    causes: &[
        "The beta releases of Consul 1.14 send their addresses to the dialing and to the accepting side.",
    ],
    remedy: "Nothing to do: the peering works. To stop the message, upgrade to 1.14.0 or later.",
    next: "peering read -name NAME",
    source: "hashicorp/consul#15214, #15232",
    patterns: &[
        Pattern::outer("ResourceID: \"server-addrs\": Cannot switch peering dialing mode"),
        Pattern::outer("PeeringServerAddresses{detail}Cannot switch peering dialing mode"),
        Pattern::outer("server-addrs{detail}Cannot switch peering dialing mode"),
    ],
};

pub static NOT_IN_STREAM_TRACKER: Entry = Entry {
    name: "not-in-stream-tracker",
    area: Area::Harmless,
    summary: "The peering has no stream on this server, so Consul can't count its services.",
    causes: &[
        "The token was not used yet, so no dialer has connected.",
        "The server has just become the leader, and the stream is not open again.",
    ],
    remedy: "Nothing to do for an unused token. If the token was used, check why the dialer does not connect.",
    next: "peering read -name NAME",
    source: "Consul source code; hashicorp/consul#15707",
    patterns: &[
        Pattern::part("did not find peer in stream tracker"),
        Pattern::part("cannot populate imported and exported services count"),
    ],
};

pub static MESH_GATEWAY_MODE_DEFAULT: Entry = Entry {
    name: "mesh-gateway-mode-default",
    area: Area::Harmless,
    summary: "Harmless: an upstream of a peer has no mesh gateway mode, so Consul uses `remote`.",
    causes: &["Neither the proxy's upstream nor `proxy-defaults` sets a mesh gateway mode."],
    remedy: "Nothing to do. To stop the message, set the mesh gateway mode local or remote in proxy-defaults.",
    next: "consul config read -kind proxy-defaults -name global",
    source: "hashicorp/consul#15304",
    patterns: &[
        Pattern::part("invalid mesh gateway mode '{mode}', defaulting to 'remote'"),
        Pattern::part("invalid mesh gateway mode"),
    ],
};

pub static BLOCKING_QUERY_ENDED: Entry = Entry {
    name: "blocking-query-ended",
    area: Area::Harmless,
    summary: "A blocking query ended: the client waited for a change, and nothing changed in that time.",
    causes: &[
        "The client's timeout is shorter than the time that it asked Consul to wait (`wait=`). Consul adds up to a sixteenth.",
    ],
    remedy: "Nothing to do: the agent and the peering work, and the client asks again. To stop the message, upgrade the client or give it a longer timeout.",
    next: "peering list",
    source: "hashicorp/nomad#25508",
    patterns: &[
        Pattern::blocking("context deadline exceeded"),
        Pattern::blocking("Client.Timeout exceeded while awaiting headers"),
        Pattern::blocking("Client.Timeout or context cancellation while reading body"),
        Pattern::blocking("context canceled"),
        Pattern::blocking("request canceled"),
        Pattern::blocking("i/o timeout"),
        Pattern::blocking("operation timed out"),
    ],
};

pub static INCOMING_CONNECTION_CLOSED: Entry = Entry {
    name: "incoming-connection-closed",
    area: Area::Harmless,
    summary: "A client connected to this server and closed the connection before the TLS handshake ended.",
    causes: &[
        "A load balancer's health check or a port scan opens a TCP connection and closes it.",
        "The client canceled its attempt.",
    ],
    remedy: "Nothing to do if the client is a health check. Otherwise check the client's own error, which contains the reason.",
    next: "peering list",
    source: "Go net/http and gRPC error messages",
    patterns: &[
        Pattern::accepted("EOF"),
        Pattern::accepted("connection reset by peer"),
        Pattern::accepted("i/o timeout"),
        Pattern::accepted("context deadline exceeded"),
        Pattern::accepted("broken pipe"),
        Pattern::accepted("use of closed network connection"),
    ],
};

pub static CONNECTION_ATTEMPT_CANCELED: Entry = Entry {
    name: "connection-attempt-canceled",
    area: Area::Harmless,
    summary: "Harmless: a server canceled a connection to another server of its own cluster.",
    causes: &[
        "The servers' internal balancer chose a different server. This is common when an agent starts.",
    ],
    remedy: "Nothing to do. If the message repeats for hours, check port 8300 between the servers.",
    next: "consul members",
    source: "hashicorp/consul#13024, #16268",
    patterns: &[
        Pattern::part("createTransport failed to connect to {server}: operation was canceled"),
        Pattern::part("dial tcp {sockets}:8300: operation was canceled"),
        Pattern::part("dial tcp {sockets}: operation was canceled"),
        Pattern::part("operation was canceled"),
    ],
};

pub static STREAM_CLOSED_AS_REQUESTED: Entry = Entry {
    name: "stream-closed-as-requested",
    area: Area::Harmless,
    summary: "The stream ended because the peering was deleted in this cluster.",
    causes: &["Someone deleted the peering here."],
    remedy: "Nothing to do: Consul notifies the peer, whose side becomes TERMINATED. Delete the peering there too.",
    next: "peering list",
    source: "Consul source code",
    patterns: &[
        Pattern::part(
            "failed to tear down stream gracefully: peer may not have received termination message",
        ),
        Pattern::part("closed outbound stream"),
        Pattern::part("ending stream"),
    ],
};

pub static ESTABLISH_SUCCEEDED: Entry = Entry {
    name: "establish-succeeded",
    area: Area::Harmless,
    summary: "The establish succeeded: the secret was exchanged, and the token is used up.",
    causes: &[
        "The dialer opens the stream next. The peering is ESTABLISHING until then, and ACTIVE after that.",
    ],
    remedy: "Nothing to do. If the establish took several seconds, an address or a mesh gateway before the working one did not answer.",
    next: "peering read -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::part("Successfully established peering connection with {name}")],
};
