//! What may be known of a token's peering, source by source: plain values, gathered elsewhere.

use jiff::Timestamp;
use serde::Serialize;

use crate::connectivity::probe_answer::Answer;
use crate::observed::Observed;
use crate::token::{Secret, Token};

/// Why no ledger was read, where nobody wants one.
pub(crate) const LEDGER_OFF: &str = "it is off";

/// Everything that is known. What was not asked says why.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The local name that the token was generated for, when the person knows it.
    pub name: Option<String>,
    /// What the ledger holds, oldest first. All of it may be given: what is of other clusters is passed over.
    pub ledger: Observed<Vec<LedgerRecord>>,
    /// What a Consul's HTTP API says: the acceptor's, the dialer's, or another's.
    pub consul: Observed<ConsulView>,
    /// The answer to probe A: `StreamResources` with the peer ID and a random stream secret.
    pub peering_exists: Observed<Answer>,
    /// The answer to probe B: `ExchangeSecret` with the peer ID and an empty secret. Call [`may_ask_unused_secret`] first.
    ///
    /// [`may_ask_unused_secret`]: crate::connectivity::probe_answer::may_ask_unused_secret
    pub unused_secret: Observed<Answer>,
    /// What a snapshot of the acceptor holds.
    pub snapshot: Observed<SnapshotView>,
}

/// One generated token, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    /// The local name that it was generated for.
    pub name: String,
    /// The admin partition; empty in the community edition.
    pub partition: String,
    /// The token's server name: tells one acceptor from another.
    pub server_name: String,
    /// The token's peer ID.
    pub peer_id: String,
    /// SHA-256 of the establishment secret, lower-case hexadecimal.
    pub secret_sha256: String,
    /// When it was generated; of an imported one, when it was imported.
    pub at: Timestamp,
    /// It was generated elsewhere, some time before `at`.
    pub imported: bool,
}

/// What a Consul's HTTP API says.
#[derive(Debug, Clone, Default)]
pub struct ConsulView {
    /// When it said so.
    pub at: Option<Timestamp>,
    /// `TrustDomain` of `GET /v1/connect/ca/roots`.
    pub trust_domain: Option<String>,
    /// The root certificates that it uses now, PEM, from the same answer.
    pub roots: Vec<String>,
    /// The answer to `GET /v1/peering/:name`; `None` when it was not asked.
    pub named: Option<Named>,
    /// The answer to `GET /v1/peerings`; `None` when it was not asked, or refused.
    pub listed: Option<Vec<Entry>>,
}

/// The answer to `GET /v1/peering/:name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// 200.
    Found(Entry),
    /// 404.
    NotFound,
}

/// One peering, as a Consul tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// That Consul's own ID of the peering.
    pub id: String,
    /// Its local name there.
    pub name: String,
    /// Its state.
    pub state: PeeringState,
    /// The other side's ID of the peering: set in a dialer's entries only.
    pub peer_id: Option<String>,
    /// When the other side was last heard.
    pub last_heartbeat: Option<Timestamp>,
}

/// A peering's state, in Consul's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeeringState {
    /// The acceptor waits, or a dialer's establish failed.
    Pending,
    /// The dialer has exchanged the secret, and opens the stream.
    Establishing,
    /// The stream is open.
    Active,
    /// The stream broke.
    Failing,
    /// It is being deleted.
    Deleting,
    /// The other side deleted the peering.
    Terminated,
    /// A state that this tool does not know.
    Other(String),
}

impl PeeringState {
    /// Reads the name that the HTTP API uses.
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

    /// Reads the number that a snapshot holds.
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

    /// Its name.
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

    /// Whether no token of such a peering can work, not even one that is generated now.
    pub fn is_dead(&self) -> bool {
        matches!(self, Self::Deleting | Self::Terminated)
    }

    /// Whether some token was exchanged to get there. The acceptor's own entry stays PENDING until the stream is open.
    pub fn was_used(&self) -> bool {
        matches!(self, Self::Establishing | Self::Active | Self::Failing | Self::Terminated)
    }
}

/// What a snapshot of a Consul's state holds of the token's peering.
#[derive(Debug, Clone)]
pub struct SnapshotView {
    /// The Raft index that it was taken at.
    pub index: u64,
    /// When it was taken, if its ID tells.
    pub taken_at: Option<Timestamp>,
    /// The trust domain of the cluster that it was taken of, if it has a CA.
    pub trust_domain: Option<String>,
    /// The peering whose ID is the token's peer ID.
    pub peering: Option<SnapshotPeering>,
    /// The local name of a peering whose other side's ID is the token's peer ID: this is the dialer's snapshot.
    pub dialed_as: Option<String>,
}

/// A peering in a snapshot.
#[derive(Debug, Clone)]
pub struct SnapshotPeering {
    /// Its local name.
    pub name: String,
    /// Its state. Consul stores an acceptor's open peering as PENDING.
    pub state: PeeringState,
    /// The secret that no one has used yet.
    pub unused: UnusedSecret,
}

/// Whether a snapshot holds an unused secret of a peering.
#[derive(Debug, Clone)]
pub enum UnusedSecret {
    /// This one.
    Held(Secret),
    /// There is none.
    None,
    /// The snapshot has no record of the peering's secrets: Consul 1.13 kept them elsewhere.
    NoRecord,
}

/// Whose Consul answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The cluster that generated the token.
    Acceptors,
    /// Another cluster: perhaps the dialer.
    Others,
    /// It cannot be told: the token names no trust domain, or the cluster has none.
    Unknown,
}

impl Whose {
    /// Tells by the trust domain.
    pub fn of(trust_domain: Option<&str>, token: &Token) -> Self {
        match (trust_domain, token.trust_domain()) {
            (Some(theirs), Some(ours)) if theirs.eq_ignore_ascii_case(ours) => Self::Acceptors,
            (Some(_), Some(_)) => Self::Others,
            _ => Self::Unknown,
        }
    }
}
