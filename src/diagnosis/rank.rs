//! Causes, the evidence for and against each, and their order.

use std::cmp::Reverse;

use serde::Serialize;

use super::Inputs;
use super::cause_text::{CauseText, ON_DIALING_SERVER_BY_NAME};
use crate::explain::{self, catalog};
use crate::lint::Severity;

/// A likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// The kebab-case name of a known message, a check, or a cause that only a diagnosis finds.
    pub name: &'static str,
    /// Whether it blocks the peering.
    pub severity: Severity,
    /// How certain it is.
    pub certainty: CauseCertainty,
    /// What is wrong, in one sentence.
    pub summary: String,
    /// The usual reasons, the most likely first.
    pub why: Vec<String>,
    /// What to do.
    pub remedy: String,
    /// The command to run next, with placeholders in capitals.
    pub next: Option<String>,
    /// The affected addresses.
    pub addresses: Vec<String>,
    /// The evidence for and against it.
    pub evidence: Vec<CauseEvidence>,
    /// The dialer's local name of the affected peering.
    #[serde(skip)]
    local_name: Option<String>,
    /// Whether it ranks before the causes that do not.
    #[serde(skip)]
    is_first: bool,
    #[serde(skip)]
    weight: i32,
}

/// How certain a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CauseCertainty {
    /// The evidence is weak or contradicted.
    Possible,
    /// It was observed or reported.
    Likely,
    /// It was observed, and it blocks the peering.
    Certain,
}

/// Evidence for or against a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CauseEvidence {
    /// Where it comes from.
    pub source: CauseSource,
    /// Whether it makes the cause more or less likely.
    pub effect: Effect,
    /// The observation.
    pub message: String,
}

/// A source of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CauseSource {
    /// The token's text and fields.
    Token,
    /// The connections to the token's addresses.
    Connectivity,
    /// The staleness verdict.
    Staleness,
    /// The ledger.
    Ledger,
    /// The accepting cluster.
    Acceptor,
    /// The Consul at `-http-addr`.
    Dialer,
    /// The error message that a person saw.
    ErrorMessage,
    /// The other causes of this diagnosis.
    OtherCauses,
}

impl CauseSource {
    /// Returns the source's name for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Connectivity => "connectivity",
            Self::Staleness => "staleness",
            Self::Ledger => "ledger",
            Self::Acceptor => "acceptor",
            Self::Dialer => "dialer",
            Self::ErrorMessage => "Consul's error message",
            Self::OtherCauses => "other causes",
        }
    }
}

/// The effect of evidence on a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// More likely.
    Raises,
    /// Less likely.
    Lowers,
}

/// The weight of evidence. A cause's weight is the sum of its evidence.
pub(super) mod weight {
    /// Observed now, and nothing can work meanwhile.
    pub(in crate::diagnosis) const DECISIVE: i32 = 1000;
    /// Observed now from this host; the dialing servers may get other results.
    pub(in crate::diagnosis) const OBSERVED: i32 = 700;
    /// Reported by the error message, and not contradicted.
    pub(in crate::diagnosis) const REPORTED: i32 = 400;
    /// True, but alone it does not block the peering.
    pub(in crate::diagnosis) const NOT_BLOCKING: i32 = 100;
    /// Contradicted by what is observed now.
    pub(in crate::diagnosis) const CONTRADICTED: i32 = -600;
}

/// Collects causes and their evidence.
#[derive(Debug, Default)]
pub(super) struct Causes(Vec<Cause>);

impl Causes {
    /// Adds evidence to a cause, and the cause if it is new.
    pub(super) fn add(
        &mut self,
        text: &CauseText,
        severity: Severity,
        weight: i32,
        evidence: CauseEvidence,
    ) -> &mut Cause {
        let index = self.0.iter().position(|cause| cause.name == text.name).unwrap_or_else(|| {
            self.0.push(Cause {
                name: text.name,
                severity,
                certainty: CauseCertainty::Possible,
                summary: text.summary.clone(),
                why: text.why.clone(),
                remedy: text.remedy.clone(),
                next: text.next.clone(),
                addresses: Vec::new(),
                evidence: Vec::new(),
                local_name: None,
                is_first: false,
                weight: 0,
            });
            self.0.len() - 1
        });
        let cause = &mut self.0[index];
        cause.weight += weight;
        cause.severity = cause.severity.max(severity);
        if !cause.evidence.contains(&evidence) {
            cause.evidence.push(evidence);
        }
        cause
    }

    /// Returns the cause with a name.
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Cause> {
        self.0.iter_mut().find(|cause| cause.name == name)
    }

    /// Returns the causes with evidence from a source.
    pub(super) fn with_source(&mut self, source: CauseSource) -> impl Iterator<Item = &mut Cause> {
        self.0.iter_mut().filter(move |cause| cause.evidence.iter().any(|it| it.source == source))
    }

    /// Removes the causes that a function rejects.
    pub(super) fn retain(&mut self, keeps: impl FnMut(&Cause) -> bool) {
        self.0.retain(keeps);
    }

    /// Returns all causes.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cause> {
        self.0.iter_mut()
    }

    /// Whether a cause that blocks the peering is observed now.
    pub(super) fn has_observed(&self) -> bool {
        self.0.iter().any(|cause| cause.weight >= weight::OBSERVED && cause.severity == Severity::Error)
    }

    /// Returns the causes, the most likely first. Equally likely ones keep their order.
    pub(super) fn ranked(mut self, inputs: &Inputs<'_>) -> Vec<Cause> {
        for cause in &mut self.0 {
            cause.set_certainty();
            cause.fill_in_next(inputs);
        }
        self.0.sort_by_key(|cause| Reverse((cause.is_first, cause.severity, cause.weight)));
        self.0
    }
}

impl Cause {
    /// Adds evidence for or against the cause.
    pub(super) fn weigh(&mut self, weight: i32, evidence: CauseEvidence) {
        self.weight += weight;
        self.evidence.push(evidence);
    }

    /// Adds evidence against a cause and makes it a warning: the peering works despite it.
    pub(super) fn lower(&mut self, evidence: CauseEvidence) {
        self.severity = self.severity.min(Severity::Warning);
        self.weight = self.weight.min(weight::NOT_BLOCKING);
        self.evidence.push(evidence);
    }

    /// Ranks the cause before all others.
    pub(super) fn put_first(&mut self) {
        self.is_first = true;
    }

    /// Sets the dialer's local name of the affected peering.
    pub(super) fn set_local_name(&mut self, name: &str) {
        self.local_name = Some(name.to_owned());
    }

    /// Adds an affected address.
    pub(super) fn add_address(&mut self, address: &str) {
        if !self.addresses.iter().any(|it| it == address) {
            self.addresses.push(address.to_owned());
        }
    }

    /// Fills in the placeholders of the next command. A new token needs another address than the affected one.
    fn fill_in_next(&mut self, inputs: &Inputs<'_>) {
        let Some(next) = &self.next else { return };
        let needs_token = ["@token", "TOKEN_FILE"].iter().any(|placeholder| next.contains(placeholder));
        if let Some(name) = inputs.name.filter(|_| needs_token && inputs.is_about_name()) {
            self.next = Some(explain::filled(ON_DIALING_SERVER_BY_NAME, Some(name), None, None));
            return;
        }
        let address = self.addresses.first().filter(|_| !next.contains("generate-token")).map(String::as_str);
        let mut next = explain::filled(next, self.local_name.as_deref(), address, inputs.given_as);
        if let (Some(cluster_flags), Some(_)) = (inputs.cluster_flags, &self.local_name)
            && next.starts_with("peering ")
            && !next.contains("-http-addr")
        {
            next = format!("{next} {cluster_flags}");
        }
        self.next = Some(next);
    }

    fn set_certainty(&mut self) {
        self.certainty = match self.weight {
            weight::DECISIVE.. => CauseCertainty::Certain,
            weight::REPORTED.. => CauseCertainty::Likely,
            _ => CauseCertainty::Possible,
        };
        // A Consul server answers like this too, in its first seconds or if peering is disabled there.
        if self.name == catalog::SERVER_NAME_UNRECOGNIZED.name {
            self.certainty = self.certainty.min(CauseCertainty::Likely);
        }
        // What is contradicted now does not block the next try.
        if self.weight < 0 {
            self.severity = self.severity.min(Severity::Warning);
        }
    }
}

impl CauseEvidence {
    pub(super) fn raises(source: CauseSource, message: impl Into<String>) -> Self {
        Self { source, effect: Effect::Raises, message: message.into() }
    }

    pub(super) fn lowers(source: CauseSource, message: impl Into<String>) -> Self {
        Self { source, effect: Effect::Lowers, message: message.into() }
    }
}

/// Returns the index of the cause that answers the question: one that blocks the peering, or that comes before all others.
/// Without a token, the error message's own cause.
pub(super) fn main_cause(inputs: &Inputs<'_>, causes: &[Cause]) -> Option<usize> {
    let is_answer = |cause: &Cause| cause.severity == Severity::Error || cause.is_first;
    let only_error = inputs.token.is_none() && inputs.error.is_some() && !causes.is_empty();
    causes.iter().position(is_answer).or_else(|| only_error.then_some(0))
}

/// Returns the conclusion: the most likely cause and what to do.
pub(super) fn conclusion(inputs: &Inputs<'_>, causes: &[Cause]) -> String {
    if let Some(cause) = main_cause(inputs, causes).and_then(|index| causes.get(index)) {
        if cause.severity != Severity::Error && !cause.is_first || cause.severity == Severity::Info {
            return format!("{} {}", sentence(&cause.summary), sentence(&cause.remedy));
        }
        let head = match cause.certainty {
            CauseCertainty::Certain => "The cause",
            CauseCertainty::Likely => "The most likely cause",
            CauseCertainty::Possible => "A possible cause",
        };
        return format!("{head}: {} {}", sentence(&cause.summary), sentence(&cause.remedy));
    }
    let is_unknown = inputs.error.as_ref().is_some_and(Vec::is_empty);
    if let Some(peering) = &inputs.peering {
        return peering.conclusion(inputs);
    }
    if is_unknown && inputs.token.is_none() {
        return "This error message is unknown. For more checks, pass the token: peering diagnose @token"
            .to_owned();
    }
    let mut unknown = if is_unknown { "The error message is unknown. " } else { "" }.to_owned();
    if let Some(address) = inputs.dialer.reason().and_then(explain::refused_address) {
        unknown
            .insert_str(0, &format!("Nothing listens on {address}, so the dialing cluster was not asked. "));
    }
    let Some(connectivity) = inputs.connectivity.value() else {
        return format!("{unknown}No problem found, but connectivity was not checked.");
    };
    format!(
        "{unknown}Found nothing from {} that prevents this token from working. The dialing servers may get other results: \
         run this command on one of them.",
        connectivity.observed_from
    )
}

/// Adds a full stop if there is none.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
