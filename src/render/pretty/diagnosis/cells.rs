//! The steps to one address in a few words each, for a table and for progress.

use std::time::Duration;

use super::super::printable;
use super::super::screen::{Mark, Screen};
use crate::connectivity::probe_answer::{PeeringAnswer, SecretAnswer};
use crate::connectivity::{
    AddressTrace, AlpnFault, Distrust, DnsFault, GrpcFault, GrpcStatus, StepResult, TcpFailure, TcpFault,
    TlsFault,
};

/// The names of the cells.
const NAMES: [&str; 6] = ["DNS", "TCP", "TLS", "gRPC", "peering", "secret"];

/// A result in a few words.
pub(in crate::render) type Cell = (Mark, String);

/// Returns the cells of an address: DNS, TCP, TLS with ALPN, gRPC, peering exists?, unused secret?
pub(super) fn cells(trace: &AddressTrace, screen: &Screen) -> [String; 6] {
    results(trace).map(|cell| match cell {
        None => screen.mark(Mark::Open),
        Some(cell) => shown(cell, screen),
    })
}

/// Returns the finished steps of an address in one line: `10.1.2.3:8503  ✓ DNS  ✓ TCP 2 ms  ✗ TLS no answer, 5 s`.
pub fn progress_line(trace: &AddressTrace, screen: &Screen) -> String {
    let finished = NAMES.into_iter().zip(results(trace)).filter_map(|(name, cell)| {
        let (mark, text) = cell.filter(|(mark, _)| *mark != Mark::Open)?;
        let text = if text.is_empty() { text } else { format!(" {text}") };
        Some(format!("  {} {name}{text}", screen.mark(mark)))
    });
    format!("{}{}", printable(&trace.address), finished.collect::<String>())
}

fn shown((mark, text): Cell, screen: &Screen) -> String {
    let space = if text.is_empty() { "" } else { " " };
    format!("{}{space}{text}", screen.mark(mark))
}

/// Returns the result of each step; `None` if it was not reached or not checked.
pub(in crate::render) fn results(trace: &AddressTrace) -> [Option<Cell>; 6] {
    [
        result(&trace.dns, |_| (Mark::Ok, String::new()), dns),
        result(&trace.tcp, |_| (Mark::Ok, String::new()), tcp),
        tls(trace),
        result(&trace.grpc, |()| (Mark::Ok, String::new()), grpc),
        result(&trace.peering_exists, peering, grpc),
        result(&trace.unused_secret, secret, grpc),
    ]
}

fn result<T, F>(
    step: &StepResult<T, F>,
    value: impl Fn(&T) -> Cell,
    fault: impl Fn(&F) -> String,
) -> Option<Cell> {
    match step {
        StepResult::Ok { value: observed, elapsed } => {
            let (mark, text) = value(observed);
            Some((mark, if text.is_empty() { duration(*elapsed) } else { text }))
        }
        StepResult::Failed { fault: failed, elapsed } => {
            let text = fault(failed);
            let text = if text == NO_ANSWER { format!("{text}, {}", duration(*elapsed)) } else { text };
            Some((Mark::Failure, text.trim_end_matches(", ").to_owned()))
        }
        StepResult::NotReached | StepResult::NotChecked { .. } => None,
    }
}

/// TLS, and ALPN if TLS works.
fn tls(trace: &AddressTrace) -> Option<Cell> {
    match trace.alpn.fault() {
        Some(AlpnFault { selected: None }) => Some((Mark::Failure, "no ALPN".to_owned())),
        Some(AlpnFault { selected: Some(other) }) => {
            Some((Mark::Failure, format!("ALPN {}", printable(other))))
        }
        None => result(&trace.tls, |_| (Mark::Ok, String::new()), tls_fault),
    }
}

const NO_ANSWER: &str = "no answer";

fn dns(fault: &DnsFault) -> String {
    match fault {
        DnsFault::InvalidAddress { .. } => "not host:port",
        DnsFault::NoSuchHost => "unknown host",
        DnsFault::NoAddress => "no IP address",
        DnsFault::ResolverFailed { .. } => "resolver failed",
        DnsFault::TimedOut => NO_ANSWER,
    }
    .to_owned()
}

fn tcp(fault: &TcpFault) -> String {
    match fault.reason() {
        TcpFailure::Refused => "refused",
        TcpFailure::TimedOut => NO_ANSWER,
        TcpFailure::Unreachable { .. } => "no route",
        TcpFailure::NotPermitted { .. } => "not permitted",
        TcpFailure::Reset => "reset",
        TcpFailure::Other { .. } => "failed",
    }
    .to_owned()
}

fn tls_fault(fault: &TlsFault) -> String {
    match fault {
        TlsFault::NotTls { .. } => "no TLS",
        TlsFault::ConnectionClosed => "closed",
        TlsFault::Reset => "reset",
        TlsFault::TimedOut => NO_ANSWER,
        TlsFault::Alert { .. } => "alert",
        TlsFault::Untrusted { reason, .. } => match reason {
            Distrust::UnknownAuthority => "other CA",
            Distrust::WrongName => "other name",
            Distrust::Expired => "expired",
            Distrust::NotYetValid => "not valid yet",
            Distrust::Unusable => "unusable",
        },
        TlsFault::Token { .. } => "token unusable",
        TlsFault::Other { .. } => "failed",
    }
    .to_owned()
}

fn grpc(fault: &GrpcFault) -> String {
    match fault {
        GrpcFault::Http1 => "HTTP/1".to_owned(),
        GrpcFault::NotGrpc { status } => format!("HTTP {status}"),
        GrpcFault::NotConsul { .. } => "not Consul".to_owned(),
        GrpcFault::Status(status) => printable(&status.code),
        GrpcFault::TimedOut => NO_ANSWER.to_owned(),
        GrpcFault::ConnectionClosed { .. } => "closed".to_owned(),
    }
}

fn peering(status: &GrpcStatus) -> Cell {
    match status.peering_answer() {
        PeeringAnswer::Exists => (Mark::Ok, "exists".to_owned()),
        PeeringAnswer::Unknown => (Mark::Failure, "unknown".to_owned()),
        PeeringAnswer::MarkedDeleted => (Mark::Failure, "deleted".to_owned()),
        PeeringAnswer::Follower if status.leader.as_deref() == Some("") => {
            (Mark::Failure, "no leader".to_owned())
        }
        PeeringAnswer::Follower => (Mark::Open, "follower".to_owned()),
        PeeringAnswer::RateLimited => (Mark::Failure, "rate limit".to_owned()),
        PeeringAnswer::NotUnderstood => (Mark::Open, "unclear".to_owned()),
    }
}

fn secret(status: &GrpcStatus) -> Cell {
    match status.secret_answer() {
        SecretAnswer::UnusedExists => (Mark::Ok, "unused".to_owned()),
        SecretAnswer::NoneUnused | SecretAnswer::TakenByOldAcceptor => (Mark::Failure, "used".to_owned()),
        SecretAnswer::RateLimited => (Mark::Failure, "rate limit".to_owned()),
        SecretAnswer::AskAgain | SecretAnswer::NotUnderstood => (Mark::Open, "unclear".to_owned()),
    }
}

/// Returns a duration as `2 ms` or `5 s`; nothing below a millisecond.
fn duration(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => String::new(),
        millis @ 1..1000 => format!("{millis} ms"),
        millis => format!("{} s", (millis + 500) / 1000),
    }
}
