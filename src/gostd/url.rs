//! The parts of Go's `net/url.Parse` and `net/netip.ParseAddr` that check a URI in a certificate.

pub(crate) mod address;

use std::borrow::Cow;

use super::GoDebug;
use super::quote::quote;
use address::parse_address;

pub use address::is_address;

/// Go's error text.
type Message = Cow<'static, str>;
type Result<T> = std::result::Result<T, Message>;

/// The part of a URL that contains a text. The allowed characters depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// Returns the unescaped host and port of a URL; empty if it has none. The error is Go's text.
pub fn host(url: &str, debug: GoDebug) -> std::result::Result<Vec<u8>, String> {
    let (main, fragment) = url.split_once('#').unwrap_or((url, ""));
    let error = |url: &str, message: &Message| format!("parse {}: {message}", quote(url.as_bytes()));
    let host = parse(main, debug).map_err(|message| error(main, &message))?;
    unescape(fragment, Part::Other).map_err(|message| error(url, &message))?;
    Ok(host)
}

fn parse(url: &str, debug: GoDebug) -> Result<Vec<u8>> {
    if url.bytes().any(|byte| byte < b' ' || byte == 0x7F) {
        return Err("net/url: invalid control character in URL".into());
    }
    if url == "*" {
        return Ok(Vec::new());
    }
    let (scheme, rest) = split_scheme(url)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok(Vec::new());
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".into());
        }
    }
    let has_authority = rest.starts_with("//") && !(scheme.is_empty() && rest.starts_with("///"));
    let mut host = Vec::new();
    let mut path = rest;
    if has_authority {
        let after = &rest[2..];
        let (authority, rest) = after.split_at(after.find('/').unwrap_or(after.len()));
        // Go rejects several colons only for these schemes.
        let is_http = ["http", "https"].iter().any(|http| scheme.eq_ignore_ascii_case(http));
        host = parse_authority(authority, is_http && debug.url_strict_colons)?;
        path = rest;
    }
    unescape(path, Part::Other)?;
    Ok(host)
}

fn split_scheme(url: &str) -> Result<(&str, &str)> {
    for (at, byte) in url.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((&url[..at], &url[at + 1..])),
            _ => break,
        }
    }
    Ok(("", url))
}

fn parse_authority(authority: &str, strict_colons: bool) -> Result<Vec<u8>> {
    let Some((user, host)) = authority.rsplit_once('@') else { return parse_host(authority, strict_colons) };
    let host = parse_host(host, strict_colons)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(is_allowed) {
        return Err("net/url: invalid userinfo".into());
    }
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    unescape(name, Part::Other)?;
    unescape(password, Part::Other)?;
    Ok(host)
}

fn parse_host(host: &str, strict_colons: bool) -> Result<Vec<u8>> {
    match host.rfind('[') {
        Some(0) => return parse_bracketed(host),
        Some(_) => return Err("invalid IP-literal".into()),
        None => {}
    }
    if let (Some(first), Some(last)) = (host.find(':'), host.rfind(':')) {
        check_port(&host[if strict_colons { first } else { last }..])?;
    }
    unescape(host, Part::Host)
}

fn parse_bracketed(host: &str) -> Result<Vec<u8>> {
    let end = host.rfind(']').ok_or("missing ']' in host")?;
    let (inside, port) = (&host[1..end], &host[end + 1..]);
    check_port(port)?;
    let address = match inside.find("%25") {
        Some(zone) => {
            let mut address = unescape(&inside[..zone], Part::Host)?;
            address.extend(unescape(&inside[zone..], Part::Zone)?);
            address
        }
        None => unescape(inside, Part::Host)?,
    };
    match parse_address(&address) {
        Err(message) => Err(format!("invalid host: {message}").into()),
        Ok(address) if address.is_ipv4() => Err("invalid IP-literal".into()),
        Ok(_) => Ok([b"[", address.as_slice(), b"]", port.as_bytes()].concat()),
    }
}

/// Checks an optional port, including its colon.
fn check_port(port: &str) -> Result<()> {
    let is_valid = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    if is_valid { Ok(()) } else { Err(format!("invalid port {} after host", quote(port.as_bytes())).into()) }
}

/// Resolves `%XX`. A host may use it only for bytes outside ASCII, and for `%25` before a zone.
fn unescape(text: &str, part: Part) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' {
            let byte = hex_byte(after).ok_or_else(|| invalid_escape(rest))?;
            let is_allowed = match part {
                Part::Host => byte >= 0x80 || byte == b'%',
                Part::Zone => byte == b'%' || byte == b' ' || is_host_byte(byte),
                Part::Other => true,
            };
            if !is_allowed {
                return Err(invalid_escape(rest));
            }
            bytes.push(byte);
            rest = &after[2..];
        } else {
            if part != Part::Other && first < 0x80 && !is_host_byte(first) {
                return Err(format!("invalid character {} in host name", quote(&[first])).into());
            }
            bytes.push(first);
            rest = after;
        }
    }
    Ok(bytes)
}

fn invalid_escape(at: &[u8]) -> Message {
    format!("invalid URL escape {}", quote(&at[..at.len().min(3)])).into()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// Returns whether Go allows an unescaped byte in a host.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}
