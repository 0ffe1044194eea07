//! From what is known of a failed establish to its likely causes, ranked: facts in, causes out.
//!
//! [`diagnose`] puts together what the checks found in the token, what was seen on the way to its servers, whether it is
//! stale, what the dialing Consul says, and the error that the person saw. It asks nobody. A cause that Consul has a
//! message for has the name of that message's entry in [`crate::explain`]; one that a check found, the check's.

pub(crate) mod address;
pub(crate) mod cause_text;
pub(crate) mod dialer;
pub(crate) mod error;
pub(crate) mod rank;
pub(crate) mod staleness;
pub(crate) mod structure;
#[cfg(test)]
pub(crate) mod tests;

use jiff::Timestamp;
use serde::Serialize;

use crate::connectivity::Reach;
use crate::explain::Explanation;
use crate::lint::Acceptance;
use crate::lint::Severity;
use crate::lint::{Finding, Report};
use crate::observed::Observed;
use crate::staleness::evidence::{Entry, LEDGER_OFF};
use crate::staleness::{Assessment, SourceName};
use crate::token::Token;
use crate::token::recover::Repair;

#[cfg(feature = "cli")]
pub(crate) use address::fault;
pub use rank::{Cause, Certainty, Effect, Evidence};

/// Why no error text was looked at.
pub(crate) const NO_ERROR: &str = "no -error was given";

/// The version of the JSON form of [`Diagnosis`].
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is known of a failed establish. What was not asked says why.
#[derive(Debug)]
pub struct Known<'a> {
    /// When it is judged.
    pub now: Timestamp,
    /// The dialer's local name of the peering, if the person gave it.
    pub name: Option<&'a str>,
    /// How the token was given, `@FILE`, for commands that take it again.
    pub given_as: Option<&'a str>,
    /// Where the Consul at hand was asked, if that was said.
    pub http_addr: Option<&'a str>,
    /// The token, if there is one and it could be read.
    pub token: Option<&'a Token>,
    /// The document that the token was taken out of, which is not judged.
    pub taken_out_of: Option<Repair>,
    /// What is said of the token's text and fields.
    pub report: Option<&'a Report>,
    /// What was seen on the way to the token's addresses.
    pub reach: Observed<Reach>,
    /// Whether the token is still the one to use.
    pub staleness: Option<Assessment>,
    /// What the Consul at hand says.
    pub dialer: Observed<DialerView>,
    /// What the person's error text says; `None` when there is none.
    pub error: Option<Vec<Explanation>>,
}

/// What the Consul at `-http-addr` says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DialerView {
    /// Where it was asked.
    pub asked_at: String,
    /// Its version, if its ACLs let it be read.
    pub version: Option<String>,
    /// Its trust domain: equal to the token's when the token was taken back to its own cluster.
    pub trust_domain: Option<String>,
    /// Whether peering is enabled on it, likewise.
    pub peering_enabled: Option<bool>,
    /// Whether it was asked without an ACL token.
    pub anonymous: bool,
    /// Whether the ACL token that was used may read peerings (`peering:read`); `None` if that could not be asked.
    pub may_read: Option<bool>,
    /// Whether the ACL token that was used may establish (`peering:write`); `None` if that could not be asked.
    pub may_write: Option<bool>,
    /// Whether it peers through mesh gateways, which then dial in the servers' place.
    pub through_mesh_gateways: Option<bool>,
    /// Its peerings, if they may be read.
    #[serde(skip)]
    pub peerings: Option<Vec<Entry>>,
    /// What it refused, in its own words.
    pub refusals: Vec<String>,
}

/// What `diagnose` tells.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diagnosis {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Consul's word on the token, if there is one.
    pub consul: Option<Acceptance>,
    /// The document that the token was taken out of; it alone is judged.
    pub taken_out_of: Option<Repair>,
    /// What the checks found in it.
    pub findings: Vec<Finding>,
    /// What was seen on the way to its addresses.
    pub reach: Option<Reach>,
    /// Whether it is still the one to use.
    pub staleness: Option<Assessment>,
    /// What the Consul at hand says.
    pub dialer: Option<DialerView>,
    /// What the person's error says.
    pub error: Option<Vec<Explanation>>,
    /// What was not looked at, and why.
    pub not_known: Vec<NotKnown>,
    /// The likely causes, the likeliest first.
    pub causes: Vec<Cause>,
    /// The most likely cause and what to do, in one sentence or two.
    pub conclusion: String,
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotKnown {
    /// What.
    pub what: &'static str,
    /// Why not.
    pub because: String,
}

impl Diagnosis {
    /// Whether some cause is at least as bad as `threshold`.
    pub fn fails(&self, threshold: Severity) -> bool {
        self.causes.iter().any(|cause| cause.severity >= threshold)
    }
}

/// Tells the likely causes of a failed establish, or of one that will fail.
pub fn diagnose(known: Known<'_>) -> Diagnosis {
    let mut causes = rank::Causes::default();
    structure::look(&known, &mut causes);
    address::look(&known, &mut causes);
    staleness::look(&known, &mut causes);
    dialer::look(&known, &mut causes);
    error::look(&known, &mut causes);
    let causes = causes.ranked(&known);
    let conclusion = rank::conclusion(&known, &causes);
    let mut not_known = Vec::new();
    let mut take = |what, because: &str| not_known.push(NotKnown { what, because: because.to_owned() });
    if let Observed::NotChecked(because) | Observed::Failed(because) = &known.reach {
        take("the way to the servers", because);
    }
    if let Observed::NotChecked(because) | Observed::Failed(because) = &known.dialer {
        take("the dialer's own view", because);
    }
    for source in known.staleness.iter().flat_map(|it| &it.not_asked) {
        if source.source == SourceName::Ledger && source.because != LEDGER_OFF {
            take("the ledger", &source.because);
        }
    }
    match &known.error {
        None => take("the error that was seen", NO_ERROR),
        Some(said) if said.is_empty() => take("the error that was seen", "its text is not known here"),
        Some(_) => {}
    }
    Diagnosis {
        version: SCHEMA_VERSION,
        consul: known.report.map(|report| report.consul.clone()),
        taken_out_of: known.taken_out_of,
        findings: known.report.map(|report| report.findings.clone()).unwrap_or_default(),
        reach: answered(known.reach),
        staleness: known.staleness,
        dialer: answered(known.dialer),
        error: known.error,
        not_known,
        causes,
        conclusion,
    }
}

fn answered<T>(source: Observed<T>) -> Option<T> {
    match source {
        Observed::Value(answer) => Some(answer),
        Observed::Failed(_) | Observed::NotChecked(_) => None,
    }
}
