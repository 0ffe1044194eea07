//! What the two probes say of a token.

use super::Verdict;
use super::claim::{Claim, Finding, SourceName};
use crate::connectivity::probe_answer::{Answer, PeeringAnswer, SecretAnswer};

/// Reads the answer to probe A.
pub(super) fn read_a(answer: &Answer) -> (PeeringAnswer, Claim) {
    let claim = |finding, says: &str| Claim::new(SourceName::ProbeA, finding, says).at(answer.at);
    let meaning = PeeringAnswer::of(answer.code, &answer.message);
    let claim = match meaning {
        PeeringAnswer::Exists => {
            claim(Finding::PeeringExists, "the acceptor has the peering").rules_out(Verdict::Orphaned)
        }
        PeeringAnswer::Unknown => claim(
            Finding::NoSuchPeering,
            "the acceptor has no peering with this token's peer ID: it was deleted",
        )
        .proves(Verdict::Orphaned),
        PeeringAnswer::MarkedDeleted => claim(
            Finding::PeeringMarkedDeleted,
            "the acceptor's peering is TERMINATED or being deleted, and no token of it can work",
        )
        .proves(Verdict::Orphaned),
        PeeringAnswer::Follower => {
            claim(Finding::FollowerAnswered, "only followers answered, and only the leader knows")
        }
        PeeringAnswer::NotUnderstood => not_understood(SourceName::ProbeA, answer),
    };
    (meaning, claim)
}

/// Reads the answer to probe B, about a peering that exists.
pub(super) fn read_b(answer: &Answer) -> (SecretAnswer, Claim) {
    let claim = |finding, says: &str| Claim::new(SourceName::ProbeB, finding, says).at(answer.at);
    let meaning = SecretAnswer::of(answer.code, &answer.message);
    let claim = match meaning {
        SecretAnswer::UnusedExists => claim(
            Finding::UnusedSecretExists,
            "the peering has an unused secret: this token's, or a newer one's",
        )
        .rules_out(Verdict::Spent),
        SecretAnswer::NoneUnused => claim(
            Finding::NoUnusedSecret,
            "the peering has no unused secret: its last token was used, and so no token of it works",
        )
        .proves(Verdict::Spent),
        SecretAnswer::AskAgain => claim(
            Finding::AskAgain,
            "a token was generated or used while the question was on its way: ask again",
        ),
        SecretAnswer::TakenByOldAcceptor => claim(
            Finding::OldAcceptor,
            "the acceptor took the empty secret, as builds before August 2022 do once the real one was used",
        )
        .proves(Verdict::Spent),
        SecretAnswer::NotUnderstood => not_understood(SourceName::ProbeB, answer),
    };
    (meaning, claim)
}

fn not_understood(source: SourceName, answer: &Answer) -> Claim {
    let says = format!(
        "{} answered what this tool does not know: {} {:?}",
        answer.address,
        answer.code.name(),
        answer.message
    );
    Claim::new(source, Finding::AnswerNotUnderstood, says).at(answer.at)
}
