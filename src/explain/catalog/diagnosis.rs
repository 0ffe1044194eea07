//! Causes that `peering diagnose` finds and that have no message in Consul.

use crate::explain::{Area, Entry};

pub(super) static ENTRIES: &[&Entry] = &[
    &TOKEN_REJECTED,
    &TOKEN_SUPERSEDED,
    &TOKEN_SPENT,
    &TOKEN_ORPHANED,
    &SLOW_RESPONSE,
    &UNRESPONSIVE_ADDRESS_FIRST,
    &AGENT_NOT_CONSUL,
    &DIALS_THROUGH_MESH_GATEWAYS,
    &DIALER_GATEWAY_UNREACHABLE,
    &NAME_IN_USE,
    &ALREADY_ESTABLISHED,
    &LEFT_BY_FAILED_ESTABLISH,
    &ACCEPTOR_REBUILT,
    &ACCEPTOR_HAS_DIALER,
    &CLOCKS_DIFFER,
    &DIALER_USES_OLD_CA,
];

pub static TOKEN_REJECTED: Entry = Entry {
    name: "token-rejected",
    area: Area::Diagnosis,
    summary: "Consul rejects the text of the token.",
    causes: &["The text was damaged in transit, or it is not a peering token."],
    remedy: "Copy the complete token again.",
    next: "peering inspect @token",
    source: "Consul's checks of a token, as `validate` runs them",
    patterns: &[],
};

pub static TOKEN_SUPERSEDED: Entry = Entry {
    name: "token-superseded",
    area: Area::Diagnosis,
    summary: "A newer token was requested for the same peering, and only the newest works.",
    causes: &[
        A_TOKEN_WORKS_ONCE,
        "A request for a newer token failed after Consul stored the new secret: no mesh gateway was registered, or the answer was lost. Then no token works.",
    ],
    remedy: "Use the newest token of this peering. If it is lost, or the request for it failed, run `peering generate-token -name NAME` on the acceptor, which invalidates it.",
    next: "peering stale @token -probe",
    source: "The evidence of `stale`",
    patterns: &[],
};

pub static TOKEN_SPENT: Entry = Entry {
    name: "token-spent",
    area: Area::Diagnosis,
    summary: "The peering has no unused token: this token, or a newer one, was used.",
    causes: &[A_TOKEN_WORKS_ONCE],
    remedy: "If the peering is established, no action is needed. Otherwise generate a token on the acceptor.",
    next: "peering stale @token -probe",
    source: "The evidence of `stale`",
    patterns: &[],
};

pub static TOKEN_ORPHANED: Entry = Entry {
    name: "token-orphaned",
    area: Area::Diagnosis,
    summary: "The acceptor's peering for this token is gone or can never be established.",
    causes: &[
        A_TOKEN_WORKS_ONCE,
        "The acceptor's peering was deleted, was created again under the same name, or is TERMINATED.",
    ],
    remedy: "Generate a token on the acceptor; if the peering there is TERMINATED, delete it first. If the dialer still has the old peering, delete that too.",
    next: "peering stale @token -probe",
    source: "The evidence of `stale`",
    patterns: &[],
};

pub static SLOW_RESPONSE: Entry = Entry {
    name: "slow-response",
    area: Area::Diagnosis,
    summary: "The acceptor answers, but slowly.",
    causes: &["The network is slow or loses packets, the server is overloaded, or a proxy delays calls."],
    remedy: "Check the server's load and the network. Establishing may still work, because an attempt has 20 seconds. After the first 3 seconds, Consul tries no further address.",
    next: "peering diagnose @token -timeout 20s",
    source: "Times measured by `diagnose`; Consul source code",
    patterns: &[],
};

pub static UNRESPONSIVE_ADDRESS_FIRST: Entry = Entry {
    name: "unresponsive-address-first",
    area: Area::Diagnosis,
    summary: "An address that never answers comes before one that works, so Consul never tries the working one.",
    causes: &[
        "Consul tries the addresses in order and starts no new attempt after 3 seconds. An attempt at an unresponsive address takes 20 seconds.",
    ],
    remedy: "Make the address answer or refuse connections, or generate a token without it, using -server-external-addresses.",
    next: "peering generate-token -name NAME -server-external-addresses ADDRESS",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[],
};

pub static AGENT_NOT_CONSUL: Entry = Entry {
    name: "agent-not-consul",
    area: Area::Diagnosis,
    summary: "The HTTP address does not answer like Consul's HTTP API, so you can't establish there.",
    causes: &[
        "The address belongs to a proxy, a login page, or a different port of a server.",
        "The agent hangs, or a proxy cuts off its responses.",
    ],
    remedy: "Check -http-addr and CONSUL_HTTP_ADDR. No token was changed.",
    next: "curl -sv HTTP_ADDR/v1/status/leader",
    source: "The HTTP response that `diagnose` received",
    patterns: &[],
};

pub static DIALS_THROUGH_MESH_GATEWAYS: Entry = Entry {
    name: "dials-through-mesh-gateways",
    area: Area::Diagnosis,
    summary: "This cluster dials its peers through its mesh gateways, so results from this host may differ.",
    causes: &["The mesh config entry sets Peering.PeerThroughMeshGateways."],
    remedy: "No action is needed if one of the paths works from the dialing servers. To check that, run diagnose on one of them.",
    next: "consul config read -kind mesh -name mesh",
    source: "Consul's mesh config entry",
    patterns: &[],
};

pub static DIALER_GATEWAY_UNREACHABLE: Entry = Entry {
    name: "dialer-gateway-unreachable",
    area: Area::Diagnosis,
    summary: "The dialer's own mesh gateway does not accept connections from this host.",
    causes: &[
        "The gateway is down, although it is still in the catalog.",
        "A firewall keeps this host from the gateway. The dialing servers may reach it.",
    ],
    remedy: "Start the gateway again, or remove it from the catalog. Until then, the dialer tries it for 3 seconds, then dials the token's addresses directly.",
    next: "consul catalog nodes -service mesh-gateway",
    source: "Recorded from Consul 1.23.0-dev with Envoy 1.36",
    patterns: &[],
};

pub static NAME_IN_USE: Entry = Entry {
    name: "name-in-use",
    area: Area::Diagnosis,
    summary: "The local name belongs to a different peering, which an establish would overwrite.",
    causes: &[
        "An earlier establish under this name used a different token.",
        "The acceptor's peering was deleted and created again with a new ID.",
    ],
    remedy: "Establish under a different name. Consul overwrites the peer ID, so a working peering with this name would be lost. If you no longer need that peering, delete it first.",
    next: "peering read -name NAME",
    source: "The peerings of the dialing Consul",
    patterns: &[],
};

pub static ALREADY_ESTABLISHED: Entry = Entry {
    name: "already-established",
    area: Area::Diagnosis,
    summary: "The peering works and needs no token: one of its tokens was used here, and it is ACTIVE.",
    causes: &["An earlier establish succeeded. Consul rejects a second one with the same token."],
    remedy: "No action is needed. To replace the peering's secret, you can establish with a newer token of this peering under the same name.",
    next: "peering read -name NAME",
    source: "The peerings of the dialing Consul",
    patterns: &[],
};

pub static LEFT_BY_FAILED_ESTABLISH: Entry = Entry {
    name: "left-by-failed-establish",
    area: Area::Diagnosis,
    summary: "An establish with a token of this peering failed here and left a harmless PENDING entry.",
    causes: &["Consul writes the peering before it dials, and leaves it PENDING if dialing fails."],
    remedy: "Fix the cause and establish again under the same name, or delete the peering. Until then, Consul can't generate a token here under that name.",
    next: "peering delete -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[],
};

pub static ACCEPTOR_REBUILT: Entry = Entry {
    name: "acceptor-rebuilt",
    area: Area::Diagnosis,
    summary: "The cluster at the acceptor's addresses is not the one that generated the token: it has another trust domain.",
    causes: &[
        "The acceptor was built again with an empty data directory, which deletes all of its peerings.",
        "Its addresses now belong to another cluster.",
    ],
    remedy: "Generate a token in the new cluster, and establish again. Delete the dialer's peering with the old cluster.",
    next: "peering generate-token -name NAME",
    source: "The server's certificate and the CA roots of the acceptor's HTTP API",
    patterns: &[],
};

pub static ACCEPTOR_HAS_DIALER: Entry = Entry {
    name: "acceptor-has-dialer",
    area: Area::Diagnosis,
    summary: "The acceptor's peering for this token already has a dialer.",
    causes: &[
        "One token was given to two clusters, or a newer token of the same peering was used elsewhere.",
    ],
    remedy: "If a different cluster is to be the dialer, generate a token under a new name for it: two dialers take one peering's stream from each other.",
    next: "peering read -name NAME",
    source: "The peerings of the accepting Consul",
    patterns: &[],
};

pub static CLOCKS_DIFFER: Entry = Entry {
    name: "clocks-differ",
    area: Area::Diagnosis,
    summary: "The clock of this host differs from the clock of Consul, so a valid certificate can look expired or not yet valid.",
    causes: &["One of the hosts does not synchronize its clock (NTP)."],
    remedy: "Correct the clock, then run this command again.",
    next: "date -u",
    source: "The Date header of Consul's HTTP API",
    patterns: &[],
};

pub static DIALER_USES_OLD_CA: Entry = Entry {
    name: "dialer-uses-old-ca",
    area: Area::Diagnosis,
    summary: "The acceptor rotated its CA, and the dialer's open stream still uses the old one.",
    causes: &[
        "The dialer stores the new CA while the stream is open, but its leader reads it only when it starts. After the stream breaks, each attempt fails with `certificate signed by unknown authority`.",
    ],
    remedy: "If the peering is still FAILING after a minute, restart the leader of the dialing cluster, or transfer its leadership. The peering needs no new token.",
    next: "consul operator raft transfer-leader",
    source: "Tried on Consul 2.1.0-dev: a rotation without cross-signing, then a restart of the acceptor",
    patterns: &[],
};

const A_TOKEN_WORKS_ONCE: &str =
    "A token works once, and only until a newer token is generated for its name or the peering is deleted.";
