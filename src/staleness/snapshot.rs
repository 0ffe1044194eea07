//! What a snapshot says of a token.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Finding, SourceName, time};
use super::evidence::{PeeringState, SnapshotView, UnusedSecret, Whose};
use crate::token::Token;

/// Reads what a snapshot holds of the token's peering. `generated_at`: when the token was seen being generated.
pub(super) fn read(token: &Token, generated_at: Option<Timestamp>, view: &SnapshotView) -> Claim {
    let claim = judge(token, view).at(view.taken_at);
    // Its secret is in it, so it is not older, whatever the clocks say.
    if claim.points_to == Some(Verdict::Current) {
        return claim;
    }
    match (generated_at, view.taken_at) {
        (Some(generated), Some(at)) if generated > at => {
            let says = format!(
                "it was taken on {}, before this token was generated, and so says nothing of it",
                time(at)
            );
            Claim::new(SourceName::Snapshot, Finding::SnapshotIsOlder, says).at(view.taken_at)
        }
        _ => claim,
    }
}

fn judge(token: &Token, view: &SnapshotView) -> Claim {
    let when = match view.taken_at {
        Some(at) => format!("index {}, taken on {}", view.index, time(at)),
        None => format!("index {}", view.index),
    };
    let claim = |finding, says: String| Claim::new(SourceName::Snapshot, finding, format!("{says} ({when})"));
    let Some(peering) = &view.peering else {
        if let Some(name) = &view.dialed_as {
            return claim(
                Finding::UsedHere,
                format!("it is a dialer's, which holds this peering as {name:?}"),
            );
        }
        if Whose::of(view.trust_domain.as_deref(), token) == Whose::Others {
            let theirs = view.trust_domain.as_deref().unwrap_or_default();
            return claim(
                Finding::OtherCluster,
                format!(
                    "it is of another cluster than the acceptor's (trust domain {theirs}), and proves nothing"
                ),
            );
        }
        return claim(Finding::NoSuchPeering, "it holds no peering with this token's peer ID".to_owned())
            .proves(Verdict::Orphaned);
    };
    let name = &peering.name;
    match (&peering.state, &peering.unused) {
        (PeeringState::Terminated, _) => claim(
            Finding::PeeringTerminated,
            format!("the peering {name:?} is TERMINATED in it: the dialer deleted its side, and no token of it can work"),
        )
        .proves(Verdict::Orphaned),
        (PeeringState::Deleting, _) => {
            claim(Finding::PeeringDeleting, format!("the peering {name:?} is being deleted in it"))
                .proves(Verdict::Orphaned)
        }
        (_, UnusedSecret::NoRecord) => claim(
            Finding::LayoutNotUnderstood,
            format!("it has the peering {name:?} but no record of its secrets, as in Consul 1.13, which kept them elsewhere"),
        ),
        (_, UnusedSecret::None) => claim(
            Finding::NoUnusedSecret,
            format!("the peering {name:?} has no unused secret in it: its last token was used"),
        )
        .proves(Verdict::Spent),
        (_, UnusedSecret::Held(_)) if token.establishment_secret.is_empty() => claim(
            Finding::AnotherSecretIsUnused,
            format!("the peering {name:?} has an unused secret in it, and this token has none at all"),
        ),
        (_, UnusedSecret::Held(secret)) if *secret == token.establishment_secret => {
            claim(Finding::SecretIsUnused, format!("this token's secret is the unused one of {name:?} in it"))
                .proves(Verdict::Current)
        }
        (_, UnusedSecret::Held(_)) => claim(
            Finding::AnotherSecretIsUnused,
            format!("the unused secret of {name:?} in it is another token's"),
        )
        .proves(Verdict::Superseded),
    }
}
