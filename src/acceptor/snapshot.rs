//! `GET /v1/snapshot`: the peerings and their secrets in the format of a Consul snapshot.
//!
//! A gzip'd tar of `meta.json`, `state.bin` and `SHA256SUMS`. The state is a msgpack header, then records of a type
//! byte and a msgpack string that holds protobuf.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use prost::Message;
use serde_json::json;
use zeroize::Zeroizing;

use super::peering::Peering;
use crate::hex::sha256_hex;

/// The record types of the CA's configuration, a peering, and its secrets.
const CA_CONFIG: u8 = 15;
const PEERING: u8 = 35;
const SECRETS: u8 = 40;

/// The states of a peering, numbered from 1.
const STATES: [&str; 6] = ["PENDING", "ESTABLISHING", "ACTIVE", "FAILING", "DELETING", "TERMINATED"];

/// The msgpack type of a string with one byte of length.
const STR_8: u8 = 0xd9;

/// The msgpack type of a string with two bytes of length.
const STR_16: u8 = 0xda;

#[derive(Clone, PartialEq, Message)]
struct PeeringRecord {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(map = "string, string", tag = "5")]
    meta: std::collections::HashMap<String, String>,
    #[prost(int32, tag = "6")]
    state: i32,
    #[prost(string, tag = "7")]
    peer_id: String,
    #[prost(uint64, tag = "11")]
    create_index: u64,
    #[prost(uint64, tag = "12")]
    modify_index: u64,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct SecretsRecord {
    #[prost(string, tag = "1")]
    peer_id: String,
    #[prost(message, optional, tag = "2")]
    establishment: Option<Establishment>,
    #[prost(message, optional, tag = "3")]
    stream: Option<StreamSecrets>,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct Establishment {
    #[prost(string, tag = "1")]
    secret_id: String,
}

#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
struct StreamSecrets {
    #[prost(string, tag = "1")]
    active_secret_id: String,
    #[prost(string, tag = "2")]
    pending_secret_id: String,
}

impl std::fmt::Debug for SecretsRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretsRecord").field("peer_id", &self.peer_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Establishment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Establishment")
    }
}

impl std::fmt::Debug for StreamSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StreamSecrets")
    }
}

/// Returns a snapshot of a cluster's state at an index.
pub(super) fn write(
    cluster_id: &str,
    peerings: &[Peering],
    index: u64,
    now: Timestamp,
) -> io::Result<Vec<u8>> {
    let state = state(cluster_id, peerings, index);
    let meta = json!({
        "Version": 1,
        "ID": format!("2-{index}-{}", now.as_millisecond()),
        "Index": index,
        "Term": 2,
        "Peers": "",
        "Configuration": { "Servers": [{ "Suffrage": 0, "ID": "", "Address": "127.0.0.1:8300" }] },
        "ConfigurationIndex": 1,
        "Size": state.len(),
    });
    let meta = format!("{meta}\n").into_bytes();
    let sums = [("meta.json", meta.as_slice()), ("state.bin", state.as_slice())]
        .map(|(name, bytes)| format!("{}  {name}\n", sha256_hex(bytes)))
        .concat();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in
        [("meta.json", meta.as_slice()), ("state.bin", state.as_slice()), ("SHA256SUMS", sums.as_bytes())]
    {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, bytes)?;
    }
    let mut compressed = archive.into_inner()?;
    compressed.flush()?;
    compressed.finish()
}

fn state(cluster_id: &str, peerings: &[Peering], index: u64) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(b"\x81\xa9LastIndex\xcf".to_vec());
    bytes.extend(index.to_be_bytes());
    bytes.push(CA_CONFIG);
    bytes.extend(b"\x81\xa9ClusterID");
    bytes.extend([STR_8, u8::try_from(cluster_id.len()).unwrap_or(u8::MAX)]);
    bytes.extend(cluster_id.bytes().take(usize::from(u8::MAX)));
    for peering in peerings {
        record(PEERING, &peering_record(peering), &mut bytes);
    }
    for peering in peerings.iter().filter(|peering| peering.dialed.is_none()) {
        record(SECRETS, &secrets_record(peering), &mut bytes);
    }
    bytes
}

fn record(kind: u8, message: &impl Message, bytes: &mut Vec<u8>) {
    let encoded = Zeroizing::new(message.encode_to_vec());
    // Names and metadata have limits, so records are much shorter than 64 KiB.
    let length = u16::try_from(encoded.len()).unwrap_or(u16::MAX);
    bytes.extend([kind, STR_16]);
    bytes.extend(length.to_be_bytes());
    bytes.extend_from_slice(&encoded[..usize::from(length)]);
}

fn peering_record(peering: &Peering) -> PeeringRecord {
    let state = STATES.iter().position(|state| *state == peering.state);
    PeeringRecord {
        id: peering.id.clone(),
        name: peering.name.clone(),
        meta: peering.meta.clone().into_iter().collect(),
        state: state.and_then(|at| i32::try_from(at + 1).ok()).unwrap_or_default(),
        peer_id: peering.dialed.as_ref().map(|dialed| dialed.peer_id.clone()).unwrap_or_default(),
        create_index: peering.create_index,
        modify_index: peering.modify_index,
    }
}

fn secrets_record(peering: &Peering) -> SecretsRecord {
    let text = |secret: &Option<crate::token::Secret>| {
        secret.as_ref().map(|secret| secret.expose().to_owned()).unwrap_or_default()
    };
    let establishment = text(&peering.establishment_secret);
    let (active, pending) = (text(&peering.active_stream_secret), text(&peering.pending_stream_secret));
    SecretsRecord {
        peer_id: peering.id.clone(),
        establishment: (!establishment.is_empty()).then_some(Establishment { secret_id: establishment }),
        stream: (!active.is_empty() || !pending.is_empty())
            .then_some(StreamSecrets { active_secret_id: active, pending_secret_id: pending }),
    }
}
