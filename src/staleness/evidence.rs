//! The evidence about a token's peering, source by source: plain values, which `net::gather` collects.

use jiff::Timestamp;

use crate::connectivity::probe_answer::Answer;
use crate::observed::Observed;
use crate::token::{Secret, Token};

/// Why the ledger was not read if it is turned off.
pub(crate) const LEDGER_OFF: &str = "the ledger is off";

/// What each source reported, or why it was not checked.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The local name that the token was generated for, if the user gave it.
    pub name: Option<String>,
    /// The ledger's records, oldest first. Records of other clusters are ignored.
    pub ledger: Observed<Vec<LedgerRecord>>,
    /// What the HTTP API of a Consul reports: the acceptor's, the dialer's, or another's.
    pub consul: Observed<ConsulView>,
    /// The answer to gRPC `StreamResources` with the peer ID and a random stream secret.
    pub peering_exists: Observed<Answer>,
    /// The answer to gRPC `ExchangeSecret` with the peer ID and an empty secret. Ignored for a token without `Remote`: its
    /// acceptor may be a Consul 1.13, which could take the query for an exchange.
    pub unused_secret: Observed<Answer>,
    /// The trust domain of another Consul cluster that answers at the token's addresses.
    pub presented_trust_domain: Option<String>,
    /// What a snapshot of the acceptor contains.
    pub snapshot: Observed<SnapshotView>,
}

/// One generated token, as the ledger recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    /// The local name that it was generated for.
    pub name: String,
    /// The admin partition; empty in the community edition.
    pub partition: String,
    /// The token's server name, which identifies the acceptor.
    pub server_name: String,
    /// The token's peer ID.
    pub peer_id: String,
    /// SHA-256 of the establishment secret, lower-case hexadecimal.
    pub secret_sha256: String,
    /// When it was generated; for an imported token, when it was imported.
    pub recorded_at: Timestamp,
    /// Whether it was imported: it was generated some time before `recorded_at`.
    pub imported: bool,
    /// What a request that returned no token did. Such a record has no secret, and possibly no peer ID and server name.
    pub lost: Option<Lost>,
}

/// What a generate request that returned no token did to an unused token of the same peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Consul stored a new secret, so the unused token no longer works.
    Replaced,
    /// `peering revoke` invalidated the unused token.
    Revoked,
    /// The answer was lost, so the unused token may no longer work.
    Possibly,
}

/// What the HTTP API of a Consul reports.
#[derive(Debug, Clone, Default)]
pub struct ConsulView {
    /// The address of its HTTP API; empty if it was not asked as the acceptor.
    pub address: String,
    /// When it was queried.
    pub observed_at: Option<Timestamp>,
    /// By how many seconds its clock is ahead of this host's; negative if it is behind.
    pub clock_offset: Option<i64>,
    /// `TrustDomain` of `GET /v1/connect/ca/roots`.
    pub trust_domain: Option<String>,
    /// The root certificate that it uses now and the intermediates that its servers present with it, PEM, from the same
    /// answer. Consul still lists a root that it no longer uses; that one is not here.
    pub active_ca: Vec<String>,
    /// The answer to `GET /v1/peering/:name`; `None` if it was not queried.
    pub named: Option<Named>,
    /// The answer to `GET /v1/peerings`; `None` if it was not queried, or denied.
    pub listed: Option<Vec<Entry>>,
}

/// From this on, two clocks differ: more than an answer takes.
const MAX_CLOCK_OFFSET: i64 = 60;

/// Returns by how many seconds another clock is ahead of this host's, if they differ.
pub(crate) fn different_clock(offset: Option<i64>) -> Option<i64> {
    offset.filter(|offset| offset.abs() >= MAX_CLOCK_OFFSET)
}

/// The answer to `GET /v1/peering/:name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// 200.
    Found(Entry),
    /// 404.
    NotFound,
}

/// One peering, as a Consul reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// That Consul's own ID of the peering.
    pub id: String,
    /// Its local name there.
    pub name: String,
    /// Its state.
    pub state: PeeringState,
    /// The other side's ID of the peering; only a dialer's entries have it.
    pub peer_id: Option<String>,
    /// When the other side was last heard.
    pub last_heartbeat: Option<Timestamp>,
    /// Whether it contains the peer's datacenter or CA certificates. On the acceptor, they are missing until a token is used.
    pub has_remote: bool,
}

impl Entry {
    /// Returns whether a token of the acceptor's entry was used. After a restart, the acceptor reports PENDING until the
    /// dialer has connected again.
    pub fn was_used_at_acceptor(&self) -> bool {
        match self.state {
            PeeringState::Active | PeeringState::Failing => true,
            PeeringState::Pending => self.has_remote,
            _ => false,
        }
    }
}

/// A peering's state, as Consul names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeeringState {
    /// The acceptor waits for a dialer, or a dialer's establish failed.
    Pending,
    /// The dialer exchanged the secret, and is opening the stream.
    Establishing,
    /// The stream is open.
    Active,
    /// The stream broke.
    Failing,
    /// It is being deleted.
    Deleting,
    /// The other side deleted the peering.
    Terminated,
    /// A state that this tool does not recognize.
    Other(String),
}

impl PeeringState {
    /// Parses the name that the HTTP API uses.
    pub fn from_name(name: &str) -> Self {
        match name {
            "PENDING" => Self::Pending,
            "ESTABLISHING" => Self::Establishing,
            "ACTIVE" => Self::Active,
            "FAILING" => Self::Failing,
            "DELETING" => Self::Deleting,
            "TERMINATED" => Self::Terminated,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Parses the number that a snapshot contains.
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Pending,
            2 => Self::Establishing,
            3 => Self::Active,
            4 => Self::Failing,
            5 => Self::Deleting,
            6 => Self::Terminated,
            other => Self::Other(other.to_string()),
        }
    }

    /// Returns the name that the HTTP API uses.
    pub fn name(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Establishing => "ESTABLISHING",
            Self::Active => "ACTIVE",
            Self::Failing => "FAILING",
            Self::Deleting => "DELETING",
            Self::Terminated => "TERMINATED",
            Self::Other(name) => name,
        }
    }

    /// Whether the peering is deleted on one side. None of its tokens can be used, not even one that is generated now.
    pub fn is_deleted(&self) -> bool {
        matches!(self, Self::Deleting | Self::Terminated)
    }

    /// Whether a token was exchanged to reach this state. The acceptor's own entry stays PENDING until the stream is open.
    pub fn was_used(&self) -> bool {
        matches!(self, Self::Establishing | Self::Active | Self::Failing | Self::Terminated)
    }
}

/// What a snapshot of a Consul's state contains about the token's peering.
#[derive(Debug, Clone)]
pub struct SnapshotView {
    /// The Raft index at which it was taken.
    pub index: u64,
    /// When it was taken, if its ID contains the time.
    pub taken_at: Option<Timestamp>,
    /// The trust domain of the cluster, if it has a CA.
    pub trust_domain: Option<String>,
    /// The peering whose ID is the token's peer ID.
    pub peering: Option<SnapshotPeering>,
    /// The local name of a peering whose other side's ID is the token's peer ID: the snapshot is from the dialer.
    pub dialed_as: Option<String>,
    /// The root certificate that the cluster uses and the intermediates that its servers present with it, PEM. Empty if the
    /// snapshot contains none.
    pub active_ca: Vec<String>,
}

/// A peering in a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotPeering {
    /// Its local name.
    pub name: String,
    /// Its state. Consul stores an acceptor's open peering as PENDING.
    pub state: PeeringState,
    /// Its unused secret.
    pub unused: UnusedSecret,
}

/// Whether a snapshot contains an unused secret of a peering.
#[derive(Debug, Clone)]
pub enum UnusedSecret {
    /// It contains this one.
    Held(Secret),
    /// The peering has none.
    None,
    /// The snapshot has no record of the peering's secrets: Consul 1.13 stored them elsewhere.
    NoRecord,
}

/// Which cluster answered a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Responder {
    /// The cluster that generated the token.
    Acceptor,
    /// Another cluster, possibly the dialer.
    OtherCluster,
    /// Unknown: the token or the cluster has no trust domain.
    Unknown,
}

impl Responder {
    /// Compares the cluster's trust domain with the token's.
    pub fn identify(trust_domain: Option<&str>, token: &Token) -> Self {
        match (trust_domain, token.trust_domain()) {
            (Some(cluster), Some(of_token)) if cluster.eq_ignore_ascii_case(of_token) => Self::Acceptor,
            (Some(_), Some(_)) => Self::OtherCluster,
            _ => Self::Unknown,
        }
    }
}
