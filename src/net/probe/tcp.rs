//! The first two steps: name resolution and the TCP connection.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use crate::connectivity::{Connected, DnsFault, StepResult, TcpAttempt, TcpFailure, TcpFault};
use crate::gostd::os_error::os_error_text;
use crate::token::ServerAddress;

/// How many IP addresses of one name are tried.
const MAX_IPS: usize = 8;

/// Resolves a host with the system's resolver. An IP address resolves to itself. Returns the IP addresses to try, and how
/// many others there are.
pub(super) async fn resolve(
    address: &ServerAddress,
    timeout: Duration,
) -> (StepResult<Vec<IpAddr>, DnsFault>, usize) {
    let started = Instant::now();
    if address.is_numeric_name() {
        return (StepResult::Failed { fault: DnsFault::NoSuchHost, elapsed: started.elapsed() }, 0);
    }
    // Go dials this host if the address has none.
    let host = if address.host.is_empty() { "localhost" } else { &address.host };
    let found = time::timeout(timeout, tokio::net::lookup_host((host, address.port))).await;
    let elapsed = started.elapsed();
    let fault = match found {
        Err(_) => DnsFault::TimedOut,
        Ok(Err(error)) => dns_fault(&error),
        Ok(Ok(found)) => {
            let (value, not_tried) = first_ips(found.map(|socket_address| socket_address.ip()));
            if !value.is_empty() {
                return (StepResult::Ok { value, elapsed }, not_tried);
            }
            DnsFault::NoAddress
        }
    };
    (StepResult::Failed { fault, elapsed }, 0)
}

/// Returns the first [`MAX_IPS`] different IP addresses, and how many follow.
fn first_ips(found: impl Iterator<Item = IpAddr>) -> (Vec<IpAddr>, usize) {
    let mut seen = HashSet::new();
    let mut ips: Vec<IpAddr> = found.filter(|ip| seen.insert(*ip)).collect();
    let not_tried = ips.len().saturating_sub(MAX_IPS);
    ips.truncate(MAX_IPS);
    (ips, not_tried)
}

fn dns_fault(error: &io::Error) -> DnsFault {
    // The standard library keeps only the text of getaddrinfo's error.
    let message = error.to_string();
    if message.contains("Name or service not known") || message.contains("nodename nor servname") {
        DnsFault::NoSuchHost
    } else if message.contains("No address associated with") {
        DnsFault::NoAddress
    } else {
        let message = message.trim_start_matches("failed to lookup address information: ").to_owned();
        DnsFault::ResolverFailed { message }
    }
}

/// Connects to all IP addresses at once, so that one that drops packets does not hide one that answers. Returns the first
/// connection.
pub(super) async fn connect(
    ips: &[IpAddr],
    port: u16,
    timeout: Duration,
) -> (StepResult<Connected, TcpFault>, Option<TcpStream>) {
    let started = Instant::now();
    let mut attempts: JoinSet<(usize, SocketAddr, Duration, Result<TcpStream, TcpFailure>)> = JoinSet::new();
    for (index, ip) in ips.iter().enumerate() {
        let remote_address = SocketAddr::new(*ip, port);
        attempts.spawn(async move {
            let started = Instant::now();
            let connected = match time::timeout(timeout, TcpStream::connect(remote_address)).await {
                Err(_) => Err(TcpFailure::TimedOut),
                Ok(connected) => connected.map_err(|error| tcp_failure(&error)),
            };
            (index, remote_address, started.elapsed(), connected)
        });
    }
    let mut failed = Vec::new();
    while let Some(completed) = attempts.join_next().await {
        let Ok((index, remote_address, elapsed, connected)) = completed else { continue };
        match connected {
            Ok(stream) => {
                let value = Connected { remote_address, failed_attempts: in_order(failed) };
                return (StepResult::Ok { value, elapsed: started.elapsed() }, Some(stream));
            }
            Err(reason) => failed.push((index, TcpAttempt { remote_address, reason, elapsed })),
        }
    }
    let fault = TcpFault { attempts: in_order(failed) };
    (StepResult::Failed { fault, elapsed: started.elapsed() }, None)
}

fn in_order(mut attempts: Vec<(usize, TcpAttempt)>) -> Vec<TcpAttempt> {
    attempts.sort_by_key(|(index, _)| *index);
    attempts.into_iter().map(|(_, attempt)| attempt).collect()
}

fn tcp_failure(error: &io::Error) -> TcpFailure {
    let message = os_error_text(error);
    match error.kind() {
        ErrorKind::ConnectionRefused => TcpFailure::Refused,
        ErrorKind::TimedOut => TcpFailure::TimedOut,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => TcpFailure::Unreachable { message },
        ErrorKind::PermissionDenied => TcpFailure::NotPermitted { message },
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => TcpFailure::Reset,
        _ => TcpFailure::Other { message },
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn of_a_name_with_thousands_of_ip_addresses_eight_are_tried() {
        let all = || (0..4000).map(|number| IpAddr::V4(Ipv4Addr::from_bits(number)));
        let (ips, not_tried) = first_ips(all().chain(all()));
        assert_eq!((ips, not_tried), (all().take(8).collect(), 3992));
    }
}
