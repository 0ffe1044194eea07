//! Checks dates.
//!
//! Go parses a date, formats it, and requires the same text. So each date has exactly one valid form. UTCTime may omit the
//! seconds. A time zone other than `Z` is valid, except an offset of zero.

use super::Result;
use super::der::Der;

const UTC_TIME: u8 = 23;
const GENERALIZED_TIME: u8 = 24;

/// Reads and checks one date.
pub(super) fn check(validity: &mut Der<'_>) -> Result<()> {
    if validity.peek(UTC_TIME) {
        let text = validity.read(UTC_TIME).filter(|text| is_utc_time(text.bytes()));
        text.ok_or("x509: malformed UTCTime")?;
    } else if validity.peek(GENERALIZED_TIME) {
        let text = validity.read(GENERALIZED_TIME).filter(|text| is_generalized_time(text.bytes()));
        text.ok_or("x509: malformed GeneralizedTime")?;
    } else {
        return Err("x509: unsupported time format".into());
    }
    Ok(())
}

/// Returns whether a text is `YYMMDDhhmm[ss]` with a time zone.
fn is_utc_time(text: &[u8]) -> bool {
    let Some((year, rest)) = number(text, 2) else { return false };
    let year = if year < 69 { 2000 + year } else { 1900 + year };
    let Some(rest) = date_and_minutes(year, rest) else { return false };
    is_zone(rest) || seconds(rest).is_some_and(is_zone)
}

/// Returns whether a text is `YYYYMMDDhhmmss` with a time zone.
fn is_generalized_time(text: &[u8]) -> bool {
    let Some((year, rest)) = number(text, 4) else { return false };
    date_and_minutes(year, rest).and_then(seconds).is_some_and(is_zone)
}

fn date_and_minutes(year: u16, text: &[u8]) -> Option<&[u8]> {
    let (month, rest) = number(text, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hour, rest) = number(rest, 2)?;
    let (minute, rest) = number(rest, 2)?;
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    ((1..=days).contains(&day) && hour < 24 && minute < 60).then_some(rest)
}

fn seconds(text: &[u8]) -> Option<&[u8]> {
    number(text, 2).and_then(|(second, rest)| (second < 60).then_some(rest))
}

/// Returns whether a text is `Z`, or a sign, hours (at most 24) and minutes. An offset of zero is invalid, because Go
/// formats it as `Z`.
fn is_zone(text: &[u8]) -> bool {
    if text == b"Z" {
        return true;
    }
    let Some((b'+' | b'-', digits)) = text.split_first() else { return false };
    match number(digits, 2).and_then(|(hours, rest)| Some((hours, number(rest, 2)?))) {
        Some((hours, (minutes, []))) => hours <= 24 && minutes < 60 && (hours, minutes) != (0, 0),
        _ => false,
    }
}

fn number(text: &[u8], digits: usize) -> Option<(u16, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u16::from(digit - b'0')))?;
    Some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_time_may_omit_seconds() {
        for valid in
            ["261123185009Z", "2611231850Z", "000229000000Z", "261123185009+0130", "261123185009-2400"]
        {
            assert!(is_utc_time(valid.as_bytes()), "{valid}");
        }
        for invalid in [
            "",
            "261123185009",
            "261123185009z",
            "261123185060Z",
            "261123245009Z",
            "261100185009Z",
            "260229000000Z",
            "261323185009Z",
            "261123185009+0000",
            "261123185009-0060",
            "261123185009+2500",
            "261123185009.5Z",
            "26112318Z",
            "+61123185009Z",
            "20261123185009Z",
            "2611231850+01300",
        ] {
            assert!(!is_utc_time(invalid.as_bytes()), "{invalid}");
        }
    }

    #[test]
    fn generalized_time_requires_seconds() {
        assert!(is_generalized_time(b"20261123185009Z"));
        assert!(is_generalized_time(b"00000229185009Z"));
        assert!(is_generalized_time(b"99991231235959+2459"));
        assert!(!is_generalized_time(b"202611231850Z"));
        assert!(!is_generalized_time(b"20261123185009.1Z"));
        assert!(!is_generalized_time(b"21000229000000Z"));
    }
}
