//! A client of Consul's HTTP API that sends requests like Consul's own command line.

pub(crate) mod agent;
pub(crate) mod client;
mod client_certificate;
pub(crate) mod config;
pub(crate) mod dialer;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod host_port;
mod http_client;
mod http_transport;
pub(crate) mod kv;
pub(crate) mod peering;
pub(crate) mod peerings;
mod proxy;
pub(crate) mod response;
mod sent_body;
pub(crate) mod servers;
mod tls_files;
mod transport;

pub use agent::{AgentAnswers, Permissions};
pub use client::{Client, Observer};
pub use config::{Address, BasicAuth, Config, ConfigError, Options, Tls};
pub use dialer::DialerAnswers;
pub use error::RequestError;
pub use host_port::{HostPort, HostPortError};
pub(crate) use http_client::let_connections_settle;
pub use kv::Pair;
pub use peering::{Locality, Peering, Remote, StreamStatus};
pub use peerings::{EstablishRequest, GenerateTokenRequest};
pub use response::{CaRoot, CaRoots, GeneratedToken};
pub use servers::Servers;
pub use transport::{ApiRequest, ApiResponse, Sending, TakeChunk, Transport};
