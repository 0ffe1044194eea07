//! Which of several tokens of one name is the newest.

use serde::Serialize;

use super::evidence::LedgerRecord;
use super::{Assessment, Verdict};

/// The tokens of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NameOrder {
    /// The local name, if a source reported it.
    pub name: Option<String>,
    /// The peer IDs of the tokens.
    pub peer_ids: Vec<String>,
    /// The tokens by their index in the list given, the newest first as far as is known.
    pub newest_first: Vec<usize>,
    /// Whether the first is known to be the newest of them.
    pub newest_is_known: bool,
    /// Why the order is known, or why it is not.
    pub reason: String,
}

/// Orders the tokens of each name that has several.
pub(super) fn order(tokens: &[Assessment], ledger: &[LedgerRecord]) -> Vec<NameOrder> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let related = |group: &&mut Vec<usize>| group.iter().any(|other| are_related(&tokens[*other], token));
        match groups.iter_mut().find(related) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
        .into_iter()
        .filter(|group| group.len() > 1)
        .map(|group| order_group(group, tokens, ledger))
        .collect()
}

fn are_related(a: &Assessment, b: &Assessment) -> bool {
    a.peer_id == b.peer_id || (a.name.is_some() && a.name == b.name)
}

/// The rank of a token whose peering was deleted.
const ORPHANED: u16 = 3;

fn order_group(mut group: Vec<usize>, tokens: &[Assessment], ledger: &[LedgerRecord]) -> NameOrder {
    let position_in_ledger = |index: usize| {
        let token = &tokens[index];
        ledger.iter().position(|record| {
            !record.imported
                && record.peer_id == token.peer_id
                && Some(&record.secret_sha256) == token.secret_sha256.as_ref()
        })
    };
    let rank = |index: usize| match tokens[index].verdict {
        Verdict::Current => 0,
        Verdict::Spent | Verdict::Undetermined => 1,
        Verdict::Superseded => 2,
        Verdict::Orphaned => ORPHANED,
    };
    let first = &tokens[group[0]];
    let name = group.iter().find_map(|index| tokens[*index].name.clone());
    let all_recorded = group.iter().all(|index| position_in_ledger(*index).is_some());
    let one_secret = group
        .iter()
        .all(|index| tokens[*index].secret_sha256 == first.secret_sha256 && first.secret_sha256.is_some());
    let ranks: Vec<u16> = group.iter().map(|index| rank(*index)).collect();
    let best = ranks.iter().min().copied().unwrap_or_default();
    let (newest_is_known, reason) = if one_secret {
        (true, "they contain the same secret: they are one token")
    } else if all_recorded {
        (true, "the ledger recorded each of them when it was generated")
    } else if best == 0 && ranks.iter().filter(|rank| **rank == best).count() == 1 {
        (true, "the newest is the current one; the order of the others is unknown")
    } else if ranks.iter().filter(|rank| **rank < ORPHANED).count() == 1 {
        (true, "the peering of the others was deleted; their order is unknown")
    } else {
        (false, "the sources checked do not show their order, and a token contains no time")
    };
    if all_recorded {
        group.sort_by_key(|index| std::cmp::Reverse(position_in_ledger(*index)));
    } else {
        group.sort_by_key(|index| rank(*index));
    }
    let mut peer_ids: Vec<String> = group.iter().map(|index| tokens[*index].peer_id.clone()).collect();
    peer_ids.dedup();
    NameOrder { name, peer_ids, newest_first: group, newest_is_known, reason: reason.to_owned() }
}
