//! The cause that the token's staleness verdict is.

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use crate::explain::{Entry, catalog};
use crate::lint::Severity;
use crate::staleness::{Certainty, Verdict};

/// The messages with which Consul rejects a stale token. A verdict is more specific than each of them.
pub(super) static STALE_MESSAGES: [&Entry; 4] = [
    &catalog::SECRET_INVALID,
    &catalog::NO_UNUSED_SECRET,
    &catalog::PEER_ID_UNKNOWN,
    &catalog::PEERING_DELETED,
];

/// Returns the cause that a verdict is; `None` for current and undetermined tokens.
pub(super) fn cause(verdict: Verdict) -> Option<&'static Entry> {
    match verdict {
        Verdict::Superseded => Some(&catalog::TOKEN_SUPERSEDED),
        Verdict::Spent => Some(&catalog::TOKEN_SPENT),
        Verdict::Orphaned => Some(&catalog::TOKEN_ORPHANED),
        Verdict::Current | Verdict::Undetermined => None,
    }
}

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(assessment) = &inputs.staleness else { return };
    let Some(entry) = cause(assessment.verdict) else { return };
    // The remedy depends on the evidence, which the entry does not know.
    let text = CauseText { remedy: assessment.remedy.clone(), ..CauseText::from(entry) };
    let is_proven = assessment.certainty == Some(Certainty::Proven);
    let weight = if is_proven { weight::DECISIVE } else { weight::OBSERVED };
    let evidence = CauseEvidence::raises(CauseSource::Staleness, assessment.summary.clone());
    causes.add(&text, Severity::Error, weight, evidence);
}
