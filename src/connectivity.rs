//! What was seen on the way to the addresses of a token: plain values.
//!
//! For each address a ladder of steps, from DNS to the acceptor's answers. Who climbed it is not said here, and what
//! follows from it is not decided here.

pub mod probe_answer;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::certificate::Certificate;
use crate::observed::Observed;
use crate::token::Token;
use probe_answer::{Answer, Code, probe_b_may_be_asked_of};

/// What was seen of every address of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reach {
    /// The name of the host that looked. The servers that dial may see otherwise.
    pub seen_from: String,
    /// When it looked.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub seen_at: Option<Timestamp>,
    /// One for each address, in the order in which Consul would dial; those that it does not dial follow.
    pub ways: Vec<Way>,
    /// How many addresses that Consul would dial were not tried: those after the first 64.
    pub left_out: usize,
}

/// What was seen on the way to one address, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Way {
    /// The address as it stands in the token.
    pub address: String,
    /// Where it stands there, such as `ServerAddresses[0]`.
    pub path: String,
    /// Whether Consul dials it: manual addresses are dialed instead of the servers'.
    pub dialed: bool,
    /// The name is looked up. An IP address passes as itself.
    pub dns: Step<Vec<IpAddr>, DnsFault>,
    /// TCP connects to one of the IP addresses.
    pub tcp: Step<Connected, TcpFault>,
    /// The TLS handshake, and what Go would say of the chain that was shown. Not asked when the token has no CA.
    pub tls: Step<Shown, TlsFault>,
    /// The application protocol. Not asked when the token has no CA.
    pub alpn: Step<String, AlpnFault>,
    /// HTTP/2, and a server that knows Consul's peer stream service.
    pub grpc: Step<Grpc, GrpcFault>,
    /// Probe A's answer at this address: does the peering exist?
    pub peering_exists: Step<Status, GrpcFault>,
    /// Probe B's answer, asked of one address at most: has the peering an unused secret?
    pub unused_secret: Step<Status, GrpcFault>,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Step<T, F> {
    /// It went well.
    Passed {
        /// What was seen.
        seen: T,
        /// How long it took.
        elapsed: Duration,
    },
    /// It did not.
    Failed {
        /// What was seen instead.
        fault: F,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step before it failed.
    NotReached,
    /// It was left out.
    NotAsked {
        /// Why.
        because: String,
    },
}

/// A TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connected {
    /// The IP address and port that answered.
    pub to: SocketAddr,
    /// The tries at other IP addresses of the name, before it.
    pub failed_before: Vec<TcpTry>,
}

/// Why a name could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum DnsFault {
    /// The address is no `host:port`.
    Address {
        /// Why.
        says: String,
    },
    /// The resolver says that there is no such name.
    NoSuchHost,
    /// The name has no IP address.
    NoAddress,
    /// The resolver gave no usable answer.
    ResolverFailed {
        /// In the system's words.
        says: String,
    },
    /// No answer in time.
    TimedOut,
}

/// No IP address of the name took a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpFault {
    /// One for each IP address, in order.
    pub tries: Vec<TcpTry>,
}

/// A TCP connection that was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TcpTry {
    /// The IP address and port.
    pub to: SocketAddr,
    /// Why.
    pub why: TcpWhy,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why a TCP connection was not made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum TcpWhy {
    /// The host says that nothing listens there.
    Refused,
    /// Nobody answered.
    TimedOut,
    /// A network on the way, or this host's own, says that there is no way.
    Unreachable {
        /// In the system's words: `no route to host`, `network is unreachable`.
        says: String,
    },
    /// This host forbids it.
    NotPermitted {
        /// In the system's words.
        says: String,
    },
    /// It was made, and cut off at once.
    Reset,
    /// Something else.
    Other {
        /// In the system's words.
        says: String,
    },
}

/// What a server showed in the TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shown {
    /// The protocol: `TLS 1.3` or `TLS 1.2`.
    pub protocol: String,
    /// The chain as it was shown, the server's own certificate first. One that could not be read is left out.
    pub chain: Vec<Certificate>,
    /// Whose certificate it probably is.
    pub whose: Whose,
    /// The application protocol that was selected when `h2` was offered.
    pub alpn: Option<String>,
    /// What could not be judged here, though Go would have.
    pub not_checked: Vec<String>,
}

/// Whose certificate was shown, as far as its names tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Whose {
    /// The very server name that the token expects.
    Expected,
    /// Another Consul's, or another datacenter's.
    AnotherConsul {
        /// Its trust domain, if its SPIFFE ID or name tells.
        trust_domain: Option<String>,
        /// Its datacenter, likewise.
        datacenter: Option<String>,
    },
    /// A Consul agent's certificate for its HTTPS or RPC port, such as `server.dc1.consul`.
    ConsulAgent,
    /// Nothing of Consul's: a load balancer, an ingress, a web server.
    SomebodyElse,
    /// It cannot be told.
    #[default]
    Unknown,
}

/// Why TLS was not set up, or not with a server that a dialer would trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum TlsFault {
    /// What answers does not speak TLS.
    NotTls {
        /// What it speaks instead, if its first bytes tell: `HTTP/1.1`, `HTTP/2`.
        speaks: Option<String>,
    },
    /// The handshake was cut off without a word.
    CutOff,
    /// The connection was reset.
    Reset,
    /// It listens, and says nothing.
    TimedOut,
    /// The other side sent an alert, in the handshake or right after it.
    Alert {
        /// Its name in Go's words, such as `handshake failure` or `certificate required`.
        alert: String,
        /// What was shown before it.
        shown: Option<Box<Shown>>,
    },
    /// A chain was shown that the dialer does not trust.
    Untrusted {
        /// Why, as data.
        why: Distrust,
        /// What Go's TLS library says of it: `x509: certificate signed by unknown authority`.
        go_says: String,
        /// What was shown.
        shown: Box<Shown>,
    },
    /// The token's CAs or server name cannot be used for TLS.
    Token {
        /// Why.
        says: String,
    },
    /// Something else.
    Other {
        /// In words.
        says: String,
    },
}

/// Why a dialer does not trust a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// None of the token's CAs issued it.
    UnknownAuthority,
    /// It is made out to another name.
    WrongName,
    /// It, or a certificate above it, has expired.
    Expired,
    /// It, or a certificate above it, is not valid yet.
    NotYetValid,
    /// It breaks another rule: CA flag, usages, constraints, signature.
    Unusable,
}

/// Why no usable application protocol was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AlpnFault {
    /// What was selected; `None`: nothing, though `h2` was offered.
    pub selected: Option<String>,
}

/// A gRPC server that knows Consul's peer stream service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grpc {
    /// What the server says that it is (`server` header), if it does.
    pub server: Option<String>,
}

/// Why there is no answer of Consul's peer stream service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum GrpcFault {
    /// Something answered in HTTP/1.
    Http1,
    /// HTTP/2, but an answer that is not gRPC's: a proxy's.
    NotGrpc {
        /// The HTTP status.
        status: u16,
        /// The content type, if there is one.
        content_type: Option<String>,
    },
    /// A gRPC server that does not know the service.
    NotConsul {
        /// Its words.
        says: String,
    },
    /// A gRPC status that is about the server or the way to it, not about the peering: `Unavailable`, `Internal`, ….
    Status(Status),
    /// The connection was made, and no answer came.
    TimedOut,
    /// The connection ended before an answer.
    CutOff {
        /// In words.
        says: String,
    },
}

/// A gRPC status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Status {
    /// The code's name as Go writes it: `PermissionDenied`; `OK`.
    pub code: String,
    /// The message, unchanged.
    pub message: String,
    /// The leader's address, when a server that does not lead names it.
    pub leader: Option<String>,
}

/// `Code: message`, as `grpcurl` and Go write it.
impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => formatter.write_str(&self.code),
            message => write!(formatter, "{}: {message}", self.code),
        }
    }
}

impl<T, F> Step<T, F> {
    /// What was seen, if it went well.
    pub fn passed(&self) -> Option<&T> {
        match self {
            Self::Passed { seen, .. } => Some(seen),
            _ => None,
        }
    }

    /// What was seen instead, if it did not.
    pub fn failed(&self) -> Option<&F> {
        match self {
            Self::Failed { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// How long it took, if it was taken.
    pub fn elapsed(&self) -> Option<Duration> {
        match self {
            Self::Passed { elapsed, .. } | Self::Failed { elapsed, .. } => Some(*elapsed),
            _ => None,
        }
    }
}

impl Reach {
    /// The answers to probes A and B, as evidence of the token's staleness: the strongest of all addresses.
    pub fn answers(&self, token: &Token, at: Option<Timestamp>) -> (Observed<Answer>, Observed<Answer>) {
        let answer = |way: &Way, status: &Status| Answer {
            code: Code::from_name(&status.code),
            message: status.message.clone(),
            address: way.address.clone(),
            at,
        };
        let answers = || self.ways.iter().filter_map(|way| Some((way, way.peering_exists.passed()?)));
        // A follower does not know; who leads, does.
        let is_final = |(_, status): &(&Way, &Status)| status.code != "FailedPrecondition";
        let a = answers().find(is_final).or_else(|| answers().next());
        let a = a.map_or_else(
            || Observed::Failed("no address of the token got so far as to answer it".to_owned()),
            |(way, status)| Observed::Value(answer(way, status)),
        );
        let b = self.ways.iter().find_map(|way| Some(answer(way, way.unused_secret.passed()?)));
        let b = match (b, probe_b_may_be_asked_of(token)) {
            (Some(answer), _) => Observed::Value(answer),
            (None, Err(because)) => Observed::NotChecked(because.to_owned()),
            (None, Ok(())) => Observed::NotChecked("no server said that the peering exists".to_owned()),
        };
        (a, b)
    }
}
