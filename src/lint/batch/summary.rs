//! What came of a batch, in numbers.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::lint::report::{Report, Status};

/// What was judged, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes read.
    pub bytes: u64,
    /// Blank lines, which were skipped.
    pub blank: u64,
    /// Lines that hold no token at all.
    pub unreadable: u64,
    /// Tokens by what is said of them at worst, in the order of [`Status`].
    pub by_status: [u64; Status::ALL.len()],
    /// Findings by check.
    pub by_check: BTreeMap<&'static str, u64>,
    /// Lines that count as failing: Consul refuses the token, a finding is bad enough, or there is no token.
    pub failing: u64,
}

impl Summary {
    /// How many results there are: one for each line that is not blank.
    pub fn results(&self) -> u64 {
        self.unreadable + self.by_status.iter().sum::<u64>()
    }

    /// How many tokens got this status.
    pub fn with_status(&self, status: Status) -> u64 {
        self.by_status[status as usize]
    }

    pub(super) fn count(&mut self, report: &Report, fails: bool) {
        self.by_status[report.status() as usize] += 1;
        self.failing += u64::from(fails);
        for finding in &report.findings {
            *self.by_check.entry(finding.check).or_default() += 1;
        }
    }

    pub(super) fn count_unreadable(&mut self) {
        self.unreadable += 1;
        self.failing += 1;
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.blank += other.blank;
        self.unreadable += other.unreadable;
        self.failing += other.failing;
        for (sum, more) in self.by_status.iter_mut().zip(other.by_status) {
            *sum += more;
        }
        for (check, count) in other.by_check {
            *self.by_check.entry(check).or_default() += count;
        }
    }
}
