//! Several tokens of one name: which is the newest?

use serde::Serialize;

use super::evidence::LedgerRecord;
use super::{Assessment, Verdict};

/// Tokens of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NameOrder {
    /// The local name, if something told it.
    pub name: Option<String>,
    /// The peer IDs of the tokens.
    pub peer_ids: Vec<String>,
    /// Which tokens, by their place in the list given, the newest first as far as is known.
    pub newest_first: Vec<usize>,
    /// Whether the first is known to be the newest of them.
    pub newest_is_known: bool,
    /// How it is known, or why it is not.
    pub because: String,
}

/// Orders the tokens of each name of which several were given.
pub fn order(tokens: &[Assessment], ledger: &[LedgerRecord]) -> Vec<NameOrder> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let related = |group: &&mut Vec<usize>| group.iter().any(|other| are_related(&tokens[*other], token));
        match groups.iter_mut().find(related) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.into_iter().filter(|group| group.len() > 1).map(|group| order_of(group, tokens, ledger)).collect()
}

fn are_related(a: &Assessment, b: &Assessment) -> bool {
    a.peer_id == b.peer_id || (a.name.is_some() && a.name == b.name)
}

/// The rank of a token whose peering is gone.
const ORPHANED: u16 = 3;

fn order_of(mut group: Vec<usize>, tokens: &[Assessment], ledger: &[LedgerRecord]) -> NameOrder {
    let recorded = |at: usize| {
        let token = &tokens[at];
        ledger.iter().position(|record| {
            !record.imported
                && record.peer_id == token.peer_id
                && Some(&record.secret_sha256) == token.secret_sha256.as_ref()
        })
    };
    let rank = |at: usize| match tokens[at].verdict {
        Verdict::Current => 0,
        Verdict::Spent | Verdict::Undetermined => 1,
        Verdict::Superseded => 2,
        Verdict::Orphaned => ORPHANED,
    };
    let first = &tokens[group[0]];
    let name = group.iter().find_map(|at| tokens[*at].name.clone());
    let all_recorded = group.iter().all(|at| recorded(*at).is_some());
    let one_secret = group
        .iter()
        .all(|at| tokens[*at].secret_sha256 == first.secret_sha256 && first.secret_sha256.is_some());
    let ranks: Vec<u16> = group.iter().map(|at| rank(*at)).collect();
    let best = ranks.iter().min().copied().unwrap_or_default();
    let (newest_is_known, because) = if one_secret {
        (true, "they hold the same secret: they are one token")
    } else if all_recorded {
        (true, "the ledger saw each of them being generated")
    } else if best == 0 && ranks.iter().filter(|rank| **rank == best).count() == 1 {
        (true, "the newest is the one that is current; how the others follow is not known")
    } else if ranks.iter().filter(|rank| **rank < ORPHANED).count() == 1 {
        (true, "the peering of the others was deleted; how they follow is not known")
    } else {
        (false, "nothing that was asked tells their order: a token holds no time")
    };
    if all_recorded {
        group.sort_by_key(|at| std::cmp::Reverse(recorded(*at)));
    } else {
        group.sort_by_key(|at| rank(*at));
    }
    let mut peer_ids: Vec<String> = group.iter().map(|at| tokens[*at].peer_id.clone()).collect();
    peer_ids.dedup();
    NameOrder { name, peer_ids, newest_first: group, newest_is_known, because: because.to_owned() }
}
