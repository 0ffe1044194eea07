//! The embedded acceptor: enough of Consul to generate real tokens on one machine.
//!
//! It serves the peering endpoints of Consul's HTTP API with Consul's semantics and messages, recorded from Consul
//! 1.23.0-dev (`fixtures/consul/http.json`): in this process ([`Acceptor::answer`]) or over HTTP ([`serve`]). It serves
//! dialers over gRPC ([`serve_grpc`]), and dials other acceptors. Its state is a SQLite database that several processes
//! may share. It is for development only and does not protect its state.

mod api;
mod body;
mod ca;
mod dial_error_text;
mod dialer;
mod fault;
mod grpc;
mod peering;
mod response;
mod server;
mod server_cert;
mod snapshot;
mod store;
mod stream_session;
mod stream_status;
mod transport;
mod validation;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

pub use fault::Fault;
pub use fault::port::listen;
pub use grpc::serve_grpc;
pub use server::serve;

use crate::token::Secret;
use server_cert::{ServerCert, Signer};
use store::Store;
use stream_status::Streams;

/// How an embedded acceptor behaves.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // each is an option of Consul, or depends on its version
pub struct Settings {
    /// The name of its datacenter.
    pub datacenter: String,
    /// The name of its node.
    pub node: String,
    /// The server address in its tokens.
    pub grpc_address: String,
    /// If set, requests need this ACL token, as in a Consul that denies by default.
    pub acl_token: Option<Secret>,
    /// `connect.enabled`
    pub connect: bool,
    /// `peering.enabled`
    pub peering: bool,
    /// Whether gRPC has TLS. Consul generates no tokens without it.
    pub grpc_tls: bool,
    /// Whether gRPC's TLS selects `h2`. Dialers with grpc-go 1.67 or later require it.
    pub grpc_alpn: bool,
    /// If set, this server is a follower and accepts no streams.
    pub follower: Option<Follower>,
    /// The fault that it simulates.
    pub fault: Option<Fault>,
    /// Returns the current time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// The source of IDs and secrets.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
}

/// A server that is not the leader of its cluster.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    /// The address of the leader that it reports, if any.
    pub leader: Option<String>,
}

impl Settings {
    /// Returns settings with every feature enabled and nothing denied.
    pub fn new(clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            datacenter: "dc1".to_owned(),
            node: "embedded".to_owned(),
            grpc_address: "127.0.0.1:8503".to_owned(),
            acl_token: None,
            connect: true,
            peering: true,
            grpc_tls: true,
            grpc_alpn: true,
            follower: None,
            fault: None,
            clock: Arc::new(clock),
            random: Arc::new(SystemRandom::new()),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Settings").field("datacenter", &self.datacenter).finish_non_exhaustive()
    }
}

/// Why an embedded acceptor cannot run.
#[derive(Debug, Error)]
pub enum AcceptorError {
    /// The state cannot be read or written.
    #[error("the embedded acceptor's state in {path} cannot be used: {reason}")]
    State {
        /// The path of the database.
        path: String,
        /// The error of SQLite or of the operating system.
        reason: String,
    },
    /// The state was written by a newer version of this tool.
    #[error(
        "the embedded acceptor's state in {path} has version {found}; this tool supports up to {supported}"
    )]
    Newer {
        /// The path of the database.
        path: String,
        /// The version of the state.
        found: i64,
        /// The newest supported version.
        supported: i64,
    },
    /// Keys or certificates cannot be generated.
    #[error("cannot generate a certificate: {0}")]
    Ca(String),
    /// The server failed.
    #[error("cannot serve: {0}")]
    Serve(String),
}

/// An embedded acceptor with its state.
pub struct Acceptor {
    settings: Settings,
    store: Mutex<Store>,
    /// The state before the cluster was rebuilt, for [`Fault::Rebuilt`]. Generating uses it.
    earlier: Option<Mutex<Store>>,
    streams: Streams,
}

impl Acceptor {
    /// Opens the state in a directory, which is created for its owner only if it does not exist. A new state gets a new
    /// CA.
    pub fn open(directory: &Path, settings: Settings) -> Result<Self, AcceptorError> {
        let stored = Store::open(directory, &settings)?;
        let (store, earlier) = match settings.fault {
            Some(Fault::Rebuilt) => (Store::in_memory(&settings)?, Some(Mutex::new(stored))),
            _ => (stored, None),
        };
        Ok(Self { settings, store: Mutex::new(store), earlier, streams: Streams::default() })
    }

    /// Answers one request of the HTTP API like Consul. Establishing a peering takes as long as in Consul.
    pub fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let earlier = self.earlier.as_ref().filter(|_| request.uri().path() == body::GENERATE);
        let store = earlier.unwrap_or(&self.store);
        let (answer, plan) = api::answer(&self.settings, &mut lock(store), &self.streams, request);
        // The state is not locked while waiting for the network.
        let error = plan.and_then(|plan| self.establish(&plan).err());
        if request.method() != http::Method::GET {
            self.streams.notify();
        }
        error.map_or(answer, |(status, text)| response::plain(status, text))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    /// Returns the follower that a connection to the gRPC server leads to, counted from 0; `None` for the leader.
    fn follower(&self, connection: usize) -> Option<Follower> {
        let simulated = self.settings.fault.filter(|fault| fault.leads_to_follower(connection));
        let leader = || match simulated? {
            Fault::SeveralServers => Some(api::LEADER.to_owned()),
            // Consul names a leader that does not exist with an empty address.
            Fault::NoQuorum => Some(String::new()),
            _ => None,
        };
        self.settings.follower.clone().or_else(|| simulated.map(|_| Follower { leader: leader() }))
    }

    /// Returns the TLS configuration of the gRPC server; `None` for no TLS.
    fn tls(&self) -> Result<Option<rustls::ServerConfig>, AcceptorError> {
        if !self.settings.grpc_tls {
            return Ok(None);
        }
        let store = self.store();
        let cluster = store.cluster();
        let mut server_cert = ServerCert::new(&cluster.trust_domain, &self.settings);
        if let Some(fault) = self.settings.fault {
            fault.apply(&mut server_cert);
            if fault.has_other_ca() {
                let other = ca::Root::generate(&server_cert.name, "other", &self.settings)?;
                let signer = Signer { certificate: &other.certificate, key: &other.key };
                return server_cert.server_config(&signer).map(Some);
            }
        }
        let key = store.root_key().map_err(|error| AcceptorError::Ca(error.to_string()))?;
        server_cert.server_config(&Signer { certificate: &cluster.root.certificate, key: &key }).map(Some)
    }
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    // After a panic SQLite rolls back, so the store remains valid.
    store.lock().unwrap_or_else(PoisonError::into_inner)
}
