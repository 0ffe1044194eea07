//! Go's `syscall.Errno.Error`: the text of an operating system error.

use std::io;

/// Returns the text of an operating system error as Go prints it: lower case, without the error number. Windows' own texts
/// are sentences: the period goes too.
pub fn os_error_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text).trim_end_matches('.');
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_lower_case_and_has_no_number_and_no_period() {
        let not_found = io::Error::from_raw_os_error(2);
        assert_eq!(os_error_text(&not_found), "no such file or directory");
        assert_eq!(os_error_text(&io::Error::other("Broken")), "broken");
        let windows = io::Error::other("The system cannot find the file specified. (os error 2)");
        assert_eq!(os_error_text(&windows), "the system cannot find the file specified");
    }
}
