//! A limit on the connections of one run. A name can have thousands of IP addresses, and a token many names.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many connections a run opens.
const MAX_CONNECTIONS: usize = 512;

/// Why an address is not tried after that.
pub(super) const BUDGET_USED_UP: &str = "512 connections were opened already";

/// The connections that a run may still open: 512 at first. Clones share them.
#[derive(Debug, Clone)]
pub struct ConnectionBudget(Arc<AtomicUsize>);

impl Default for ConnectionBudget {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(MAX_CONNECTIONS)))
    }
}

impl ConnectionBudget {
    /// Takes up to `wanted` connections and returns how many there are.
    pub(super) fn take(&self, wanted: usize) -> usize {
        let mut taken = 0;
        let take = |left: usize| {
            taken = left.min(wanted);
            Some(left - taken)
        };
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_opens_a_limited_number_of_connections() {
        let budget = ConnectionBudget::default();
        let taken: Vec<usize> = (0..100).map(|_| budget.clone().take(8)).collect();
        assert_eq!(taken.iter().sum::<usize>(), MAX_CONNECTIONS);
        assert_eq!((taken[0], taken[99]), (8, 0));
        assert!(BUDGET_USED_UP.starts_with(&MAX_CONNECTIONS.to_string()));
    }
}
