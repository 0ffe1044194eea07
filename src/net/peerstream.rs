//! The messages of Consul's peer stream service, and its calls over a [`Connection`].
//!
//! The service is gRPC over HTTP/2. A dialer exchanges its token's establishment secret for a stream secret, then opens
//! a stream with it. This module parses the messages that establish, keep and end a peering. It ignores the content of
//! messages that replicate services.

pub(crate) mod connection;

use std::fmt;

use prost::{Message, Oneof};

pub(crate) use connection::code_name;
pub use connection::{Alpn, CallError, Connection, DialError, Refusal, Step, Trust};

/// The path of the call that uses up an establishment secret.
pub const EXCHANGE_SECRET: &str = "/hashicorp.consul.internal.peerstream.PeerStreamService/ExchangeSecret";

/// The path of the call that opens the stream between two peers.
pub const STREAM_RESOURCES: &str = "/hashicorp.consul.internal.peerstream.PeerStreamService/StreamResources";

/// The request to exchange an establishment secret for a stream secret.
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct ExchangeSecretRequest {
    /// The acceptor's ID of the peering.
    #[prost(string, tag = "1")]
    pub peer_id: String,
    /// The token's secret. The exchange uses it up.
    #[prost(string, tag = "2")]
    pub establishment_secret: String,
}

/// The answer to [`ExchangeSecretRequest`].
#[derive(Clone, PartialEq, Eq, Message)]
#[prost(skip_debug)]
pub struct ExchangeSecretResponse {
    /// The secret that opens the stream.
    #[prost(string, tag = "1")]
    pub stream_secret: String,
}

/// One message of the stream, in either direction.
#[derive(Clone, PartialEq, Message)]
pub struct StreamMessage {
    /// Its content.
    #[prost(oneof = "Payload", tags = "1, 2, 3, 4, 5")]
    pub payload: Option<Payload>,
}

/// The content of a message of the stream.
#[derive(Clone, PartialEq, Oneof)]
pub enum Payload {
    /// The dialer's first message.
    #[prost(message, tag = "1")]
    Open(Open),
    /// A request for a type of resource. Its content is ignored.
    #[prost(message, tag = "2")]
    Request(Unread),
    /// A resource. Its content is ignored.
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
    /// The stream secret.
    #[prost(string, tag = "2")]
    pub stream_secret_id: String,
    /// The dialer's location.
    #[prost(message, optional, tag = "3")]
    pub remote: Option<OpenRemote>,
}

/// The dialer's location.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OpenRemote {
    /// Its admin partition; empty in the community edition.
    #[prost(string, tag = "1")]
    pub partition: String,
    /// Its datacenter.
    #[prost(string, tag = "2")]
    pub datacenter: String,
}

/// A message whose content is ignored.
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

/// What a follower may add to its error (gRPC's `google.rpc.Status`).
#[derive(Clone, PartialEq, Message)]
struct StatusDetails {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// One detail of the type in the URL (`google.protobuf.Any`).
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

/// The leader's address.
#[derive(Clone, PartialEq, Message)]
struct LeaderAddress {
    #[prost(string, tag = "1")]
    address: String,
}

/// The type URL of [`LeaderAddress`].
const LEADER_ADDRESS: &str = "hashicorp.consul.internal.peerstream.LeaderAddress";

/// Returns the leader's address from the details of a status.
fn leader_of(details: &[u8]) -> Option<String> {
    let details = StatusDetails::decode(details).ok()?.details;
    let detail = details.iter().find(|detail| detail.type_url.ends_with(LEADER_ADDRESS))?;
    LeaderAddress::decode(detail.value.as_slice()).ok().map(|leader| leader.address)
}

/// Returns details with the leader's address, as a follower sends them.
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
    fn the_content_of_replication_messages_is_ignored() {
        // Field 2 (a request) with field 1 (text) and the unknown field 9.
        let bytes = [0x12, 0x05, 0x0a, 0x01, b'x', 0x48, 0x07];
        let message = StreamMessage::decode(bytes.as_slice()).unwrap();
        assert_eq!(message.payload, Some(Payload::Request(Unread {})));
        assert_eq!(message.encode_to_vec(), [0x12, 0x00]);
    }

    #[test]
    fn the_leader_is_parsed_from_status_details() {
        let details = leader_details(tonic::Code::FailedPrecondition, "follower", "10.0.0.1:8502");
        assert_eq!(leader_of(&details).as_deref(), Some("10.0.0.1:8502"));
        assert_eq!(leader_of(b"\xff"), None);
        assert_eq!(leader_of(b""), None);
    }
}
