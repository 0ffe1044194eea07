//! Rejects requests that a web page of another site may have sent.
//!
//! A browser on this machine reaches loopback addresses for any page. A page whose name resolves to 127.0.0.1 (DNS
//! rebinding) could read what a server on loopback serves, and a form on any page could change it.

use std::net::{Ipv4Addr, Ipv6Addr};

use http::{HeaderValue, Request, header};

/// Returns the error of a request whose host is not a loopback name or address, or that a page from elsewhere sent.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), String> {
    let hosts = request.headers().get_all(header::HOST);
    if hosts.iter().next().is_none() {
        return Err("The request has no Host header".to_owned());
    }
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let authority = request.uri().authority().map(ToString::to_string);
    if let Some(host) = hosts.iter().map(text).chain(authority).find(|host| !is_loopback(host)) {
        return Err(format!(
            "The host {host:?} is not allowed: this server answers only requests to localhost, 127.0.0.1 \
             and [::1]"
        ));
    }
    let origins = request.headers().get_all(header::ORIGIN);
    if let Some(origin) = origins.iter().map(text).find(|origin| !is_loopback_origin(origin)) {
        return Err(format!(
            "The origin {origin:?} is not allowed: this server answers only web pages from localhost, \
             127.0.0.1 and [::1]"
        ));
    }
    Ok(())
}

fn is_loopback_origin(origin: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(is_loopback)
}

/// Returns whether `host`, `host:port`, `[IPv6]` or `[IPv6]:port` is `localhost` or a loopback address.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let Some((host, rest)) = rest.split_once(']') else { return false };
            if !host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()) {
                return false;
            }
            ("localhost", rest)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && (host.eq_ignore_ascii_case("localhost")
            || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_and_origins_are_allowed() {
        for host in ["localhost", "LOCALHOST:8500", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:8500"] {
            assert!(is_loopback(host) && is_loopback_origin(&format!("http://{host}")), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:8500",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost.",
            "localhost@evil.example",
            "localhost:80@evil.example",
            "10.0.0.1:8500",
            "0.0.0.0",
            "2130706433",
            "[::1",
            "[::2]:8500",
            "[::1]evil.example",
            "::1",
        ] {
            assert!(!is_loopback(host) && !is_loopback_origin(&format!("https://{host}")), "{host}");
        }
        for origin in ["null", "localhost", "file://localhost", "http://localhost/"] {
            assert!(!is_loopback_origin(origin), "{origin}");
        }
    }
}
