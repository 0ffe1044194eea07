//! How findings write dates and numbers.

use jiff::Timestamp;
use jiff::tz::Offset;

/// A day, such as `2036-11-20`, in UTC.
pub(crate) fn day(time: Timestamp) -> String {
    Offset::UTC.to_datetime(time).date().to_string()
}

/// A day and the time of day, such as `2036-11-20 18:50:09 UTC`.
pub(crate) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Whole days from one time to a later one.
pub(crate) fn days_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.duration_since(earlier).as_secs() / (24 * 60 * 60)
}

/// `3 days`; `less than a day` for none.
pub(crate) fn at_least(days: i64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}

/// `1 byte`, `2 bytes`, `2 addresses`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ if what.ends_with('s') => format!("{number} {what}es"),
        _ => format!("{number} {what}s"),
    }
}
