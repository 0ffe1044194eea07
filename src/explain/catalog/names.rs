//! Names that a different peering uses.

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
    summary: "Consul can't generate a token: in this cluster the name belongs to a peering that dials.",
    causes: &[
        "An establish under this name failed and left a PENDING peering.",
        "This cluster dials a peer with that local name.",
        "You ran the command on the dialer. Only the acceptor generates tokens.",
    ],
    remedy: "Read the peering. If it is PENDING and unused, delete it; otherwise choose a different name. The clusters do not need to use the same name.",
    next: "peering read -name NAME",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("cannot create peering with name: \"{name}\"; there is already an established peering"),
        Pattern::part("there is already an established peering"),
    ],
};

pub static NAME_TAKEN_BY_ACCEPTOR: Entry = Entry {
    name: "name-taken-by-acceptor",
    area: Area::Staleness,
    summary: "Consul can't establish: in this cluster the name belongs to a peering that waits for a dialer.",
    causes: &[
        "A token was generated in this cluster for the same name.",
        "You ran the command on the acceptor, or both clusters generated a token. One cluster generates and the other establishes.",
    ],
    remedy: "Establish under a different name. If no one uses the token of the waiting peering, you can delete that peering instead.",
    next: "peering read -name NAME",
    source: "Consul source code; public issues",
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
    summary: "The name belongs to a peering of the opposite direction: a peering cannot change between dialer and acceptor.",
    causes: &[
        "A peering from an earlier attempt, in which the clusters had the opposite roles, still has the name.",
    ],
    remedy: "Delete the old peering, or use a different name.",
    next: "peering list",
    source: "Consul source code",
    patterns: &[Pattern::part("Cannot switch peering dialing mode from {from} to {to}")],
};

pub static NAME_ID_MISMATCH: Entry = Entry {
    name: "name-has-other-id",
    area: Area::Staleness,
    summary: "A peering with that name exists under a different ID.",
    causes: &[
        "Two people created the peering at the same time.",
        "The deletion of the old peering has not finished.",
    ],
    remedy: "List the peerings. If the existing one is old, delete it, wait until it is gone from the list, and try again.",
    next: "peering list",
    source: "Consul source code",
    patterns: &[
        Pattern::part("A peering already exists with the name \"{name}\" and a different ID"),
        Pattern::part("A peering already exists with the ID"),
    ],
};

pub static DIALED_BY_ACCEPTOR: Entry = Entry {
    name: "wrong-end-dialed",
    area: Area::Staleness,
    summary: "The dialer reached a cluster that is itself the dialer of this peering.",
    causes: &[
        "The token's addresses lead back to the dialing cluster.",
        "Each cluster established with the other's token.",
    ],
    remedy: "Delete the peering on both clusters. Generate a token on one and establish on the other.",
    next: "peering list",
    source: "Consul source code",
    patterns: &[Pattern::part("the wrong end of peering is being dialed")],
};
