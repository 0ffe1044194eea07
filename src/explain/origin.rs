//! Which part of Consul wrote a line, at which end of a connection, and how severe the line is.

/// The severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// An error.
    Error,
    /// A warning.
    Warning,
    /// Information, or output for developers.
    Info,
}

/// A part of Consul, or of what runs next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subsystem {
    /// Peering: its HTTP API, its streams, its controllers.
    Peering,
    /// Raft, which replicates the state between the servers of one cluster.
    Raft,
    /// Serf and memberlist, which find the members of one cluster.
    Gossip,
    /// Calls between the agents and servers of one cluster (port 8300).
    ServerRpc,
    /// Health checks.
    HealthCheck,
    /// Anti-entropy, which synchronizes an agent with the catalog.
    AntiEntropy,
    /// Replication between the datacenters of a WAN federation.
    Replication,
    /// The configuration of Envoy proxies (xDS, consul-dataplane).
    ProxyConfiguration,
    /// Any other part.
    Other,
}

/// What a log line shows about its origin, apart from its message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The severity, if the line contains it.
    pub level: Option<Level>,
    /// The part that wrote the line, if it is known.
    pub subsystem: Option<Subsystem>,
    /// Whether the server wrote the line about a connection that it accepted. The client is at the other end.
    pub accepted: bool,
    /// Whether the client asked Consul to wait for a change (`wait=`).
    pub blocking_query: bool,
    /// Whether the message is the answer of a server that the call was forwarded to.
    pub forwarded: bool,
}

/// The length of a record whose origin is read, in bytes. The rest only repeats the error.
const MAX_READ_LEN: usize = 16 * 1024;

/// Text that only a line about a peering contains.
const PEERING: [&str; 14] = [
    "peering secret",
    "/v1/peering",
    "peering establishment secret",
    "error establishing peering",
    "error generating peering",
    "error reading peering",
    "error deleting peering",
    "error listing peerings",
    "peerstream",
    "peering stream",
    "agent.server.peering",
    "grpc-api.peering",
    "peering-syncer",
    "peering token",
];

/// Text that a server writes about a connection that it accepted.
const ACCEPTED: [&str; 4] =
    ["server.serve failed", "serverhandshake(", "http: tls handshake error from", "security handshake from"];

/// Text that identifies the part of Consul in a line without a component.
const MARKS: [(&str, Subsystem); 27] = [
    ("raft:", Subsystem::Raft),
    ("failed to heartbeat to", Subsystem::Raft),
    ("failed to appendentries to", Subsystem::Raft),
    ("failed to make requestvote rpc", Subsystem::Raft),
    ("memberlist:", Subsystem::Gossip),
    ("serf:", Subsystem::Gossip),
    ("check socket connection", Subsystem::HealthCheck),
    ("check is now critical", Subsystem::HealthCheck),
    ("health check", Subsystem::HealthCheck),
    ("healthcheck", Subsystem::HealthCheck),
    ("check=", Subsystem::HealthCheck),
    ("readiness probe", Subsystem::HealthCheck),
    ("liveness probe", Subsystem::HealthCheck),
    ("startup probe", Subsystem::HealthCheck),
    ("anti-entropy", Subsystem::AntiEntropy),
    ("anti_entropy", Subsystem::AntiEntropy),
    ("coordinate update", Subsystem::AntiEntropy),
    ("failed to sync remote state", Subsystem::AntiEntropy),
    ("replication error", Subsystem::Replication),
    ("remote config entries", Subsystem::Replication),
    ("aggregatedresources", Subsystem::ProxyConfiguration),
    ("grpc config stream", Subsystem::ProxyConfiguration),
    ("consul-dataplane", Subsystem::ProxyConfiguration),
    ("envoy.config", Subsystem::ProxyConfiguration),
    ("xds_cluster", Subsystem::ProxyConfiguration),
    ("rpc failed to server", Subsystem::ServerRpc),
    ("yamux:", Subsystem::ServerRpc),
];

/// The names of components, and the part of Consul. The first match wins.
const COMPONENTS: [(&str, Option<Subsystem>); 21] = [
    ("peer", Some(Subsystem::Peering)),
    ("raft", Some(Subsystem::Raft)),
    ("serf", Some(Subsystem::Gossip)),
    ("memberlist", Some(Subsystem::Gossip)),
    ("anti_entropy", Some(Subsystem::AntiEntropy)),
    ("replication", Some(Subsystem::Replication)),
    ("xds", Some(Subsystem::ProxyConfiguration)),
    ("envoy", Some(Subsystem::ProxyConfiguration)),
    ("dataplane", Some(Subsystem::ProxyConfiguration)),
    ("proxycfg", Some(Subsystem::ProxyConfiguration)),
    ("connect-proxy", Some(Subsystem::ProxyConfiguration)),
    ("server-connection-manager", Some(Subsystem::ProxyConfiguration)),
    ("check", Some(Subsystem::HealthCheck)),
    ("router", Some(Subsystem::ServerRpc)),
    ("agent.client", Some(Subsystem::ServerRpc)),
    ("server.rpc", Some(Subsystem::ServerRpc)),
    // The certificates of servers and the HTTP API serve peerings too.
    ("cert", None),
    ("connect", None),
    ("agent.http", None),
    ("grpc-api", None),
    ("agent.", Some(Subsystem::Other)),
];

impl Origin {
    /// Returns the origin of a record. `outer` is the origin of the text around it.
    pub(super) fn of(record: &str, outer: Self) -> Self {
        let text = record[..record.floor_char_boundary(MAX_READ_LEN)].to_ascii_lowercase();
        let accepted = ACCEPTED.iter().any(|mark| text.contains(mark));
        let component = component(&text);
        let subsystem = if PEERING.iter().any(|mark| text.contains(mark)) {
            Some(Subsystem::Peering)
        } else if accepted {
            None
        } else {
            component.and_then(of_component).or_else(|| of_text(&text)).or(outer.subsystem)
        };
        Self {
            level: level(&text).or(outer.level),
            subsystem,
            accepted: accepted || outer.accepted,
            blocking_query: text.contains("?wait=") || text.contains("&wait=") || outer.blocking_query,
            forwarded: outer.forwarded,
        }
    }

    /// Returns the origin with a value of a JSON log line: its level or its component.
    pub(super) fn with_json_value(self, key: &str, value: &str) -> Self {
        let value = value.to_ascii_lowercase();
        match key {
            "@level" | "level" | "severity" | "lvl" | "log.level" => {
                Self { level: named_level(&value).or(self.level), ..self }
            }
            "@module" | "logger" | "module" | "component" if self.subsystem != Some(Subsystem::Peering) => {
                Self { subsystem: of_component(&value).or(self.subsystem), ..self }
            }
            _ => self,
        }
    }

    /// Returns the part of Consul if it is not peering.
    pub(super) fn other_subsystem(self) -> Option<Subsystem> {
        self.subsystem.filter(|it| *it != Subsystem::Peering)
    }

    /// Whether the line is about a peering, without doubt.
    pub(super) fn is_peering(self) -> bool {
        self.subsystem == Some(Subsystem::Peering)
    }
}

/// Whether a line starts like a log line: with a time, a level or a JSON object.
pub(super) fn is_log_line(line: &str) -> bool {
    let line = line.trim_start();
    let starts_with_time = || {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        digits >= 2 && matches!(line.as_bytes().get(digits), Some(b'-' | b'/' | b':' | b'T'))
    };
    line.starts_with("{\"") || line.starts_with('[') || starts_with_time() || line.starts_with("level=")
}

fn level(lowercase: &str) -> Option<Level> {
    let head = &lowercase[..lowercase.floor_char_boundary(256)];
    let in_brackets = || {
        head.split('[')
            .skip(1)
            .find_map(|part| named_level(part.split(']').next().unwrap_or_default().trim()))
    };
    let by_key = || {
        let value = head.split("level=").nth(1)?;
        named_level(value.split([' ', '"']).find(|it| !it.is_empty()).unwrap_or_default())
    };
    in_brackets().or_else(by_key)
}

fn named_level(lowercase: &str) -> Option<Level> {
    match lowercase {
        "error" | "err" | "critical" | "fatal" | "panic" | "e" => Some(Level::Error),
        "warn" | "warning" | "w" => Some(Level::Warning),
        "info" | "debug" | "trace" | "notice" | "i" | "d" => Some(Level::Info),
        _ => None,
    }
}

/// Returns the component after the level: `[ERROR] agent.server.raft: …`.
fn component(lowercase: &str) -> Option<&str> {
    let head = &lowercase[..lowercase.floor_char_boundary(256)];
    let named = |text: &'_ str| text.starts_with(|c: char| c.is_ascii_lowercase());
    let after =
        head.match_indices("] ").map(|(at, _)| head[at + 2..].trim_start()).find(|rest| named(rest))?;
    let end = after.find([':', ' ']).filter(|end| after[*end..].starts_with(':'))?;
    Some(&after[..end])
}

fn of_component(component: &str) -> Option<Subsystem> {
    COMPONENTS.iter().find(|(name, _)| component.contains(name)).and_then(|(_, subsystem)| *subsystem)
}

fn of_text(lowercase: &str) -> Option<Subsystem> {
    let marked = MARKS.iter().find(|(mark, _)| lowercase.contains(mark)).map(|(_, subsystem)| *subsystem);
    let by_port = || {
        if lowercase.contains("global address") {
            None
        } else if contains_port(lowercase, ":8300") {
            Some(Subsystem::ServerRpc)
        } else if contains_port(lowercase, ":8301") || contains_port(lowercase, ":8302") {
            Some(Subsystem::Gossip)
        } else {
            None
        }
    };
    let about_peering = || {
        let about = ["peer_name=", "peer_id=", "peerid=", " peering", "peeringacceptor", "peeringdialer"];
        about.iter().any(|mark| lowercase.contains(mark)).then_some(Subsystem::Peering)
    };
    let other_path = || lowercase.contains("url=/v1/").then_some(Subsystem::Other);
    about_peering().or(marked).or_else(by_port).or_else(other_path)
}

fn contains_port(text: &str, port: &str) -> bool {
    text.match_indices(port).any(|(at, _)| !text[at + port.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subsystem_is_read_from_the_component_or_the_text() {
        for (line, expected) in [
            (
                "2024-03-05T10:00:01.000Z [ERROR] agent.server.raft: failed to heartbeat to: peer=a:8300",
                Subsystem::Raft,
            ),
            ("[ERROR] agent.http: Request error: method=POST url=/v1/peering/establish", Subsystem::Peering),
            ("[ERROR] agent.http: Request error: method=GET url=/v1/kv/a", Subsystem::Other),
            ("[WARN]  agent: Check socket connection failed: check=service:web", Subsystem::HealthCheck),
            ("[INFO] agent.server.autopilot: removing server", Subsystem::Other),
            (
                "[WARN] agent: [core]grpc: addrConn.createTransport failed to connect to {dc1-a:8300 x}",
                Subsystem::ServerRpc,
            ),
            ("memberlist: Push/Pull with a failed", Subsystem::Gossip),
            ("[error] agent.server.raft: failed to exchange peering secret", Subsystem::Peering),
        ] {
            assert_eq!(Origin::of(line, Origin::default()).subsystem, Some(expected), "{line}");
        }
        for line in
            ["connection refused", "[ERROR] agent.server.cert-manager: x", "global address \"a:8300\""]
        {
            assert_eq!(Origin::of(line, Origin::default()).subsystem, None, "{line}");
        }
    }

    #[test]
    fn the_level_is_read_from_brackets_and_keys() {
        for (line, expected) in [
            ("2024-03-05T10:00:01.000Z [ERROR] agent: a", Some(Level::Error)),
            ("[2024-03-05 10:00:01.000][14][warning][config] a", Some(Level::Warning)),
            ("time=a level=debug msg=b", Some(Level::Info)),
            ("a [core] b", None),
        ] {
            assert_eq!(Origin::of(line, Origin::default()).level, expected, "{line}");
        }
    }
}
