//! States of peerings and errors of their streams.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &STATE_PENDING,
    &STATE_ESTABLISHING,
    &STATE_FAILING,
    &STATE_TERMINATED,
    &STATE_DELETING,
    &NO_HEARTBEAT,
    &STREAM_ALREADY_OPEN,
    &STREAM_ERROR,
];

pub static STATE_PENDING: Entry = Entry {
    name: "state-pending",
    area: Area::Established,
    summary: "The peering exists in this cluster only: it is not established yet.",
    causes: &[
        "On the acceptor, no dialer has used the token yet.",
        "On the dialer, the establish failed, or the dialer could not open the stream.",
    ],
    remedy: "On the acceptor, establish with the token on the dialing cluster. On the dialer, find out why the establish failed; delete the peering only if you need its name for something else.",
    next: "peering diagnose @token -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("PENDING")],
};

pub static STATE_ESTABLISHING: Entry = Entry {
    name: "state-establishing",
    area: Area::Established,
    summary: "The secret was exchanged, and the dialer is opening the stream. The token is used up.",
    causes: &[
        "This state lasts a moment. If it persists, the dialing servers can no longer reach the acceptor's addresses.",
    ],
    remedy: "Read the peering again in a minute. If the state is the same, check that the addresses are reachable.",
    next: "peering read -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("ESTABLISHING")],
};

pub static STATE_FAILING: Entry = Entry {
    name: "state-failing",
    area: Area::Established,
    summary: "The peering was established, but its stream is broken.",
    causes: &[
        "The other cluster is down, or the dialing servers can no longer reach it.",
        "Its addresses or its CA changed while the stream was down.",
    ],
    remedy: "Restore the connection between the clusters; Consul then reconnects. You need a token only if the addresses or the CA changed in the meantime.",
    next: "peering diagnose @token -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("FAILING"), Pattern::part("heartbeat timeout")],
};

pub static STATE_TERMINATED: Entry = Entry {
    name: "state-terminated",
    area: Area::Established,
    summary: "The other cluster deleted the peering.",
    causes: &["Someone deleted the peering there, or removed its Kubernetes resource."],
    remedy: "Delete the peering here before you start again. Consul generates tokens for a TERMINATED peering, and they never work.",
    next: "peering delete -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::word("TERMINATED"),
        Pattern::part("peering was deleted by our peer"),
        Pattern::part("marking peering as terminated and cleaning up imported resources"),
        Pattern::part("marking peering as terminated"),
    ],
};

pub static STATE_DELETING: Entry = Entry {
    name: "state-deleting",
    area: Area::Established,
    summary: "This cluster is deleting the peering and its imported services.",
    causes: &[
        "Someone deleted the peering. Many services take a while, and without a leader the deletion stops.",
    ],
    remedy: "Wait until the peering is gone from the list. If it stays, check the leader's log.",
    next: "peering list",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("DELETING")],
};

pub static NO_HEARTBEAT: Entry = Entry {
    name: "no-heartbeat",
    area: Area::Established,
    summary: "This cluster has received no heartbeat from its peer, so an ACTIVE peering may be unhealthy.",
    causes: &[
        "The stream never opened, or opened within the last 15 seconds, which is the heartbeat interval.",
        "A proxy keeps the stream open but forwards nothing.",
    ],
    remedy: "Read the peering again in a minute. If the heartbeat is still missing or old, check the connection and the logs of both leaders.",
    next: "peering read -name NAME",
    source: "Recorded from Consul 1.23.0-dev; hashicorp/consul#22868",
    patterns: &[
        Pattern::part("\"LastHeartbeat\": null"),
        Pattern::part("\"LastHeartbeat\":null"),
        Pattern::part("Last Heartbeat:    <nil>"),
        Pattern::part("LastHeartbeat null"),
        Pattern::part("LastHeartbeat: null"),
    ],
};

pub static STREAM_ALREADY_OPEN: Entry = Entry {
    name: "stream-already-open",
    area: Area::Established,
    summary: "The acceptor still has an open stream of this peering, so it rejects a second one.",
    causes: &[
        "The dialer lost its connection, and the acceptor has not noticed yet.",
        "Two clusters dial with the same peering, for example after a snapshot of the dialer was restored in a second cluster.",
    ],
    remedy: "Wait two minutes: the acceptor ends a stream without heartbeats, and the dialer reconnects. If the message stays, look for a second dialer.",
    next: "peering read -name NAME",
    source: "Consul source code",
    patterns: &[Pattern::part("there is an active stream for the given PeerID")],
};

pub static STREAM_ERROR: Entry = Entry {
    name: "stream-trouble",
    area: Area::Established,
    summary: "The peering stream ended with an error, and Consul reconnects.",
    causes: &[
        "The connection between the clusters closed, or the leader of one cluster changed.",
        "The other cluster rejected the stream. The rest of the message contains the reason.",
    ],
    remedy: "A single occurrence is harmless. If it repeats, run `peering explain` with the rest of the message.",
    next: "peering read -name NAME",
    source: "Consul source code",
    patterns: &[
        Pattern::vague("error managing peering stream"),
        Pattern::vague("error handling stream"),
        Pattern::vague("error establishing peering stream"),
        Pattern::vague("error syncing peering streams from state store"),
        Pattern::vague("client peer was unable to apply resource"),
        Pattern::vague("failed to persist resource"),
        Pattern::vague("failed to register stream"),
        Pattern::vague("failed to send subscription for"),
        Pattern::vague("failed to send to stream"),
        Pattern::vague("error sending heartbeat"),
        Pattern::vague("failed to subscribe to server addresses, will attempt resume"),
        Pattern::vague("upsert error"),
        Pattern::vague("delete error, ResourceURL"),
        Pattern::vague("failed to establish peering stream"),
        Pattern::vague("stream ended unexpectedly"),
    ],
};
