//! The two questions to an acceptor: *peering exists?* and *unused secret?*.

use std::time::Duration;

use tokio::time::Instant;
use tokio_stream::StreamExt;
use tonic::Code;

use super::sniff::Sniffer;
use super::{ASKED_ONCE, ProbeTarget};
use crate::connectivity::{AddressTrace, GrpcFault, GrpcStatus, StepResult};
use crate::net::peerstream::{
    CallError, Connection, DialError, Open, Payload, Refusal, StreamMessage, code_name,
};

/// Asks *peering exists?*: opens the stream with a random stream secret. The answer completes the gRPC step.
pub(super) async fn peering_exists(
    target: &ProbeTarget,
    trace: &mut AddressTrace,
    connection: &mut Connection,
    sniffer: &Sniffer,
    stream_secret: &str,
    timeout: Duration,
) {
    let started = Instant::now();
    let open =
        Open { peer_id: target.peer_id.clone(), stream_secret_id: stream_secret.to_owned(), remote: None };
    // The stream stays open until the answer arrives.
    let messages =
        tokio_stream::once(StreamMessage::from(Payload::Open(open))).chain(tokio_stream::pending());
    let answer = connection.open(messages, timeout).await.map(|_| ());
    let elapsed = started.elapsed();
    match status(answer, sniffer) {
        Ok(status) => {
            trace.grpc = StepResult::Ok { value: (), elapsed };
            trace.peering_exists = if is_about_peering(&status) {
                StepResult::Ok { value: status, elapsed }
            } else {
                StepResult::Failed { fault: GrpcFault::Status(status), elapsed }
            };
        }
        Err(fault) => trace.grpc = StepResult::Failed { fault, elapsed },
    }
}

/// Asks *unused secret?* at most once: at the first address whose server reports that the peering exists.
pub(super) async fn unused_secret(
    target: &ProbeTarget,
    traces: &mut [(AddressTrace, Option<Connection>)],
    timeout: Duration,
) {
    let asked = traces.iter().position(|(trace, _)| trace.reports_peering());
    for (index, (trace, connection)) in traces.iter_mut().enumerate() {
        if trace.peering_exists.value().is_none() {
            continue;
        }
        let not_asked = target.secret_not_asked.or((Some(index) != asked).then_some(ASKED_ONCE));
        trace.unused_secret = match (not_asked, connection) {
            (Some(reason), _) => StepResult::NotChecked { reason: reason.to_owned() },
            (None, None) => continue,
            (None, Some(connection)) => {
                let started = Instant::now();
                let answer = connection.exchange_empty_secret(&target.peer_id, timeout).await;
                let elapsed = started.elapsed();
                match status(answer, &Sniffer::default()) {
                    Ok(value) => StepResult::Ok { value, elapsed },
                    Err(fault) => StepResult::Failed { fault, elapsed },
                }
            }
        };
    }
}

/// Whether a status is about the peering, or means that only the leader knows. Any other is about the server.
fn is_about_peering(status: &GrpcStatus) -> bool {
    match status.code.as_str() {
        "OK" | "InvalidArgument" | "Aborted" => true,
        "PermissionDenied" => status.message.contains("peering stream secret"),
        "FailedPrecondition" => status.message.contains("follower"),
        _ => false,
    }
}

/// Returns the status from Consul's service, or why there is none.
fn status(answer: Result<(), CallError>, sniffer: &Sniffer) -> Result<GrpcStatus, GrpcFault> {
    match answer {
        Ok(()) => Ok(GrpcStatus { code: code_name(Code::Ok), ..GrpcStatus::default() }),
        Err(CallError::Lost(error)) => Err(lost(&error, sniffer)),
        Err(CallError::Refused(refusal)) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Result<GrpcStatus, GrpcFault> {
    // tonic's message for an answer without a gRPC status.
    if let Some((_, status)) = refusal.message.split_once("mapped from HTTP status code ") {
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        return Err(GrpcFault::NotGrpc { status: digits.parse().unwrap_or(0) });
    }
    if refusal.code == Code::Unimplemented {
        return Err(GrpcFault::NotConsul { message: refusal.message });
    }
    Ok(GrpcStatus { code: code_name(refusal.code), message: refusal.message, leader: refusal.leader })
}

/// Returns why a connection brought no answer.
pub(super) fn lost(error: &DialError, sniffer: &Sniffer) -> GrpcFault {
    if error.timed_out {
        GrpcFault::TimedOut
    } else if sniffer.protocol().is_some_and(|it| it == "HTTP/1") {
        GrpcFault::Http1
    } else {
        GrpcFault::ConnectionClosed { message: error.reason.clone() }
    }
}
