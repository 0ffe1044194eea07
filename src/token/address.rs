//! Server addresses (`host:port`), as Consul checks and dials them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use crate::gostd::address::{HostPort, atoi, split_host_port};

/// The address of a server or mesh gateway of the acceptor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerAddress {
    /// The host without brackets. If it is empty, the dialer connects to its own host.
    pub host: String,
    /// The kind of host.
    pub kind: HostKind,
    /// The port, 1–65535.
    pub port: u16,
}

/// The kind of host in a [`ServerAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address. Its zone, if any, is only in `host`.
    V6(Ipv6Addr),
    /// A DNS name.
    Name,
    /// No host.
    Empty,
}

/// The error for an address that Consul rejects. Its text is Consul's.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{address} is not a valid peering server address")]
pub struct AddressError {
    /// The rejected address.
    pub address: String,
    /// The cause, such as `missing port in address`.
    pub reason: &'static str,
}

impl ServerAddress {
    /// Parses an address the way Consul does: Go's `net.SplitHostPort`, then `strconv.Atoi`, then a port of 1–65535.
    pub fn parse(address: &str) -> Result<Self, AddressError> {
        let (host, port) =
            split(address).map_err(|reason| AddressError { address: address.to_owned(), reason })?;
        Ok(Self { host: host.to_owned(), kind: HostKind::of(host), port })
    }

    /// Returns the host as an IP address, if it is one. An IPv4-mapped IPv6 address is returned as IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.kind {
            HostKind::V4(ip) => Some(IpAddr::V4(ip)),
            HostKind::V6(ip) => Some(ip.to_canonical()),
            HostKind::Name | HostKind::Empty => None,
        }
    }

    /// Returns whether Consul accepts an address, without allocating.
    pub fn is_valid(address: &str) -> bool {
        split(address).is_ok()
    }

    /// Returns whether the host looks like a number but is not an IP address in Go, such as `0177.0.0.1` or `127.1`.
    ///
    /// The system's resolver would convert it to an IP address. Go looks it up as a DNS name, which does not exist.
    pub fn is_numeric_name(&self) -> bool {
        let last = self.host.strip_suffix('.').unwrap_or(&self.host).rsplit('.').next().unwrap_or_default();
        let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
        let is_number = match hex {
            Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            None => !last.is_empty() && last.bytes().all(|digit| digit.is_ascii_digit()),
        };
        self.kind == HostKind::Name && is_number
    }
}

fn split(address: &str) -> Result<(&str, u16), &'static str> {
    let HostPort { host, port } = split_host_port(address)?;
    let port = atoi(port).ok_or("the port is not a number")?;
    match u16::try_from(port) {
        Ok(port @ 1..) => Ok((host, port)),
        _ => Err("the port is not within 1–65535"),
    }
}

impl HostKind {
    fn of(host: &str) -> Self {
        let without_zone = host.split_once('%').map_or(host, |(address, _)| address);
        if host.is_empty() {
            Self::Empty
        } else if let Ok(address) = host.parse() {
            Self::V4(address)
        } else if let Ok(address) = without_zone.parse() {
            Self::V6(address)
        } else {
            Self::Name
        }
    }
}

/// Writes `host:port`, with brackets around an IPv6 address, as Go's `net.JoinHostPort` does.
impl fmt::Display for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_host_is_an_ip_address_a_name_or_empty() {
        let kind = |address| ServerAddress::parse(address).unwrap().kind;
        assert_eq!(kind("10.0.0.1:8503"), HostKind::V4(Ipv4Addr::new(10, 0, 0, 1)));
        assert_eq!(kind("[::1]:8503"), HostKind::V6(Ipv6Addr::LOCALHOST));
        assert_eq!(kind("[::1%lo]:8503"), HostKind::V6(Ipv6Addr::LOCALHOST));
        assert_eq!(kind("consul.example.com:8503"), HostKind::Name);
        assert_eq!(kind("010.0.0.1:8503"), HostKind::Name);
        assert_eq!(kind(":8503"), HostKind::Empty);
    }

    #[test]
    fn ipv6_addresses_are_written_with_brackets() {
        for (address, written) in
            [("h:08503", "h:8503"), ("[::1%lo]:+1", "[::1%lo]:1"), ("[h]:1", "h:1"), (":1", ":1")]
        {
            assert_eq!(ServerAddress::parse(address).unwrap().to_string(), written);
        }
    }

    #[test]
    fn an_error_contains_the_original_address() {
        let error = |address| ServerAddress::parse(address).unwrap_err();
        assert_eq!(error("h").to_string(), "h is not a valid peering server address");
        assert_eq!(error("h").reason, "missing port in address");
        assert_eq!(error("h:grpc").reason, "the port is not a number");
        for address in ["h:0", "h:-1", "h:65536", "h:4294967297"] {
            assert_eq!(error(address).reason, "the port is not within 1–65535");
        }
    }

    proptest! {
        #[test]
        fn writing_and_parsing_an_address_round_trips(address in "[a-z0-9:.%\\[\\]+]{0,12}:[0-9]{1,5}") {
            if let Ok(read) = ServerAddress::parse(&address) {
                prop_assert_eq!(ServerAddress::parse(&read.to_string()), Ok(read));
            }
        }
    }

    #[test]
    fn numbers_that_only_a_resolver_accepts_as_ip_addresses_are_detected() {
        let is = |address| ServerAddress::parse(address).unwrap().is_numeric_name();
        for address in ["0177.0.0.1:8503", "127.1:8503", "2130706433:8503", "0x7f.1:8503", "010.0.0.1.:8503"]
        {
            assert!(is(address), "{address}");
        }
        for address in ["10.0.0.1:8503", "[::1]:8503", "consul-1:8503", "1.example.com:8503", ":8503"] {
            assert!(!is(address), "{address}");
        }
    }
}
