//! Probes A and B over gRPC.

use std::time::{Duration, Instant};

use ring::rand::SecureRandom;
use tokio_stream::StreamExt;
use tonic::Code;
use uuid::Uuid;

use super::{Asked, Attempt, MAX_ADDRESSES, Outcome, ProbeAnswer, ProbeTarget, Probed, Question};
use crate::net::peerstream::{CallError, Connection, Open, Payload, Refusal, StreamMessage, code_name};
use crate::token::Secret;

/// How long all addresses may take together, in times that one step may take.
const MAX_TIMEOUT: u32 = 12;

pub(super) async fn probe(
    target: &ProbeTarget,
    patience: Duration,
    random: &(dyn SecureRandom + Sync),
) -> Probed {
    let not_asked = |reason: &str| Asked::NotAsked(reason.to_owned());
    let mut attempts = Vec::new();
    if target.peer_id.is_empty() {
        let reason = not_asked("the token has no peer ID");
        return Probed { peering_exists: reason.clone(), unused_secret: reason, attempts };
    }
    let mut last = None;
    let begun = Instant::now();
    for address in target.addresses.iter().take(MAX_ADDRESSES) {
        if begun.elapsed() >= patience * MAX_TIMEOUT {
            break;
        }
        let made_up = random_id(random);
        let (attempt, connection) = ask_about_peering(target, address, &made_up, patience).await;
        let answer = match &attempt.outcome {
            Outcome::Answered(answer) => Some(answer.clone()),
            Outcome::Failed(_) => None,
        };
        attempts.push(attempt);
        let Some(answer) = answer else { continue };
        let says_it_exists = answer.code == code_name(Code::PermissionDenied);
        let is_final = says_it_exists || is_about_the_peering(&answer);
        let (unused_secret, attempt) = match connection {
            _ if !says_it_exists => (not_asked("the acceptor did not say that the peering exists"), None),
            Some(connection) if target.has_remote => {
                ask_about_secret(target, address, connection, patience).await
            }
            _ => {
                let reason = "the token does not say where the acceptor is, as those of Consul 1.13, \
                              which takes an empty secret for a real one";
                (not_asked(reason), None)
            }
        };
        attempts.extend(attempt);
        let seen = (Asked::Answered(answer), unused_secret);
        if is_final {
            let (peering_exists, unused_secret) = seen;
            return Probed { peering_exists, unused_secret, attempts };
        }
        last = Some(seen);
    }
    let (peering_exists, unused_secret) =
        last.unwrap_or_else(|| (Asked::Unanswered, not_asked("no address of the token answered")));
    Probed { peering_exists, unused_secret, attempts }
}

/// Whether another server could not know better: the answer is about the peering, not about the server.
fn is_about_the_peering(answer: &ProbeAnswer) -> bool {
    [Code::Ok, Code::InvalidArgument, Code::Aborted].into_iter().any(|code| answer.code == code_name(code))
}

/// Probe A: opens the stream with a secret that is nobody's.
async fn ask_about_peering(
    target: &ProbeTarget,
    address: &str,
    made_up: &str,
    patience: Duration,
) -> (Attempt, Option<Connection>) {
    let begun = Instant::now();
    let mut attempt = Attempt {
        address: address.to_owned(),
        question: Question::PeeringExists,
        remote: None,
        alpn: None,
        outcome: Outcome::Answered(ok(address)),
        elapsed: Duration::ZERO,
    };
    let connection = match Connection::dial(address, &target.trust, patience).await {
        Ok(mut connection) => {
            attempt.remote = Some(connection.remote);
            attempt.alpn = Some(connection.alpn.clone());
            let open =
                Open { peer_id: target.peer_id.clone(), stream_secret_id: made_up.to_owned(), remote: None };
            // The stream stays open for the answer, and ends with it.
            let messages =
                tokio_stream::once(StreamMessage::from(Payload::Open(open))).chain(tokio_stream::pending());
            if let Err(error) = connection.open(messages, patience).await {
                attempt.outcome = outcome(address, error);
            }
            Some(connection)
        }
        Err(error) => {
            attempt.outcome = Outcome::Failed(error);
            None
        }
    };
    attempt.elapsed = begun.elapsed();
    (attempt, connection)
}

/// Probe B: asks the server that answered to exchange an empty secret.
async fn ask_about_secret(
    target: &ProbeTarget,
    address: &str,
    mut connection: Connection,
    patience: Duration,
) -> (Asked, Option<Attempt>) {
    let begun = Instant::now();
    let answer = connection.exchange_secret(&target.peer_id, &Secret::default(), patience).await;
    let outcome = match answer {
        Ok(_) => Outcome::Answered(ok(address)),
        Err(error) => outcome(address, error),
    };
    let asked = match &outcome {
        Outcome::Answered(answer) => Asked::Answered(answer.clone()),
        Outcome::Failed(_) => Asked::Unanswered,
    };
    let attempt = Attempt {
        address: address.to_owned(),
        question: Question::UnusedSecret,
        remote: Some(connection.remote),
        alpn: Some(connection.alpn.clone()),
        outcome,
        elapsed: begun.elapsed(),
    };
    (asked, Some(attempt))
}

fn outcome(address: &str, error: CallError) -> Outcome {
    match error {
        CallError::Lost(error) => Outcome::Failed(error),
        CallError::Refused(Refusal { code, message, leader }) => Outcome::Answered(ProbeAnswer {
            code: code_name(code),
            message,
            address: address.to_owned(),
            leader,
        }),
    }
}

fn ok(address: &str) -> ProbeAnswer {
    ProbeAnswer {
        code: code_name(Code::Ok),
        message: String::new(),
        address: address.to_owned(),
        leader: None,
    }
}

/// An ID that nobody has.
pub(super) fn random_id(random: &(dyn SecureRandom + Sync)) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).expect("the system gives random bytes");
    Uuid::from_bytes(bytes).hyphenated().to_string()
}
