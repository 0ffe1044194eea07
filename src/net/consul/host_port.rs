//! The `host:port` of an HTTP API, parsed like Go's `net/url` and `net`.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use thiserror::Error;

/// Why a text is not a `host:port`. Consul's client takes all of these for host names.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostPortError {
    /// It contains a user or a password.
    #[error("the address contains a user or a password before an @: set CONSUL_HTTP_AUTH instead")]
    Credentials,
    /// Its host or its port is invalid.
    #[error("{text:?} is not a valid address: {reason}. Use host:port, such as 127.0.0.1:8500")]
    Malformed {
        /// The invalid text.
        text: String,
        /// Why it is invalid.
        reason: String,
    },
}

/// `host:port`, `host`, `:port` or `[IPv6]:port`, as given and parsed. It contains no user, password, path or query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    text: String,
    host: String,
    port: u16,
}

impl HostPort {
    /// Parses `text`. The port comes last: `::1:8500` is port 8500 at `::1`. Without a port, it is `default_port`.
    pub(super) fn parse(text: &str, default_port: u16) -> Result<Self, HostPortError> {
        if text.contains('@') {
            return Err(HostPortError::Credentials);
        }
        let malformed =
            |reason: &str| HostPortError::Malformed { text: text.to_owned(), reason: reason.to_owned() };
        let has_port = |(_, port): &(&str, &str)| port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = text.rsplit_once(':').filter(has_port).unwrap_or((text, ""));
        let port = match port {
            "" => default_port,
            port => port.parse().map_err(|_| malformed("the port is greater than 65535"))?,
        };
        let unbracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let authority = Self { text: text.to_owned(), host: unbracketed.to_owned(), port };
        // In a URL, these characters end the host.
        let ends_early =
            host.contains(|character: char| "/\\?#".contains(character) || character.is_ascii_control());
        // A URL would read `010.0.0.1` as 8.0.0.1; Go reads it as a host name.
        let is_ipv4 = |text: &str| text.parse::<Ipv4Addr>().is_ok();
        let is_host = || {
            let url = reqwest::Url::parse(&format!("http://{}", authority.url_host()));
            url.is_ok_and(|url| is_ipv4(host) || !url.host_str().is_some_and(is_ipv4))
        };
        if ends_early || !is_host() {
            return Err(malformed("the host is neither a name nor an IP address"));
        }
        Ok(authority)
    }

    /// Returns the host and port of a URL.
    pub(super) fn of(url: &reqwest::Url) -> Result<Self, HostPortError> {
        let default_port = if url.scheme() == "https" { 443 } else { 80 };
        let port = url.port_or_known_default().unwrap_or(default_port);
        Self::parse(&format!("{}:{port}", url.host_str().unwrap_or_default()), default_port)
    }

    /// Returns whether there is neither host nor port, as in `http://`.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the host without brackets; empty for `:port`.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the given port, or the default.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the host as written in a URL. Like Go's dialer, replaces an empty host by `localhost`.
    pub(super) fn url_host(&self) -> String {
        match self.host.as_str() {
            "" => "localhost".to_owned(),
            host if host.contains(':') => format!("[{host}]"),
            host => host.to_owned(),
        }
    }

    /// Resolves the host.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        Ok((host, self.port).to_socket_addrs()?.collect())
    }

    /// Returns the address that Go reports as dialed: the first that the host resolves to, or the host if it does not resolve.
    pub(super) fn dialed(&self) -> String {
        if self.host.is_empty() {
            return format!(":{}", self.port);
        }
        let first = self.addresses().ok().and_then(|addresses| addresses.first().copied());
        first.map_or_else(|| format!("{}:{}", self.url_host(), self.port), |address| address.to_string())
    }
}

/// Writes the text as given.
impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16) {
        let authority = HostPort::parse(text, 80).unwrap();
        (authority.url_host(), authority.port())
    }

    #[test]
    fn a_host_and_a_port_are_found_where_go_finds_them() {
        for (text, host, port) in [
            ("consul.example:8500", "consul.example", 8500),
            ("consul.example", "consul.example", 80),
            ("consul.example:", "consul.example", 80),
            ("[::1]:8500", "[::1]", 8500),
            ("[::1]", "[::1]", 80),
            ("::1:8500", "[::1]", 8500),
            (":8500", "localhost", 8500),
        ] {
            assert_eq!(parts(text), (host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn what_was_dialed_has_its_port() {
        for (text, dialed) in [
            ("127.0.0.1", "127.0.0.1:80"),
            ("[::1]:1", "[::1]:1"),
            (":1", ":1"),
            ("nowhere.invalid", "nowhere.invalid:80"),
        ] {
            assert_eq!(HostPort::parse(text, 80).unwrap().dialed(), dialed, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_reason() {
        let no_host = "the host is neither a name nor an IP address";
        for (text, reason) in [
            ("127.0.0.1:99999", "the port is greater than 65535"),
            ("a?b", no_host),
            ("a#b:1", no_host),
            ("a b:1", no_host),
            ("a\nb:1", no_host),
            ("010.0.0.1:8500", no_host),
            ("127.1", no_host),
            ("0x7f000001:1", no_host),
            ("[::1", no_host),
            ("http:127.0.0.1:1", no_host),
        ] {
            let refused = HostPortError::Malformed { text: text.to_owned(), reason: reason.to_owned() };
            assert_eq!(HostPort::parse(text, 80), Err(refused), "{text}");
        }
    }

    #[test]
    fn a_password_in_it_is_refused_and_not_shown() {
        let refused = HostPort::parse("user:sesame@127.0.0.1:8500", 80).unwrap_err();
        assert!(!refused.to_string().contains("sesame"), "{refused}");
    }
}
