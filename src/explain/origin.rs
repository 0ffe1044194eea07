//! Which part of Consul wrote a line, at which end of a connection, and how severe the line is.

use super::mapped_text::{MappedText, Piece};
use super::signs::{LEVEL_KEY, Signs, named_by};

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
/// The length of the start of a record that contains its level and its component, in bytes.
const MAX_HEAD_LEN: usize = 256;

impl Origin {
    /// Returns the origin of a record. `outer` is the origin of the text around it.
    pub(super) fn of(record: &Piece<'_>, outer: Self) -> Self {
        let record = record.part(0..record.text().floor_char_boundary(MAX_READ_LEN));
        let head = record.part(0..record.text().floor_char_boundary(MAX_HEAD_LEN));
        let signs = Signs::of(&record);
        let subsystem = if signs.peering {
            Some(Subsystem::Peering)
        } else if signs.accepted {
            None
        } else {
            let by_component = component(&head).and_then(|name| named_by(&name));
            by_component.or_else(|| signs.subsystem()).or(outer.subsystem)
        };
        Self {
            level: level(&head, &signs).or(outer.level),
            subsystem,
            accepted: signs.accepted || outer.accepted,
            blocking_query: signs.blocking_query || outer.blocking_query,
            forwarded: outer.forwarded,
        }
    }

    /// Returns the origin with a value of a JSON log line: its level or its component.
    pub(super) fn with_json_value(self, key: &str, value: &str) -> Self {
        match key {
            "@level" | "level" | "severity" | "lvl" | "log.level" => {
                Self { level: named_level(value).or(self.level), ..self }
            }
            "@module" | "logger" | "module" | "component" if self.subsystem != Some(Subsystem::Peering) => {
                let value = MappedText::plain(value);
                Self { subsystem: named_by(&value.whole()).or(self.subsystem), ..self }
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

fn level(head: &Piece<'_>, signs: &Signs) -> Option<Level> {
    let text = head.text();
    let in_brackets = || {
        memchr::memchr(b'[', text.as_bytes())?;
        text.split('[')
            .skip(1)
            .find_map(|part| named_level(part.split(']').next().unwrap_or_default().trim()))
    };
    let by_key = || {
        let [first, second] = signs.levels;
        let second = second.filter(|second| *second <= text.len());
        let end = second.map_or(text.len(), |second| second - LEVEL_KEY.len());
        let value = text.get(first?..end)?;
        named_level(value.split([' ', '"']).find(|it| !it.is_empty()).unwrap_or_default())
    };
    in_brackets().or_else(by_key)
}

fn named_level(name: &str) -> Option<Level> {
    let is_one_of = |names: &[&str]| names.iter().any(|it| name.eq_ignore_ascii_case(it));
    if is_one_of(&["error", "err", "critical", "fatal", "panic", "e"]) {
        Some(Level::Error)
    } else if is_one_of(&["warn", "warning", "w"]) {
        Some(Level::Warning)
    } else if is_one_of(&["info", "debug", "trace", "notice", "i", "d"]) {
        Some(Level::Info)
    } else {
        None
    }
}

/// Returns the component after the level: `[ERROR] agent.server.raft: …`.
fn component<'t>(head: &Piece<'t>) -> Option<Piece<'t>> {
    let text = head.text();
    memchr::memchr(b']', text.as_bytes())?;
    let start = text.match_indices("] ").find_map(|(at, bracket)| {
        let after = text[at + bracket.len()..].trim_start();
        after.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(text.len() - after.len())
    })?;
    let len = text[start..].find([':', ' ']).filter(|len| text[start + len..].starts_with(':'))?;
    Some(head.part(start..start + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(line: &str) -> Origin {
        Origin::of(&MappedText::plain(line).whole(), Origin::default())
    }

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
            assert_eq!(origin(line).subsystem, Some(expected), "{line}");
        }
        for line in
            ["connection refused", "[ERROR] agent.server.cert-manager: x", "global address \"a:8300\""]
        {
            assert_eq!(origin(line).subsystem, None, "{line}");
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
            assert_eq!(origin(line).level, expected, "{line}");
        }
    }
}
