//! Numbers in text.

/// Returns a count as a signed number.
pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns a number with commas between thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut shown = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if number < 0 { format!("-{shown}") } else { shown }
}

/// Returns a number with its noun: `1 day`, `2 days`, `2 addresses`.
pub fn counted(number: i64, one: &str) -> String {
    format!("{} {one}{}", grouped(number), if number == 1 { "" } else { plural_ending(one) })
}

/// Returns what a noun ends with in its plural.
pub(crate) fn plural_ending(noun: &str) -> &'static str {
    if noun.ends_with('s') { "es" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(3650), grouped(-1_234_567)],
            ["0", "999", "3,650", "-1,234,567"]
        );
        assert_eq!([counted(1, "day"), counted(2, "day")], ["1 day", "2 days"]);
        assert_eq!([counted(1, "address"), counted(2, "address")], ["1 address", "2 addresses"]);
    }
}
