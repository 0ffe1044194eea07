//! The first two steps: the name is looked up, and TCP connects.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::connectivity::{Connected, DnsFault, Step, TcpFault, TcpTry, TcpWhy};
use crate::gostd::os_error::os_error_text;
use crate::token::ServerAddress;

/// Looks a name up with the system's resolver. An IP address is its own answer.
pub(super) async fn look_up(address: &ServerAddress, patience: Duration) -> Step<Vec<IpAddr>, DnsFault> {
    let begun = Instant::now();
    if address.is_numeric_name() {
        return Step::Failed { fault: DnsFault::NoSuchHost, elapsed: begun.elapsed() };
    }
    // Go dials this very host when there is none.
    let host = if address.host.is_empty() { "localhost" } else { &address.host };
    let found = timeout(patience, tokio::net::lookup_host((host, address.port))).await;
    let elapsed = begun.elapsed();
    let fault = match found {
        Err(_) => DnsFault::TimedOut,
        Ok(Err(error)) => fault(&error),
        Ok(Ok(found)) => {
            let mut seen: Vec<IpAddr> = Vec::new();
            for ip in found.map(|to| to.ip()) {
                if !seen.contains(&ip) {
                    seen.push(ip);
                }
            }
            if !seen.is_empty() {
                return Step::Passed { seen, elapsed };
            }
            DnsFault::NoAddress
        }
    };
    Step::Failed { fault, elapsed }
}

fn fault(error: &io::Error) -> DnsFault {
    // Rust keeps no more of getaddrinfo's answer than its words.
    let says = error.to_string();
    if says.contains("Name or service not known") || says.contains("nodename nor servname") {
        DnsFault::NoSuchHost
    } else if says.contains("No address associated with") {
        DnsFault::NoAddress
    } else {
        DnsFault::ResolverFailed {
            says: says.trim_start_matches("failed to lookup address information: ").to_owned(),
        }
    }
}

/// Connects to the IP addresses, all at once: one that swallows packets must not hide one that answers. The first of them
/// that took the connection, in order, is used.
pub(super) async fn connect(
    ips: &[IpAddr],
    port: u16,
    patience: Duration,
) -> (Step<Connected, TcpFault>, Option<TcpStream>) {
    let begun = Instant::now();
    let mut tries: JoinSet<(usize, SocketAddr, Duration, Result<TcpStream, TcpWhy>)> = JoinSet::new();
    for (place, ip) in ips.iter().enumerate() {
        let to = SocketAddr::new(*ip, port);
        tries.spawn(async move {
            let begun = Instant::now();
            let made = match timeout(patience, TcpStream::connect(to)).await {
                Err(_) => Err(TcpWhy::TimedOut),
                Ok(made) => made.map_err(|error| why(&error)),
            };
            (place, to, begun.elapsed(), made)
        });
    }
    let mut failed = Vec::new();
    while let Some(done) = tries.join_next().await {
        let Ok((place, to, elapsed, made)) = done else { continue };
        match made {
            Ok(stream) => {
                let failed_before = in_order(failed);
                let seen = Connected { to, failed_before };
                return (Step::Passed { seen, elapsed: begun.elapsed() }, Some(stream));
            }
            Err(why) => failed.push((place, TcpTry { to, why, elapsed })),
        }
    }
    (Step::Failed { fault: TcpFault { tries: in_order(failed) }, elapsed: begun.elapsed() }, None)
}

fn in_order(mut tries: Vec<(usize, TcpTry)>) -> Vec<TcpTry> {
    tries.sort_by_key(|(place, _)| *place);
    tries.into_iter().map(|(_, it)| it).collect()
}

fn why(error: &io::Error) -> TcpWhy {
    let says = os_error_text(error);
    match error.kind() {
        ErrorKind::ConnectionRefused => TcpWhy::Refused,
        ErrorKind::TimedOut => TcpWhy::TimedOut,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => TcpWhy::Unreachable { says },
        ErrorKind::PermissionDenied => TcpWhy::NotPermitted { says },
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => TcpWhy::Reset,
        _ => TcpWhy::Other { says },
    }
}
