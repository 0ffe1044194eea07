//! ACL tokens and their rights.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] =
    &[&PERMISSION_DENIED_ANONYMOUS, &PERMISSION_DENIED, &ACL_TOKEN_UNKNOWN, &ACL_NOT_READY];

pub static PERMISSION_DENIED_ANONYMOUS: Entry = Entry {
    name: "permission-denied-anonymous",
    area: Area::Access,
    summary: "No ACL token was sent, and without one this is not allowed.",
    why: &[
        "CONSUL_HTTP_TOKEN is not set in this shell (sudo and cron drop it), or -token was forgotten.",
        "A proxy dropped the X-Consul-Token header.",
    ],
    remedy: "Give an ACL token with peering:write to generate, establish or delete, peering:read to read or list. An ACL token and a peering token are different things.",
    next: "consul acl token read -self",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Permission denied: anonymous token lacks permission '{permission}'"),
        Pattern::part("anonymous token lacks permission '{permission}'"),
        Pattern::part("anonymous token lacks permission"),
    ],
};

pub static PERMISSION_DENIED: Entry = Entry {
    name: "permission-denied",
    area: Area::Access,
    summary: "The ACL token is known, but it does not allow this.",
    why: &[
        "Its policies lack `peering = \"write\"` (generate, establish, delete) or `\"read\"` (read, list).",
        "On the other cluster ACL tokens are others: each side needs its own with peering:write.",
    ],
    remedy: "Add the permission that the message names to a policy of that token. Its accessor ID stands in the message.",
    next: "consul acl token read -self -expanded",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part(
            "Permission denied: token with AccessorID '{accessor}' lacks permission '{permission}'",
        ),
        Pattern::part("lacks permission '{permission}'"),
        Pattern::part("lacks permission"),
        Pattern::part("Permission denied"),
        Pattern::code("PermissionDenied"),
    ],
};

pub static ACL_TOKEN_UNKNOWN: Entry = Entry {
    name: "acl-token-unknown",
    area: Area::Access,
    summary: "Consul does not know the ACL token that was sent.",
    why: &[
        "The token is of another cluster or was deleted or has expired.",
        "The peering token, or the accessor ID in place of the secret ID, was given as ACL token.",
        "A space or line break came along in the token's file or variable.",
    ],
    remedy: "Check which token CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE gives, and that CONSUL_HTTP_ADDR is the cluster that issued it.",
    next: "consul acl token read -self",
    source: "recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("token does not exist: ACL not found"),
        Pattern::part("ACL not found"),
        Pattern::part("Cannot find token to"),
        Pattern::code("Unauthenticated"),
    ],
};

pub static ACL_NOT_READY: Entry = Entry {
    name: "acl-not-ready",
    area: Area::Access,
    summary: "The cluster's ACL system is not in a state to answer.",
    why: &[
        "ACLs are on but were never bootstrapped.",
        "ACLs are off, and the command asked for something about them.",
        "The servers cannot reach the primary datacenter that resolves tokens.",
    ],
    remedy: "Bootstrap ACLs, or leave the ACL token out if ACLs are off.",
    next: "consul acl bootstrap",
    source: "Consul's source",
    patterns: &[
        Pattern::part(
            "ACL system must be bootstrapped before making any requests that require authorization",
        ),
        Pattern::part("ACL support disabled"),
        Pattern::part("ACL system is currently in legacy mode"),
        Pattern::part("Failed to resolve ACL"),
    ],
};
