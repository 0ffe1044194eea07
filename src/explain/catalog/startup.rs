//! Servers that are starting, upgrading, or without a CA.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] =
    &[&CONNECT_CA_NOT_READY, &LEADER_TOO_OLD, &GRPC_PORT_NOT_DEFINED, &FORWARDED_CALL_FAILED];

pub static CONNECT_CA_NOT_READY: Entry = Entry {
    name: "connect-ca-not-ready",
    area: Area::Established,
    summary: "The cluster's Connect CA is not ready, so its servers have no certificates for peering yet.",
    causes: &[
        "The servers are starting, or the leader has just changed. This takes a few seconds.",
        "The CA provider does not answer: Vault is sealed or unreachable, or Consul's Vault token has expired.",
    ],
    remedy: "Wait a few seconds and retry. If the message stays, check the CA provider and the leader's log for errors of the CA.",
    next: "consul connect ca get-config",
    source: "Consul source code; hashicorp/consul#23726, #13986, #15707; hashicorp/consul-k8s#2812, #4887, #4913",
    patterns: &[
        Pattern::part("CA has not finished initializing"),
        Pattern::part("Connect CA is not yet initialized"),
        Pattern::part("CA is uninitialized and unable to sign certificates yet"),
        Pattern::part("CA not yet initialized"),
        Pattern::part("Connect CA not initialized"),
        Pattern::part("no root certificate"),
        Pattern::part("Failed to initialize Connect CA"),
        Pattern::part("failed to initialize Connect CA"),
        Pattern::part("cluster trust domain is not yet known"),
    ],
};

pub static LEADER_TOO_OLD: Entry = Entry {
    name: "leader-too-old",
    area: Area::Established,
    summary: "The leader is older than Consul 1.14 and does not know the certificates of servers.",
    causes: &["An upgrade to 1.14 or later is in progress, and the leader still runs the older version."],
    remedy: "Finish the upgrade of all servers. Once the leader runs 1.14 or later, the message disappears.",
    next: "consul members",
    source: "hashicorp/consul#15668, #14485",
    patterns: &[
        Pattern::part("SPIFFE ID is not in the expected format: {id}"),
        Pattern::part("SPIFFE ID is not in the expected format"),
    ],
};

pub static GRPC_PORT_NOT_DEFINED: Entry = Entry {
    name: "grpc-port-not-defined",
    area: Area::Established,
    summary: "The agent does not start: since Consul 1.14, gRPC with TLS has its own port, which is not configured.",
    causes: &["The configuration sets `ports.grpc` and TLS for gRPC, but not `ports.grpc_tls`."],
    remedy: "Set ports.grpc_tls = 8503 on this agent and start it. Tokens must then contain port 8503, not 8502.",
    next: "consul validate CONFIG_DIRECTORY",
    source: "Consul source code; jsiebens/hashi-up#42",
    patterns: &[
        Pattern::part("listener no longer supports TLS. Use `ports.grpc_tls` instead"),
        Pattern::part("listener no longer supports TLS"),
        Pattern::part("GRPC is configured to use TLS, but `ports.grpc_tls` is not defined"),
        Pattern::part("GRPC is configured to use TLS"),
    ],
};

pub static FORWARDED_CALL_FAILED: Entry = Entry {
    name: "forwarded-call-failed",
    area: Area::Established,
    summary: "Another server of the same cluster received the forwarded call and answered with an error.",
    causes: &[
        "The servers have different versions during an upgrade, so the leader does not know the call.",
        "The leader has a problem. The rest of the message contains the reason.",
    ],
    remedy: "The call arrived, so the connection between the servers works. Read the rest of the message, and check the leader's log at that time.",
    next: "consul members",
    source: "Consul source code",
    patterns: &[Pattern::forwarded("{detail}")],
};
