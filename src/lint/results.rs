//! What checks found in a token.

use std::ops::AddAssign;

use super::finding::Finding;
use super::report::SkippedCheck;

/// What checks found in a token.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// The findings, in the order of the checks.
    pub(super) findings: Vec<Finding>,
    /// The number of checks that ran without a finding.
    pub(super) passed: usize,
    /// The checks that did not run.
    pub(super) skipped: Vec<SkippedCheck>,
}

/// Adds the results of other checks.
impl AddAssign for Results {
    fn add_assign(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.passed += other.passed;
        self.skipped.extend(other.skipped);
    }
}
