//! Formats dates and numbers in findings.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::counted::plural_ending;

/// The paths of the first elements of each list. Few tokens have more.
const PATHS: [(&str, [&str; 3]); 3] = [
    ("CA", ["CA[0]", "CA[1]", "CA[2]"]),
    (
        "ManualServerAddresses",
        ["ManualServerAddresses[0]", "ManualServerAddresses[1]", "ManualServerAddresses[2]"],
    ),
    ("ServerAddresses", ["ServerAddresses[0]", "ServerAddresses[1]", "ServerAddresses[2]"]),
];

/// Returns the path of an element of a list, such as `CA[0]`.
pub(crate) fn path(list: &'static str, index: usize) -> Cow<'static, str> {
    let paths = PATHS.iter().find(|(of, _)| *of == list).map(|(_, paths)| paths);
    match paths.and_then(|paths| paths.get(index)) {
        Some(path) => Cow::Borrowed(path),
        None => Cow::Owned(format!("{list}[{index}]")),
    }
}

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
        _ => format!("{number} {noun}{}", plural_ending(noun)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_every_element_is_the_list_and_the_index() {
        for list in ["CA", "ManualServerAddresses", "ServerAddresses"] {
            for index in 0..5 {
                assert_eq!(path(list, index), format!("{list}[{index}]"));
            }
        }
    }
}
