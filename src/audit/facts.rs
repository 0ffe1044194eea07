//! What one cluster reported about itself and its peerings at one time. Facts contain no token and no secret.
//!
//! A fact is one JSON line, so files of facts can be concatenated, searched and compared with any tool.

mod lines;
mod read;
mod replace;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::staleness::evidence::PeeringState;

#[cfg(feature = "schema")]
pub(crate) use lines::Line;
pub use read::{FactsError, MAX_LINE_LEN};

/// The version of the form of facts. A reader refuses newer ones.
pub const VERSION: u32 = 1;

/// The facts of any number of clusters, of any age, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Clusters, possibly with several observations of one.
    pub clusters: Vec<ClusterFact>,
    /// Peerings, each as one of its two clusters reports it.
    pub peerings: Vec<PeeringFact>,
}

/// A cluster at one time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClusterFact {
    /// [`VERSION`].
    pub version: u32,
    /// Its name in the inventory.
    pub cluster: String,
    /// The partition whose peerings were read; empty in the community edition.
    #[serde(default)]
    pub partition: String,
    /// When its peerings were read, by the clock of the host that read them.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub observed_at: Timestamp,
    /// Whether its peerings could be read.
    pub status: ClusterStatus,
    /// Why they could not be read.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long reading it took, in milliseconds.
    #[serde(default)]
    pub elapsed_ms: u64,
    /// By how many milliseconds its clock is ahead of the host's that read it; negative if it is behind.
    #[serde(default)]
    pub clock_skew_ms: Option<i64>,
    /// Its labels in the inventory.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The trust domain of its CA.
    #[serde(default)]
    pub trust_domain: Option<String>,
    /// Its datacenter.
    #[serde(default)]
    pub datacenter: Option<String>,
    /// The version of the Consul agent that was queried.
    #[serde(default)]
    pub consul_version: Option<String>,
    /// The address of its leader; `None` if it has none, or it is unknown.
    #[serde(default)]
    pub leader: Option<String>,
    /// The roots of its CA.
    #[serde(default)]
    pub roots: Vec<RootFact>,
    /// The addresses of its servers' gRPC TLS ports; `None` if they could not be read.
    #[serde(default)]
    pub server_addresses: Option<Vec<String>>,
    /// The addresses of its mesh gateways, as other clusters dial them; `None` if they could not be read.
    #[serde(default)]
    pub gateway_addresses: Option<Vec<String>>,
}

/// Whether the peerings of a cluster could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClusterStatus {
    /// They were read.
    Ok,
    /// The cluster did not answer, or answered with an error.
    Unreachable,
    /// The ACL token may not read them.
    Denied,
}

/// A certificate of a CA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CaFact {
    /// SHA-256 of its DER, as 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Start of its validity period.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_before: Timestamp,
    /// End of its validity period.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub not_after: Timestamp,
    /// The trust domain of its SPIFFE ID.
    #[serde(default)]
    pub trust_domain: Option<String>,
    /// Its subject key identifier, as lower-case hexadecimal digits.
    #[serde(default)]
    pub subject_key_id: Option<String>,
    /// The identifier of the key that signed it.
    #[serde(default)]
    pub authority_key_id: Option<String>,
}

/// A root of a cluster's CA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RootFact {
    /// The root.
    #[serde(flatten)]
    pub certificate: CaFact,
    /// Whether it signs new certificates. At most one root does.
    pub active: bool,
    /// The intermediates that servers present with it.
    #[serde(default)]
    pub intermediates: Vec<CaFact>,
}

/// A peering at one time, as one of its two clusters reports it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeeringFact {
    /// [`VERSION`].
    pub version: u32,
    /// The name in the inventory of the cluster that reports it.
    pub cluster: String,
    /// The partition in which it is; empty in the community edition.
    #[serde(default)]
    pub partition: String,
    /// When it was read, by the clock of the host that read it.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub observed_at: Timestamp,
    /// Its local name.
    pub name: String,
    /// This cluster's ID of the peering.
    pub id: String,
    /// On the dialer, the acceptor's ID of the peering; on the acceptor, empty.
    #[serde(default)]
    pub peer_id: String,
    /// Whether this cluster generated the token, or established the peering with it.
    pub role: Role,
    /// Its state, as Consul names it.
    #[serde(with = "state_name")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub state: State,
    /// When it was marked for deletion, by the cluster's clock.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub deleted_at: Option<Timestamp>,
    /// When the last heartbeat of the peer arrived, by the cluster's clock.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_heartbeat: Option<Timestamp>,
    /// When the last message of the peer arrived, by the cluster's clock.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_receive: Option<Timestamp>,
    /// When the last message was sent to the peer, by the cluster's clock.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_send: Option<Timestamp>,
    /// The services that the peer exports to this cluster.
    #[serde(default)]
    pub imported_services: Vec<String>,
    /// The services that this cluster exports to the peer.
    #[serde(default)]
    pub exported_services: Vec<String>,
    /// The CA certificates of the peer.
    #[serde(default)]
    pub peer_cas: Vec<CaFact>,
    /// The TLS server name of the peer's servers; only on the dialer.
    #[serde(default)]
    pub peer_server_name: String,
    /// The addresses of the peer's servers; only on the dialer.
    #[serde(default)]
    pub peer_addresses: Vec<String>,
    /// The location of the peer; empty until the peering is established.
    #[serde(default)]
    pub remote: RemoteFact,
}

/// Which of the two clusters of a peering reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The cluster that generated the token.
    Acceptor,
    /// The cluster that established the peering with it.
    Dialer,
}

/// The location of a peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RemoteFact {
    /// The partition; empty in the community edition.
    pub partition: String,
    /// The datacenter.
    pub datacenter: String,
    /// The region, if the peer reports it.
    pub region: String,
    /// The zone, if the peer reports it.
    pub zone: String,
}

/// A peering's state.
pub type State = PeeringState;

impl Role {
    /// Returns its name, also in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acceptor => "acceptor",
            Self::Dialer => "dialer",
        }
    }
}

impl ClusterFact {
    /// Returns the root that signs new certificates.
    pub fn active_root(&self) -> Option<&RootFact> {
        self.roots.iter().find(|root| root.active)
    }

    /// Returns a time of the host that read the facts by this cluster's clock.
    pub(super) fn by_its_clock(&self, at: Timestamp) -> Timestamp {
        let skew = SignedDuration::from_millis(self.clock_skew_ms.unwrap_or_default());
        at.checked_add(skew).unwrap_or(at)
    }

    /// Returns a time of this cluster by the clock of the host that read the facts.
    pub(super) fn by_our_clock(&self, at: Timestamp) -> Timestamp {
        let skew = SignedDuration::from_millis(self.clock_skew_ms.unwrap_or_default());
        at.checked_sub(skew).unwrap_or(at)
    }
}

impl PeeringFact {
    /// Returns whether the peer's datacenter or CA certificates are known. On the acceptor, they are not until a token is used.
    pub fn has_remote(&self) -> bool {
        !self.remote.datacenter.is_empty() || !self.peer_cas.is_empty()
    }

    /// Returns when the last message of the peer arrived, by the cluster's clock. Before the first one, Consul reports Go's zero
    /// time, the year 1. After a stream broke, only heartbeats count: Consul notes its end as a message.
    pub fn last_heard_at(&self) -> Option<Timestamp> {
        let receive = self.last_receive.filter(|_| self.state == State::Active);
        real_time(self.last_heartbeat).max(real_time(receive))
    }

    /// Returns the peer's CA certificate that expires last.
    pub fn last_peer_ca(&self) -> Option<&CaFact> {
        self.peer_cas.iter().max_by_key(|ca| ca.not_after)
    }

    /// Returns when the last of the peer's CA certificates expires.
    pub fn peer_ca_expires_at(&self) -> Option<Timestamp> {
        self.last_peer_ca().map(|ca| ca.not_after)
    }
}

/// Removes Go's zero time.
pub(super) fn real_time(at: Option<Timestamp>) -> Option<Timestamp> {
    at.filter(|at| *at > Timestamp::UNIX_EPOCH)
}

impl CaFact {
    /// Returns the facts of a certificate.
    pub fn new(certificate: &Certificate) -> Self {
        Self {
            sha256: certificate.sha256.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            trust_domain: certificate.trust_domain().map(str::to_owned),
            subject_key_id: certificate.subject_key_id.clone(),
            authority_key_id: certificate.authority_key_id.clone(),
        }
    }

    /// Returns the facts of the certificates that can be parsed.
    pub fn of_pems<'a>(pems: impl IntoIterator<Item = &'a String>) -> Vec<Self> {
        pems.into_iter().filter_map(|pem| Certificate::from_pem(pem)).map(|it| Self::new(&it)).collect()
    }
}

/// A state as the name that Consul uses.
mod state_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::State;

    pub(super) fn serialize<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        String::deserialize(deserializer).map(|name| State::from_name(&name))
    }
}
