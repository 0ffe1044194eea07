//! A peering as Consul's HTTP API returns it, and as Consul's client writes it: key for key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// `GET /v1/peering/:name`: a peering as one of its two clusters reports it. The fields are in Consul's order, and
/// optional as in Consul.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Peering {
    /// This cluster's ID of the peering. On the acceptor, the `PeerID` of its tokens.
    #[serde(rename = "ID")]
    pub id: String,
    /// The local name.
    pub name: String,
    /// The local partition; empty in the community edition.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// When it was marked for deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub deleted_at: Option<Timestamp>,
    /// Metadata of the peering.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
    /// `PENDING`, `ESTABLISHING`, `ACTIVE`, `FAILING`, `DELETING`, `TERMINATED` or `UNDEFINED`.
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
    /// On the dialer, the acceptor's ID of the peering; on the acceptor, empty.
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
    /// The TLS server name of the peer's servers; only on the dialer.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub peer_server_name: String,
    /// The addresses of the peer's servers, `host:port`; only on the dialer.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub peer_server_addresses: Vec<String>,
    /// The status of the stream.
    #[serde(rename = "StreamStatus", default, deserialize_with = "or_default")]
    pub stream: StreamStatus,
    /// The Raft index at which the peering was created.
    #[serde(default)]
    pub create_index: u64,
    /// The Raft index of the last change.
    #[serde(default)]
    pub modify_index: u64,
    /// The location of the peer; empty until the peering is established.
    #[serde(default, deserialize_with = "or_default")]
    pub remote: Remote,
}

impl Peering {
    /// Returns whether the peer's datacenter or CA certificates are known. On the acceptor, they are not until a token is used.
    pub fn has_remote(&self) -> bool {
        !self.remote.datacenter.is_empty() || !self.peer_ca_pems.is_empty()
    }

    /// Returns the peering without the times of its stream, which change although nothing happens.
    #[must_use]
    pub fn without_times(mut self) -> Self {
        let StreamStatus { last_heartbeat, last_receive, last_send, .. } = &mut self.stream;
        (*last_heartbeat, *last_receive, *last_send) = (None, None, None);
        self
    }
}

/// The status of the stream between two clusters, as one of them reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase", default)]
pub struct StreamStatus {
    /// The services that the peer exports to this cluster; `None` (`null` in Consul) means none.
    pub imported_services: Option<Vec<String>>,
    /// The services that this cluster exports to the peer; `None` (`null` in Consul) means none.
    pub exported_services: Option<Vec<String>>,
    /// When the last heartbeat of the peer arrived; `None` if there was none.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_heartbeat: Option<Timestamp>,
    /// When the last message of the peer arrived.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_receive: Option<Timestamp>,
    /// When the last message was sent to the peer.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_send: Option<Timestamp>,
}

impl StreamStatus {
    /// Returns when the last message of the peer arrived. Before the first one, Consul reports Go's zero time, the year 1.
    pub fn last_heard_at(&self) -> Option<Timestamp> {
        self.last_heartbeat.max(self.last_receive).filter(|at| *at > Timestamp::UNIX_EPOCH)
    }
}

/// The location of the peer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase", default)]
pub struct Remote {
    /// The partition; empty in the community edition.
    #[serde(deserialize_with = "or_default")]
    pub partition: String,
    /// The datacenter; empty until the peering is established.
    #[serde(deserialize_with = "or_default")]
    pub datacenter: String,
    /// The region and zone, if the peer reports them.
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

/// Like Go, reads `null` as the default value.
fn or_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_time_of_go_is_no_message() {
        for (json, expected) in [
            (r#"{"LastHeartbeat":null,"LastReceive":"0001-01-01T00:00:00Z"}"#, None),
            (
                r#"{"LastHeartbeat":"2026-11-28T02:15:00Z","LastReceive":"0001-01-01T00:00:00Z"}"#,
                Some("2026-11-28T02:15:00Z"),
            ),
            (
                r#"{"LastHeartbeat":"2026-11-28T02:15:00Z","LastReceive":"2026-11-28T02:15:09Z"}"#,
                Some("2026-11-28T02:15:09Z"),
            ),
        ] {
            let status: StreamStatus = serde_json::from_str(json).unwrap();
            assert_eq!(status.last_heard_at(), expected.map(|at| at.parse().unwrap()), "{json}");
        }
    }
}
