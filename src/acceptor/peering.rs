//! A peering in the acceptor's state, and as Consul's HTTP API returns it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::stream_status::StreamStatus;
use crate::token::Secret;

/// A peering in the acceptor's state.
#[derive(Debug)]
pub(super) struct Peering {
    /// The acceptor's ID of the peering, as in tokens.
    pub(super) id: String,
    /// The local name.
    pub(super) name: String,
    /// The state: PENDING until a dialer uses a token.
    pub(super) state: String,
    /// Metadata of the first generate; later metadata is ignored, as in Consul.
    pub(super) meta: BTreeMap<String, String>,
    /// The unused establishment secret.
    pub(super) establishment_secret: Option<Secret>,
    /// The secret of the current or last stream.
    pub(super) active_stream_secret: Option<Secret>,
    /// The secret of a stream that is not open yet.
    pub(super) pending_stream_secret: Option<Secret>,
    /// The contents of the token, if this side is the dialer.
    pub(super) dialed: Option<Dialed>,
    /// The peer's datacenter; empty until it is known.
    pub(super) remote_datacenter: String,
    /// The index of the state at which it was created.
    pub(super) create_index: u64,
    /// The index of the last change.
    pub(super) modify_index: u64,
}

/// The contents of a token that the dialing side keeps.
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
pub(super) struct PeeringJson<'a> {
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
    stream_status: StreamStatusJson,
    create_index: u64,
    modify_index: u64,
    remote: RemoteJson<'a>,
}

/// The times of the last messages; `null` before the first one.
#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct StreamStatusJson {
    imported_services: Option<Vec<String>>,
    exported_services: Option<Vec<String>>,
    last_heartbeat: Option<String>,
    last_receive: Option<String>,
    last_send: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RemoteJson<'a> {
    partition: &'a str,
    datacenter: &'a str,
}

impl<'a> PeeringJson<'a> {
    /// Returns the JSON for a peering and the status of its stream in this process.
    pub(super) fn new(peering: &'a Peering, stream: Option<&StreamStatus>) -> Self {
        let dialed = peering.dialed.as_ref();
        Self {
            id: &peering.id,
            name: &peering.name,
            meta: &peering.meta,
            state: state(peering, stream),
            peer_id: dialed.map(|dialed| dialed.peer_id.as_str()),
            peer_ca_pems: dialed.map(|dialed| dialed.cas.as_slice()).unwrap_or_default(),
            peer_server_name: dialed.map(|dialed| dialed.server_name.as_str()).unwrap_or_default(),
            peer_server_addresses: dialed.map(|dialed| dialed.addresses.as_slice()).unwrap_or_default(),
            stream_status: stream.map(StreamStatusJson::from).unwrap_or_default(),
            create_index: peering.create_index,
            modify_index: peering.modify_index,
            remote: RemoteJson { partition: "", datacenter: &peering.remote_datacenter },
        }
    }
}

/// Returns the state that Consul shows. Only the process that has the stream knows whether it is up: after a restart a
/// used peering is in its first state again, until its stream is back.
fn state<'a>(peering: &'a Peering, stream: Option<&StreamStatus>) -> &'a str {
    match (peering.state.as_str(), stream) {
        ("ACTIVE", Some(stream)) if !stream.connected => "FAILING",
        ("ACTIVE", None) if peering.dialed.is_some() => "ESTABLISHING",
        ("ACTIVE", None) => "PENDING",
        (stored, _) => stored,
    }
}

impl From<&StreamStatus> for StreamStatusJson {
    fn from(stream: &StreamStatus) -> Self {
        let time = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
        Self {
            last_heartbeat: time(stream.last_heartbeat),
            last_receive: time(stream.last_receive),
            last_send: time(stream.last_send),
            ..Self::default()
        }
    }
}
