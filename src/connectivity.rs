//! The connectivity of a token's addresses, step by step, as plain values.
//!
//! For each address, the steps lead from name resolution to the acceptor's answers. `net::probe` produces these
//! values; [`crate::diagnosis`] draws conclusions from them.

mod fault;
pub mod probe_answer;
pub mod versions;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::certificate::Certificate;
use crate::observed::Observed;
pub use fault::{AlpnFault, Distrust, DnsFault, GrpcFault, TcpAttempt, TcpFailure, TcpFault, TlsFault};
use probe_answer::{Answer, Code, PeeringAnswer, SecretAnswer};

/// How many failed addresses a reason lists; a cluster has fewer servers.
const MAX_FAILURES: usize = 8;

/// The connectivity of every address of a token.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connectivity {
    /// The name of the host that connected. The dialing servers may get other results.
    pub observed_from: String,
    /// When it connected.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub observed_at: Option<Timestamp>,
    /// One trace per address, in the order in which Consul dials. Addresses that Consul does not dial follow.
    pub addresses: Vec<AddressTrace>,
    /// How many addresses were not tried: those after the first 64.
    pub truncated: usize,
}

/// The steps to one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AddressTrace {
    /// The address as in the token.
    pub address: String,
    /// Its place in the token, such as `ServerAddresses[0]`.
    pub path: String,
    /// Whether Consul dials it: it dials manual addresses instead of server addresses.
    pub dialed: bool,
    /// Whether it is a mesh gateway of the dialing cluster, through which the dialer connects first.
    pub is_gateway: bool,
    /// Name resolution. An IP address resolves to itself.
    pub dns: StepResult<Vec<IpAddr>, DnsFault>,
    /// The TCP connection to one of the IP addresses.
    pub tcp: StepResult<Connected, TcpFault>,
    /// The TLS handshake, and whether Go would trust the chain. Not checked if the token has no CA.
    pub tls: StepResult<Presented, TlsFault>,
    /// The selected application protocol. Not checked if the token has no CA.
    pub alpn: StepResult<String, AlpnFault>,
    /// HTTP/2 and Consul's peer stream service.
    pub grpc: StepResult<(), GrpcFault>,
    /// The answer to *peering exists?* at this address.
    pub peering_exists: StepResult<GrpcStatus, GrpcFault>,
    /// The answer to *unused secret?*, asked at one address at most.
    pub unused_secret: StepResult<GrpcStatus, GrpcFault>,
    /// The number of connections that were opened. After a follower's answer, the address is tried again: it may lead to
    /// several servers. The steps are those of the last connection.
    pub connections: usize,
    /// The number of different certificates that were presented. Each server has its own, so more than one shows that several
    /// servers are behind the address. 0 if there was none.
    pub servers: usize,
    /// The number of further IP addresses of the name, which were not tried.
    pub ips_not_tried: usize,
}

/// The result of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum StepResult<T, F> {
    /// The step succeeded.
    #[serde(rename = "passed")]
    Ok {
        /// What was observed.
        #[serde(rename = "observed")]
        value: T,
        /// How long the step took.
        #[serde(rename = "elapsed_ms", serialize_with = "as_ms")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        elapsed: Duration,
    },
    /// The step failed.
    Failed {
        /// Why.
        fault: F,
        /// How long the step took.
        #[serde(rename = "elapsed_ms", serialize_with = "as_ms")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        elapsed: Duration,
    },
    /// An earlier step failed.
    NotReached,
    /// The step was left out.
    NotChecked {
        /// Why.
        reason: String,
    },
}

/// A TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connected {
    /// The IP address and port that accepted it.
    pub remote_address: SocketAddr,
    /// The attempts at other IP addresses of the name that had failed by then.
    pub failed_attempts: Vec<TcpAttempt>,
}

/// What a server presented in the TLS handshake.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presented {
    /// The protocol: `TLS 1.3` or `TLS 1.2`.
    pub protocol: String,
    /// The chain in the server's order, its own certificate first, without certificates that cannot be parsed.
    pub chain: Vec<Certificate>,
    /// Who the certificate probably belongs to.
    pub owner: CertificateOwner,
    /// The application protocol that the server selected when `h2` was offered.
    pub alpn: Option<String>,
    /// What Go would have verified but this tool could not.
    pub unverified: Vec<String>,
}

/// Who a server's certificate belongs to, by its names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CertificateOwner {
    /// The server that the token names.
    Expected,
    /// Another Consul cluster, or another datacenter.
    AnotherConsul {
        /// Its trust domain, if the names contain it.
        trust_domain: Option<String>,
        /// Its datacenter, if the names contain it.
        datacenter: Option<String>,
    },
    /// A Consul agent's HTTPS or RPC port, with a certificate such as `server.dc1.consul`.
    ConsulAgent,
    /// Not a Consul server: a load balancer, proxy or web server.
    NotConsul,
    /// There is no certificate to go by.
    #[default]
    Unknown,
}

/// A gRPC status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GrpcStatus {
    /// The code's name in Go: `PermissionDenied`; `OK`.
    pub code: String,
    /// The message, unchanged.
    pub message: String,
    /// The leader's address, if a follower names it.
    pub leader: Option<String>,
}

impl GrpcStatus {
    /// Returns its meaning as an answer to *peering exists?*.
    pub fn peering_answer(&self) -> PeeringAnswer {
        PeeringAnswer::of(Code::from_name(&self.code), &self.message)
    }

    /// Returns its meaning as an answer to *unused secret?*.
    pub fn secret_answer(&self) -> SecretAnswer {
        SecretAnswer::of(Code::from_name(&self.code), &self.message)
    }
}

/// `Code: message`, as `grpcurl` and Go write it.
impl fmt::Display for GrpcStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => formatter.write_str(&self.code),
            message => write!(formatter, "{}: {message}", self.code),
        }
    }
}

impl<T, F> StepResult<T, F> {
    /// Returns what was observed, if the step succeeded.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Ok { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns the fault, if the step failed.
    pub fn fault(&self) -> Option<&F> {
        match self {
            Self::Failed { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// Returns how long the step took, if it was attempted.
    pub fn elapsed(&self) -> Option<Duration> {
        match self {
            Self::Ok { elapsed, .. } | Self::Failed { elapsed, .. } => Some(*elapsed),
            _ => None,
        }
    }
}

impl AddressTrace {
    /// Returns the fault of the first step that failed. ALPN counts last: older dialers accept its faults.
    pub fn failure(&self) -> Option<String> {
        fn text<T, F: fmt::Display>(step: &StepResult<T, F>) -> Option<String> {
            step.fault().map(ToString::to_string)
        }
        text(&self.dns)
            .or_else(|| self.tcp.fault().map(|fault| fault.reason().to_string()))
            .or_else(|| text(&self.tls))
            .or_else(|| text(&self.grpc))
            .or_else(|| text(&self.peering_exists))
            .or_else(|| text(&self.alpn))
    }

    /// Whether the leader answers *peering exists?*: a follower does not know.
    pub fn leader_answers(&self) -> bool {
        self.peering_exists.value().is_some_and(|status| status.code != "FailedPrecondition")
    }

    /// Whether the server reports that the peering exists.
    pub fn reports_peering(&self) -> bool {
        self.peering_exists.value().is_some_and(|status| status.code == "PermissionDenied")
    }

    /// Returns the gRPC status that answers *peering exists?*, even one that is not about the peering.
    fn peering_status(&self) -> Option<&GrpcStatus> {
        match &self.peering_exists {
            StepResult::Ok { value, .. } => Some(value),
            StepResult::Failed { fault: GrpcFault::Status(status), .. } => Some(status),
            _ => None,
        }
    }

    fn answer(&self, status: &GrpcStatus, at: Option<Timestamp>) -> Answer {
        Answer {
            code: Code::from_name(&status.code),
            message: status.message.clone(),
            address: self.address.clone(),
            at,
        }
    }
}

impl Connectivity {
    /// Returns the answers to *peering exists?* and *unused secret?* as evidence of the token's staleness. With several
    /// addresses, an answer about the peering wins over a follower's, and a follower's over a status about the server.
    pub fn answers(&self, at: Option<Timestamp>) -> (Observed<Answer>, Observed<Answer>) {
        (self.peering_answer(at), self.secret_answer(at))
    }

    /// Returns the trust domain of another Consul cluster, with which it answers at an address of the token.
    pub fn other_trust_domain(&self) -> Option<&str> {
        self.addresses.iter().find_map(|trace| match trace.tls.fault() {
            Some(TlsFault::Untrusted { presented, .. }) => match &presented.owner {
                CertificateOwner::AnotherConsul { trust_domain, .. } => trust_domain.as_deref(),
                _ => None,
            },
            _ => None,
        })
    }

    fn peering_answer(&self, at: Option<Timestamp>) -> Observed<Answer> {
        let rank = |trace: &AddressTrace| match trace.peering_exists.value() {
            Some(status) if status.code != "FailedPrecondition" => 0,
            Some(_) => 1,
            None => 2,
        };
        let answered = self.addresses.iter().filter_map(|trace| Some((trace, trace.peering_status()?)));
        if let Some((trace, status)) = answered.min_by_key(|(trace, _)| rank(trace)) {
            return Observed::Value(trace.answer(status, at));
        }
        for trace in &self.addresses {
            if let StepResult::NotChecked { reason } = &trace.peering_exists {
                return Observed::NotChecked(reason.clone());
            }
        }
        Observed::Failed(self.failures())
    }

    fn secret_answer(&self, at: Option<Timestamp>) -> Observed<Answer> {
        for trace in &self.addresses {
            match &trace.unused_secret {
                StepResult::Ok { value, .. } => return Observed::Value(trace.answer(value, at)),
                StepResult::Failed { fault, .. } => {
                    return Observed::Failed(format!("{}: {fault}", trace.address));
                }
                StepResult::NotChecked { reason } if trace.reports_peering() => {
                    return Observed::NotChecked(reason.clone());
                }
                StepResult::NotChecked { .. } | StepResult::NotReached => {}
            }
        }
        Observed::NotChecked("no server reported that the peering exists".to_owned())
    }

    fn failures(&self) -> String {
        let failed = |trace: &AddressTrace| Some(format!("{}: {}", trace.address, trace.failure()?));
        let mut failures: Vec<String> = self.addresses.iter().filter_map(failed).collect();
        if failures.is_empty() {
            return "the token has no address".to_owned();
        }
        let more = failures.len().saturating_sub(MAX_FAILURES);
        failures.truncate(MAX_FAILURES);
        if more > 0 {
            failures.push(format!("and {more} more addresses"));
        }
        failures.join("; ")
    }
}

/// Writes whole milliseconds.
fn as_ms<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
