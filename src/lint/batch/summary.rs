//! The counts of a batch.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::lint::{Report, Status};

/// The counts of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes read.
    pub bytes: u64,
    /// Lines that are empty or contain only whitespace, which were skipped.
    pub empty: u64,
    /// Results by status, in the order of [`Status::ALL`].
    pub by_status: [u64; Status::ALL.len()],
    /// Findings by check.
    pub by_check: BTreeMap<&'static str, u64>,
    /// Results that fail the batch; see [`LineResult::fails`](super::LineResult::fails).
    pub failing: u64,
    /// Lines that were not checked because of a panic, which is a defect of this tool. They are also failing.
    pub internal_errors: u64,
}

impl Summary {
    /// Returns the number of results: one for each line that is not empty.
    pub fn results(&self) -> u64 {
        self.by_status.iter().sum()
    }

    /// Returns the number of results with this status.
    pub fn with_status(&self, status: Status) -> u64 {
        self.by_status[status as usize]
    }

    /// Counts one result. Without a report, the line contains no token.
    pub(super) fn count(&mut self, report: Option<&Report>, fails: bool) {
        let status = report.map_or(Status::Unreadable, Report::status);
        self.by_status[status as usize] += 1;
        self.failing += u64::from(fails);
        for finding in report.iter().flat_map(|report| &report.findings) {
            *self.by_check.entry(finding.check).or_default() += 1;
        }
    }
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.empty += other.empty;
        self.failing += other.failing;
        self.internal_errors += other.internal_errors;
        for (sum, more) in self.by_status.iter_mut().zip(other.by_status) {
            *sum += more;
        }
        for (check, count) in other.by_check {
            *self.by_check.entry(check).or_default() += count;
        }
    }
}
