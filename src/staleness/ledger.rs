//! What the ledger reports about a token.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Observation, SourceName, time};
use super::evidence::{LedgerRecord, Lost};
use crate::token::Token;

/// What the ledger reports, for combinations with other sources.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// The local name of the peering.
    pub name: Option<String>,
    /// The time of the token's own record.
    pub recorded_at: Option<Timestamp>,
    /// The token was recorded when it was generated. An imported token was generated some time earlier.
    pub is_generated: bool,
    /// The ledger has no token that is newer, or may be.
    pub is_newest: bool,
    /// It is the ledger's only token of its peering.
    pub is_only: bool,
}

/// Reads the ledger's records, oldest first.
pub(super) fn read(token: &Token, given_name: Option<&str>, records: &[LedgerRecord]) -> (Summary, Claim) {
    let secret = token.establishment_secret.sha256();
    let is_lost = |(_, record): &(usize, &LedgerRecord)| record.lost.is_some();
    let all = records;
    let records: Vec<(usize, &LedgerRecord)> =
        all.iter().enumerate().filter(|it| !is_lost(it) && is_of_same_cluster(it.1, token)).collect();
    let of_peering = || records.iter().filter(|(_, record)| record.peer_id == token.peer_id);
    let own = of_peering().find(|(_, record)| Some(&record.secret_sha256) == secret.as_ref());
    let others: Vec<_> =
        of_peering().filter(|(_, record)| Some(&record.secret_sha256) != secret.as_ref()).collect();
    let last_of_peering = of_peering().next_back();
    let name = own.or(last_of_peering).map(|(_, record)| record.name.as_str()).or(given_name);
    let mut summary = Summary {
        name: name.map(str::to_owned),
        recorded_at: own.map(|(_, record)| record.recorded_at),
        is_generated: own.is_some_and(|(_, record)| !record.imported),
        ..Summary::default()
    };
    let claim = |observation, message: String| Claim::new(SourceName::Ledger, observation, message);
    let recreated = name.and_then(|name| {
        records.iter().rfind(|(_, record)| record.name == name && record.peer_id != token.peer_id)
    });
    if let Some((index, record)) = recreated {
        let message = format!(
            "the name {:?} has belonged to another peering since {}: this token's peering was deleted",
            record.name,
            time(record.recorded_at)
        );
        let claim = claim(Observation::NameHasAnotherPeerId, message).at(Some(record.recorded_at));
        match own.or(last_of_peering) {
            Some((last, _)) if index > last && !record.imported => {
                return (summary, claim.proves(Verdict::Orphaned));
            }
            // A token that is not in the ledger may belong to an even later peering.
            None => return (summary, claim.suggests(Verdict::Orphaned)),
            Some(_) => {}
        }
    }
    let Some((index, own)) = own else {
        return (summary, claim(Observation::NotInLedger, not_recorded(others.len())));
    };
    let newer = others.iter().rfind(|(other, record)| other > index && !record.imported);
    if let Some((_, newer)) = newer {
        let at = newer.recorded_at;
        let message = format!("a newer token was generated for {:?} on {}", newer.name, time(at));
        let claim = claim(Observation::NewerTokenKnown, message).at(Some(at));
        return (summary, claim.proves(Verdict::Superseded));
    }
    let is_later = |index_of_lost: usize| own.imported || index_of_lost > *index;
    let later_request = all.iter().enumerate().filter(is_lost).rfind(|(at, lost)| {
        let is_same = match lost.peer_id.as_str() {
            "" => lost.name == own.name && lost.partition == own.partition,
            peer_id => peer_id == token.peer_id,
        };
        is_same && is_later(*at)
    });
    if let Some((_, lost)) = later_request {
        let at = lost.recorded_at;
        return if lost.lost != Some(Lost::Possibly) && !own.imported {
            let (observation, message) = match lost.lost {
                Some(Lost::Revoked) => (
                    Observation::Revoked,
                    format!("peering revoke invalidated the token for {:?} on {}", own.name, time(at)),
                ),
                _ => (
                    Observation::NewerTokenLost,
                    format!(
                        "a request for another token for {:?} on {} invalidated this one, but returned no token",
                        own.name,
                        time(at)
                    ),
                ),
            };
            (summary, claim(observation, message).at(Some(at)).proves(Verdict::Superseded))
        } else {
            let message = format!(
                "the answer to a request for another token for {:?} on {} was lost: it may have invalidated this one",
                own.name,
                time(at)
            );
            (summary, claim(Observation::NewerTokenPossible, message).at(Some(at)))
        };
    }
    // The time of an import is not the time when the token was generated.
    let may_be_newer = others.iter().any(|(other, record)| record.imported || own.imported && other < index);
    if may_be_newer {
        let message = "the ledger has several tokens of this peering, some of them imported, so it does not show \
                       which one is newer";
        return (summary, claim(Observation::OrderUnknown, message.to_owned()));
    }
    summary.is_newest = true;
    summary.is_only = others.is_empty();
    let verb = if own.imported { "imported" } else { "generated" };
    let message = format!(
        "this is the newest token for {:?} in the ledger, {verb} on {}",
        own.name,
        time(own.recorded_at)
    );
    (summary, claim(Observation::NewestKnown, message).at(Some(own.recorded_at)))
}

fn not_recorded(others: usize) -> String {
    match others {
        0 => "the ledger has no record of this token, or of another token of its peering".to_owned(),
        1 => "the ledger does not have this token, but has another token of its peering, older or newer"
            .to_owned(),
        count => format!(
            "the ledger does not have this token, but has {count} other tokens of its peering, older or newer"
        ),
    }
}

/// Whether a record belongs to the token's acceptor. Several clusters may use the same local name.
fn is_of_same_cluster(record: &LedgerRecord, token: &Token) -> bool {
    let partition = |name: &str| if name == "default" { String::new() } else { name.to_owned() };
    let of_token = token.remote.as_ref().map_or("", |remote| remote.partition.as_str());
    let same_server = match (trust_domain(&record.server_name), token.trust_domain()) {
        (Some(recorded), Some(of_token)) => recorded.eq_ignore_ascii_case(of_token),
        _ => record.server_name == token.server_name,
    };
    record.peer_id == token.peer_id || (same_server && partition(&record.partition) == partition(of_token))
}

fn trust_domain(server_name: &str) -> Option<&str> {
    server_name.split_once(".peering.").map(|(_, trust_domain)| trust_domain)
}
