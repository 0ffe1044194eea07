//! What the gRPC answers of an acceptor mean. A text that is not known means nothing, and is shown.

use jiff::Timestamp;

use crate::token::Token;

/// One answer of an acceptor's gRPC port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub code: Code,
    /// The status message.
    pub message: String,
    /// Who answered, `host:port`.
    pub address: String,
    /// When.
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

/// The gRPC status codes that matter here; the others are kept by their number.
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
    /// The code of a name as Go's gRPC library writes it; a name that is none of gRPC's is [`Code::Other`] of -1.
    pub fn from_name(name: &str) -> Self {
        let number = NAMES.iter().position(|known| *known == name);
        number.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1).into()
    }

    /// Its name, as gRPC libraries print it.
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

/// What probe A says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeeringAnswer {
    /// The acceptor has the peering.
    Exists,
    /// The acceptor knows no such peer ID.
    Unknown,
    /// The peering is being deleted, or the other side deleted it.
    MarkedDeleted,
    /// A follower answered: only the leader knows. Ask the next address.
    Follower,
    /// Nothing that is known to mean something.
    NotUnderstood,
}

/// What probe B says of a peering that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretAnswer {
    /// The peering has an unused secret.
    UnusedExists,
    /// It has none.
    NoneUnused,
    /// A token was generated while the question was on its way: ask again.
    AskAgain,
    /// The empty secret was taken for a used one, as builds before August 2022 do.
    TakenByOldAcceptor,
    /// Nothing that is known to mean something.
    NotUnderstood,
}

impl PeeringAnswer {
    /// Reads an answer to probe A.
    pub fn of(code: Code, message: &str) -> Self {
        let says = |text| message.contains(text);
        match code {
            Code::PermissionDenied if says("invalid peering stream secret") => Self::Exists,
            Code::InvalidArgument if says("unknown PeerID") => Self::Unknown,
            Code::Aborted if says("marked as deleted") => Self::MarkedDeleted,
            Code::FailedPrecondition if says("follower") => Self::Follower,
            _ => Self::NotUnderstood,
        }
    }
}

impl SecretAnswer {
    /// Reads an answer to probe B. It means something only when probe A said that the peering exists.
    pub fn of(code: Code, message: &str) -> Self {
        let says = |text| message.contains(text);
        match code {
            Code::Ok => Self::TakenByOldAcceptor,
            Code::PermissionDenied if says("invalid peering establishment secret") => Self::UnusedExists,
            Code::Internal if says("peering was already established") => Self::NoneUnused,
            Code::Internal if says("invalid establishment secret") => Self::AskAgain,
            _ => Self::NotUnderstood,
        }
    }
}

/// Whether probe B may be asked about a token; the error says why not.
///
/// Builds before August 2022 take an empty secret for an exchange once the real one was used. They wrote no `Remote`.
pub fn probe_b_may_be_asked_of(token: &Token) -> Result<(), &'static str> {
    if token.remote.is_some() {
        return Ok(());
    }
    Err(
        "the token has no Remote, so a Consul as old as 1.13 wrote it, and those may take probe B's empty secret \
         for an exchange",
    )
}
