//! What the token's staleness tells.

use super::Known;
use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use crate::explain::{Entry, catalog};
use crate::lint::Severity;
use crate::staleness::{Certainty, Verdict};

/// Where it was seen.
const SEEN_IN: &str = "staleness";

/// The messages that a stale token is refused with. Each says less than a verdict does.
pub(super) static SAYS_STALE: [&Entry; 4] = [
    &catalog::SECRET_INVALID,
    &catalog::NO_UNUSED_SECRET,
    &catalog::PEER_ID_UNKNOWN,
    &catalog::PEERING_DELETED,
];

/// The cause that a verdict is; `None` for a token that is current, or that nothing is known of.
pub(super) fn entry(verdict: Verdict) -> Option<&'static Entry> {
    match verdict {
        Verdict::Superseded => Some(&catalog::TOKEN_SUPERSEDED),
        Verdict::Spent => Some(&catalog::TOKEN_SPENT),
        Verdict::Orphaned => Some(&catalog::TOKEN_ORPHANED),
        Verdict::Current | Verdict::Undetermined => None,
    }
}

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(assessment) = &known.staleness else { return };
    let Some(entry) = entry(assessment.verdict) else { return };
    // What to do depends on what was found, and the entry does not know that.
    let text = Text { remedy: assessment.remedy.clone(), ..Text::of(entry) };
    let sure = assessment.certainty == Some(Certainty::Proven);
    let at = if sure { weight::DECIDES } else { weight::SEEN };
    causes.add(&text, Severity::Error, at, Evidence::raises(SEEN_IN, assessment.summary.clone()));
}
