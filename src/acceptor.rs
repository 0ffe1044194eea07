//! The embedded acceptor: enough of Consul to generate real tokens on one machine.
//!
//! It answers the peering endpoints of Consul's HTTP API with Consul's semantics and messages, recorded from Consul
//! 1.23.0-dev (`fixtures/consul/http.json`), in this process ([`Acceptor::answer`]) or over HTTP ([`serve`]), and what
//! dialers ask over gRPC ([`serve_grpc`]). It dials others too. Its state
//! is a SQLite database that several processes may share. It is for development: it guards nothing that matters.

mod api;
mod body;
mod ca;
mod dial_error_text;
mod dialer;
mod fault;
mod grpc;
mod peering;
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
use server_cert::Leaf;
use store::Store;
use stream_status::Streams;

/// How an embedded acceptor behaves.
#[derive(Clone)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of Consul's configuration, or of its age
pub struct Settings {
    /// The datacenter that it plays.
    pub datacenter: String,
    /// The name of the node that it plays.
    pub node: String,
    /// What its tokens name as the server's address.
    pub grpc_address: String,
    /// When set, requests need this ACL token, as with a Consul that denies by default.
    pub acl_token: Option<Secret>,
    /// `connect.enabled`
    pub connect: bool,
    /// `peering.enabled`
    pub peering: bool,
    /// Whether gRPC has TLS, without which Consul generates no tokens.
    pub grpc_tls: bool,
    /// Whether gRPC's TLS selects `h2`, without which dialers of today refuse it.
    pub grpc_alpn: bool,
    /// When set, this server does not lead its cluster and takes no streams.
    pub follower: Option<Follower>,
    /// What it does wrong on purpose.
    pub fault: Option<Fault>,
    /// Tells the time.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where IDs and secrets come from.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
}

/// A server that does not lead its cluster.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    /// Where it says that the leader is, if it knows.
    pub leader: Option<String>,
}

impl Settings {
    /// A Consul with everything on and nothing denied.
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

/// Why an embedded acceptor cannot work.
#[derive(Debug, Error)]
pub enum AcceptorError {
    /// Its state cannot be read or written.
    #[error("the embedded acceptor's state in {path} cannot be used: {reason}")]
    State {
        /// The database.
        path: String,
        /// What SQLite or the system says.
        reason: String,
    },
    /// Its state was written by a newer version.
    #[error("the embedded acceptor's state in {path} has version {found}; this tool knows up to {known}")]
    Newer {
        /// The database.
        path: String,
        /// Its version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// Keys or certificates cannot be made.
    #[error("cannot make a CA: {0}")]
    Ca(String),
    /// It cannot serve.
    #[error("cannot serve: {0}")]
    Serve(String),
}

/// An embedded acceptor with its state.
pub struct Acceptor {
    settings: Settings,
    store: Mutex<Store>,
    streams: Streams,
}

impl Acceptor {
    /// Opens the state in a directory, which is made for its owner alone if it is not there. A new state gets a CA of
    /// its own.
    pub fn open(directory: &Path, mut settings: Settings) -> Result<Self, AcceptorError> {
        if settings.fault == Some(Fault::Follower) {
            settings.follower.get_or_insert_default();
        }
        let store = Store::open(directory, &settings)?;
        Ok(Self { settings, store: Mutex::new(store), streams: Streams::default() })
    }

    /// Answers one request of the HTTP API as Consul would. To establish takes as long as it does in Consul.
    pub fn answer(&self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
        let (answer, plan) = api::answer(&self.settings, &mut self.store(), &self.streams, request);
        // The state is not held while the network is waited for.
        let refusal = plan.and_then(|plan| self.establish(&plan).err());
        if request.method() != http::Method::GET {
            self.streams.wake();
        }
        refusal.map_or(answer, |(status, text)| api::plain(status, text))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic while the store was held left SQLite to roll back; the store itself is sound.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// TLS for its gRPC server; `None` if it is to have none.
    fn tls(&self) -> Result<Option<rustls::ServerConfig>, AcceptorError> {
        if !self.settings.grpc_tls {
            return Ok(None);
        }
        let store = self.store();
        let cluster = store.cluster();
        let mut leaf = Leaf::of(&cluster.trust_domain, &self.settings);
        if let Some(fault) = self.settings.fault {
            fault.spoil(&mut leaf);
            if fault.has_other_ca() {
                let other = ca::Root::generate(&leaf.name, &self.settings)?;
                let signer = server_cert::Signer { certificate: &other.certificate, key: &other.key };
                return leaf.server_config(&signer).map(Some);
            }
        }
        let key = store.root_key().map_err(|error| AcceptorError::Ca(error.to_string()))?;
        leaf.server_config(&server_cert::Signer { certificate: &cluster.root, key: &key }).map(Some)
    }
}
