//! What a snapshot reports about a token.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Observation, SourceName, time};
use super::evidence::{PeeringState, Responder, SnapshotView, UnusedSecret};
use crate::token::Token;

/// Reads what a snapshot contains about the token's peering. `generated_at` is when the token was generated, if known.
pub(super) fn read(token: &Token, generated_at: Option<Timestamp>, view: &SnapshotView) -> Claim {
    let claim = claim(token, view).at(view.taken_at);
    // A snapshot that contains the token's secret is not older, whatever the clocks show.
    if claim.indicates == Some(Verdict::Current) {
        return claim;
    }
    match (generated_at, view.taken_at) {
        (Some(generated), Some(taken_at)) if generated > taken_at => {
            let message = format!(
                "the snapshot was taken on {}, before this token was generated, so it shows nothing about the token",
                time(taken_at)
            );
            Claim::new(SourceName::Snapshot, Observation::SnapshotIsOlder, message).at(view.taken_at)
        }
        _ => claim,
    }
}

fn claim(token: &Token, view: &SnapshotView) -> Claim {
    let version = match view.taken_at {
        Some(at) => format!("index {}, taken on {}", view.index, time(at)),
        None => format!("index {}", view.index),
    };
    let claim = |observation, message: String| {
        Claim::new(SourceName::Snapshot, observation, format!("{message} ({version})"))
    };
    let Some(peering) = &view.peering else {
        if let Some(name) = &view.dialed_as {
            return claim(
                Observation::UsedByDialer,
                format!("the snapshot is from a dialer, which has this peering as {name:?}"),
            );
        }
        let trust_domain = view.trust_domain.as_deref();
        if Responder::identify(trust_domain, token) == Responder::OtherCluster {
            return claim(
                Observation::OtherCluster,
                format!(
                    "the snapshot is not from the acceptor (its trust domain is {}), so a missing peering proves \
                     nothing",
                    trust_domain.unwrap_or_default()
                ),
            );
        }
        let message = "the snapshot contains no peering with this token's peer ID".to_owned();
        return claim(Observation::PeeringNotFound, message).proves(Verdict::Orphaned);
    };
    let name = &peering.name;
    match (&peering.state, &peering.unused) {
        (PeeringState::Terminated, _) => claim(
            Observation::PeeringTerminated,
            format!(
                "in the snapshot, the peering {name:?} is TERMINATED: the dialing cluster deleted its side, so none of \
                 its tokens can be used"
            ),
        )
        .proves(Verdict::Orphaned),
        (PeeringState::Deleting, _) => claim(
            Observation::PeeringDeleting,
            format!("in the snapshot, the peering {name:?} is being deleted"),
        )
        .proves(Verdict::Orphaned),
        (_, UnusedSecret::NoRecord) => claim(
            Observation::UnsupportedSnapshot,
            format!(
                "the snapshot contains the peering {name:?} but not its secrets: Consul 1.13 stored them elsewhere"
            ),
        ),
        (_, UnusedSecret::None) => claim(
            Observation::NoUnusedSecret,
            format!("in the snapshot, the peering {name:?} has no unused secret: its last token was used"),
        )
        .proves(Verdict::Spent),
        (_, UnusedSecret::Held(_)) if token.establishment_secret.is_empty() => claim(
            Observation::AnotherSecretIsUnused,
            format!("in the snapshot, the peering {name:?} has an unused secret, but this token has no secret"),
        ),
        (_, UnusedSecret::Held(secret)) if *secret == token.establishment_secret => claim(
            Observation::SecretIsUnused,
            format!("in the snapshot, this token's secret is the unused secret of {name:?}"),
        )
        .proves(Verdict::Current),
        (_, UnusedSecret::Held(_)) => claim(
            Observation::AnotherSecretIsUnused,
            format!("in the snapshot, the unused secret of {name:?} belongs to another token"),
        )
        .proves(Verdict::Superseded),
    }
}
