//! Results of checks by cluster.

use std::sync::Arc;

use super::two_generation::TwoGenerationCache;
use crate::lint::results::Results;
use crate::lint::{CaEntry, Context};
use crate::token::Remote;

/// The results of all checks but those of addresses, by the server name of ordinary tokens: one for each name.
#[derive(Default)]
pub(super) struct Clusters(TwoGenerationCache<Arc<Cluster>>);

/// What such checks depend on, and their results.
struct Cluster {
    ca_entries: Vec<Arc<CaEntry>>,
    remote: Option<Remote>,
    results: Results,
}

impl Clusters {
    /// Returns the results for an [ordinary](Context::is_ordinary) token: known ones, or those that `run` returns.
    pub(super) fn results(&mut self, context: &Context<'_>, run: impl FnOnce() -> Results) -> Results {
        let Some(token) = context.token() else { return run() };
        let key = token.server_name.as_bytes();
        if let Some(cluster) = self.0.find(key).filter(|cluster| cluster.is_of(context)) {
            return cluster.results.clone();
        }
        let results = run();
        let cluster = Cluster {
            ca_entries: context.ca_entries.clone(),
            remote: token.remote.clone(),
            results: results.clone(),
        };
        let bytes = cluster.bytes();
        self.0.insert(key, Arc::new(cluster), bytes);
        results
    }
}

impl Cluster {
    fn is_of(&self, context: &Context<'_>) -> bool {
        let is_same = |(one, other)| Arc::ptr_eq(one, other);
        self.ca_entries.len() == context.ca_entries.len()
            && self.ca_entries.iter().zip(&context.ca_entries).all(is_same)
            && context.token().is_some_and(|token| token.remote == self.remote)
    }

    /// Returns about how much memory it takes, without that of the certificates, which others have too.
    fn bytes(&self) -> usize {
        let remote = self.remote.iter().map(|remote| {
            let locality = remote.locality.iter().map(|locality| locality.region.len() + locality.zone.len());
            remote.partition.len() + remote.datacenter.len() + locality.sum::<usize>()
        });
        let findings = self.results.findings.iter().map(|finding| {
            let values = finding.values.iter().map(|(_, value)| value.as_str().map_or(0, str::len));
            finding.message.len() + finding.path.len() + values.sum::<usize>()
        });
        remote.sum::<usize>() + findings.sum::<usize>() + 8 * self.ca_entries.len()
    }
}
