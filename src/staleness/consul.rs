//! What the HTTP API of a Consul reports about a token's peering.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Observation, SourceName, time};
use super::evidence::{ConsulView, Entry, Named, PeeringState, Responder};
use super::peering::Side;
use crate::token::Token;

/// What the API reports, for combinations with other sources.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// The peering's local name at the acceptor.
    pub name: Option<String>,
    /// A token of the peering was used.
    pub was_used: bool,
    /// When the other side was last heard, if ever.
    pub last_heartbeat: Option<Timestamp>,
    /// The peering with the token's peer ID, and the cluster that reported it.
    pub peering: Option<(Side, Entry)>,
    /// The CA certificates that the acceptor uses now; empty if another cluster answered.
    pub active_ca: Vec<String>,
}

/// Reads the answers of one Consul.
/// `presented` is the trust domain of another cluster that answers at the token's addresses.
pub(super) fn read(
    token: &Token,
    given_name: Option<&str>,
    view: &ConsulView,
    presented: Option<&str>,
) -> (Summary, Vec<Claim>) {
    let mut summary = Summary::default();
    let claim = |observation, message: String| {
        Claim::new(SourceName::Consul, observation, message).at(view.observed_at)
    };
    let entries = || {
        let named = view.named.iter().filter_map(|named| match named {
            Named::Found(entry) => Some(entry),
            Named::NotFound => None,
        });
        named.chain(view.listed.iter().flatten())
    };
    // Only the acceptor gives this ID to a peering, so an entry with it identifies the cluster.
    if let Some(entry) = entries().find(|entry| entry.id == token.peer_id) {
        summary.name = Some(entry.name.clone());
        summary.was_used = entry.was_used_at_acceptor();
        summary.last_heartbeat = entry.last_heartbeat;
        // If this Consul is both ends, its dialer knows first that a token was used: the acceptor stays PENDING until the stream
        // opens.
        let dialer =
            entries().find(|it| it.peer_id.as_deref() == Some(&token.peer_id) && it.state.was_used());
        summary.peering = match dialer {
            Some(dialer) if !summary.was_used && !dialer.state.is_deleted() => {
                Some((Side::Dialer, dialer.clone()))
            }
            _ => Some((Side::Acceptor, entry.clone())),
        };
        summary.active_ca.clone_from(&view.active_ca);
        return (summary, at_acceptor(entry, given_name, &claim));
    }
    // A dialer can have the peering under several names. Only one of them has the stream.
    let is_dialed = |entry: &&Entry| entry.peer_id.as_deref() == Some(&token.peer_id);
    let dialed = entries().filter(is_dialed).rev();
    if let Some(entry) = dialed.max_by_key(|it| (it.state == PeeringState::Active, it.state.was_used())) {
        summary.was_used = entry.state.was_used();
        summary.peering = Some((Side::Dialer, entry.clone()));
        return (summary, vec![at_dialer(entry, &claim)]);
    }
    let claims = match Responder::identify(view.trust_domain.as_deref(), token) {
        Responder::Acceptor => {
            summary.active_ca.clone_from(&view.active_ca);
            vec![not_found(given_name, view, &claim)]
        }
        Responder::OtherCluster if is_rebuilt(view, presented) => vec![claim(
            Observation::AcceptorRebuilt,
            format!(
                "the token's addresses lead to this Consul's cluster (its trust domain is {}), and another cluster generated the \
                 token: the acceptor was built again with empty data",
                view.trust_domain.as_deref().unwrap_or_default()
            ),
        )
        .suggests(Verdict::Orphaned)],
        Responder::OtherCluster => vec![claim(
            Observation::OtherCluster,
            format!(
                "this Consul is not the acceptor (its trust domain is {}), so a missing peering proves nothing",
                view.trust_domain.as_deref().unwrap_or_default()
            ),
        )],
        Responder::Unknown => vec![claim(
            Observation::UnknownCluster,
            "this Consul does not have the peering, but may not be the acceptor".to_owned(),
        )],
    };
    (summary, claims)
}

/// Whether the cluster that answered is the one at the token's addresses.
fn is_rebuilt(view: &ConsulView, presented: Option<&str>) -> bool {
    let (Some(domain), Some(presented)) = (&view.trust_domain, presented) else { return false };
    domain.eq_ignore_ascii_case(presented)
}

fn at_acceptor(
    entry: &Entry,
    given_name: Option<&str>,
    claim: &impl Fn(Observation, String) -> Claim,
) -> Vec<Claim> {
    let Entry { name, state, .. } = entry;
    let mut claims = Vec::new();
    if let Some(given) = given_name.filter(|given| given != name) {
        claims.push(claim(
            Observation::PeeringHasAnotherName,
            format!(
                "the token does not belong to {given:?}: the acceptor's name for its peering is {name:?}"
            ),
        ));
    }
    claims.push(match state {
        PeeringState::Terminated => claim(
            Observation::PeeringTerminated,
            format!(
                "the peering {name:?} is TERMINATED: the dialing cluster deleted its side, so none of its tokens can \
                 be used"
            ),
        )
        .proves(Verdict::Orphaned),
        PeeringState::Deleting => claim(
            Observation::PeeringDeleting,
            format!("the peering {name:?} is being deleted (DELETING)"),
        )
        .proves(Verdict::Orphaned),
        _ => {
            let heartbeat =
                entry.last_heartbeat.map_or_else(String::new, |at| format!(", last heartbeat on {}", time(at)));
            let meaning = match state {
                PeeringState::Pending if entry.has_remote => {
                    "a token of it was used, and its dialer has not connected since this server started"
                }
                PeeringState::Pending => "no stream has been opened yet",
                PeeringState::Active | PeeringState::Failing => "a token of it was used",
                _ => "this state shows nothing about its tokens",
            };
            claim(
                Observation::PeeringExists,
                format!("the acceptor has the peering as {name:?}, {}: {meaning}{heartbeat}", state.name()),
            )
            .rules_out(Verdict::Orphaned)
        }
    });
    claims
}

fn at_dialer(entry: &Entry, claim: &impl Fn(Observation, String) -> Claim) -> Claim {
    let (name, state) = (&entry.name, entry.state.name());
    // A dialer keeps the entry of an establish that was rejected: it stays PENDING.
    if entry.state.was_used() {
        claim(
            Observation::UsedByDialer,
            format!("this Consul is a dialer: it used a token of this peering, as {name:?} ({state})"),
        )
    } else {
        claim(
            Observation::TriedByDialer,
            format!(
                "this Consul is a dialer: it tried a token of this peering, as {name:?}, without success so far \
                 ({state})"
            ),
        )
    }
}

fn not_found(
    given_name: Option<&str>,
    view: &ConsulView,
    claim: &impl Fn(Observation, String) -> Claim,
) -> Claim {
    let name = given_name.unwrap_or_default();
    let found = match (&view.named, &view.listed) {
        (Some(Named::Found(entry)), _) => claim(
            Observation::NameHasAnotherPeerId,
            format!(
                "the acceptor's {:?} is another peering ({}): the peering of this token was deleted",
                entry.name, entry.id
            ),
        ),
        (Some(Named::NotFound), None) => claim(
            Observation::PeeringNotFound,
            format!("the acceptor has no peering named {name:?}: it was deleted"),
        ),
        (_, Some(_)) => claim(
            Observation::PeeringNotFound,
            "the acceptor has no peering with this token's peer ID: it was deleted".to_owned(),
        ),
        (None, None) => {
            return claim(Observation::UnrecognizedAnswer, "the API returned no peerings".to_owned());
        }
    };
    found.proves(Verdict::Orphaned)
}
