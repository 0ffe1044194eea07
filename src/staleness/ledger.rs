//! What the ledger knows of a token.

use jiff::Timestamp;

use super::Verdict;
use super::claim::{Claim, Finding, SourceName, time};
use super::evidence::LedgerRecord;
use crate::token::Token;

/// What the ledger knows, for the combinations with other sources.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The local name of the peering.
    pub name: Option<String>,
    /// The time of the token's own record.
    pub recorded_at: Option<Timestamp>,
    /// The token was seen being generated; an imported one only some time after.
    pub seen_generated: bool,
    /// No token that is newer, or may be, is known.
    pub is_newest: bool,
    /// It is the only token of its peering that is known.
    pub is_only: bool,
}

/// Reads the ledger's records, which stand in the order in which they were written.
pub(super) fn read(token: &Token, given_name: Option<&str>, records: &[LedgerRecord]) -> (Known, Claim) {
    let secret = token.establishment_secret.sha256();
    let records: Vec<(usize, &LedgerRecord)> =
        records.iter().filter(|record| is_of_the_same_cluster(record, token)).enumerate().collect();
    let of_peering = || records.iter().filter(|(_, record)| record.peer_id == token.peer_id);
    let own = of_peering().find(|(_, record)| Some(&record.secret_sha256) == secret.as_ref());
    let others: Vec<_> =
        of_peering().filter(|(_, record)| Some(&record.secret_sha256) != secret.as_ref()).collect();
    let last_of_peering = of_peering().next_back();
    let name = own.or(last_of_peering).map(|(_, record)| record.name.as_str()).or(given_name);
    let mut known = Known {
        name: name.map(str::to_owned),
        recorded_at: own.map(|(_, record)| record.at),
        seen_generated: own.is_some_and(|(_, record)| !record.imported),
        ..Known::default()
    };
    let reborn = name.and_then(|name| {
        records.iter().rfind(|(_, record)| record.name == name && record.peer_id != token.peer_id)
    });
    let last_seen = own.or(last_of_peering);
    if let Some((at, record)) = reborn {
        let says = format!(
            "the name {:?} belongs to another peering since {}: this token's peering was deleted",
            record.name,
            time(record.at)
        );
        let claim = Claim::new(SourceName::Ledger, Finding::NameHasAnotherPeerId, says).at(Some(record.at));
        match last_seen {
            Some((seen, _)) if at > seen && !record.imported => {
                return (known, claim.proves(Verdict::Orphaned));
            }
            // A token that the ledger did not see may be of a later peering still.
            None => return (known, claim.suggests(Verdict::Orphaned)),
            Some(_) => {}
        }
    }
    let Some((at, own)) = own else {
        return (known, not_recorded(others.len()));
    };
    let newer = others.iter().rfind(|(other, record)| other > at && !record.imported);
    if let Some((_, newer)) = newer {
        let says = format!("a newer token was generated for {:?} on {}", newer.name, time(newer.at));
        let claim = Claim::new(SourceName::Ledger, Finding::NewerTokenKnown, says).at(Some(newer.at));
        return (known, claim.proves(Verdict::Superseded));
    }
    // The time of an import says nothing of the time of the token.
    let may_be_newer = others.iter().any(|(other, record)| record.imported || own.imported && other < at);
    if may_be_newer {
        let says =
            "it knows several tokens of this peering, one of them imported: it cannot tell which is newer";
        return (known, Claim::new(SourceName::Ledger, Finding::OrderUnknown, says));
    }
    known.is_newest = true;
    known.is_only = others.is_empty();
    let verb = if own.imported { "imported" } else { "generated" };
    let says =
        format!("this is the newest token that it knows for {:?}, {verb} on {}", own.name, time(own.at));
    (known, Claim::new(SourceName::Ledger, Finding::NewestKnown, says).at(Some(own.at)))
}

fn not_recorded(others: usize) -> Claim {
    let says = match others {
        0 => "it does not know this token, nor another of its peering".to_owned(),
        1 => "it does not know this token, but knows another of its peering, older or newer".to_owned(),
        count => {
            format!("it does not know this token, but knows {count} others of its peering, older or newer")
        }
    };
    Claim::new(SourceName::Ledger, Finding::NotInLedger, says)
}

/// Local names repeat from cluster to cluster.
fn is_of_the_same_cluster(record: &LedgerRecord, token: &Token) -> bool {
    let partition = |name: &str| if name == "default" { String::new() } else { name.to_owned() };
    let of_token = token.remote.as_ref().map_or("", |remote| remote.partition.as_str());
    let same_server = match (trust_domain(&record.server_name), token.trust_domain()) {
        (Some(theirs), Some(ours)) => theirs.eq_ignore_ascii_case(ours),
        _ => record.server_name == token.server_name,
    };
    record.peer_id == token.peer_id || (same_server && partition(&record.partition) == partition(of_token))
}

fn trust_domain(server_name: &str) -> Option<&str> {
    server_name.split_once(".peering.").map(|(_, trust_domain)| trust_domain)
}
