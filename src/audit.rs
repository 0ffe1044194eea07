//! Judges the peerings of many clusters from both ends: facts to joined peerings and findings. Pure.
//!
//! [`judge`] works on the facts of any number of files, of any age and in any order. The newest observation of a cluster
//! counts.

mod changes;
mod check;
pub mod checks;
pub mod facts;
mod fleet;
mod join;
mod pairs;
mod report;
#[cfg(test)]
mod tests;
mod tokens;

use jiff::{SignedDuration, Timestamp};

use crate::lint::{RuleSet, WARN_BEFORE};
use crate::staleness::evidence::LedgerRecord;

pub use changes::{Change, ChangeKind, Changes};
pub use check::AuditCheck;
pub use facts::{ClusterFact, ClusterStatus, Facts, FactsError, PeeringFact, Role};
pub use pairs::Pair;
pub use report::{ClusterRow, Finding, OtherEnd, PeerCluster, PeeringRow, Place, Report, Status};

use check::{Context, Run, View};
use fleet::Fleet;
use join::Join;
use report::Builder;
use tokens::UnusedTokens;

/// The two ends of a peering are compared if they were read within this time, unless the user chooses another. Exported
/// services and states reach the other end within seconds.
pub const COMPARE_WITHIN: SignedDuration = SignedDuration::from_mins(1);

/// From this age on, an unused token is reported, unless the user chooses another: seven days.
pub const UNUSED_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How to judge facts.
#[derive(Debug, Clone)]
pub struct Options {
    /// The current time. Certificates and unused tokens are judged by it, states and heartbeats by the time of the facts.
    pub now: Timestamp,
    /// How long before its expiry a certificate is reported.
    pub warn_before: SignedDuration,
    /// How far apart two observations may be to be compared.
    pub compare_within: SignedDuration,
    /// The age from which an unused token is reported.
    pub unused_after: SignedDuration,
    /// The checks to run, with their severities.
    pub rules: RuleSet<AuditCheck>,
}

impl Options {
    /// Returns the options for all checks at a time, with the default durations.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            warn_before: WARN_BEFORE,
            compare_within: COMPARE_WITHIN,
            unused_after: UNUSED_AFTER,
            rules: RuleSet::of(checks::ALL),
        }
    }
}

/// Joins the ends of all peerings and runs the checks. `ledger` has the records of generated tokens, if there is a ledger.
///
/// The report does not depend on the order of the facts.
pub fn judge(facts: &Facts, ledger: &[LedgerRecord], options: &Options) -> Report {
    let fleet = Fleet::new(facts);
    let join = Join::new(&fleet);
    let context = Context { fleet, join, tokens: UnusedTokens::new(ledger), options };
    let mut builder = Builder::new(&context);
    for (rule, severity) in options.rules.selected() {
        match rule.run {
            Run::Cluster(run) => {
                for (index, cluster) in context.fleet.clusters.iter().enumerate() {
                    if let Some(found) = run(cluster.fact) {
                        builder.add_to_cluster(&rule.check, severity, index, found);
                    }
                }
            }
            Run::Peering(run) => {
                for index in 0..context.fleet.ends.len() {
                    if let Some(found) = run(&View::new(&context, index)) {
                        builder.add_to_peering(&rule.check, severity, index, found);
                    }
                }
            }
        }
    }
    builder.finish()
}
