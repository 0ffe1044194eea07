//! Peering tokens: decoding, encoding, repair of pasted text, and redaction.
//!
//! A token is base64 of a JSON object that the accepting cluster generated for one local name. It contains neither that
//! name nor a time. [`decode()`] reads a token the way Consul does; [`encode()`] writes one the way current Consul does.

mod address;
mod decode;
pub mod document;
mod encode;
mod fingerprint;
pub mod given;
pub mod not_a_token;
pub mod parts;
pub(crate) mod pasted_base64;
pub mod recover;
pub(crate) mod redact;
mod repair;
pub mod resemblance;
mod secret;
pub(crate) mod shown;
mod surrounded;

pub use address::{AddressError, HostKind, ServerAddress};
pub use decode::{
    CaCache, DecodeError, Decoded, MAX_OBSERVATIONS, Observation, ObservationKind, Stage, decode,
    decode_with_cache,
};
pub use encode::{encode, to_json};
pub use fingerprint::fingerprint;
pub use secret::Secret;

use serde::Serialize;
use shown::contains_private_key;
use zeroize::Zeroize;

use crate::dns_name::strip_prefix_ignoring_case;

/// The maximum length of a token's text, in bytes.
///
/// Real tokens have one to eight kilobytes. The rest is room for many CA certificates.
pub const MAX_TOKEN_LEN: usize = 4 * 1024 * 1024;

/// A decoded peering token.
///
/// The lists distinguish `null` (`None`) from empty, because Consul writes both and encoding must reproduce the same
/// bytes. The values are not validated; [`crate::lint`] does that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Token {
    /// PEM certificates that the dialer trusts. `None`: the dialer connects without TLS.
    pub ca: Option<Vec<String>>,
    /// `host:port` from `-server-external-addresses`. If not empty, dialed instead of `server_addresses`.
    pub manual_server_addresses: Option<Vec<String>>,
    /// `host:port` of each of the acceptor's servers or mesh gateways.
    pub server_addresses: Option<Vec<String>>,
    /// The TLS name of the acceptor's servers: `server.<datacenter>.peering.<trust-domain>`.
    pub server_name: String,
    /// The acceptor's ID of the peering. Every token for a local name has the same ID until the peering is deleted.
    pub peer_id: String,
    /// Proves to the acceptor that the dialer has the token. It works once.
    pub establishment_secret: Secret,
    /// The acceptor's location. `None` in tokens of Consul 1.13.
    pub remote: Option<Remote>,
}

/// The location of the acceptor, as it reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// The admin partition; empty in Consul's community edition.
    pub partition: String,
    /// The datacenter.
    pub datacenter: String,
    /// Region and zone, if the acceptor is configured with them.
    pub locality: Option<Locality>,
}

/// Region and zone of the acceptor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Locality {
    /// The cloud region, such as `us-west-1`.
    pub region: String,
    /// The zone within the region.
    pub zone: String,
}

impl Token {
    /// Returns the addresses that the dialer uses, in order: the manual ones if there are any, otherwise the servers'.
    pub fn dialed_addresses(&self) -> &[String] {
        let manual = self.manual_server_addresses.as_deref().unwrap_or_default();
        if manual.is_empty() { self.server_addresses.as_deref().unwrap_or_default() } else { manual }
    }

    /// Wipes the fields that contain a private key. Consul ignores such a key, but people put one into `CA`.
    pub(crate) fn wipe_private_keys(&mut self) {
        self.texts().filter(|text| contains_private_key(text)).for_each(String::zeroize);
    }

    /// Wipes every field.
    pub(crate) fn wipe(&mut self) {
        self.texts().for_each(String::zeroize);
        self.establishment_secret = Secret::default();
    }

    /// Returns every text except the secret.
    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let lists = [&mut self.ca, &mut self.manual_server_addresses, &mut self.server_addresses];
        let remote = self.remote.iter_mut().flat_map(|remote| {
            let locality = remote.locality.iter_mut();
            let locality = locality.flat_map(|locality| [&mut locality.region, &mut locality.zone]);
            [&mut remote.partition, &mut remote.datacenter].into_iter().chain(locality)
        });
        lists.into_iter().flatten().flatten().chain([&mut self.server_name, &mut self.peer_id]).chain(remote)
    }

    /// Returns the trust domain in the server name, if it has the form `server.<datacenter>.peering.<trust-domain>`.
    /// Compare it without regard to case.
    pub fn trust_domain(&self) -> Option<&str> {
        let (_, rest) = strip_prefix_ignoring_case(&self.server_name, "server.")?.split_once('.')?;
        strip_prefix_ignoring_case(rest, "peering.").filter(|trust_domain| !trust_domain.is_empty())
    }
}
