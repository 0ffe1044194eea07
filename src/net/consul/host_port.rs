//! `host:port` of an HTTP API, as Go's `net/url` and `net` read it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use thiserror::Error;

/// Why a text is none. Consul's client takes all of them for names of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostPortError {
    /// It has a user or a password.
    #[error("the address holds a user or a password before an @: they belong in CONSUL_HTTP_AUTH")]
    Credentials,
    /// It names no host.
    #[error("{text:?} is no address of an HTTP API: {reason}. It is host:port, such as 127.0.0.1:8500")]
    Malformed {
        /// What stands where host and port belong.
        text: String,
        /// Why it is none.
        reason: String,
    },
}

/// `host:port`, `host`, `:port` or `[IPv6]:port`, as given and taken apart. Holds no user, password, path or query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    text: String,
    host: String,
    port: u16,
}

impl HostPort {
    /// Reads it. The port ends it: `::1:8500` is port 8500 at `::1`. `default_port` stands where it names none.
    pub(super) fn parse(text: &str, default_port: u16) -> Result<Self, HostPortError> {
        if text.contains('@') {
            return Err(HostPortError::Credentials);
        }
        let malformed =
            |reason: &str| HostPortError::Malformed { text: text.to_owned(), reason: reason.to_owned() };
        let port_of = |(_, port): &(&str, &str)| port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = text.rsplit_once(':').filter(port_of).unwrap_or((text, ""));
        let port = match port {
            "" => default_port,
            port => port.parse().map_err(|_| malformed("its port is more than 65535"))?,
        };
        let unbracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let authority = Self { text: text.to_owned(), host: unbracketed.to_owned(), port };
        // A URL would take these for where the host ends.
        let ends_early = host.contains(|letter: char| "/\\?#".contains(letter) || letter.is_ascii_control());
        // A URL would take `010.0.0.1` for 8.0.0.1; for Go it is a name that nobody has.
        let is_ipv4 = |text: &str| text.parse::<Ipv4Addr>().is_ok();
        let is_host = || {
            let url = reqwest::Url::parse(&format!("http://{}", authority.url_host()));
            url.is_ok_and(|url| is_ipv4(host) || !url.host_str().is_some_and(is_ipv4))
        };
        if ends_early || !is_host() {
            return Err(malformed("its host is neither a name nor an IP address"));
        }
        Ok(authority)
    }

    /// That of a URL.
    pub(super) fn of(url: &reqwest::Url) -> Result<Self, HostPortError> {
        let default_port = if url.scheme() == "https" { 443 } else { 80 };
        let port = url.port_or_known_default().unwrap_or(default_port);
        Self::parse(&format!("{}:{port}", url.host_str().unwrap_or_default()), default_port)
    }

    /// Whether it says nothing, as in `http://`.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The host without brackets; empty for `:port`.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The port, given or default.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The host as a URL holds it. No host is this machine, as for Go's dialer.
    pub(super) fn url_host(&self) -> String {
        match self.host.as_str() {
            "" => "localhost".to_owned(),
            host if host.contains(':') => format!("[{host}]"),
            host => host.to_owned(),
        }
    }

    /// What it resolves to.
    pub(super) fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        Ok((host, self.port).to_socket_addrs()?.collect())
    }

    /// The address that Go names as dialed: the first that the host resolves to, or the host if it does not.
    pub(super) fn dialed(&self) -> String {
        if self.host.is_empty() {
            return format!(":{}", self.port);
        }
        let first = self.addresses().ok().and_then(|addresses| addresses.first().copied());
        first.map_or_else(|| format!("{}:{}", self.url_host(), self.port), |address| address.to_string())
    }
}

/// As given.
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
        let no_host = "its host is neither a name nor an IP address";
        for (text, reason) in [
            ("127.0.0.1:99999", "its port is more than 65535"),
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
