//! What the two probes report about a token.

use super::Verdict;
use super::claim::{Claim, Observation, SourceName};
use crate::connectivity::probe_answer::{Answer, PeeringAnswer, SecretAnswer};

/// Reads the answer to "peering exists?".
pub(super) fn read_peering_answer(answer: &Answer) -> (PeeringAnswer, Claim) {
    let claim = |observation, message: &str| {
        Claim::new(SourceName::PeeringExists, observation, message).at(answer.at)
    };
    let meaning = PeeringAnswer::of(answer.code, &answer.message);
    let claim = match meaning {
        PeeringAnswer::Exists => {
            claim(Observation::PeeringExists, "the acceptor has the peering").rules_out(Verdict::Orphaned)
        }
        PeeringAnswer::Unknown => claim(
            Observation::PeeringNotFound,
            "the acceptor has no peering with this token's peer ID: it was deleted",
        )
        .proves(Verdict::Orphaned),
        PeeringAnswer::MarkedDeleted => claim(
            Observation::PeeringMarkedDeleted,
            "the acceptor's peering is TERMINATED or being deleted, so none of its tokens can be used",
        )
        .proves(Verdict::Orphaned),
        PeeringAnswer::Follower => {
            claim(Observation::FollowerAnswered, "only followers answered, and only the leader has the data")
        }
        PeeringAnswer::RateLimited => rate_limited(SourceName::PeeringExists, answer),
        PeeringAnswer::NotUnderstood => unrecognized(SourceName::PeeringExists, answer),
    };
    (meaning, claim)
}

/// Reads the answer to "unused secret?" about a peering that exists.
pub(super) fn read_secret_answer(answer: &Answer) -> (SecretAnswer, Claim) {
    let claim =
        |observation, message: &str| Claim::new(SourceName::UnusedSecret, observation, message).at(answer.at);
    let meaning = SecretAnswer::of(answer.code, &answer.message);
    let claim = match meaning {
        SecretAnswer::UnusedExists => claim(
            Observation::UnusedSecretExists,
            "the peering has an unused secret: this token's, or a newer token's",
        )
        .rules_out(Verdict::Spent),
        SecretAnswer::NoneUnused => claim(
            Observation::NoUnusedSecret,
            "the peering has no unused secret: its last token was used, so none of its tokens can be used",
        )
        .proves(Verdict::Spent),
        SecretAnswer::AskAgain => {
            claim(Observation::ConcurrentChange, "a token was generated or used during the query")
        }
        SecretAnswer::TakenByOldAcceptor => claim(
            Observation::OldAcceptor,
            "the acceptor accepted an empty secret, as builds before August 2022 do after the real one was used",
        )
        .proves(Verdict::Spent),
        SecretAnswer::RateLimited => rate_limited(SourceName::UnusedSecret, answer),
        SecretAnswer::NotUnderstood => unrecognized(SourceName::UnusedSecret, answer),
    };
    (meaning, claim)
}

fn rate_limited(source: SourceName, answer: &Answer) -> Claim {
    let message = format!("{} rejected the call because of a rate limit: {}", answer.address, answer.message);
    Claim::new(source, Observation::RateLimited, message).at(answer.at)
}

fn unrecognized(source: SourceName, answer: &Answer) -> Claim {
    let message = format!(
        "{} returned an answer that this tool does not recognize: {} {:?}",
        answer.address,
        answer.code.name(),
        answer.message
    );
    Claim::new(source, Observation::UnrecognizedAnswer, message).at(answer.at)
}
