//! A point in time, and a length of it, as flags take them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

/// `2026-11-24T09:00:00Z`, or `2026-11-24` for its first second in UTC.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let midnight = |date: Date| format!("{date}T00:00:00Z").parse().ok();
    text.parse::<Timestamp>().ok().or_else(|| text.parse::<Date>().ok().and_then(midnight)).ok_or_else(|| {
        "a time is written 2026-11-24T09:00:00Z, or 2026-11-24 for its midnight in UTC".to_owned()
    })
}

/// `30d`, `12h`, `90m`, `45s` or `2w`.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number = text[..text.len() - unit.len()].parse::<i64>().ok();
    let milliseconds = match unit {
        "w" => 7 * 24 * 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        "h" => 60 * 60 * 1000,
        "m" => 60 * 1000,
        "s" => 1000,
        "ms" => 1,
        _ => return Err(HOW.to_owned()),
    };
    number
        .and_then(|number| number.checked_mul(milliseconds))
        .map(SignedDuration::from_millis)
        .ok_or_else(|| HOW.to_owned())
}

/// How a duration is written.
const HOW: &str = "a duration is written 30d, 12h, 90m, 45s, 500ms or 2w";

#[cfg(test)]
mod tests {
    use super::{duration, time};

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(duration("30d"), Ok(jiff::SignedDuration::from_hours(720)));
        assert_eq!(duration("2w"), duration("14d"));
        assert_eq!(duration("1500ms"), Ok(jiff::SignedDuration::from_millis(1500)));
        for text in ["", "30", "d", "-1d", "1.5d", "30days", "99999999999999999w"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_is_its_midnight_in_utc() {
        assert_eq!(time("2026-11-24"), time("2026-11-24T00:00:00Z"));
        assert_eq!(time("2026-11-24T01:00:00+01:00"), time("2026-11-24"));
    }

    #[test]
    fn anything_else_is_told_how_to_write_it() {
        for text in ["", "tomorrow", "2026-13-01", "24.11.2026"] {
            assert!(time(text).unwrap_err().contains("2026-11-24T09:00:00Z"), "{text}");
        }
    }
}
