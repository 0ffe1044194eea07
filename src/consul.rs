//! A Consul agent, asked over its HTTP API the way Consul's own command line asks it.

mod answer;
mod authority;
mod client;
mod client_certificate;
mod config;
mod dialer_view;
mod error;
mod file;
mod kv;
mod network;
mod peering;
mod peerings;
mod presented;
mod proxy;
mod response;
mod tls;
mod unverified;

pub use answer::{CaRoot, CaRoots, GeneratedToken};
pub use authority::{Authority, AuthorityError};
pub use client::Client;
pub use config::{Address, BasicAuth, Config, ConfigError, Options, Tls};
pub use dialer_view::DialerAnswers;
pub use error::{RequestError, system_words};
pub(crate) use error::{alert_words, certificate_words, rustls_error};
pub use kv::Pair;
pub use peering::{Locality, Peering, Remote, StreamStatus};
pub use peerings::{EstablishRequest, GenerateTokenRequest};
pub(crate) use presented::{Presented, Remembering};
