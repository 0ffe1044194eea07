//! Formats dates and numbers in findings.

use jiff::Timestamp;

/// Returns the whole days from one time to a later one.
pub(crate) fn days_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.duration_since(earlier).as_secs() / (24 * 60 * 60)
}

/// Formats a number of whole days: `3 days`, or `less than a day` for 0.
pub(crate) fn whole_days(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}

/// Formats a number with its noun: `1 byte`, `2 bytes`, `2 addresses`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{number} {noun}es"),
        _ => format!("{number} {noun}s"),
    }
}
