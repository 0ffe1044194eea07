//! What the token's staleness tells.

use super::Known;
use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use crate::lint::Severity;
use crate::staleness::{Certainty, Verdict};

/// Where it was seen.
const SEEN_IN: &str = "staleness";

/// The messages that a stale token is refused with. Each says less than a verdict does.
pub(super) const SAYS_STALE: [&str; 4] =
    ["secret-invalid", "no-unused-secret", "peer-id-unknown", "peering-deleted"];

/// The cause that a verdict is; `None` for a token that is current, or that nothing is known of.
pub(super) fn name(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Superseded => Some("token-superseded"),
        Verdict::Spent => Some("token-spent"),
        Verdict::Orphaned => Some("token-orphaned"),
        Verdict::Current | Verdict::Undetermined => None,
    }
}

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(assessment) = &known.staleness else { return };
    let Some(name) = name(assessment.verdict) else { return };
    // What to do depends on what was found, and the entry does not know that.
    let text = Text { remedy: assessment.remedy.clone(), ..Text::entry(name) };
    let sure = assessment.certainty == Some(Certainty::Proven);
    let at = if sure { weight::DECIDES } else { weight::SEEN };
    causes.add(&text, Severity::Error, at, Evidence::raises(SEEN_IN, assessment.summary.clone()));
}
