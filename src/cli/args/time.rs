//! Times and durations as flags take them.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::cli::env::now;
use crate::cli::error::CliError;

/// Parses `2026-11-24T09:00:00Z`, or `2026-11-24` for midnight in UTC.
pub fn time(text: &str) -> Result<Timestamp, CliError> {
    let midnight = |date: Date| format!("{date}T00:00:00Z").parse().ok();
    text.parse::<Timestamp>().ok().or_else(|| text.parse::<Date>().ok().and_then(midnight)).ok_or_else(|| {
        CliError::new("not a time").with_remedy(
            "use a time such as 2026-11-24T09:00:00Z, or a date such as 2026-11-24 (midnight UTC)",
        )
    })
}

/// Parses `2w`, `30d`, `12h`, `90m`, `45s` or `500ms`.
pub fn duration(text: &str) -> Result<SignedDuration, CliError> {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let number = text[..text.len() - unit.len()].parse::<i64>().ok();
    let milliseconds = match unit {
        "w" => 7 * 24 * 60 * 60 * 1000,
        "d" => 24 * 60 * 60 * 1000,
        "h" => 60 * 60 * 1000,
        "m" => 60 * 1000,
        "s" => 1000,
        "ms" => 1,
        _ => return Err(not_a_duration()),
    };
    number
        .and_then(|number| number.checked_mul(milliseconds))
        .map(SignedDuration::from_millis)
        .ok_or_else(not_a_duration)
}

/// Parses a time as [`time`] does, or a duration before now.
pub fn since(text: &str) -> Result<Timestamp, CliError> {
    let ago = || duration(text).ok().and_then(|duration| now().checked_sub(duration).ok());
    time(text).or_else(|error| ago().ok_or(error))
}

fn not_a_duration() -> CliError {
    CliError::new("not a duration").with_remedy("use a duration such as 30d, 12h, 90m, 45s, 500ms or 2w")
}

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
    fn an_invalid_time_shows_a_valid_one() {
        for text in ["", "tomorrow", "2026-13-01", "24.11.2026"] {
            assert!(time(text).unwrap_err().to_string().contains("2026-11-24T09:00:00Z"), "{text}");
        }
    }
}
