//! Names that are taken, from the other direction.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &NAME_TAKEN_BY_DIALER,
    &NAME_TAKEN_BY_ACCEPTOR,
    &NAME_CHANGES_DIRECTION,
    &NAME_ID_MISMATCH,
    &DIALED_BY_ACCEPTOR,
];

pub static NAME_TAKEN_BY_DIALER: Entry = Entry {
    name: "name-taken-by-dialer",
    area: Area::Staleness,
    summary: "A token cannot be generated for this name: here, the name already belongs to a peering that dials.",
    why: &[
        "An establish under this name failed and left a PENDING peering behind.",
        "The name is in use: this cluster dials a peer that it calls so.",
        "The command was meant for the other cluster: the dialer does not generate tokens.",
    ],
    remedy: "If the peering of that name is PENDING and nobody needs it, delete it. Otherwise choose another name. A name is local: both sides need not use the same.",
    next: "peering read -name NAME",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("cannot create peering with name: \"{name}\"; there is already an established peering"),
        Pattern::part("there is already an established peering"),
    ],
};

pub static NAME_TAKEN_BY_ACCEPTOR: Entry = Entry {
    name: "name-taken-by-acceptor",
    area: Area::Staleness,
    summary: "A peering cannot be established under this name: here, the name already belongs to a peering that waits to be dialed.",
    why: &[
        "A token was generated here for the same name.",
        "The token was taken to the cluster that should have accepted, or both clusters generated one. Only one side generates, the other establishes.",
    ],
    remedy: "Establish under another name, or delete the waiting peering here if nobody holds its token.",
    next: "peering read -name NAME",
    source: "Consul's source; failures seen in public issues",
    patterns: &[
        Pattern::part(
            "cannot create peering with name: \"{name}\"; there is an existing peering expecting to be dialed",
        ),
        Pattern::part("there is an existing peering expecting to be dialed"),
    ],
};

pub static NAME_CHANGES_DIRECTION: Entry = Entry {
    name: "name-changes-direction",
    area: Area::Staleness,
    summary: "The name belongs to a peering of the other direction: a peering that waits cannot start to dial, nor the other way round.",
    why: &["A peering of that name is left from an earlier try, in which the clusters had the other roles."],
    remedy: "Delete the old peering, or use another name.",
    next: "peering list",
    source: "Consul's source",
    patterns: &[Pattern::part("Cannot switch peering dialing mode from {from} to {to}")],
};

pub static NAME_ID_MISMATCH: Entry = Entry {
    name: "name-id-mismatch",
    area: Area::Staleness,
    summary: "A peering of that name exists under another ID.",
    why: &[
        "Two people created the peering at the same moment.",
        "The old peering of that name is not completely deleted yet.",
    ],
    remedy: "Look at what stands there; delete it if it is the old one, wait until it is gone from the list, and try again.",
    next: "peering list",
    source: "Consul's source",
    patterns: &[
        Pattern::part("A peering already exists with the name \"{name}\" and a different ID"),
        Pattern::part("A peering already exists with the ID"),
    ],
};

pub static DIALED_BY_ACCEPTOR: Entry = Entry {
    name: "dialed-by-acceptor",
    area: Area::Staleness,
    summary: "The dialer reached a cluster that considers itself the dialer of this peering.",
    why: &[
        "The addresses in the token lead back to the dialing side, or both sides were established with each other's tokens.",
    ],
    remedy: "Delete the peering on both sides. Generate on one, establish on the other.",
    next: "peering list",
    source: "Consul's source",
    patterns: &[Pattern::part("the wrong end of peering is being dialed")],
};
