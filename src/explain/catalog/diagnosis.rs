//! What Consul has no message for: only `peering diagnose` sees it.

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
    &NAME_IN_USE,
    &ALREADY_ESTABLISHED,
    &LEFT_BY_FAILED_ESTABLISH,
];

pub static TOKEN_REJECTED: Entry = Entry {
    name: "token-rejected",
    area: Area::Diagnosis,
    summary: "Consul does not accept the token's text.",
    why: &["It was damaged on the way, or is not a peering token."],
    remedy: "Get the token again, whole.",
    next: "peering inspect @token",
    source: "Consul's word on the token, as validate says it",
    patterns: &[],
};

pub static TOKEN_SUPERSEDED: Entry = Entry {
    name: "token-superseded",
    area: Area::Diagnosis,
    summary: "A newer token was generated for the same peering, and only the newest works.",
    why: &[A_TOKEN_WORKS_ONCE],
    remedy: "Use the newest token of this peering. If nobody has it, generate another with `peering generate-token -name NAME` on the acceptor, which makes that one void.",
    next: "peering stale @token -probe",
    source: "the evidence that stale goes by",
    patterns: &[],
};

pub static TOKEN_SPENT: Entry = Entry {
    name: "token-spent",
    area: Area::Diagnosis,
    summary: "The peering has no unused token: this one was used, or replaced by one that was.",
    why: &[A_TOKEN_WORKS_ONCE],
    remedy: "If the peering is established, there is nothing to do: it needs no token. If not, generate another one on the acceptor.",
    next: "peering stale @token -probe",
    source: "the evidence that stale goes by",
    patterns: &[],
};

pub static TOKEN_ORPHANED: Entry = Entry {
    name: "token-orphaned",
    area: Area::Diagnosis,
    summary: "The acceptor's peering that the token was generated for is gone, or can never be established again.",
    why: &[
        A_TOKEN_WORKS_ONCE,
        "The acceptor's peering was deleted, or created again under the same name, or is TERMINATED.",
    ],
    remedy: "Generate another token on the acceptor; if the peering there is TERMINATED, delete it first. If the dialer still has a peering of the old one, delete it there too.",
    next: "peering stale @token -probe",
    source: "the evidence that stale goes by",
    patterns: &[],
};

pub static SLOW_RESPONSE: Entry = Entry {
    name: "slow-response",
    area: Area::Diagnosis,
    summary: "The acceptor answers, but takes long.",
    why: &[
        "The way is long or loses packets, the server is overloaded, or a proxy waits before it passes calls on.",
    ],
    remedy: "It may work all the same: one attempt has 20 seconds. But 3 seconds after the beginning Consul tries no further address. Look at the server's load and at the network.",
    next: "peering diagnose @token -timeout 20s",
    source: "the times of diagnose; Consul's from its source",
    patterns: &[],
};

pub static UNRESPONSIVE_ADDRESS_FIRST: Entry = Entry {
    name: "unresponsive-address-first",
    area: Area::Diagnosis,
    summary: "An address that never answers stands before one that works, and Consul never gets to the one that works.",
    why: &[
        "Consul goes round the addresses one by one and begins no new attempt after 3 seconds; one attempt at an address that does not answer takes 20.",
    ],
    remedy: "Generate a token without that address, with -server-external-addresses, or let the address answer or refuse.",
    next: "peering generate-token -name NAME -server-external-addresses ADDRESS",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[],
};

pub static AGENT_NOT_CONSUL: Entry = Entry {
    name: "agent-not-consul",
    area: Area::Diagnosis,
    summary: "What listens at the HTTP address does not answer as Consul's HTTP API does, so no establish can begin there.",
    why: &[
        "The address is of something else: a proxy, a login page, another server's port.",
        "The agent hangs, or something between cuts its answers off.",
    ],
    remedy: "Check -http-addr and CONSUL_HTTP_ADDR. Nothing was done to any token.",
    next: "curl -sv HTTP_ADDR/v1/status/leader",
    source: "what the HTTP API answered diagnose",
    patterns: &[],
};

pub static DIALS_THROUGH_MESH_GATEWAYS: Entry = Entry {
    name: "dials-through-mesh-gateways",
    area: Area::Diagnosis,
    summary: "This cluster dials its peers through its mesh gateways, so the way that was looked at here is not theirs.",
    why: &["The mesh config entry has Peering.PeerThroughMeshGateways."],
    remedy: "Look from a host where a mesh gateway runs. A token that was generated before that entry was written on the acceptor names its servers, not its gateways: generate another.",
    next: "consul config read -kind mesh -name mesh",
    source: "Consul's mesh config entry",
    patterns: &[],
};

pub static NAME_IN_USE: Entry = Entry {
    name: "name-in-use",
    area: Area::Diagnosis,
    summary: "The local name already belongs to another peering, which an establish would write over.",
    why: &[
        "An earlier establish under this name was made with another token, and failed or succeeded.",
        "The acceptor's peering was deleted and created again, and got another ID.",
    ],
    remedy: "Establish under another name. If that peering is not needed any more, delete it here first: Consul writes the new peer ID over it, and one that works is lost.",
    next: "peering read -name NAME",
    source: "the peerings of the Consul at hand",
    patterns: &[],
};

pub static ALREADY_ESTABLISHED: Entry = Entry {
    name: "already-established",
    area: Area::Diagnosis,
    summary: "The peering is established already: a token of it was used here, and its state is ACTIVE.",
    why: &["The establish succeeded at an earlier try. A second one with the same token is refused."],
    remedy: "If this is the peering that you want, there is nothing to do. To try the token elsewhere, delete this peering first and generate another token.",
    next: "peering read -name NAME",
    source: "the peerings of the Consul at hand",
    patterns: &[],
};

pub static LEFT_BY_FAILED_ESTABLISH: Entry = Entry {
    name: "left-by-failed-establish",
    area: Area::Diagnosis,
    summary: "An establish with a token of this peering was tried here and failed; what it left behind is harmless.",
    why: &["Consul writes the peering before it dials, and leaves it PENDING when dialing fails."],
    remedy: "Establish again under the same name once the cause is gone, or delete it. Until then no token can be generated here under that name.",
    next: "peering delete -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[],
};

const A_TOKEN_WORKS_ONCE: &str =
    "A token works once, and only until another is generated for its name or the peering is deleted.";
