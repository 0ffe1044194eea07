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
    let unit = text.chars().last().filter(char::is_ascii_alphabetic);
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).parse::<i64>().ok();
    let seconds = match unit {
        Some('w') => 7 * 24 * 60 * 60,
        Some('d') => 24 * 60 * 60,
        Some('h') => 60 * 60,
        Some('m') => 60,
        Some('s') => 1,
        _ => 0,
    };
    number
        .filter(|number| *number >= 0 && seconds > 0 && text.len() == number.to_string().len() + 1)
        .and_then(|number| number.checked_mul(seconds))
        .map(SignedDuration::from_secs)
        .ok_or_else(|| "a duration is written 30d, 12h, 90m, 45s or 2w".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{duration, time};

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        assert_eq!(duration("30d"), Ok(jiff::SignedDuration::from_hours(720)));
        assert_eq!(duration("2w"), duration("14d"));
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
