//! A peering as Consul's HTTP API tells of it, and as Consul's client writes it again: key for key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// `GET /v1/peering/:name`: what one cluster knows of one of its peerings. Its fields are in Consul's order, and what
/// Consul leaves out when it is empty is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Peering {
    /// This cluster's ID of it. On the acceptor, the `PeerID` of its tokens.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its local name.
    pub name: String,
    /// Its local partition; empty in the community edition.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// When it was marked for deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub deleted_at: Option<Timestamp>,
    /// Metadata that was kept with it.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
    /// `PENDING`, `ESTABLISHING`, `ACTIVE`, `FAILING`, `DELETING`, `TERMINATED` or `UNDEFINED`.
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
    /// On the dialer, the acceptor's ID of it; on the acceptor, empty.
    #[serde(
        rename = "PeerID",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub peer_id: String,
    /// The peer's CA certificates, PEM.
    #[serde(
        rename = "PeerCAPems",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub peer_ca_pems: Vec<String>,
    /// The name that the peer's servers answer to. Known to the dialer.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub peer_server_name: String,
    /// Where the peer's servers are, `host:port`. Known to the dialer.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub peer_server_addresses: Vec<String>,
    /// How its stream is.
    #[serde(rename = "StreamStatus", default, deserialize_with = "or_default")]
    pub stream: StreamStatus,
    /// The Raft index at which it was made.
    #[serde(default)]
    pub create_index: u64,
    /// The Raft index at which it was last changed.
    #[serde(default)]
    pub modify_index: u64,
    /// Where the peer is, once it is known.
    #[serde(default, deserialize_with = "or_default")]
    pub remote: Remote,
}

impl Peering {
    /// The same, but for the times of its stream, which pass though nothing happens.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        let StreamStatus { last_heartbeat, last_receive, last_send, .. } = &mut self.stream;
        (*last_heartbeat, *last_receive, *last_send) = (None, None, None);
        self
    }
}

/// How the stream between two clusters is, as one of them sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase", default)]
pub struct StreamStatus {
    /// What the peer exports to this cluster; `None` is Consul's `null`, which means none.
    pub imported_services: Option<Vec<String>>,
    /// What this cluster exports to the peer; `None` is Consul's `null`, which means none.
    pub exported_services: Option<Vec<String>>,
    /// When the other side's last heartbeat came; `None` if none ever did.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_heartbeat: Option<Timestamp>,
    /// When anything last came from the other side.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_receive: Option<Timestamp>,
    /// When anything was last sent to the other side.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_send: Option<Timestamp>,
}

/// Where the peer is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase", default)]
pub struct Remote {
    /// Its partition; empty in the community edition.
    #[serde(deserialize_with = "or_default")]
    pub partition: String,
    /// Its datacenter; empty until the peering is established.
    #[serde(deserialize_with = "or_default")]
    pub datacenter: String,
    /// Its region and zone, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<Locality>,
}

/// A region and a zone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase", default)]
pub struct Locality {
    /// The region.
    #[serde(deserialize_with = "or_default")]
    pub region: String,
    /// The zone within it.
    #[serde(deserialize_with = "or_default")]
    pub zone: String,
}

/// Go reads `null` as if nothing were there.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
