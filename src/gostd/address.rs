//! Go's `net.SplitHostPort` and `strconv.Atoi`: how `host:port` is taken apart.
//!
//! The host is not looked at: it may be empty, or hold spaces. An IPv6 address needs brackets. The port is a decimal
//! number, with a sign or leading zeros if one likes.

/// An address, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// What stands before the last colon, without brackets.
    pub host: &'a str,
    /// What stands after it.
    pub port: &'a str,
}

/// Splits an address at its last colon; the error says what is wrong, in Go's words.
pub fn split_host_port(address: &str) -> Result<HostPort<'_>, &'static str> {
    const MISSING_PORT: &str = "missing port in address";
    const TOO_MANY_COLONS: &str = "too many colons in address";

    let (before, port) = address.rsplit_once(':').ok_or(MISSING_PORT)?;
    let (host, outside_opening, outside_closing) = if let Some(inside) = address.strip_prefix('[') {
        let end = inside.find(']').ok_or("missing ']' in address")? + 1;
        match address.as_bytes().get(end + 1) {
            Some(b':') if end + 1 == before.len() => {}
            Some(b':') => return Err(TOO_MANY_COLONS),
            _ => return Err(MISSING_PORT),
        }
        (&address[1..end], inside, &address[end + 1..])
    } else if before.contains(':') {
        return Err(TOO_MANY_COLONS);
    } else {
        (before, address, address)
    };
    if outside_opening.contains('[') {
        return Err("unexpected '[' in address");
    }
    if outside_closing.contains(']') {
        return Err("unexpected ']' in address");
    }
    Ok(HostPort { host, port })
}

/// Reads a decimal number as `strconv.Atoi` does: an optional sign, then digits. `None` where Go has an error.
pub fn atoi(text: &str) -> Option<i64> {
    // Rust's own parser takes the same texts: one sign, ASCII digits, nothing else, and no overflow.
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(address: &str) -> Result<(&str, &str), &'static str> {
        split_host_port(address).map(|HostPort { host, port }| (host, port))
    }

    #[test]
    fn the_port_stands_after_the_last_colon() {
        assert_eq!(split("h:1"), Ok(("h", "1")));
        assert_eq!(split(":1"), Ok(("", "1")));
        assert_eq!(split("h:"), Ok(("h", "")));
        assert_eq!(split("[::1%lo0]:80"), Ok(("::1%lo0", "80")));
        assert_eq!(split("[]:80"), Ok(("", "80")));
        assert_eq!(split("日本 :80"), Ok(("日本 ", "80")));
    }

    #[test]
    fn what_cannot_be_split_is_told_in_gos_words() {
        assert_eq!(split(""), Err("missing port in address"));
        assert_eq!(split("h"), Err("missing port in address"));
        assert_eq!(split("[h]"), Err("missing port in address"));
        assert_eq!(split("[::1]"), Err("missing port in address"));
        assert_eq!(split("[::1]x:1"), Err("missing port in address"));
        assert_eq!(split("::1:1"), Err("too many colons in address"));
        assert_eq!(split("[::1]:1:2"), Err("too many colons in address"));
        assert_eq!(split("[::1:2"), Err("missing ']' in address"));
        assert_eq!(split("[[h]:1"), Err("unexpected '[' in address"));
        assert_eq!(split("h[:1"), Err("unexpected '[' in address"));
        assert_eq!(split("h]:1"), Err("unexpected ']' in address"));
        assert_eq!(split("[h]:1]"), Err("unexpected ']' in address"));
    }

    #[test]
    fn numbers_may_have_a_sign_and_leading_zeros_but_nothing_else() {
        assert_eq!(atoi("+5"), Some(5));
        assert_eq!(atoi("-5"), Some(-5));
        assert_eq!(atoi("0000000000000000000000000008503"), Some(8503));
        for text in ["", "+", "-", "+-5", " 5", "5 ", "0x5", "5_0", "٥", "9223372036854775808"] {
            assert_eq!(atoi(text), None, "{text:?}");
        }
    }
}
