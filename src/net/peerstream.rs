//! What peers say to each other: the messages of Consul's peer stream service, and its calls over a [`Connection`].
//!
//! The service is gRPC over HTTP/2. A dialer exchanges its token's establishment secret for a stream secret, then opens
//! a stream with that. Only the messages that establish, keep and end a peering are read; what replicates services is
//! passed over.

pub(crate) mod connection;

use std::fmt;

use prost::{Message, Oneof};

pub(crate) use connection::code_name;
pub use connection::{Alpn, CallError, Connection, DialError, Refusal, Step, Trust};

/// The path of the call that consumes an establishment secret.
pub const EXCHANGE_SECRET: &str = "/hashicorp.consul.internal.peerstream.PeerStreamService/ExchangeSecret";

/// The path of the call that holds the stream between two peers.
pub const STREAM_RESOURCES: &str = "/hashicorp.consul.internal.peerstream.PeerStreamService/StreamResources";

/// An establishment secret, to be exchanged for a stream secret.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct ExchangeSecretRequest {
    /// The acceptor's ID of the peering.
    #[prost(string, tag = "1")]
    pub peer_id: String,
    /// The token's secret; a real one is spent by this.
    #[prost(string, tag = "2")]
    pub establishment_secret: String,
}

/// What an establishment secret was exchanged for.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct ExchangeSecretResponse {
    /// Opens the stream.
    #[prost(string, tag = "1")]
    pub stream_secret: String,
}

/// One message of the stream, in either direction.
#[derive(Clone, PartialEq, Message)]
pub struct StreamMessage {
    /// What it says.
    #[prost(oneof = "Payload", tags = "1, 2, 3, 4, 5")]
    pub payload: Option<Payload>,
}

/// What a message of the stream says.
#[derive(Clone, PartialEq, Oneof)]
pub enum Payload {
    /// The dialer's first message.
    #[prost(message, tag = "1")]
    Open(Open),
    /// Asks for a kind of resource; its content is not kept.
    #[prost(message, tag = "2")]
    Request(Unread),
    /// Brings a resource; its content is not kept.
    #[prost(message, tag = "3")]
    Response(Unread),
    /// The sender deleted the peering.
    #[prost(message, tag = "4")]
    Terminated(Unread),
    /// The sender is alive.
    #[prost(message, tag = "5")]
    Heartbeat(Unread),
}

/// The dialer's first message.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct Open {
    /// The acceptor's ID of the peering.
    #[prost(string, tag = "1")]
    pub peer_id: String,
    /// What the establishment secret was exchanged for.
    #[prost(string, tag = "2")]
    pub stream_secret_id: String,
    /// Where the dialer is.
    #[prost(message, optional, tag = "3")]
    pub remote: Option<OpenRemote>,
}

/// Where the dialer is, in its own words.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OpenRemote {
    /// Admin partition; empty in the community edition.
    #[prost(string, tag = "1")]
    pub partition: String,
    /// Its datacenter.
    #[prost(string, tag = "2")]
    pub datacenter: String,
}

/// A message of which nothing is kept.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Unread {}

impl From<Payload> for StreamMessage {
    fn from(payload: Payload) -> Self {
        Self { payload: Some(payload) }
    }
}

impl fmt::Debug for ExchangeSecretRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ExchangeSecretRequest")
            .field("peer_id", &self.peer_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ExchangeSecretResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExchangeSecretResponse").finish_non_exhaustive()
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Open")
            .field("peer_id", &self.peer_id)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

/// What a server that does not lead the cluster may add to its refusal (gRPC's `google.rpc.Status`).
#[derive(Clone, PartialEq, Message)]
struct StatusDetails {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// One detail, of the type that the URL names (`google.protobuf.Any`).
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// Where the leader is.
#[derive(Clone, PartialEq, Message)]
struct LeaderAddress {
    #[prost(string, tag = "1")]
    address: String,
}

/// The type of [`LeaderAddress`] in details.
const LEADER_ADDRESS: &str = "hashicorp.consul.internal.peerstream.LeaderAddress";

/// The leader's address in a status's details, if it is there.
fn leader_of(details: &[u8]) -> Option<String> {
    let details = StatusDetails::decode(details).ok()?.details;
    let detail = details.iter().find(|detail| detail.type_url.ends_with(LEADER_ADDRESS))?;
    LeaderAddress::decode(detail.value.as_slice()).ok().map(|leader| leader.address)
}

/// Details that name the leader, as a server that does not lead gives them.
pub(crate) fn leader_details(code: tonic::Code, message: &str, address: &str) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Whole {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(string, tag = "2")]
        message: String,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Detail>,
    }
    let value = LeaderAddress { address: address.to_owned() }.encode_to_vec();
    let detail = Detail { type_url: format!("type.googleapis.com/{LEADER_ADDRESS}"), value };
    Whole { code: code as i32, message: message.to_owned(), details: vec![detail] }.encode_to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_shows_its_secret() {
        let request = ExchangeSecretRequest { peer_id: "p".into(), establishment_secret: "hunter2".into() };
        let open = Open { peer_id: "p".into(), stream_secret_id: "hunter2".into(), remote: None };
        let response = ExchangeSecretResponse { stream_secret: "hunter2".into() };
        let message = StreamMessage::from(Payload::Open(open));
        for debug in [format!("{request:?}"), format!("{response:?}"), format!("{message:?}")] {
            assert!(!debug.contains("hunter2"), "{debug}");
        }
    }

    #[test]
    fn what_replicates_services_is_passed_over() {
        // Field 2 (a request) that holds field 1 (text) and field 9, which nobody knows.
        let bytes = [0x12, 0x05, 0x0a, 0x01, b'x', 0x48, 0x07];
        let message = StreamMessage::decode(bytes.as_slice()).unwrap();
        assert_eq!(message.payload, Some(Payload::Request(Unread {})));
        assert_eq!(message.encode_to_vec(), [0x12, 0x00]);
    }

    #[test]
    fn the_leader_is_read_from_a_refusals_details() {
        let details = leader_details(tonic::Code::FailedPrecondition, "follower", "10.0.0.1:8502");
        assert_eq!(leader_of(&details).as_deref(), Some("10.0.0.1:8502"));
        assert_eq!(leader_of(b"\xff"), None);
        assert_eq!(leader_of(b""), None);
    }
}
