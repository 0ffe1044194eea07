//! Literals that show where a record comes from.

use super::mapped_text::Piece;
use super::origin::Subsystem;

/// The key before a level.
pub(super) const LEVEL_KEY: &str = "level=";

/// What a literal in a record shows about its origin.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// Only a record about a peering contains it.
    Peering,
    /// A server writes it about a connection that it accepted.
    Accepted,
    /// It identifies the part of Consul in a record without a component.
    Part(Subsystem),
    /// A part of Consul listens on this port.
    Port(Subsystem),
    /// The ports in the record are those of other servers.
    GlobalAddress,
    /// A record without a component is about a peering.
    AboutPeering,
    /// The path of another part of the HTTP API.
    OtherPath,
    BlockingQuery,
    LevelKey,
    /// In the name of a component.
    Component(Option<Subsystem>),
}

/// Literals that show the origin of a record, in lower case. Of several with one kind of sign, the first in the list wins.
const SIGNS: [(&str, Sign); 80] = [
    ("peering secret", Sign::Peering),
    ("/v1/peering", Sign::Peering),
    ("peering establishment secret", Sign::Peering),
    ("error establishing peering", Sign::Peering),
    ("error generating peering", Sign::Peering),
    ("error reading peering", Sign::Peering),
    ("error deleting peering", Sign::Peering),
    ("error listing peerings", Sign::Peering),
    ("peerstream", Sign::Peering),
    ("peering stream", Sign::Peering),
    ("agent.server.peering", Sign::Peering),
    ("grpc-api.peering", Sign::Peering),
    ("peering-syncer", Sign::Peering),
    ("peering token", Sign::Peering),
    ("server.serve failed", Sign::Accepted),
    ("serverhandshake(", Sign::Accepted),
    ("http: tls handshake error from", Sign::Accepted),
    ("security handshake from", Sign::Accepted),
    ("raft:", Sign::Part(Subsystem::Raft)),
    ("failed to heartbeat to", Sign::Part(Subsystem::Raft)),
    ("failed to appendentries to", Sign::Part(Subsystem::Raft)),
    ("failed to make requestvote rpc", Sign::Part(Subsystem::Raft)),
    ("memberlist:", Sign::Part(Subsystem::Gossip)),
    ("serf:", Sign::Part(Subsystem::Gossip)),
    ("check socket connection", Sign::Part(Subsystem::HealthCheck)),
    ("check is now critical", Sign::Part(Subsystem::HealthCheck)),
    ("health check", Sign::Part(Subsystem::HealthCheck)),
    ("healthcheck", Sign::Part(Subsystem::HealthCheck)),
    ("check=", Sign::Part(Subsystem::HealthCheck)),
    ("readiness probe", Sign::Part(Subsystem::HealthCheck)),
    ("liveness probe", Sign::Part(Subsystem::HealthCheck)),
    ("startup probe", Sign::Part(Subsystem::HealthCheck)),
    ("anti-entropy", Sign::Part(Subsystem::AntiEntropy)),
    ("anti_entropy", Sign::Part(Subsystem::AntiEntropy)),
    ("coordinate update", Sign::Part(Subsystem::AntiEntropy)),
    ("failed to sync remote state", Sign::Part(Subsystem::AntiEntropy)),
    ("replication error", Sign::Part(Subsystem::Replication)),
    ("remote config entries", Sign::Part(Subsystem::Replication)),
    ("aggregatedresources", Sign::Part(Subsystem::ProxyConfiguration)),
    ("grpc config stream", Sign::Part(Subsystem::ProxyConfiguration)),
    ("consul-dataplane", Sign::Part(Subsystem::ProxyConfiguration)),
    ("envoy.config", Sign::Part(Subsystem::ProxyConfiguration)),
    ("xds_cluster", Sign::Part(Subsystem::ProxyConfiguration)),
    ("rpc failed to server", Sign::Part(Subsystem::ServerRpc)),
    ("yamux:", Sign::Part(Subsystem::ServerRpc)),
    (":8300", Sign::Port(Subsystem::ServerRpc)),
    (":8301", Sign::Port(Subsystem::Gossip)),
    (":8302", Sign::Port(Subsystem::Gossip)),
    ("global address", Sign::GlobalAddress),
    ("peer_name=", Sign::AboutPeering),
    ("peer_id=", Sign::AboutPeering),
    ("peerid=", Sign::AboutPeering),
    (" peering", Sign::AboutPeering),
    ("peeringacceptor", Sign::AboutPeering),
    ("peeringdialer", Sign::AboutPeering),
    ("url=/v1/", Sign::OtherPath),
    ("?wait=", Sign::BlockingQuery),
    ("&wait=", Sign::BlockingQuery),
    (LEVEL_KEY, Sign::LevelKey),
    ("peer", Sign::Component(Some(Subsystem::Peering))),
    ("raft", Sign::Component(Some(Subsystem::Raft))),
    ("serf", Sign::Component(Some(Subsystem::Gossip))),
    ("memberlist", Sign::Component(Some(Subsystem::Gossip))),
    ("anti_entropy", Sign::Component(Some(Subsystem::AntiEntropy))),
    ("replication", Sign::Component(Some(Subsystem::Replication))),
    ("xds", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("envoy", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("dataplane", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("proxycfg", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("connect-proxy", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("server-connection-manager", Sign::Component(Some(Subsystem::ProxyConfiguration))),
    ("check", Sign::Component(Some(Subsystem::HealthCheck))),
    ("router", Sign::Component(Some(Subsystem::ServerRpc))),
    ("agent.client", Sign::Component(Some(Subsystem::ServerRpc))),
    ("server.rpc", Sign::Component(Some(Subsystem::ServerRpc))),
    // The certificates of servers and the HTTP API serve peerings too.
    ("cert", Sign::Component(None)),
    ("connect", Sign::Component(None)),
    ("agent.http", Sign::Component(None)),
    ("grpc-api", Sign::Component(None)),
    ("agent.", Sign::Component(Some(Subsystem::Other))),
];

/// Returns the literals that show the origin of a record. They match upper-case and lower-case letters alike.
pub(super) fn literals() -> impl Iterator<Item = &'static str> {
    SIGNS.iter().map(|(literal, _)| *literal)
}

/// What the literals of a record show.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one kind of sign")]
pub(super) struct Signs {
    pub(super) peering: bool,
    pub(super) accepted: bool,
    pub(super) blocking_query: bool,
    about_peering: bool,
    other_path: bool,
    global_address: bool,
    /// The first sign in the list of a part of Consul, and of a port.
    part: Option<(usize, Subsystem)>,
    port: Option<(usize, Subsystem)>,
    /// Where the value of the first and of the second `level=` starts.
    pub(super) levels: [Option<usize>; 2],
}

impl Signs {
    /// Reads the literals of a record.
    pub(super) fn of(record: &Piece<'_>) -> Self {
        let mut signs = Self::default();
        for (id, start) in record.literals() {
            let index = id.index();
            let Some((literal, sign)) = SIGNS.get(index) else { continue };
            let end = start + literal.len();
            let first = |known: Option<(usize, Subsystem)>, it| {
                if known.is_none_or(|(first, _)| index < first) { Some((index, it)) } else { known }
            };
            match *sign {
                Sign::Peering => signs.peering = true,
                Sign::Accepted => signs.accepted = true,
                Sign::BlockingQuery => signs.blocking_query = true,
                Sign::AboutPeering => signs.about_peering = true,
                Sign::OtherPath => signs.other_path = true,
                Sign::GlobalAddress => signs.global_address = true,
                Sign::Part(part) => signs.part = first(signs.part, part),
                Sign::Port(part) if !record.text()[end..].starts_with(|c: char| c.is_ascii_digit()) => {
                    signs.port = first(signs.port, part);
                }
                Sign::LevelKey => {
                    if let Some(free) = signs.levels.iter_mut().find(|it| it.is_none()) {
                        *free = Some(end);
                    }
                }
                Sign::Port(_) | Sign::Component(_) => {}
            }
        }
        signs
    }

    /// Returns the part of Consul that a record without a known component is about.
    pub(super) fn subsystem(&self) -> Option<Subsystem> {
        let by_port = || self.port.filter(|_| !self.global_address);
        let other_path = || self.other_path.then_some(Subsystem::Other);
        let about_peering = self.about_peering.then_some(Subsystem::Peering);
        about_peering.or_else(|| self.part.or_else(by_port).map(|(_, part)| part)).or_else(other_path)
    }
}

/// Returns the part of Consul that the name of a component contains.
pub(super) fn named_by(component: &Piece<'_>) -> Option<Subsystem> {
    let signs = component.literals().filter_map(|(id, _)| match SIGNS.get(id.index())?.1 {
        Sign::Component(part) => Some((id, part)),
        _ => None,
    });
    signs.min_by_key(|(id, _)| *id).and_then(|(_, part)| part)
}
