//! `state.bin`: a header, then records of one type byte and one msgpack value.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::error::Fault;
use super::msgpack;
use super::protobuf::{Field, fields};
use super::stream::Stream;
use crate::staleness::evidence::{PeeringState, SnapshotPeering, UnusedSecret};
use crate::token::Secret;

/// The record type of a root of the CA.
const CA_ROOT: u8 = 13;
/// The record type of the CA's configuration, which contains the cluster ID.
const CA_CONFIG: u8 = 15;
/// The record type of a peering.
const PEERING: u8 = 35;
/// The record type of a peering's secrets.
const PEERING_SECRETS: u8 = 40;

/// The maximum length of a peering or secrets record, in bytes. Most of a peering is its CA certificates and services.
const MAX_RECORD_LEN: u64 = 16 * 1024 * 1024;

/// The maximum length of a CA certificate, PEM, in bytes. A longer one is ignored.
const MAX_CERTIFICATE_LEN: u64 = 64 * 1024;

/// How many intermediates of a root are kept. Each rotation with cross-signing adds one.
const MAX_INTERMEDIATES: usize = 100;

/// The data of the given peerings.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The UUID in the trust domain.
    pub cluster_id: Option<String>,
    /// The peerings with a given ID, by that ID.
    pub peerings: BTreeMap<String, SnapshotPeering>,
    /// The names of peerings whose other side has a given ID, by that ID.
    pub dialed: BTreeMap<String, String>,
    /// The active root of the CA and its intermediates, PEM.
    pub active_ca: Vec<String>,
}

/// Reads all records. Keeps only the data of `peer_ids`.
pub(super) fn read<R: Read>(stream: &mut Stream<R>, peer_ids: &BTreeSet<String>) -> Result<State, Fault> {
    let mut state = State::default();
    let mut secrets = BTreeMap::new();
    msgpack::skip(stream)?;
    while let Some(kind) = stream.next()? {
        let at = stream.offset();
        match kind {
            PEERING => {
                if let Some(record) = msgpack::bytes(stream, MAX_RECORD_LEN)? {
                    let invalid = |_| Fault::NotProtobuf { kind: "a peering", at };
                    state.take_peering(&record, peer_ids).map_err(invalid)?;
                }
            }
            PEERING_SECRETS => {
                if let Some(record) = msgpack::bytes(stream, MAX_RECORD_LEN)? {
                    let invalid = |_| Fault::NotProtobuf { kind: "a peering's secrets", at };
                    if let Some((id, unused)) = read_secrets(&record, peer_ids).map_err(invalid)? {
                        secrets.insert(id, unused);
                    }
                }
            }
            CA_ROOT => {
                if let Some(chain) = active_chain(stream)? {
                    state.active_ca = chain;
                }
            }
            CA_CONFIG => {
                let id = msgpack::text_of_key(stream, "ClusterID", 64)?;
                state.cluster_id = id.and_then(|id| Some(std::str::from_utf8(&id).ok()?.to_owned()));
            }
            _ => msgpack::skip(stream)?,
        }
    }
    for (id, peering) in &mut state.peerings {
        if let Some(unused) = secrets.remove(id) {
            peering.unused = unused;
        }
    }
    Ok(state)
}

/// Reads a root of the CA. Returns it and its intermediates, PEM, if it is the active one. Does not keep a signing key.
fn active_chain<R: Read>(stream: &mut Stream<R>) -> Result<Option<Vec<String>>, Fault> {
    let text = |bytes: crate::zeroize_buf::ZeroizeBuf| String::from_utf8_lossy(&bytes).into_owned();
    let (mut chain, mut intermediates, mut is_active) = (Vec::new(), Vec::new(), false);
    msgpack::each_key(stream, |stream, key| {
        match key {
            b"RootCert" => chain.extend(msgpack::short(stream, MAX_CERTIFICATE_LEN)?.map(text)),
            b"IntermediateCerts" => {
                let certificates = msgpack::texts(stream, MAX_CERTIFICATE_LEN, MAX_INTERMEDIATES)?;
                intermediates.extend(certificates.into_iter().map(text));
            }
            b"Active" => is_active = msgpack::boolean(stream)?,
            _ => msgpack::skip(stream)?,
        }
        Ok(())
    })?;
    chain.append(&mut intermediates);
    Ok(is_active.then_some(chain))
}

struct NotARecord;

impl From<super::protobuf::NotProtobuf> for NotARecord {
    fn from(_: super::protobuf::NotProtobuf) -> Self {
        Self
    }
}

impl From<std::str::Utf8Error> for NotARecord {
    fn from(_: std::str::Utf8Error) -> Self {
        Self
    }
}

impl State {
    fn take_peering(&mut self, record: &[u8], peer_ids: &BTreeSet<String>) -> Result<(), NotARecord> {
        let (mut id, mut name, mut peer_id, mut state, mut deleted) = ("", "", "", 0, false);
        for field in fields(record) {
            match field? {
                Field::Bytes(1, bytes) => id = std::str::from_utf8(bytes)?,
                Field::Bytes(2, bytes) => name = std::str::from_utf8(bytes)?,
                // A timestamp of zero means that it was never set.
                Field::Bytes(4, bytes) => deleted = is_set(bytes)?,
                Field::Number(6, number) => state = number,
                Field::Bytes(7, bytes) => peer_id = std::str::from_utf8(bytes)?,
                Field::Number(..) | Field::Bytes(..) => {}
            }
        }
        if !peer_id.is_empty() && peer_ids.contains(peer_id) {
            self.dialed.insert(peer_id.to_owned(), name.to_owned());
        }
        if peer_ids.contains(id) {
            let mut state = PeeringState::from_number(state);
            if deleted && !state.is_deleted() {
                state = PeeringState::Deleting;
            }
            let peering = SnapshotPeering { name: name.to_owned(), state, unused: UnusedSecret::NoRecord };
            self.peerings.insert(id.to_owned(), peering);
        }
        Ok(())
    }
}

fn is_set(timestamp: &[u8]) -> Result<bool, NotARecord> {
    for field in fields(timestamp) {
        // Go's zero time is in the year 1, which is a negative number of seconds.
        if matches!(field?, Field::Number(1, seconds) if seconds.cast_signed() > 0) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the unused secret of a given peering. No other secret is copied.
fn read_secrets(
    record: &[u8],
    peer_ids: &BTreeSet<String>,
) -> Result<Option<(String, UnusedSecret)>, NotARecord> {
    let (mut id, mut unused) = ("", None);
    for field in fields(record) {
        match field? {
            Field::Bytes(1, bytes) => id = std::str::from_utf8(bytes)?,
            Field::Bytes(2, establishment) => {
                for field in fields(establishment) {
                    if let Field::Bytes(1, secret) = field? {
                        unused = Some(std::str::from_utf8(secret)?);
                    }
                }
            }
            Field::Number(..) | Field::Bytes(..) => {}
        }
    }
    if !peer_ids.contains(id) {
        return Ok(None);
    }
    let unused = match unused {
        Some(secret) if !secret.is_empty() => UnusedSecret::Held(Secret::from(secret)),
        _ => UnusedSecret::None,
    };
    Ok(Some((id.to_owned(), unused)))
}
