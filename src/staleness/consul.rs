//! What a Consul's HTTP API says of a token's peering.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Finding, SourceName, time};
use super::evidence::{ConsulView, Entry, Named, PeeringState, Whose};
use crate::token::Token;

/// What the API knows, for the combinations with other sources, and for the words.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The peering's local name at the acceptor.
    pub name: Option<String>,
    /// Some token of the peering was used.
    pub was_used: bool,
    /// When the other side was heard last, if one was.
    pub heard_at: Option<Timestamp>,
    /// The acceptor uses none of the token's CAs any more.
    pub ca_rotated: bool,
}

/// Reads the answers of one Consul.
pub(super) fn read(token: &Token, given_name: Option<&str>, view: &ConsulView) -> (Known, Vec<Claim>) {
    let mut known = Known::default();
    let claim = |finding, says: String| Claim::new(SourceName::Consul, finding, says).at(view.at);
    let entries = || {
        let named = view.named.iter().filter_map(|named| match named {
            Named::Found(entry) => Some(entry),
            Named::NotFound => None,
        });
        named.chain(view.listed.iter().flatten())
    };
    // Only the acceptor gives this ID to a peering, so an entry of that ID tells whose Consul it is.
    if let Some(entry) = entries().find(|entry| entry.id == token.peer_id) {
        known.name = Some(entry.name.clone());
        known.was_used = matches!(entry.state, PeeringState::Active | PeeringState::Failing);
        known.heard_at = entry.last_heartbeat;
        known.ca_rotated = ca_rotated(token, view);
        return (known, at_the_acceptor(entry, given_name, &claim));
    }
    if let Some(entry) = entries().find(|entry| entry.peer_id.as_deref() == Some(&token.peer_id)) {
        known.was_used = entry.state.was_used();
        return (known, vec![at_the_dialer(entry, &claim)]);
    }
    let claims = match Whose::of(view.trust_domain.as_deref(), token) {
        Whose::Acceptors => {
            known.ca_rotated = ca_rotated(token, view);
            gone(given_name, view, &claim)
        }
        Whose::Others => vec![claim(
            Finding::OtherCluster,
            format!(
                "it is not the acceptor's (its trust domain is {}), and knows nothing of this peering: that proves nothing",
                view.trust_domain.as_deref().unwrap_or_default()
            ),
        )],
        Whose::Unknown => vec![claim(
            Finding::UnknownCluster,
            "it knows nothing of this peering, but whether it is the acceptor's cannot be told".to_owned(),
        )],
    };
    (known, claims)
}

fn at_the_acceptor(
    entry: &Entry,
    given_name: Option<&str>,
    claim: &impl Fn(Finding, String) -> Claim,
) -> Vec<Claim> {
    let Entry { name, state, .. } = entry;
    let mut claims = Vec::new();
    if let Some(given) = given_name.filter(|given| given != name) {
        claims.push(claim(
            Finding::PeeringHasAnotherName,
            format!("the token is not of {given:?}: its peering is called {name:?} on the acceptor"),
        ));
    }
    claims.push(match state {
        PeeringState::Terminated => claim(
            Finding::PeeringTerminated,
            format!(
                "the peering {name:?} is TERMINATED: the dialer deleted its side, and no token of it can work"
            ),
        )
        .proves(Verdict::Orphaned),
        PeeringState::Deleting => {
            claim(Finding::PeeringDeleting, format!("the peering {name:?} is being deleted (DELETING)"))
                .proves(Verdict::Orphaned)
        }
        _ => {
            let heard =
                entry.last_heartbeat.map_or_else(String::new, |at| format!(", last heard on {}", time(at)));
            let meaning = match state {
                PeeringState::Pending => "no stream was opened yet",
                PeeringState::Active | PeeringState::Failing => "some token of it was used",
                _ => "which says nothing of its tokens",
            };
            claim(
                Finding::PeeringExists,
                format!("the acceptor has the peering as {name:?}, {}: {meaning}{heard}", state.name()),
            )
            .rules_out(Verdict::Orphaned)
        }
    });
    claims
}

fn at_the_dialer(entry: &Entry, claim: &impl Fn(Finding, String) -> Claim) -> Claim {
    let Entry { name, state, .. } = entry;
    // A dialer keeps an entry of an establish that was refused: it stays PENDING.
    if state.was_used() {
        claim(
            Finding::UsedHere,
            format!("this is a dialer: it used some token of this peering, as {name:?} ({})", state.name()),
        )
    } else {
        claim(
            Finding::TriedHere,
            format!(
                "this is a dialer: some token of this peering was tried as {name:?}, without success so far ({})",
                state.name()
            ),
        )
    }
}

fn gone(
    given_name: Option<&str>,
    view: &ConsulView,
    claim: &impl Fn(Finding, String) -> Claim,
) -> Vec<Claim> {
    let name = given_name.unwrap_or_default();
    let found = match (&view.named, &view.listed) {
        (Some(Named::Found(entry)), _) => claim(
            Finding::NameHasAnotherPeerId,
            format!(
                "the acceptor's {:?} is another peering ({}): this token's was deleted",
                entry.name, entry.id
            ),
        ),
        (Some(Named::NotFound), None) => claim(
            Finding::NoSuchPeering,
            format!("the acceptor has no peering called {name:?}: it was deleted"),
        ),
        (_, Some(_)) => claim(
            Finding::NoSuchPeering,
            "the acceptor has no peering with this token's peer ID: it was deleted".to_owned(),
        ),
        (None, None) => {
            return vec![claim(Finding::AnswerNotUnderstood, "it told nothing of its peerings".to_owned())];
        }
    };
    vec![found.proves(Verdict::Orphaned)]
}

fn ca_rotated(token: &Token, view: &ConsulView) -> bool {
    let bare = |pem: &str| pem.split_ascii_whitespace().collect::<String>();
    let mut ours = token.ca.iter().flatten().peekable();
    let theirs: Vec<String> = view.roots.iter().map(|root| bare(root)).collect();
    ours.peek().is_some() && !theirs.is_empty() && !ours.any(|ca| theirs.contains(&bare(ca)))
}
