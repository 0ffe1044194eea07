//! ACL tokens and permissions.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] =
    &[&PERMISSION_DENIED_ANONYMOUS, &PERMISSION_DENIED, &ACL_TOKEN_UNKNOWN, &ACL_NOT_READY];

pub static PERMISSION_DENIED_ANONYMOUS: Entry = Entry {
    name: "permission-denied-anonymous",
    area: Area::Access,
    summary: "The request has no ACL token, and the anonymous token lacks the permission.",
    causes: &[
        "CONSUL_HTTP_TOKEN is not set in this shell (sudo and cron remove it), or the command has no -token.",
        "A proxy removed the X-Consul-Token header.",
    ],
    remedy: "Set an ACL token: peering:write to generate, establish or delete, peering:read to read or list. An ACL token is not a peering token.",
    next: "consul acl token read -self",
    source: "Recorded from Consul 1.23.0-dev",
    patterns: &[
        Pattern::part("Permission denied: anonymous token lacks permission '{permission}'"),
        Pattern::part("anonymous token lacks permission '{permission}'"),
        Pattern::part("anonymous token lacks permission"),
    ],
};

pub static PERMISSION_DENIED: Entry = Entry {
    name: "permission-denied",
    area: Area::Access,
    summary: "The ACL token is valid but lacks the permission.",
    causes: &[
        "Its policies lack `peering = \"write\"` (generate, establish, delete) or `\"read\"` (read, list).",
        "The ACL token belongs to the other cluster. Each cluster needs its own token with peering:write.",
    ],
    remedy: "Add the permission in the message to a policy of that token. The message contains the token's accessor ID.",
    next: "consul acl token read -self -expanded",
    source: "Recorded from Consul 1.23.0-dev",
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
    summary: "The cluster does not recognize the ACL token.",
    causes: &[
        "The ACL token belongs to a different cluster, was deleted, or has expired.",
        "The peering token, or the accessor ID instead of the secret ID, is set as the ACL token.",
        "The file or variable contains an extra space or line break.",
    ],
    remedy: "Check the value of CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE, and that CONSUL_HTTP_ADDR is the cluster that issued it.",
    next: "consul acl token read -self",
    source: "Recorded from Consul 1.23.0-dev",
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
    summary: "The ACL system of the cluster can't answer.",
    causes: &[
        "ACLs are enabled but not bootstrapped.",
        "ACLs are disabled, but the command requested something about them.",
        "The servers can't reach the primary datacenter, which resolves tokens.",
    ],
    remedy: "Bootstrap the ACL system, or remove the ACL token from the request if ACLs are disabled.",
    next: "consul acl bootstrap",
    source: "Consul source code",
    patterns: &[
        Pattern::part(
            "ACL system must be bootstrapped before making any requests that require authorization",
        ),
        Pattern::part("ACL support disabled"),
        Pattern::part("ACL system is currently in legacy mode"),
        Pattern::part("Failed to resolve ACL"),
    ],
};
