//! What the token's staleness tells.

use super::Known;
use super::known::Text;
use super::rank::{Causes, Evidence, weight};
use crate::check::Severity;
use crate::stale::{Certainty, Verdict};

/// Where it was seen.
const SEEN_IN: &str = "staleness";

/// The messages that a stale token is refused with. Each says less than a verdict does.
pub(super) const SAYS_STALE: [&str; 4] =
    ["secret-invalid", "no-unused-secret", "peer-id-unknown", "peering-deleted"];

/// The cause that a verdict is; `None` for a token that is current, or that nothing is known of.
pub(super) fn name(verdict: Verdict) -> Option<(&'static str, &'static str)> {
    Some(match verdict {
        Verdict::Superseded => (
            "token-superseded",
            "A newer token was generated for the same peering, and only the newest works.",
        ),
        Verdict::Spent => (
            "token-spent",
            "The peering has no unused token: this one was used, or replaced by one that was.",
        ),
        Verdict::Orphaned => (
            "token-orphaned",
            "The acceptor's peering that the token was generated for is gone, or can never be established again.",
        ),
        Verdict::Current | Verdict::Undetermined => return None,
    })
}

/// What is said of a verdict; `None` as in [`name`].
pub(super) fn text(verdict: Verdict, remedy: &str) -> Option<Text> {
    let (name, summary) = name(verdict)?;
    Some(Text::own(
        name,
        summary,
        &["A token works once, and only until another is generated for its name or the peering is deleted."],
        remedy,
        Some("peering stale @token -probe"),
    ))
}

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(assessment) = &known.staleness else { return };
    let Some(text) = text(assessment.verdict, &assessment.remedy) else { return };
    let sure = assessment.certainty == Some(Certainty::Proven);
    let at = if sure { weight::DECIDES } else { weight::SEEN };
    causes.add(&text, Severity::Error, at, Evidence::raises(SEEN_IN, assessment.summary.clone()));
}
