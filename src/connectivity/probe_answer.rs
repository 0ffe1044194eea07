//! The meaning of an acceptor's gRPC answers to *peering exists?* and *unused secret?*.

use jiff::Timestamp;

use crate::token::Token;

/// An answer from an acceptor's gRPC port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub code: Code,
    /// The status message.
    pub message: String,
    /// The address that answered, `host:port`.
    pub address: String,
    /// When it answered.
    pub at: Option<Timestamp>,
}

/// The names of gRPC's status codes, in the order of their numbers, from 0.
const NAMES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// A gRPC status code. Codes without a meaning here keep their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// 0
    Ok,
    /// 3
    InvalidArgument,
    /// 7
    PermissionDenied,
    /// 9
    FailedPrecondition,
    /// 10
    Aborted,
    /// 13
    Internal,
    /// Any other.
    Other(i32),
}

impl From<i32> for Code {
    fn from(number: i32) -> Self {
        match number {
            0 => Self::Ok,
            3 => Self::InvalidArgument,
            7 => Self::PermissionDenied,
            9 => Self::FailedPrecondition,
            10 => Self::Aborted,
            13 => Self::Internal,
            other => Self::Other(other),
        }
    }
}

impl Code {
    /// Returns the code with a name in Go's spelling, or `Code::Other(-1)` if gRPC has no such name.
    pub fn from_name(name: &str) -> Self {
        let number = NAMES.iter().position(|it| *it == name);
        number.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1).into()
    }

    /// Returns the code's name in Go's spelling.
    pub fn name(self) -> String {
        match self {
            Self::Ok => "OK".to_owned(),
            Self::InvalidArgument => "InvalidArgument".to_owned(),
            Self::PermissionDenied => "PermissionDenied".to_owned(),
            Self::FailedPrecondition => "FailedPrecondition".to_owned(),
            Self::Aborted => "Aborted".to_owned(),
            Self::Internal => "Internal".to_owned(),
            Self::Other(number) => format!("code {number}"),
        }
    }
}

/// The meaning of an answer to *peering exists?*.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeeringAnswer {
    /// The acceptor has the peering.
    Exists,
    /// The acceptor has no peering with this peer ID.
    Unknown,
    /// The peering is being deleted, or the other cluster deleted it.
    MarkedDeleted,
    /// A follower answered, and only the leader knows.
    Follower,
    /// The server has a rate limit.
    RateLimited,
    /// An unknown message.
    NotUnderstood,
}

/// The meaning of an answer to *unused secret?*, for a peering that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretAnswer {
    /// The peering has an unused secret.
    UnusedExists,
    /// The peering has no unused secret.
    NoneUnused,
    /// A token was generated or used while the acceptor handled the question: ask again.
    AskAgain,
    /// The acceptor accepted the empty secret in place of a used one, as builds before August 2022 do.
    TakenByOldAcceptor,
    /// The server has a rate limit.
    RateLimited,
    /// An unknown message.
    NotUnderstood,
}

impl PeeringAnswer {
    /// Parses an answer to *peering exists?*.
    pub fn of(code: Code, message: &str) -> Self {
        let contains = |text| message.contains(text);
        match code {
            Code::PermissionDenied if contains("invalid peering stream secret") => Self::Exists,
            Code::InvalidArgument if contains("unknown PeerID") => Self::Unknown,
            Code::Aborted if contains("marked as deleted") => Self::MarkedDeleted,
            Code::FailedPrecondition if contains("follower") => Self::Follower,
            _ if is_rate_limit(code, message) => Self::RateLimited,
            _ => Self::NotUnderstood,
        }
    }
}

impl SecretAnswer {
    /// Parses an answer to *unused secret?*. It means something only if the peering exists.
    pub fn of(code: Code, message: &str) -> Self {
        let contains = |text| message.contains(text);
        match code {
            Code::Ok => Self::TakenByOldAcceptor,
            Code::PermissionDenied if contains("invalid peering establishment secret") => Self::UnusedExists,
            Code::Internal if contains("peering was already established") => Self::NoneUnused,
            Code::Internal if contains("invalid establishment secret") => Self::AskAgain,
            _ if is_rate_limit(code, message) => Self::RateLimited,
            _ => Self::NotUnderstood,
        }
    }
}

/// Whether a server or a proxy rejected a call because of a rate limit. Consul's leader rejects writes as `Unavailable`, and
/// each server rejects reads as `ResourceExhausted`.
fn is_rate_limit(code: Code, message: &str) -> bool {
    code == Code::from_name("ResourceExhausted") || message.contains("rate limit exceeded")
}

/// Why *unused secret?* is never asked about a token without `Remote`.
pub const NO_REMOTE: &str = "the token has no Remote, so Consul 1.13 wrote it, and such an acceptor may accept the empty \
                             secret and use up the token";

/// Returns an error with the reason if *unused secret?* must not be asked about a token.
///
/// Builds before August 2022 accept an empty secret once the real one was used. Their tokens have no `Remote`.
pub fn may_ask_unused_secret(token: &Token) -> Result<(), &'static str> {
    if token.remote.is_some() { Ok(()) } else { Err(NO_REMOTE) }
}
