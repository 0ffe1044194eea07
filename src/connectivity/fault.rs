//! Why a connectivity step failed. Each fault's `Display` form is one phrase for people.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::Serialize;

use super::{GrpcStatus, Presented};

/// Why a host name could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DnsFault {
    /// The address is not `host:port`.
    InvalidAddress {
        /// The parser's error.
        message: String,
    },
    /// The resolver does not know the name.
    NoSuchHost,
    /// The name has no IP address.
    NoAddress,
    /// The resolver returned no usable answer.
    ResolverFailed {
        /// The operating system's error.
        message: String,
    },
    /// The resolver did not answer within the timeout.
    TimedOut,
}

impl fmt::Display for DnsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::InvalidAddress { message } | Self::ResolverFailed { message } => message,
            Self::NoSuchHost => "the resolver does not know this name",
            Self::NoAddress => "the name has no IP address",
            Self::TimedOut => "the resolver did not answer in time",
        })
    }
}

/// No IP address of the name accepted a TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpFault {
    /// One attempt for each IP address, in the resolver's order.
    pub attempts: Vec<TcpAttempt>,
}

/// A TCP connection attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpAttempt {
    /// The IP address and port.
    pub remote_address: SocketAddr,
    /// Why it failed.
    pub reason: TcpFailure,
    /// How long it took.
    #[serde(rename = "elapsed_ms", serialize_with = "super::as_ms")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub elapsed: Duration,
}

/// Why a TCP connection attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TcpFailure {
    /// The host reports that nothing listens on the port.
    Refused,
    /// No answer within the timeout.
    TimedOut,
    /// A router or this host reports that there is no route.
    Unreachable {
        /// The operating system's error: `no route to host`, `network is unreachable`.
        message: String,
    },
    /// This host forbids the connection.
    NotPermitted {
        /// The operating system's error.
        message: String,
    },
    /// The connection was reset immediately.
    Reset,
    /// Another error.
    Other {
        /// The operating system's error.
        message: String,
    },
}

impl fmt::Display for TcpFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Refused => "connection refused",
            Self::TimedOut => "the address does not respond",
            Self::Unreachable { message } | Self::NotPermitted { message } | Self::Other { message } => {
                message
            }
            Self::Reset => "connection reset",
        })
    }
}

impl TcpFault {
    /// Returns why the first attempt failed.
    pub fn reason(&self) -> &TcpFailure {
        self.attempts.first().map_or(&TcpFailure::TimedOut, |first| &first.reason)
    }
}

/// Why the TLS handshake failed, or why a dialer would not trust the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum TlsFault {
    /// The server does not use TLS on this port.
    NotTls {
        /// The protocol that its first bytes show: `HTTP/1` or `HTTP/2 without TLS`.
        protocol: Option<String>,
    },
    /// The server closed the connection during the handshake.
    ConnectionClosed,
    /// The connection was reset.
    Reset,
    /// The server accepts the connection but does not answer.
    TimedOut,
    /// The server sent an alert, during the handshake or immediately after it.
    Alert {
        /// The alert's name in Go, such as `handshake failure` or `certificate required`.
        alert: String,
        /// What the server presented before the alert.
        presented: Option<Box<Presented>>,
    },
    /// The server presented a chain that the dialer does not trust.
    Untrusted {
        /// Why, as a category.
        reason: Distrust,
        /// Go's error: `x509: certificate signed by unknown authority`.
        go_message: String,
        /// What the server presented.
        presented: Box<Presented>,
    },
    /// The token's CAs or server name cannot be used for TLS.
    Token {
        /// Why not.
        message: String,
    },
    /// Another error.
    Other {
        /// The TLS library's or the operating system's error.
        message: String,
    },
}

impl fmt::Display for TlsFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTls { protocol: Some(protocol) } => {
                write!(formatter, "the server uses {protocol}, not TLS")
            }
            Self::NotTls { protocol: None } => formatter.write_str("the server does not use TLS"),
            Self::ConnectionClosed => {
                formatter.write_str("the server closed the connection during the TLS handshake")
            }
            Self::Reset => formatter.write_str("the connection was reset during the TLS handshake"),
            Self::TimedOut => {
                formatter.write_str("the server accepts the connection but does not answer the TLS handshake")
            }
            Self::Alert { alert, .. } => write!(formatter, "TLS alert: {alert}"),
            Self::Untrusted { go_message: message, .. }
            | Self::Token { message }
            | Self::Other { message } => formatter.write_str(message),
        }
    }
}

/// Why a dialer does not trust a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// None of the token's CAs issued it.
    UnknownAuthority,
    /// It is for a different name.
    WrongName,
    /// A certificate of the chain has expired.
    Expired,
    /// A certificate of the chain is not valid yet.
    NotYetValid,
    /// It breaks another rule: CA flag, usages, constraints, signature.
    Unusable,
}

/// Why no usable application protocol was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlpnFault {
    /// What the server selected when `h2` was offered; `None` if nothing.
    pub selected: Option<String>,
}

impl fmt::Display for AlpnFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.selected {
            Some(other) => write!(formatter, "the server selected {other:?}, not h2"),
            None => {
                formatter.write_str("the server selected no application protocol, although h2 was offered")
            }
        }
    }
}

/// Why Consul's peer stream service did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum GrpcFault {
    /// The server answered with HTTP/1.
    Http1,
    /// The server answered with HTTP/2 but not with gRPC, as a proxy does.
    NotGrpc {
        /// The HTTP status.
        status: u16,
    },
    /// A gRPC server that does not have the service.
    NotConsul {
        /// Its message.
        message: String,
    },
    /// A gRPC status about the server or a proxy, not about the peering: `Unavailable`, `Internal`, ….
    Status(GrpcStatus),
    /// The connection was established, but the call got no answer within the timeout.
    TimedOut,
    /// The connection ended before an answer.
    ConnectionClosed {
        /// The HTTP/2 library's error.
        message: String,
    },
}

impl fmt::Display for GrpcFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http1 => formatter.write_str("the server answered with HTTP/1"),
            Self::NotGrpc { status } => {
                write!(formatter, "the server answered with HTTP status {status}, not with gRPC")
            }
            Self::NotConsul { message } | Self::ConnectionClosed { message } => formatter.write_str(message),
            Self::Status(status) => status.fmt(formatter),
            Self::TimedOut => {
                formatter.write_str("the server accepts the connection but does not answer the call")
            }
        }
    }
}
