//! The likely causes of a peering that can't be established, ranked.
//!
//! [`diagnose`] combines what the checks found in the token, the connectivity of its addresses, its staleness, the
//! dialing Consul's own view, and the error message that a person saw. It does no I/O; `net::gather` collects the
//! [`Inputs`]. A cause that Consul has a message for has the name of that message's entry in [`mod@crate::explain`]. A cause
//! that a check found has the check's name.

mod address;
mod cause_text;
mod clocks;
mod dialer;
mod error;
mod established;
mod follower;
mod gateway;
mod given;
mod peering;
mod rank;
mod staleness;
mod stream;
mod structure;
#[cfg(test)]
mod tests;
mod trace;

use jiff::Timestamp;
use serde::Serialize;

use crate::connectivity::Connectivity;
use crate::explain::{Area, Explanation, catalog};
use crate::lint::{Acceptance, Finding, Reference, Report, Severity};
use crate::observed::Observed;
use crate::staleness::evidence::{Entry, LEDGER_OFF};
use crate::staleness::{Assessment, SourceName, Verdict};
use crate::token::Token;
use crate::token::recover::Repair;

pub use given::GivenToken;
pub use peering::{DiagnosedPeering, PeeringRole, silent_addresses};
pub use rank::{Cause, CauseCertainty, CauseEvidence, CauseSource, Effect};
pub use stream::OLD_HEARTBEAT;

/// Why no error message was checked.
pub(crate) const NO_ERROR: &str = "-error not given";

/// The version of the JSON form of [`Diagnosis`].
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that a diagnosis is made from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// The current time.
    pub now: Timestamp,
    /// The dialer's local name of the peering, if given.
    pub name: Option<&'a str>,
    /// How the token was given, `@FILE`, for the next commands.
    pub given_as: Option<&'a str>,
    /// The flags that select the dialer, if any were given: `-http-addr 10.0.0.1:8500`, `-context east`.
    pub cluster_flags: Option<&'a str>,
    /// The token, if there is one and it can be decoded.
    pub token: Option<&'a Token>,
    /// The document that contained the token. Only the token is checked.
    pub extracted_from: Option<Repair>,
    /// The report on the token's text and fields.
    pub report: Option<Report>,
    /// The same by the dialer's clock, if that differs from this host's.
    pub dialer_report: Option<Report>,
    /// The peering of the name, without a token, if the Consul at `-http-addr` has it.
    pub peering: Option<DiagnosedPeering>,
    /// On the acceptor of that peering: when the ledger's newest token of it was recorded.
    pub newest_token: Observed<Option<Timestamp>>,
    /// The connectivity of the addresses in the token or the peering.
    pub connectivity: Observed<Connectivity>,
    /// Whether the token is still usable.
    pub staleness: Option<Assessment>,
    /// The view of the Consul at `-http-addr`.
    pub dialer: Observed<DialerView>,
    /// The explanations of the error message; `None` without a message.
    pub error: Option<Vec<Explanation>>,
}

impl<'a> Inputs<'a> {
    /// Creates inputs with the token's report, and without connectivity, staleness, dialer and error message.
    pub fn new(now: Timestamp, given: Option<&'a GivenToken>, reference: Reference) -> Self {
        Self {
            now,
            name: None,
            given_as: None,
            cluster_flags: None,
            token: given.and_then(GivenToken::token),
            extracted_from: given.and_then(GivenToken::extracted_from),
            report: given.map(|given| given.report(now, reference)),
            dialer_report: None,
            peering: None,
            newest_token: Observed::default(),
            connectivity: Observed::default(),
            staleness: None,
            dialer: Observed::default(),
            error: None,
        }
    }

    /// Checks the token again, as the dialer does: as its version of Consul, unless `reference` is given, and by its clock.
    /// Does nothing about what is unknown.
    pub fn check_as_dialer(&mut self, given: Option<&GivenToken>, reference: Option<Reference>) {
        let (Some(dialer), Some(given)) = (self.dialer.value(), given) else { return };
        let version = dialer.version.as_deref().and_then(Reference::of_version);
        if let (Some(version), None) = (version, reference) {
            self.report = Some(given.report(self.now, version));
        }
        let reference = reference.or(version).unwrap_or_default();
        self.dialer_report =
            dialer.different_time(self.now).map(|dialer_now| given.report(dialer_now, reference));
    }
}

/// What the Consul at `-http-addr` reports about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DialerView {
    /// The address of its HTTP API.
    pub address: String,
    /// Its version, if the ACL token may read it.
    pub version: Option<String>,
    /// Its trust domain. It equals the token's if the token was taken back to its own cluster.
    pub trust_domain: Option<String>,
    /// Whether peering is enabled, if the ACL token may read it.
    pub peering_enabled: Option<bool>,
    /// Whether it was queried without an ACL token.
    pub anonymous: bool,
    /// Whether the ACL token may read peerings (`peering:read`); `None` if unknown.
    pub may_read: Option<bool>,
    /// Whether the ACL token may establish peerings (`peering:write`); `None` if unknown.
    pub may_write: Option<bool>,
    /// Whether its mesh gateways dial instead of its servers.
    pub through_mesh_gateways: Option<bool>,
    /// The addresses of the mesh gateways through which it dials.
    pub mesh_gateways: Vec<String>,
    /// By how many seconds its clock is ahead of this host's; negative if it is behind.
    pub clock_offset: Option<i64>,
    /// Its peerings, if the ACL token may read them.
    #[serde(skip)]
    pub peerings: Option<Vec<Entry>>,
    /// Its error messages.
    pub refusals: Vec<String>,
}

/// The result of `diagnose`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Whether the peering can be established, as far as the sources show.
    pub status: DiagnosisStatus,
    /// The most likely cause and what to do, in one or two sentences.
    pub conclusion: String,
    /// The peering that was diagnosed by its name, without a token.
    pub peering: Option<DiagnosedPeering>,
    /// Consul's verdict on the token, if there is one.
    pub consul: Option<Acceptance>,
    /// The document that contained the token. Only the token was checked.
    pub extracted_from: Option<Repair>,
    /// What the checks found in the token.
    pub findings: Vec<Finding>,
    /// The connectivity of its addresses.
    pub connectivity: Option<Connectivity>,
    /// Whether it is still usable.
    pub staleness: Option<Assessment>,
    /// The view of the Consul at `-http-addr`.
    pub dialer: Option<DialerView>,
    /// The explanations of the error message.
    pub error: Option<Vec<Explanation>>,
    /// The sources that were not checked.
    pub not_checked: Vec<UncheckedSource>,
    /// The likely causes, the most likely first.
    pub causes: Vec<Cause>,
    /// The index of the cause that the conclusion is about.
    #[serde(skip)]
    main_cause: Option<usize>,
}

/// The result of `diagnose` for several tokens.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnoses<'a> {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The worst status.
    pub status: DiagnosisStatus,
    /// One for each token, in order.
    pub diagnoses: Vec<SourceDiagnosis<'a>>,
}

/// The diagnosis of one token of several.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SourceDiagnosis<'a> {
    /// Where the token came from: the file, or its place in a document.
    pub source: &'a str,
    /// Its diagnosis.
    pub diagnosis: &'a Diagnosis,
}

impl<'a> Diagnoses<'a> {
    /// Returns a document of diagnoses with their sources.
    pub fn new(diagnoses: impl Iterator<Item = (&'a str, &'a Diagnosis)>) -> Self {
        let diagnoses: Vec<_> =
            diagnoses.map(|(source, diagnosis)| SourceDiagnosis { source, diagnosis }).collect();
        let status = diagnoses.iter().map(|it| it.diagnosis.status).max().unwrap_or(DiagnosisStatus::Ok);
        Self { version: SCHEMA_VERSION, status, diagnoses }
    }
}

/// Whether a peering can be established.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiagnosisStatus {
    /// No cause was found.
    Ok,
    /// Causes were found, but none that blocks the peering.
    Warning,
    /// A cause blocks the peering.
    Blocked,
}

/// A source that was not checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UncheckedSource {
    /// The source.
    pub source: CauseSource,
    /// Why it was not checked.
    pub reason: String,
}

impl Diagnosis {
    /// Returns the cause that the conclusion is about; `None` if nothing prevents the token from working.
    pub fn main_cause(&self) -> Option<&Cause> {
        self.causes.get(self.main_cause?)
    }

    /// Whether a cause has at least this severity.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.causes.iter().any(|cause| cause.severity >= threshold)
    }

    /// Returns whether nothing about a peering was checked: there is no token, and the error message is unknown or
    /// about another part of Consul.
    pub fn checked_nothing(&self) -> bool {
        let other = |explanation: &Explanation| explanation.entry.area == Area::OtherSubsystems;
        self.consul.is_none()
            && self.connectivity.is_none()
            && self.dialer.is_none()
            && self.error.iter().flatten().all(other)
    }

    /// Whether the Consul at `-http-addr` did not report its peerings.
    pub fn lacks_peerings(&self) -> bool {
        self.dialer.as_ref().is_none_or(|view| view.peerings.is_none())
    }

    /// Whether the dialer's peering works and the token can no longer be used, so that an establish would be rejected.
    pub fn is_established_with_used_token(&self) -> bool {
        let is_established =
            self.causes.first().is_some_and(|cause| cause.name == catalog::ALREADY_ESTABLISHED.name);
        let verdict = self.staleness.as_ref().map(|it| it.verdict);
        is_established && matches!(verdict, Some(Verdict::Superseded | Verdict::Spent | Verdict::Orphaned))
    }
}

/// Returns the likely causes why a token can't establish a peering, or couldn't.
pub fn diagnose(inputs: Inputs<'_>) -> Diagnosis {
    let mut causes = rank::Causes::default();
    structure::add_causes(&inputs, &mut causes);
    address::add_causes(&inputs, &mut causes);
    staleness::add_causes(&inputs, &mut causes);
    dialer::add_causes(&inputs, &mut causes);
    error::add_causes(&inputs, &mut causes);
    peering::add_causes(&inputs, &mut causes);
    clocks::add_causes(&inputs, &mut causes);
    established::adjust(&inputs, &mut causes);
    let causes = causes.ranked(&inputs);
    Diagnosis {
        version: SCHEMA_VERSION,
        status: match causes.iter().map(|cause| cause.severity).max() {
            Some(Severity::Error) => DiagnosisStatus::Blocked,
            Some(Severity::Warning) => DiagnosisStatus::Warning,
            Some(Severity::Info) | None => DiagnosisStatus::Ok,
        },
        conclusion: rank::conclusion(&inputs, &causes),
        main_cause: rank::main_cause(&inputs, &causes),
        not_checked: not_checked(&inputs),
        consul: inputs.report.as_ref().map(|report| report.consul.clone()),
        extracted_from: inputs.extracted_from,
        findings: inputs.report.map(|report| report.findings).unwrap_or_default(),
        peering: inputs.peering,
        connectivity: inputs.connectivity.into_value(),
        staleness: inputs.staleness,
        dialer: inputs.dialer.into_value(),
        error: inputs.error,
        causes,
    }
}

fn not_checked(inputs: &Inputs<'_>) -> Vec<UncheckedSource> {
    let mut unchecked = Vec::new();
    let mut push = |source, reason: &str| {
        unchecked.push(UncheckedSource { source, reason: reason.to_owned() });
    };
    if let Some(reason) = inputs.connectivity.reason() {
        push(CauseSource::Connectivity, reason);
    }
    if let Some(reason) = inputs.dialer.reason() {
        push(CauseSource::Dialer, reason);
    }
    let is_acceptor = |peering: &DiagnosedPeering| peering.role == PeeringRole::Acceptor;
    if let Some(reason) = inputs.newest_token.reason().filter(|reason| *reason != LEDGER_OFF)
        && inputs.peering.as_ref().is_some_and(is_acceptor)
    {
        push(CauseSource::Ledger, reason);
    }
    for source in inputs.staleness.iter().flat_map(|it| &it.not_checked) {
        if source.source == SourceName::Ledger && source.reason != LEDGER_OFF {
            push(CauseSource::Ledger, &source.reason);
        }
    }
    match &inputs.error {
        None => push(CauseSource::ErrorMessage, NO_ERROR),
        Some(explanations) if explanations.is_empty() => {
            push(CauseSource::ErrorMessage, "unknown message");
        }
        Some(_) => {}
    }
    unchecked
}
