//! Go's `net.SplitHostPort` and `strconv.Atoi`, which parse `host:port`.
//!
//! The host is not checked: it may be empty or contain spaces. An IPv6 address needs brackets. The port is a decimal
//! number, optionally with a sign or leading zeros.

/// The parts of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostPort<'a> {
    /// The text before the last colon, without brackets.
    pub host: &'a str,
    /// The text after the last colon.
    pub port: &'a str,
}

/// Splits an address at its last colon. The error is Go's text.
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

/// Parses a decimal number as `strconv.Atoi` does: an optional sign, then digits. `None` where Go returns an error.
pub fn atoi(text: &str) -> Option<i64> {
    // Rust's parser accepts the same texts: an optional sign and ASCII digits, without overflow.
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(address: &str) -> Result<(&str, &str), &'static str> {
        split_host_port(address).map(|HostPort { host, port }| (host, port))
    }

    #[test]
    fn the_port_is_after_the_last_colon() {
        assert_eq!(split("h:1"), Ok(("h", "1")));
        assert_eq!(split(":1"), Ok(("", "1")));
        assert_eq!(split("h:"), Ok(("h", "")));
        assert_eq!(split("[::1%lo0]:80"), Ok(("::1%lo0", "80")));
        assert_eq!(split("[]:80"), Ok(("", "80")));
        assert_eq!(split("日本 :80"), Ok(("日本 ", "80")));
    }

    #[test]
    fn errors_have_gos_text() {
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
    fn numbers_may_have_only_a_sign_and_leading_zeros() {
        assert_eq!(atoi("+5"), Some(5));
        assert_eq!(atoi("-5"), Some(-5));
        assert_eq!(atoi("0000000000000000000000000008503"), Some(8503));
        for text in ["", "+", "-", "+-5", " 5", "5 ", "0x5", "5_0", "٥", "9223372036854775808"] {
            assert_eq!(atoi(text), None, "{text:?}");
        }
    }
}
