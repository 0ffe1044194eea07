//! Asks an acceptor about a token without its secret.
//!
//! Two calls of the peer stream service tell apart what Consul's one message does not: does the peering exist, and has
//! it an unused secret? Neither sends the token's secret — [`ProbeTarget`] has none — and neither changes the peering.
//! What the answers mean is not decided here.

pub(crate) mod grpc;
pub(crate) mod sniff;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod trace;

use std::net::SocketAddr;
use std::time::Duration;

use ring::rand::SecureRandom;
use serde::Serialize;

pub use trace::{Ladder, Tell, climb, climb_telling};

use super::peerstream::{Alpn, DialError, Trust};
use crate::connectivity::probe_answer::{Answer, Code};
use crate::token::Token;

/// What a probe knows of a token: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeTarget {
    /// `host:port`, in the order in which Consul dials.
    pub addresses: Vec<String>,
    /// Whom the connections trust.
    pub trust: Trust,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// Whether the token says where the acceptor is, as Consul's do since 1.14.
    pub has_remote: bool,
}

impl From<&Token> for ProbeTarget {
    fn from(token: &Token) -> Self {
        let cas = token.ca.clone().unwrap_or_default();
        Self {
            addresses: token.dialed_addresses().to_vec(),
            trust: if cas.is_empty() {
                Trust::Plaintext
            } else {
                Trust::Tls { cas, server_name: token.server_name.clone() }
            },
            peer_id: token.peer_id.clone(),
            has_remote: token.remote.is_some(),
        }
    }
}

/// A probe's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Probe A: does the peering exist? `StreamResources`, opened with a stream secret made up on the spot.
    PeeringExists,
    /// Probe B: has the peering an unused secret? `ExchangeSecret` with an empty secret.
    UnusedSecret,
}

/// A gRPC status, as the acceptor gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeAnswer {
    /// The code's name as Go writes it, such as `PermissionDenied`; `OK` for none.
    pub code: String,
    /// The message, unchanged.
    pub message: String,
    /// Which address of the token gave it.
    pub address: String,
    /// The leader's address, when the server says that it does not lead and knows who does.
    pub leader: Option<String>,
}

impl From<&ProbeAnswer> for Answer {
    fn from(answer: &ProbeAnswer) -> Self {
        Self {
            code: Code::from_name(&answer.code),
            message: answer.message.clone(),
            address: answer.address.clone(),
            at: None,
        }
    }
}

/// What came of a question in the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// This was answered: the last word, where several addresses were asked.
    Answered(ProbeAnswer),
    /// No address answered; the attempts say why.
    Unanswered,
    /// It was not asked, because.
    NotAsked(String),
}

/// How many addresses of a token are gone to. A cluster has a few servers; a token that names more is somebody's trick.
const MAX_ADDRESSES: usize = 64;

/// One try at one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// The address as it stands in the token.
    pub address: String,
    /// What was asked.
    pub question: Question,
    /// The IP address and port that TCP connected to.
    pub remote: Option<SocketAddr>,
    /// The application protocol that was selected, once there is a connection.
    pub alpn: Option<Alpn>,
    /// What it answered, or the step that failed.
    pub outcome: Outcome,
    /// From the first step to the last.
    pub elapsed: Duration,
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The server answered.
    Answered(ProbeAnswer),
    /// There was no answer.
    Failed(DialError),
}

/// What a run of the probes saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probed {
    /// Probe A's answer.
    pub peering_exists: Asked,
    /// Probe B's answer.
    pub unused_secret: Asked,
    /// Every try, in the order of time.
    pub attempts: Vec<Attempt>,
}

/// Asks both questions, one address after the other, until one knows. Each step of each try may take `patience`, all
/// together twelve times that; of the addresses the first 64 are asked.
///
/// Probe B is asked once at most, of the server that answered probe A, and only if that said that the peering exists
/// (`PermissionDenied`). It is never asked about a token that does not say where the acceptor is: such an acceptor may
/// be a Consul 1.13, which takes an empty secret for a real one.
pub async fn probe(target: &ProbeTarget, patience: Duration, random: &(dyn SecureRandom + Sync)) -> Probed {
    grpc::probe(target, patience, random).await
}
