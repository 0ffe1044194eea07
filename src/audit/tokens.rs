//! The unused tokens that the ledger knows, by the peering that they are for.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::staleness::evidence::LedgerRecord;

/// When the newest token of each peering was generated.
#[derive(Debug, Default)]
pub(super) struct UnusedTokens<'a> {
    newest: HashMap<&'a str, Timestamp>,
}

impl<'a> UnusedTokens<'a> {
    pub(super) fn new(ledger: &'a [LedgerRecord]) -> Self {
        let mut newest: HashMap<&str, Timestamp> = HashMap::new();
        for record in ledger.iter().filter(|record| record.lost.is_none() && !record.peer_id.is_empty()) {
            let at = newest.entry(&record.peer_id).or_insert(record.recorded_at);
            *at = record.recorded_at.max(*at);
        }
        Self { newest }
    }

    pub(super) fn newest(&self, peering_id: &str) -> Option<Timestamp> {
        self.newest.get(peering_id).copied()
    }
}
