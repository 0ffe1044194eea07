//! Go's `net/netip.ParseAddr`. It accepts the same addresses as Rust's parser; the error texts are implemented here.

use std::net::{IpAddr, Ipv4Addr};

use crate::gostd::quote::quote;

/// Returns whether a text is an IP address without a zone (Go's `net.ParseIP`).
pub fn is_address(text: &[u8]) -> bool {
    !text.contains(&b'%') && parse_address(text).is_ok()
}

/// Parses an IP address. A zone must not be empty. The error is Go's text.
pub(super) fn parse_address(text: &[u8]) -> Result<IpAddr, String> {
    let (address, zone) = match text.iter().position(|&byte| byte == b'%') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let read = std::str::from_utf8(address).ok().and_then(|address| address.parse::<IpAddr>().ok());
    match (read, zone) {
        (Some(read), None) | (Some(read @ IpAddr::V6(_)), Some([_, ..])) => Ok(read),
        _ => Err(describe(text)),
    }
}

/// Returns Go's error text for a text that is not an IP address.
fn describe(text: &[u8]) -> String {
    let (message, at) = match text.iter().find(|byte| b".:%".contains(byte)) {
        None => ("unable to parse IP", None),
        Some(b'%') => ("missing IPv6 address", None),
        Some(b'.') => v4_error(text),
        Some(_) => v6_error(text),
    };
    let text = quote(text);
    match at.filter(|at| !at.is_empty()) {
        Some(at) => format!("ParseAddr({text}): {message} (at {})", quote(at)),
        None => format!("ParseAddr({text}): {message}"),
    }
}

/// Go's message, and the rest of the text that it quotes.
type Error<'a> = (&'static str, Option<&'a [u8]>);

fn v4_error(text: &[u8]) -> Error<'_> {
    let (mut value, mut digits, mut fields) = (0_u32, 0, 0);
    for (index, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return ("IPv4 field has octet with leading zero", None);
                }
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return ("IPv4 field has value >255", None);
                }
            }
            b'.' => {
                if index == 0 || index == text.len() - 1 || text[index - 1] == b'.' {
                    return ("IPv4 field must have at least one digit", Some(&text[index..]));
                }
                if fields == 3 {
                    return ("IPv4 address too long", None);
                }
                fields += 1;
                (value, digits) = (0, 0);
            }
            _ => return ("unexpected character", Some(&text[index..])),
        }
    }
    ("IPv4 address too short", None)
}

fn v6_error(text: &[u8]) -> Error<'_> {
    let (mut rest, zone) = match text.iter().position(|&byte| byte == b'%') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if zone.is_some_and(<[u8]>::is_empty) {
        return ("zone must be a non-empty string", None);
    }
    let mut groups = 0;
    let mut has_ellipsis = false;
    if let Some(after) = rest.strip_prefix(b"::") {
        (rest, has_ellipsis) = (after, true);
    }
    while groups < 8 {
        let length = rest.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(rest.len());
        let after = &rest[length..];
        match (length, after) {
            (5.., _) => return ("each group must have 4 or less digits", Some(rest)),
            (0, _) => return ("each colon-separated field must have at least one digit", Some(rest)),
            (_, [b'.', ..]) if !has_ellipsis && groups != 6 => {
                return ("embedded IPv4 address must replace the final 2 fields of the address", Some(rest));
            }
            (_, [b'.', ..]) if groups > 6 => {
                return ("too many hex fields to fit an embedded IPv4 at the end of the address", Some(rest));
            }
            (_, [b'.', ..]) if is_v4(rest) => {
                groups += 2;
                rest = &[];
                break;
            }
            (_, [b'.', ..]) => return v4_error(rest),
            _ => {}
        }
        groups += 1;
        rest = after;
        rest = match after {
            [] => break,
            [b':'] => return ("colon must be followed by more characters", Some(after)),
            [b':', after @ ..] => after,
            _ => return ("unexpected character, want colon", Some(after)),
        };
        if let Some(after) = rest.strip_prefix(b":") {
            if has_ellipsis {
                return ("multiple :: in address", Some(rest));
            }
            (rest, has_ellipsis) = (after, true);
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        ("trailing garbage after address", Some(rest))
    } else if groups < 8 {
        ("address string too short", None)
    } else {
        ("the :: must expand to at least one field of zeros", None)
    }
}

fn is_v4(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<Ipv4Addr>().is_ok())
}
