//! Tokens that are used or superseded, or whose peering was deleted.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &SECRET_INVALID,
    &NO_UNUSED_SECRET,
    &STREAM_SECRET_INVALID,
    &PEER_ID_UNKNOWN,
    &PEERING_DELETED,
    &SECRET_IN_USE,
    &STREAM_SECRET_MISSING,
    &NO_ACTIVE_PEERING,
];

pub static SECRET_INVALID: Entry = Entry {
    name: "secret-invalid",
    area: Area::Staleness,
    summary: "The acceptor rejects the token's establishment secret, so this token can't be used anymore.",
    causes: &[
        "The token was used before. One establish uses it up, even if a later step of that establish failed.",
        "A newer token was generated for the same name. Only the newest token works.",
        "The peering was deleted on the acceptor, or deleted and created again.",
        "The acceptor's peering is TERMINATED. Consul generates tokens for it that never work.",
        "On Kubernetes, restoring a backup made the dialer use an old Secret again.",
    ],
    remedy: "Find out which cause applies, because Consul prints the same message for all of them. If the dialer shows the peering as ACTIVE, you need no token. Otherwise generate a token on the acceptor; if the peering there is TERMINATED, delete it first.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20; hashicorp/consul#15086",
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
    summary: "The acceptor has the peering but no unused establishment secret for it.",
    causes: &[
        "Someone edited the token and removed `EstablishmentSecret`, and the peering is already established.",
        "Two dialers used the same token at the same time, and this one was second.",
        "`peering stale -probe` gets this answer for a peering whose token was used.",
    ],
    remedy: "If the peering is established, you need no token. Otherwise generate a token for the name on the acceptor. An established connection stays up.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "Recorded from Consul 1.23.0-dev and 1.14 to 1.20",
    patterns: &[
        Pattern::part("invalid establishment secret: peering was already established"),
        Pattern::part("peering was already established"),
        Pattern::part("no known secrets for peering"),
    ],
};

pub static STREAM_SECRET_INVALID: Entry = Entry {
    name: "stream-secret-invalid",
    area: Area::Staleness,
    summary: "The acceptor has the peering but rejects the dialer's stream secret.",
    causes: &[
        "Another dialer used a newer token, and its secret replaced this one.",
        "The acceptor's state was restored from a snapshot.",
        "`peering stale -probe` sends a random secret and expects this answer, which confirms that the peering exists.",
    ],
    remedy: "If the dialer's log shows this message, generate a token on the acceptor and establish again under the same name.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("invalid peering stream secret"),
        Pattern::part("invalid pending stream secret"),
        Pattern::part("unable to authorize connection"),
    ],
};

pub static PEER_ID_UNKNOWN: Entry = Entry {
    name: "peer-id-unknown",
    area: Area::Staleness,
    summary: "The acceptor has no peering with the token's peer ID.",
    causes: &[
        "The peering was deleted on the acceptor. A peering created again under the same name has a different ID.",
        "The addresses lead to a different cluster than the one that generated the token.",
        "The acceptor lost its state, or restored a snapshot from before the token was generated.",
    ],
    remedy: "Delete what is left of the peering on the dialer, then generate a token on the acceptor.",
    next: "peering read -name ACCEPTOR_NAME",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("initial subscription for unknown PeerID: {peer_id}"),
        Pattern::part("failed to find PeerID: {peer_id}"),
        Pattern::part("unknown peering \"{peer_id}\" for secret"),
    ],
};

pub static PEERING_DELETED: Entry = Entry {
    name: "peering-deleted",
    area: Area::Staleness,
    summary: "The acceptor's peering is DELETING or TERMINATED, so none of its tokens can work.",
    causes: &[
        "The dialer deleted its side. The acceptor's side stays TERMINATED and keeps generating tokens that never work.",
        "The acceptor is deleting the peering.",
    ],
    remedy: "On the acceptor, delete the peering, wait until it is gone from the list, and generate a token.",
    next: "peering delete -name ACCEPTOR_NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("peering is marked as deleted: {peer_id}"),
        Pattern::part("peering is marked as deleted"),
        Pattern::part("peering does not exist or has been marked for deletion"),
        Pattern::part("peering was deleted while token generation request was in flight"),
        Pattern::part("cannot write to peering that is marked for deletion"),
        Pattern::part("cannot create a new peering marked for deletion"),
    ],
};

pub static SECRET_IN_USE: Entry = Entry {
    name: "secret-in-use",
    area: Area::Staleness,
    summary: "The acceptor generated a secret that is already in use and asks you to retry.",
    causes: &["A random collision, unrelated to the token."],
    remedy: "Run the same command again.",
    next: "peering generate-token -name NAME",
    source: "Consul source code",
    patterns: &[Pattern::part("peering secret is already in use, retry the operation")],
};

pub static STREAM_SECRET_MISSING: Entry = Entry {
    name: "stream-secret-missing",
    area: Area::Staleness,
    summary: "The dialer has lost the secret of the peering's stream, so it can't reconnect.",
    causes: &[
        "The dialer's state was restored from a snapshot without the secret, or the establish stopped in between.",
        "The peering was created by Consul 1.13.0, which stored no stream secret.",
    ],
    remedy: "Generate a new token on the acceptor under the same name, and establish again on the dialer under the same name.",
    next: "peering generate-token -name ACCEPTOR_NAME",
    source: "Consul source code; hashicorp/consul#13977",
    patterns: &[
        Pattern::part("missing stream secret for peering stream authorization"),
        Pattern::vague("peering must be re-established"),
    ],
};

pub static NO_ACTIVE_PEERING: Entry = Entry {
    name: "no-active-peering",
    area: Area::Staleness,
    summary: "The dialer still has an old peering of that name that is TERMINATED, and it blocks the establish.",
    causes: &[
        "The acceptor deleted the peering and created it again. The dialer's side is still TERMINATED or DELETING.",
    ],
    remedy: "Delete the peering on the dialer, wait until it is gone from the list, and establish again with a token that was not used. Fixed in release 1.14.7 and 1.15.3.",
    next: "peering delete -name NAME",
    source: "hashicorp/consul#16776, #16867",
    patterns: &[
        Pattern::part("there is no active peering for \"{peer_id}\""),
        Pattern::part("there is no active peering for"),
    ],
};
