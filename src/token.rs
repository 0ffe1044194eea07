//! What a peering token says.
//!
//! A token is base64 of a JSON object that the accepting cluster wrote for one local name. It holds neither that
//! name nor a time. [`decode()`] reads it as Consul does, [`encode()`] writes it as today's Consul does.

mod address;
mod decode;
mod encode;
mod fingerprint;
pub mod recover;
pub(crate) mod redact;
pub mod resemblance;
mod secret;

pub use address::{AddressError, HostKind, ServerAddress};
pub use decode::{
    CaCache, DecodeError, Decoded, MAX_OBSERVATIONS, Observation, ObservationKind, Stage, decode,
    decode_with_cache,
};
pub use encode::{encode, to_json};
pub use fingerprint::fingerprint;
pub use secret::Secret;

use serde::Serialize;

/// The longest text that is read as a token, in bytes.
///
/// Real tokens take one to eight kilobytes; the rest is room for many roots.
pub const MAX_TOKEN_LEN: usize = 4 * 1024 * 1024;

/// A peering token, field by field, as the acceptor wrote it.
///
/// The lists tell `null` (`None`) from empty, because Consul writes both and encoding must give back the same bytes.
/// Nothing in here is validated: that is what checks are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Token {
    /// PEM certificates that the dialer trusts. `None`: the dialer uses no TLS.
    pub ca: Option<Vec<String>>,
    /// `host:port`, from `-server-external-addresses`; when not empty, dialed instead of `server_addresses`.
    pub manual_server_addresses: Option<Vec<String>>,
    /// `host:port` of each server of the acceptor.
    pub server_addresses: Option<Vec<String>>,
    /// The TLS name that the acceptor's servers answer to: `server.<datacenter>.peering.<trust-domain>`.
    pub server_name: String,
    /// The acceptor's ID of the peering: the same in every token of a local name until that peering is deleted.
    pub peer_id: String,
    /// Proves to the acceptor that the dialer holds the token; works once.
    pub establishment_secret: Secret,
    /// Where the acceptor is. `None` in tokens of Consul 1.13.
    pub remote: Option<Remote>,
}

/// Where the acceptor is, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// Admin partition; empty in Consul's community edition.
    pub partition: String,
    /// The acceptor's datacenter. Consul 1.13 did not write it.
    pub datacenter: String,
    /// Region and zone, where the acceptor is configured with them.
    pub locality: Option<Locality>,
}

/// Region and zone of the acceptor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Locality {
    /// A cloud's region, such as `us-west-1`.
    pub region: String,
    /// A zone within the region.
    pub zone: String,
}

impl Token {
    /// The addresses that a dialing Consul tries, in its order: the manual ones alone if there are any.
    pub fn dialed_addresses(&self) -> &[String] {
        let manual = self.manual_server_addresses.as_deref().unwrap_or_default();
        if manual.is_empty() { self.server_addresses.as_deref().unwrap_or_default() } else { manual }
    }

    /// The trust domain that the server name ends in, if it has the form `server.<datacenter>.peering.<trust-domain>`.
    pub fn trust_domain(&self) -> Option<&str> {
        let (_, rest) = self.server_name.strip_prefix("server.")?.split_once('.')?;
        let trust_domain = rest.strip_prefix("peering.")?;
        (!trust_domain.is_empty()).then_some(trust_domain)
    }
}
