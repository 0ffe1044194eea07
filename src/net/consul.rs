//! A Consul agent, asked over its HTTP API the way Consul's own command line asks it.

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod dialer;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod host_port;
pub(crate) mod kv;
pub(crate) mod network;
pub(crate) mod peering;
pub(crate) mod peerings;
pub(crate) mod proxy;
pub(crate) mod response;

pub(crate) use super::tls::recording_verifier::{PeerChain, RecordingVerifier};
pub use answer::{CaRoot, CaRoots, GeneratedToken};
pub use client::Client;
pub use config::{Address, BasicAuth, Config, ConfigError, Options, Tls};
pub use dialer::DialerAnswers;
pub use error::RequestError;
pub(crate) use error::{alert_text, certificate_text, rustls_error};
pub use host_port::{AuthorityError, HostPort};
pub use kv::Pair;
pub use peering::{Locality, Peering, Remote, StreamStatus};
pub use peerings::{EstablishRequest, GenerateTokenRequest};
