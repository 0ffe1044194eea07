//! Times and durations as text: one form everywhere, in UTC.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::Offset;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Returns a time as `2036-11-20 18:50:09 UTC`.
pub(crate) fn date_time(at: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(at);
    format!("{} {:02}:{:02}:{:02} UTC", at.date(), at.hour(), at.minute(), at.second())
}

/// Returns a day as `2036-11-20`.
pub(crate) fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

/// Returns how far a time is from now: `3 min ago`, `in 10 years`, `just now`.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let distance = at.duration_since(now);
    match distance.as_secs() {
        -59..=0 => "just now".to_owned(),
        1.. => format!("in {}", span(distance)),
        _ => format!("{} ago", span(distance)),
    }
}

/// Returns the length of a duration in its largest whole unit: `40 s`, `3 min`, `5 h`, `12 days`. Days and years
/// start at two, because `1 day` could be almost two. Years are rounded.
pub(crate) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().saturating_abs();
    match seconds {
        ..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        _ if seconds < 2 * DAY => format!("{} h", seconds / HOUR),
        _ if seconds < 2 * YEAR => format!("{} days", seconds / DAY),
        _ => format!("{} years", (seconds + YEAR / 2) / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_one_unit() {
        let now: Timestamp = "2026-11-27T17:31:38Z".parse().unwrap();
        for (at, expected) in [
            ("2026-11-27T17:31:38Z", "just now"),
            ("2026-11-27T17:31:37Z", "just now"),
            ("2026-11-27T17:28:00Z", "3 min ago"),
            ("2026-11-27T16:31:38Z", "1 h ago"),
            ("2026-11-26T16:00:00Z", "25 h ago"),
            ("2026-12-09T17:31:38Z", "in 12 days"),
            ("2027-12-09T17:31:38Z", "in 377 days"),
            ("2036-11-24T17:31:38Z", "in 10 years"),
        ] {
            assert_eq!(relative(at.parse().unwrap(), now), expected, "{at}");
        }
        assert_eq!(date_time(now), "2026-11-27 17:31:38 UTC");
        assert_eq!(day(now), "2026-11-27");
    }
}
