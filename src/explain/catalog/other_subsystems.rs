//! Errors of other parts of Consul. A peering token neither causes nor fixes them.

use crate::explain::{Area, Entry, Pattern, Subsystem};

pub(super) static ENTRIES: &[&Entry] = &[
    &RAFT_ERROR,
    &GOSSIP_ERROR,
    &INTERNAL_RPC_ERROR,
    &HEALTH_CHECK_FAILED,
    &ANTI_ENTROPY_ERROR,
    &REPLICATION_ERROR,
    &PROXY_CONFIGURATION_ERROR,
    &OTHER_SUBSYSTEM_ERROR,
];

pub static RAFT_ERROR: Entry = Entry {
    name: "raft-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: a server can't reach another server of its own cluster through Raft (port 8300).",
    causes: &["The other server is down or restarting.", "Port 8300 between the servers is closed."],
    remedy: "Check the servers of this cluster. With too few servers, the cluster has no leader and peering calls fail too.",
    next: "consul operator raft list-peers",
    source: "hashicorp/consul#16475",
    patterns: &[Pattern::subsystem(Subsystem::Raft, "agent.server.raft: {detail}")],
};

pub static GOSSIP_ERROR: Entry = Entry {
    name: "gossip-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: an agent can't reach another member of its own cluster through gossip (ports 8301, 8302).",
    causes: &["The member is down or has left.", "A firewall drops TCP or UDP packets on port 8301 or 8302."],
    remedy: "Check the members of this cluster. Peering does not use gossip.",
    next: "consul members",
    source: "hashicorp/consul#1534, #3225",
    patterns: &[Pattern::subsystem(Subsystem::Gossip, "agent.server.memberlist.lan: {detail}")],
};

pub static INTERNAL_RPC_ERROR: Entry = Entry {
    name: "internal-rpc-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: a call between agents and servers of one cluster failed (port 8300).",
    causes: &[
        "A server is down or restarting.",
        "Port 8300 is closed, or the certificates of the servers do not match.",
    ],
    remedy: "Check the members of this cluster and the servers' logs. When an agent starts, a few of these lines are normal.",
    next: "consul members",
    source: "hashicorp/consul#13024, #16268",
    patterns: &[Pattern::subsystem(Subsystem::ServerRpc, "agent.server.rpc: {detail}")],
};

pub static HEALTH_CHECK_FAILED: Entry = Entry {
    name: "health-check-failed",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: a health check of a local service failed.",
    causes: &["The service or its sidecar proxy is not running, or listens on a different port."],
    remedy: "Check the service that the line names.",
    next: "curl -s http://127.0.0.1:8500/v1/agent/checks",
    source: "hashicorp/consul#11207",
    patterns: &[Pattern::subsystem(
        Subsystem::HealthCheck,
        "agent: Check socket connection failed: {detail}",
    )],
};

pub static ANTI_ENTROPY_ERROR: Entry = Entry {
    name: "anti-entropy-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: an agent could not synchronize its services or coordinates with the catalog.",
    causes: &[
        "The agent's ACL token lacks permissions for its node or services.",
        "The cluster has no leader.",
    ],
    remedy: "Check the agent's ACL token and the cluster's leader. The agent retries by itself.",
    next: "consul operator raft list-peers",
    source: "Consul source code",
    patterns: &[Pattern::subsystem(Subsystem::AntiEntropy, "agent.anti_entropy: {detail}")],
};

pub static REPLICATION_ERROR: Entry = Entry {
    name: "replication-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: the replication of ACLs or config entries between federated datacenters failed.",
    causes: &[
        "The servers of the primary datacenter are unreachable on port 8300.",
        "The replication token lacks permissions, or does not exist.",
    ],
    remedy: "Check the WAN federation. Federation and peering are independent of each other.",
    next: "consul members -wan",
    source: "hashicorp/consul#6431",
    patterns: &[Pattern::subsystem(Subsystem::Replication, "agent.server.replication.acl: {detail}")],
};

pub static PROXY_CONFIGURATION_ERROR: Entry = Entry {
    name: "proxy-configuration-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering's token: a proxy can't get its configuration from its own Consul (xDS).",
    causes: &[
        "The proxy or consul-dataplane uses the wrong gRPC port or TLS setting of its own cluster: 8502 without TLS, 8503 with TLS.",
        "The Consul server or agent of the proxy is restarting.",
    ],
    remedy: "Compare the gRPC port and TLS settings of the proxy with those of its own cluster. A mesh gateway without configuration also breaks the peerings through it.",
    next: "curl -s http://127.0.0.1:8500/v1/agent/self",
    source: "hashicorp/consul#11207; hashicorp/consul-k8s#2509, #3199",
    patterns: &[Pattern::subsystem(Subsystem::ProxyConfiguration, "agent.envoy.xds: {detail}")],
};

pub static OTHER_SUBSYSTEM_ERROR: Entry = Entry {
    name: "other-subsystem-error",
    area: Area::OtherSubsystems,
    summary: "Not about a peering: the line comes from another part of Consul.",
    causes: &["The part of Consul that the line names has a problem of its own."],
    remedy: "Look for lines with peering, peerstream or /v1/peering in the same log.",
    next: "peering explain -log FILE",
    source: "Consul source code",
    patterns: &[Pattern::subsystem(Subsystem::Other, "agent.server.autopilot: {detail}")],
};
