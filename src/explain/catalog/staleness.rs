//! Tokens that were used, replaced, or whose peering is gone.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &SECRET_INVALID,
    &NO_UNUSED_SECRET,
    &STREAM_SECRET_INVALID,
    &PEER_ID_UNKNOWN,
    &PEERING_DELETED,
    &SECRET_IN_USE,
];

pub static SECRET_INVALID: Entry = Entry {
    name: "secret-invalid",
    area: Area::Staleness,
    summary: "The acceptor does not take this token's establishment secret: the token cannot be used any more.",
    why: &[
        "The token was used before. One establish uses it up, even one that failed afterwards.",
        "A newer token was generated for the same name: only the last one works.",
        "The peering was deleted on the acceptor, or deleted and created again.",
        "The acceptor's peering is TERMINATED: Consul then generates tokens that can never work.",
        "On Kubernetes: a backup was restored, and the dialer replayed an old Secret.",
    ],
    remedy: "Consul has this one message for all of them, so first find out which it is. Mostly a new token from the acceptor helps; if the peering there is TERMINATED, delete it first. If the dialer shows the peering ACTIVE, the token did its work and nothing is wrong.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20; hashicorp/consul#15086",
    patterns: &[
        Pattern::part("a new peering token must be generated: invalid peering establishment secret"),
        Pattern::part("invalid peering establishment secret"),
        Pattern::part("a new peering token must be generated"),
        Pattern::whole("invalid establishment secret"),
        Pattern::part("failed to write peering secret: invalid establishment secret"),
    ],
};

pub static NO_UNUSED_SECRET: Entry = Entry {
    name: "no-unused-secret",
    area: Area::Staleness,
    summary: "The acceptor knows the peering, but holds no unused establishment secret for it.",
    why: &[
        "The token carries an empty `EstablishmentSecret` (it was edited), and its peering is already established.",
        "Two dialers used the same token at once, and this one came second.",
        "It is the answer to `peering stale -probe` for a peering whose token was used.",
    ],
    remedy: "Generate a new token for the name on the acceptor. The established connection is not touched by that.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "recorded from Consul 1.23.0-dev and 1.14 to 1.20",
    patterns: &[
        Pattern::part("invalid establishment secret: peering was already established"),
        Pattern::part("peering was already established"),
        Pattern::part("no known secrets for peering"),
    ],
};

pub static STREAM_SECRET_INVALID: Entry = Entry {
    name: "stream-secret-invalid",
    area: Area::Staleness,
    summary: "The acceptor knows the peering, but not the secret with which the dialer opens the connection.",
    why: &[
        "A newer token was used by another dialer: its secret replaced this one's.",
        "The acceptor's state was restored from a snapshot.",
        "It is the answer to the first question of `peering stale -probe`, which sends a random one; then it is good news.",
    ],
    remedy: "If the dialer's log says it: generate a new token on the acceptor and establish again under the same name.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("invalid peering stream secret"),
        Pattern::part("invalid pending stream secret"),
        Pattern::part("unable to authorize connection"),
    ],
};

pub static PEER_ID_UNKNOWN: Entry = Entry {
    name: "peer-id-unknown",
    area: Area::Staleness,
    summary: "The acceptor has no peering with the ID that the token carries.",
    why: &[
        "The peering was deleted on the acceptor; if it was created again under the same name, it has another ID.",
        "The addresses lead to another cluster than the one that made the token.",
        "The acceptor's state was lost or restored from before the token was generated.",
    ],
    remedy: "Generate a new token on the acceptor. On the dialer, delete what is left under the name first.",
    next: "peering read -name ACCEPTOR_NAME",
    source: "recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("initial subscription for unknown PeerID: {peer_id}"),
        Pattern::part("failed to find PeerID: {peer_id}"),
        Pattern::part("unknown peering \"{peer_id}\" for secret"),
    ],
};

pub static PEERING_DELETED: Entry = Entry {
    name: "peering-deleted",
    area: Area::Staleness,
    summary: "The acceptor's peering is DELETING or TERMINATED: none of its tokens can work.",
    why: &[
        "The dialer deleted its side; the acceptor's stays, as TERMINATED, and still generates tokens that never work.",
        "The peering is being deleted on the acceptor right now.",
    ],
    remedy: "On the acceptor: delete the peering, wait until it is gone from the list, then generate a new token.",
    next: "peering delete -name ACCEPTOR_NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("peering is marked as deleted: {peer_id}"),
        Pattern::part("peering is marked as deleted"),
        Pattern::part("cannot write to peering that is marked for deletion"),
        Pattern::part("cannot create a new peering marked for deletion"),
    ],
};

pub static SECRET_IN_USE: Entry = Entry {
    name: "secret-in-use",
    area: Area::Staleness,
    summary: "The acceptor drew a secret that is already in use, and asks to be asked again.",
    why: &["Chance. It says nothing about the token."],
    remedy: "Run the same command again.",
    next: "peering generate-token -name NAME",
    source: "Consul's source",
    patterns: &[Pattern::part("peering secret is already in use, retry the operation")],
};
