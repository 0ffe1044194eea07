//! What each source says of a token, and which verdict that points to.

use jiff::Timestamp;
use serde::Serialize;

use super::{Certainty, Verdict};

/// One thing that one source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Claim {
    /// Who says so.
    pub source: SourceName,
    /// What was found, by a stable name.
    pub finding: Finding,
    /// The same in words: one sentence without its full stop.
    pub says: String,
    /// When it was so.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub observed_at: Option<Timestamp>,
    /// The verdict that it points to, if to any.
    pub points_to: Option<Verdict>,
    /// How surely it does.
    pub certainty: Option<Certainty>,
    /// Whether the verdict rests on it.
    pub decided: bool,
    /// The verdict that cannot be, if this was seen later than what points to it.
    #[serde(skip)]
    pub rules_out: Option<Verdict>,
}

/// A source of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SourceName {
    /// What was generated, as this tool remembers it.
    Ledger,
    /// A Consul's HTTP API.
    Consul,
    /// gRPC `StreamResources`, with a random stream secret.
    ProbeA,
    /// gRPC `ExchangeSecret`, with an empty secret.
    ProbeB,
    /// The ledger and the probes together.
    LedgerAndProbes,
    /// The ledger and a Consul's HTTP API together.
    LedgerAndConsul,
    /// A snapshot of a Consul's state.
    Snapshot,
}

impl SourceName {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ledger => "Ledger",
            Self::Consul => "Consul's API",
            Self::ProbeA => "Probe A",
            Self::ProbeB => "Probe B",
            Self::LedgerAndProbes => "Ledger, probes",
            Self::LedgerAndConsul => "Ledger, API",
            Self::Snapshot => "Snapshot",
        }
    }
}

/// What a source found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// A newer token of the same peering is known.
    NewerTokenKnown,
    /// Another token of the same peering is known, and it cannot be told which is newer.
    OrderUnknown,
    /// No newer token is known.
    NewestKnown,
    /// The ledger does not know the token.
    NotInLedger,
    /// The name belongs to another peer ID.
    NameHasAnotherPeerId,
    /// The peering is not there.
    NoSuchPeering,
    /// It is there.
    PeeringExists,
    /// It is there under another name than the one given.
    PeeringHasAnotherName,
    /// The other side deleted the peering: it is TERMINATED.
    PeeringTerminated,
    /// The peering is being deleted.
    PeeringDeleting,
    /// DELETING or TERMINATED: it cannot be told which.
    PeeringMarkedDeleted,
    /// Another cluster answered.
    OtherCluster,
    /// It cannot be told whose answer it is.
    UnknownCluster,
    /// Some token of the peering was used here.
    UsedHere,
    /// Some token of the peering was tried here, and failed.
    TriedHere,
    /// Only the leader knows.
    FollowerAnswered,
    /// The peering has an unused secret.
    UnusedSecretExists,
    /// The peering's unused secret is this token's.
    SecretIsUnused,
    /// The peering's unused secret is another's.
    AnotherSecretIsUnused,
    /// The peering has no unused secret.
    NoUnusedSecret,
    /// The acceptor took an empty secret, as builds before August 2022 do.
    OldAcceptor,
    /// A token was generated meanwhile.
    AskAgain,
    /// The only token known, of a peering that was used.
    OnlyTokenOfUsedPeering,
    /// The token was generated after the snapshot was taken.
    SnapshotIsOlder,
    /// The snapshot lays secrets out as Consul 1.13 did.
    LayoutNotUnderstood,
    /// The answer's text is not known.
    AnswerNotUnderstood,
}

impl Claim {
    pub(super) fn new(source: SourceName, finding: Finding, says: impl Into<String>) -> Self {
        Self {
            source,
            finding,
            says: says.into(),
            observed_at: None,
            points_to: None,
            certainty: None,
            decided: false,
            rules_out: None,
        }
    }

    pub(super) fn at(mut self, at: Option<Timestamp>) -> Self {
        self.observed_at = at;
        self
    }

    pub(super) fn proves(mut self, verdict: Verdict) -> Self {
        self.points_to = Some(verdict);
        self.certainty = Some(Certainty::Proven);
        self
    }

    pub(super) fn suggests(mut self, verdict: Verdict) -> Self {
        self.points_to = Some(verdict);
        self.certainty = Some(Certainty::Likely);
        self
    }

    pub(super) fn rules_out(mut self, verdict: Verdict) -> Self {
        self.rules_out = Some(verdict);
        self
    }
}

/// `2026-11-23 19:02:59 UTC`
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
