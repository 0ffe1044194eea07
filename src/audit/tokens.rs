//! The unused tokens that the ledger knows, by the peering that they are for.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::staleness::evidence::LedgerRecord;

/// When the newest token of each peering was generated. Peerings whose newest request brought no token back are left out.
#[derive(Debug, Default)]
pub(super) struct UnusedTokens<'a> {
    newest: HashMap<&'a str, Timestamp>,
}

impl<'a> UnusedTokens<'a> {
    pub(super) fn new(ledger: &'a [LedgerRecord]) -> Self {
        let mut records: HashMap<&str, &LedgerRecord> = HashMap::new();
        for record in ledger.iter().filter(|record| !record.peer_id.is_empty()) {
            let newest = records.entry(&record.peer_id).or_insert(record);
            if record.recorded_at >= newest.recorded_at {
                *newest = record;
            }
        }
        // A request that brought no token back left none that is known to work.
        let with_token = records.into_iter().filter(|(_, record)| record.lost.is_none());
        let newest = with_token.map(|(id, record)| (id, record.recorded_at)).collect();
        Self { newest }
    }

    pub(super) fn newest(&self, peering_id: &str) -> Option<Timestamp> {
        self.newest.get(peering_id).copied()
    }
}
