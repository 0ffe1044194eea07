//! Peerings that are there: their states, and what their streams complain about.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &STATE_PENDING,
    &STATE_ESTABLISHING,
    &STATE_FAILING,
    &STATE_TERMINATED,
    &STATE_DELETING,
    &NO_HEARTBEAT,
    &STREAM_ERROR,
];

pub static STATE_PENDING: Entry = Entry {
    name: "state-pending",
    area: Area::Established,
    summary: "The peering exists on this side only: a token was generated, or an establish did not finish.",
    why: &[
        "On the acceptor: nobody has used the token yet.",
        "On the dialer: the establish failed and left this behind, or the stream could not be opened afterwards.",
    ],
    remedy: "On the acceptor: carry the token to the other side. On the dialer: find out why the establish failed; delete the peering if the name is needed otherwise.",
    next: "peering diagnose @token -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("PENDING")],
};

pub static STATE_ESTABLISHING: Entry = Entry {
    name: "state-establishing",
    area: Area::Established,
    summary: "The secret was exchanged, and the stream to the acceptor is being opened. The token is used up.",
    why: &[
        "This lasts a moment. If it stays, the acceptor's addresses cannot be reached from the dialing servers any more.",
    ],
    remedy: "Read the peering again in a minute. If it stays so, look whether the addresses are reachable.",
    next: "peering read -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("ESTABLISHING")],
};

pub static STATE_FAILING: Entry = Entry {
    name: "state-failing",
    area: Area::Established,
    summary: "The peering was established, and its stream is broken now.",
    why: &[
        "The other side is down, or not reachable any more from the dialing servers.",
        "Its addresses or its CA changed while the stream was down.",
    ],
    remedy: "Look at the connection between the clusters. It heals by itself when they reach each other; a new token is needed only if the addresses or the CA changed meanwhile.",
    next: "peering diagnose @token -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("FAILING"), Pattern::part("heartbeat timeout")],
};

pub static STATE_TERMINATED: Entry = Entry {
    name: "state-terminated",
    area: Area::Established,
    summary: "The other side deleted the peering.",
    why: &["Somebody deleted it there, or that cluster's peering resource was removed."],
    remedy: "Delete it here too before you start again. Consul still generates tokens for a TERMINATED name, and they never work.",
    next: "peering delete -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("TERMINATED")],
};

pub static STATE_DELETING: Entry = Entry {
    name: "state-deleting",
    area: Area::Established,
    summary: "The peering is being deleted on this side; its imported services are removed first.",
    why: &[
        "A delete was asked for. With many services it takes a while; without a leader it does not go on.",
    ],
    remedy: "Wait until it is gone from the list. If it stays, look at the leader's log.",
    next: "peering list",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[Pattern::word("DELETING")],
};

pub static NO_HEARTBEAT: Entry = Entry {
    name: "no-heartbeat",
    area: Area::Established,
    summary: "This side has never heard a heartbeat from the other. A peering can be ACTIVE and still not be healthy.",
    why: &[
        "The stream was never opened, or only just now (heartbeats come every 15 s).",
        "A proxy between holds the stream but passes nothing on.",
    ],
    remedy: "Read it again in a minute. If the heartbeat stays empty or old, look at the connection and at both leaders' logs.",
    next: "peering read -name NAME",
    source: "recorded from Consul 1.23.0-dev; hashicorp/consul#22868",
    patterns: &[
        Pattern::part("\"LastHeartbeat\": null"),
        Pattern::part("\"LastHeartbeat\":null"),
        Pattern::part("Last Heartbeat:    <nil>"),
        Pattern::part("LastHeartbeat null"),
        Pattern::part("LastHeartbeat: null"),
    ],
};

pub static STREAM_ERROR: Entry = Entry {
    name: "stream-error",
    area: Area::Established,
    summary: "The peering's stream ended with an error; Consul opens it again by itself.",
    why: &[
        "The connection between the clusters was cut, or one side's leader changed.",
        "The other side refused the stream; the detail says why.",
    ],
    remedy: "Once is nothing. If it repeats, explain the error in the same line.",
    next: "peering read -name NAME",
    source: "Consul's source",
    patterns: &[
        Pattern::vague("error managing peering stream"),
        Pattern::vague("error handling stream"),
        Pattern::vague("failed to establish peering stream"),
        Pattern::vague("stream ended unexpectedly"),
    ],
};
