//! A peering as the acceptor keeps it and as Consul's HTTP API shows it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stream_status::StreamState;
use crate::token::Secret;

/// What Consul knows of one peering of an acceptor.
#[derive(Debug)]
pub(super) struct Peering {
    /// The acceptor's ID of it, which tokens carry.
    pub(super) id: String,
    /// Its local name.
    pub(super) name: String,
    /// PENDING until a dialer has used a token.
    pub(super) state: String,
    /// Given when the name was first generated for; later ones are passed over, as in Consul.
    pub(super) meta: BTreeMap<String, String>,
    /// The one unused establishment secret.
    pub(super) establishment_secret: Option<Secret>,
    /// The secret of the stream that is up, or was.
    pub(super) active_stream_secret: Option<Secret>,
    /// The secret of a stream that was not opened yet.
    pub(super) pending_stream_secret: Option<Secret>,
    /// What this side keeps of the token, if it is the one that dialed.
    pub(super) dialed: Option<Dialed>,
    /// The peer's datacenter, once it is known.
    pub(super) remote_datacenter: String,
    /// When it was made, in steps of the state.
    pub(super) create_index: u64,
    /// When it was last changed.
    pub(super) modify_index: u64,
}

/// What the dialing side keeps of a token.
#[derive(Debug, Clone)]
pub(super) struct Dialed {
    /// The acceptor's ID of the peering.
    pub(super) peer_id: String,
    /// Its CAs, PEM.
    pub(super) cas: Vec<String>,
    /// The TLS server name of its servers.
    pub(super) server_name: String,
    /// Its servers as `host:port`, in the order of dialing.
    pub(super) addresses: Vec<String>,
    /// The secret that opens the stream, once the token's secret was exchanged for it.
    pub(super) stream_secret: Option<Secret>,
}

/// `GET /v1/peering/:name`, its keys in Consul's order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PeeringAnswer<'a> {
    #[serde(rename = "ID")]
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meta: &'a BTreeMap<String, String>,
    state: &'a str,
    #[serde(rename = "PeerID", skip_serializing_if = "Option::is_none")]
    peer_id: Option<&'a str>,
    #[serde(rename = "PeerCAPems", skip_serializing_if = "<[_]>::is_empty")]
    peer_ca_pems: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    peer_server_name: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    peer_server_addresses: &'a [String],
    stream_status: StreamStatus,
    create_index: u64,
    modify_index: u64,
    remote: Remote<'a>,
}

/// When the two sides last spoke; nothing before the first time.
#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct StreamStatus {
    imported_services: Option<Vec<String>>,
    exported_services: Option<Vec<String>>,
    last_heartbeat: Option<String>,
    last_receive: Option<String>,
    last_send: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remote<'a> {
    partition: &'a str,
    datacenter: &'a str,
}

impl<'a> PeeringAnswer<'a> {
    /// A peering and what this process knows of its stream.
    pub(super) fn new(peering: &'a Peering, stream: Option<&StreamState>) -> Self {
        let dialed = peering.dialed.as_ref();
        // A stream that was up and is not leaves the peering failing.
        let fails = peering.state == "ACTIVE" && stream.is_some_and(|stream| !stream.connected);
        Self {
            id: &peering.id,
            name: &peering.name,
            meta: &peering.meta,
            state: if fails { "FAILING" } else { &peering.state },
            peer_id: dialed.map(|dialed| dialed.peer_id.as_str()),
            peer_ca_pems: dialed.map(|dialed| dialed.cas.as_slice()).unwrap_or_default(),
            peer_server_name: dialed.map(|dialed| dialed.server_name.as_str()).unwrap_or_default(),
            peer_server_addresses: dialed.map(|dialed| dialed.addresses.as_slice()).unwrap_or_default(),
            stream_status: stream.map(StreamStatus::from).unwrap_or_default(),
            create_index: peering.create_index,
            modify_index: peering.modify_index,
            remote: Remote { partition: "", datacenter: &peering.remote_datacenter },
        }
    }
}

impl From<&StreamState> for StreamStatus {
    fn from(stream: &StreamState) -> Self {
        let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        Self {
            last_heartbeat: time(stream.last_heartbeat),
            last_receive: time(stream.last_receive),
            last_send: time(stream.last_send),
            ..Self::default()
        }
    }
}
