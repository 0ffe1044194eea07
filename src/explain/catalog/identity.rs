//! Clusters, names and partitions.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &SAME_CLUSTER,
    &PARTITIONS_NEED_ENTERPRISE,
    &PEER_NAME_INVALID,
    &META_INVALID,
    &PEERING_NOT_FOUND,
    &CONFIG_ENTRY_NOT_FOUND,
];

pub static SAME_CLUSTER: Entry = Entry {
    name: "same-cluster",
    area: Area::Identity,
    summary: "The cluster that should use the token is the cluster that generated it.",
    causes: &[
        "CONSUL_HTTP_ADDR or the kubectl context still points to the acceptor.",
        "The token was copied to the wrong cluster.",
        "Both clusters started from copies of one data directory and share a trust domain.",
    ],
    remedy: "Establish on the dialing cluster: set -http-addr to its address. The token is still unused. Partitions of one cluster do not need a peering.",
    next: "consul members",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20; hashicorp/consul#14923",
    patterns: &[
        Pattern::part("cannot create a peering within the same cluster \"{server_name}\""),
        Pattern::part("cannot create a peering within the same cluster"),
        Pattern::part("cannot create a peering within the same partition"),
    ],
};

pub static PARTITIONS_NEED_ENTERPRISE: Entry = Entry {
    name: "partitions-need-enterprise",
    area: Area::Identity,
    summary: "The request names a partition, but this Consul is the Community Edition.",
    causes: &[
        "CONSUL_PARTITION is set, or the command has -partition.",
        "The request has a `Partition` key.",
        "The address belongs to a different agent than the Enterprise agent you expect.",
    ],
    remedy: "Remove the partition from the request.",
    next: "consul version",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Partitions are a Consul Enterprise feature"),
        Pattern::part("Namespaces are a Consul Enterprise feature"),
        Pattern::part("Invalid query parameter: \"partition\""),
        Pattern::part("Invalid query parameter: \"ns\""),
    ],
};

pub static PEER_NAME_INVALID: Entry = Entry {
    name: "peer-name-invalid",
    area: Area::Identity,
    summary: "The peer name is invalid: use at most 63 lowercase letters, digits and dashes.",
    causes: &[
        "The name contains capital letters, underscores or dots, as datacenter and host names often do.",
        "The name starts or ends with a dash.",
        "A generated name is longer than 63 characters.",
    ],
    remedy: "Choose a different name. It is local: the other cluster can use its own.",
    next: "peering generate-token -name NAME",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20; hashicorp/consul#15697",
    patterns: &[
        Pattern::part("{invalid_name} is not a valid peer name"),
        Pattern::part("is not a valid peer name"),
    ],
};

pub static META_INVALID: Entry = Entry {
    name: "meta-invalid",
    area: Area::Identity,
    summary: "The metadata of the peering breaks Consul's rules.",
    causes: &[
        "There are more than 64 pairs.",
        "A key is empty, or contains characters other than letters, digits, `-` and `_`.",
        "A key starts with `consul-`, which is reserved.",
        "A key is longer than 128 characters, or a value is longer than 512.",
    ],
    remedy: "Correct the pair in the message and generate the token again.",
    next: "peering generate-token -name NAME -meta KEY=VALUE",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::outer("meta tags failed validation: {detail}"),
        Pattern::part("Couldn't load metadata pair {pair}"),
        Pattern::part("Node metadata cannot contain more than {limit} key/value pairs"),
    ],
};

pub static PEERING_NOT_FOUND: Entry = Entry {
    name: "peering-not-found",
    area: Area::Identity,
    summary: "This cluster has no peering with that name.",
    causes: &[
        "The name is the one that the other cluster uses. Each cluster has its own name for the peering.",
        "The peering was deleted.",
        "The command queried a different cluster or partition than you expect.",
    ],
    remedy: "List the peerings of this cluster. If the peering was deleted, its tokens no longer work.",
    next: "peering list",
    source: "Recorded from Consul 1.23.0-dev and 1.13 to 1.20",
    patterns: &[
        Pattern::part("Peering not found for \"{name}\""),
        Pattern::part("No peering with name {name} found."),
        Pattern::part("Peering not found"),
        Pattern::part("peering not found"),
    ],
};

pub static CONFIG_ENTRY_NOT_FOUND: Entry = Entry {
    name: "config-entry-not-found",
    area: Area::Identity,
    summary: "The config entry does not exist, so Consul uses the defaults.",
    causes: &["It was never written. Without a `mesh` entry, Consul does not peer through mesh gateways."],
    remedy: "No action is needed unless you expect the entry. To peer through mesh gateways, write the mesh entry before you generate the token.",
    next: "consul config list -kind mesh",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Config entry not found for \"{kind}\" / \"{entry}\""),
        Pattern::part("Config entry not found"),
    ],
};
