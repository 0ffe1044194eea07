//! The cause that the token's staleness verdict is.

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use crate::lint::rule::Severity;
use crate::staleness::{Certainty, Verdict};

/// The messages with which Consul rejects a stale token. A verdict is more specific than each of them.
pub(super) const STALE_MESSAGES: [&str; 4] =
    ["secret-invalid", "no-unused-secret", "peer-id-unknown", "peering-deleted"];

/// Returns the name of the cause that a verdict is; `None` for current and undetermined tokens.
pub(super) fn cause_name(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Superseded => Some("token-superseded"),
        Verdict::Spent => Some("token-spent"),
        Verdict::Orphaned => Some("token-orphaned"),
        Verdict::Current | Verdict::Undetermined => None,
    }
}

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(assessment) = &inputs.staleness else { return };
    let Some(name) = cause_name(assessment.verdict) else { return };
    // The remedy depends on the evidence, which the entry does not know.
    let text = CauseText { remedy: assessment.remedy.clone(), ..CauseText::named(name) };
    let is_proven = assessment.certainty == Some(Certainty::Proven);
    let weight = if is_proven { weight::DECISIVE } else { weight::OBSERVED };
    let evidence = CauseEvidence::raises(CauseSource::Staleness, assessment.summary.clone());
    causes.add(&text, Severity::Error, weight, evidence);
}
