//! What each source reports about a token, and which verdict that indicates.

use jiff::Timestamp;
use serde::Serialize;

use super::{Certainty, Verdict};

/// One thing that one source reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Claim {
    /// The source.
    pub source: SourceName,
    /// What it observed.
    pub observation: Observation,
    /// The same as a sentence, without a capital letter and a period.
    pub message: String,
    /// When it was observed.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub observed_at: Option<Timestamp>,
    /// The verdict that it indicates, if any.
    pub indicates: Option<Verdict>,
    /// How certain that verdict is.
    pub certainty: Option<Certainty>,
    /// Whether the verdict is based on it.
    pub decisive: bool,
    /// The verdict that this rules out, unless the claim for that verdict is newer.
    #[serde(skip)]
    pub rules_out: Option<Verdict>,
}

/// A source of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceName {
    /// The ledger of generated tokens.
    Ledger,
    /// The HTTP API of a Consul.
    Consul,
    /// gRPC `StreamResources` with a random stream secret: does the peering exist?
    PeeringExists,
    /// gRPC `ExchangeSecret` with an empty secret: does the peering have an unused secret?
    UnusedSecret,
    /// The ledger and the probes together.
    LedgerAndProbes,
    /// The ledger and the HTTP API of a Consul together.
    LedgerAndConsul,
    /// A snapshot of a Consul's state.
    Snapshot,
}

impl SourceName {
    /// Returns the name to show to a person.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ledger => "Ledger",
            Self::Consul => "Consul API",
            Self::PeeringExists => "Peering exists?",
            Self::UnusedSecret => "Unused secret?",
            Self::LedgerAndProbes => "Ledger, probes",
            Self::LedgerAndConsul => "Ledger, API",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// What a source observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Observation {
    /// The ledger has a newer token of the same peering.
    NewerTokenKnown,
    /// The ledger has a later request that replaced the token and returned no other.
    NewerTokenLost,
    /// The ledger reports that `peering revoke` invalidated the token.
    Revoked,
    /// The ledger has a later request that may have replaced the token: its answer was lost.
    NewerTokenPossible,
    /// The ledger has another token of the same peering, and it is unknown which one is newer.
    OrderUnknown,
    /// The ledger has no newer token.
    NewestKnown,
    /// The ledger does not have the token.
    NotInLedger,
    /// The name belongs to another peer ID.
    NameHasAnotherPeerId,
    /// The peering does not exist.
    PeeringNotFound,
    /// The peering exists.
    PeeringExists,
    /// The peering exists under a name other than the one given.
    PeeringHasAnotherName,
    /// The other side deleted the peering: it is TERMINATED.
    PeeringTerminated,
    /// The peering is being deleted.
    PeeringDeleting,
    /// The peering is DELETING or TERMINATED.
    PeeringMarkedDeleted,
    /// Another cluster answered.
    OtherCluster,
    /// It is unknown which cluster answered.
    UnknownCluster,
    /// This dialer used a token of the peering.
    UsedByDialer,
    /// This dialer tried a token of the peering, and failed.
    TriedByDialer,
    /// A follower answered. Only the leader has the data.
    FollowerAnswered,
    /// The peering has an unused secret.
    UnusedSecretExists,
    /// The peering's unused secret is this token's.
    SecretIsUnused,
    /// The peering's unused secret is another token's.
    AnotherSecretIsUnused,
    /// The peering has no unused secret.
    NoUnusedSecret,
    /// The acceptor accepted an empty secret, as builds before August 2022 do.
    OldAcceptor,
    /// A token was generated or used during the query.
    ConcurrentChange,
    /// This is the ledger's only token of a peering that was used.
    OnlyTokenOfUsedPeering,
    /// The token was generated after the snapshot was taken.
    SnapshotIsOlder,
    /// The acceptor's servers use a CA that the token's CA certificates do not lead to.
    CaNotTrusted,
    /// The snapshot does not contain secrets in a supported form, as in Consul 1.13.
    UnsupportedSnapshot,
    /// The server rejected the call because of a rate limit.
    RateLimited,
    /// The token's addresses lead to the cluster of the HTTP API, which is not the one that generated the token.
    AcceptorRebuilt,
    /// The answer is not one of those that this tool recognizes.
    UnrecognizedAnswer,
}

impl Claim {
    pub(super) fn new(source: SourceName, observation: Observation, message: impl Into<String>) -> Self {
        Self {
            source,
            observation,
            message: message.into(),
            observed_at: None,
            indicates: None,
            certainty: None,
            decisive: false,
            rules_out: None,
        }
    }

    pub(super) fn at(mut self, at: Option<Timestamp>) -> Self {
        self.observed_at = at;
        self
    }

    pub(super) fn proves(mut self, verdict: Verdict) -> Self {
        self.indicates = Some(verdict);
        self.certainty = Some(Certainty::Proven);
        self
    }

    pub(super) fn suggests(mut self, verdict: Verdict) -> Self {
        self.indicates = Some(verdict);
        self.certainty = Some(Certainty::Likely);
        self
    }

    pub(super) fn rules_out(mut self, verdict: Verdict) -> Self {
        self.rules_out = Some(verdict);
        self
    }
}

pub(super) use crate::utc::date_time as time;
