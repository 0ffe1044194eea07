//! The probe engine: traces one address, all addresses at once, or one after the other until one answers.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ring::rand::SecureRandom;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::budget::{BUDGET_USED_UP, ConnectionBudget};
use super::sniff::{Sniffer, SniffingStream};
use super::{MAX_ADDRESSES, ProbeTarget, question, tcp, tls};
use crate::connectivity::{AddressTrace, AlpnFault, Connectivity, DnsFault, StepResult, TlsFault};
use crate::net::peerstream::{Alpn, Connection, DialError, Trust};
use crate::token::ServerAddress;

/// Why a trace ends at a chain that Go trusts.
const NOT_TRUSTED_HERE: &str =
    "this tool's TLS library does not trust the connection, so nothing is sent over it";

/// How long [`trace_until_answered`] may take, as a multiple of the timeout of a step.
const MAX_STEPS: u32 = 12;

/// How many connections are opened to one address. Behind a balancer of three servers that chooses at random, all of them
/// lead to followers in 1 of 130 runs.
const MAX_CONNECTIONS: usize = 12;

/// Receives the progress of [`trace_all`] and [`trace_until_answered`].
#[derive(Clone)]
pub struct Progress(Arc<Report>);

/// The index of an address, its steps so far, and the step that starts, or `None` when its trace is complete.
type Report = dyn Fn(usize, &AddressTrace, Option<&'static str>) + Send + Sync;

impl Progress {
    /// Creates a progress that calls a function.
    pub fn new(report: impl Fn(usize, &AddressTrace, Option<&'static str>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// Creates a progress that does nothing.
    pub fn none() -> Self {
        Self::new(|_, _, _| {})
    }

    fn started(&self, index: usize, trace: &AddressTrace, step: &'static str) {
        tracing::debug!(index, step, "tracing an address");
        self.0(index, trace, Some(step));
    }

    fn completed(&self, index: usize, trace: &AddressTrace) {
        let answered = trace.peering_exists.value().is_some();
        tracing::info!(address = trace.address, answered, "traced an address");
        self.0(index, trace, None);
    }
}

/// One address to trace.
struct Job {
    target: Arc<ProbeTarget>,
    index: usize,
    /// A random ID for *peering exists?*.
    stream_secret: String,
    timeout: Duration,
    progress: Progress,
    /// What all addresses of a run share.
    run: Arc<Run>,
}

struct Run {
    connections: ConnectionBudget,
    /// Whether the leader has answered at an address. The others need not find it.
    leader_answered: AtomicBool,
}

impl Run {
    fn new(connections: &ConnectionBudget) -> Self {
        Self { connections: connections.clone(), leader_answered: AtomicBool::new(false) }
    }
}

/// A trace, and its connection if the server answered.
type Traced = (AddressTrace, Option<Connection>);

/// Traces all addresses at once. Each step may take `timeout`, so the whole takes as long as the slowest trace.
///
/// *Peering exists?* is asked at every address. *Unused secret?* is asked at one address at most, and never about a
/// token without `Remote`. The caller fills in `observed_from` and `observed_at`.
pub async fn trace_all(
    target: &ProbeTarget,
    timeout: Duration,
    random: &(dyn SecureRandom + Sync),
    connections: &ConnectionBudget,
    progress: &Progress,
) -> Connectivity {
    let shared = Arc::new(target.clone());
    let run = Arc::new(Run::new(connections));
    let mut tracing = JoinSet::new();
    for index in 0..shared.addresses.len().min(MAX_ADDRESSES) {
        let job = Job {
            target: Arc::clone(&shared),
            index,
            stream_secret: random_id(random),
            timeout,
            progress: progress.clone(),
            run: Arc::clone(&run),
        };
        tracing.spawn(async move { (index, trace_one(&job).await) });
    }
    let mut traced = Vec::new();
    while let Some(completed) = tracing.join_next().await {
        // The tasks neither panic nor are cancelled.
        if let Ok((index, one)) = completed {
            progress.completed(index, &one.0);
            traced.push((index, one));
        }
    }
    traced.sort_by_key(|(index, _)| *index);
    connectivity(target, traced.into_iter().map(|(_, one)| one).collect(), timeout, progress).await
}

/// Traces the addresses one after the other until a server answers *peering exists?*, then asks *unused secret?* there
/// as [`trace_all`] does. Each step may take `timeout`, all together twelve times that.
///
/// A token without a peer ID is not asked about: its addresses are not traced.
pub async fn trace_until_answered(
    target: &ProbeTarget,
    timeout: Duration,
    random: &(dyn SecureRandom + Sync),
    connections: &ConnectionBudget,
    progress: &Progress,
) -> Connectivity {
    let shared = Arc::new(target.clone());
    let (started, run) = (Instant::now(), Arc::new(Run::new(connections)));
    let mut traced: Vec<Traced> = Vec::new();
    for index in 0..shared.addresses.len().min(MAX_ADDRESSES) {
        if target.peer_id.is_empty() {
            let mut trace = not_attempted(&shared, index);
            trace.peering_exists = StepResult::NotChecked { reason: "the token has no peer ID".to_owned() };
            traced.push((trace, None));
            continue;
        }
        if started.elapsed() >= timeout * MAX_STEPS {
            break;
        }
        let job = Job {
            target: Arc::clone(&shared),
            index,
            stream_secret: random_id(random),
            timeout,
            progress: progress.clone(),
            run: Arc::clone(&run),
        };
        let one = trace_one(&job).await;
        progress.completed(index, &one.0);
        let answered = one.0.leader_answers();
        traced.push(one);
        if answered {
            break;
        }
    }
    connectivity(target, traced, timeout, progress).await
}

async fn connectivity(
    target: &ProbeTarget,
    mut traced: Vec<Traced>,
    timeout: Duration,
    progress: &Progress,
) -> Connectivity {
    question::unused_secret(target, &mut traced, timeout).await;
    for (index, (trace, _)) in
        traced.iter().enumerate().filter(|(_, (trace, _))| trace.unused_secret.elapsed().is_some())
    {
        progress.completed(index, trace);
    }
    let mut addresses: Vec<AddressTrace> = traced.into_iter().map(|(trace, _)| trace).collect();
    addresses.extend(target.not_dialed.iter().enumerate().take(MAX_ADDRESSES).map(|(index, address)| {
        let reason = "Consul dials the manual addresses instead".to_owned();
        AddressTrace {
            dialed: false,
            dns: StepResult::NotChecked { reason },
            ..empty(address, format!("ServerAddresses[{index}]"))
        }
    }));
    let truncated = target.addresses.len().saturating_sub(MAX_ADDRESSES);
    Connectivity { addresses, truncated, ..Connectivity::default() }
}

/// Returns the trace of an address before its first step.
fn not_attempted(target: &ProbeTarget, index: usize) -> AddressTrace {
    empty(&target.addresses[index], format!("{}[{index}]", target.field))
}

fn empty(address: &str, path: String) -> AddressTrace {
    AddressTrace {
        address: address.to_owned(),
        path,
        dialed: true,
        is_gateway: false,
        dns: StepResult::NotReached,
        tcp: StepResult::NotReached,
        tls: StepResult::NotReached,
        alpn: StepResult::NotReached,
        grpc: StepResult::NotReached,
        peering_exists: StepResult::NotReached,
        unused_secret: StepResult::NotReached,
        connections: 0,
        servers: 0,
        ips_not_tried: 0,
    }
}

/// Traces one address until a step fails. If a follower answers, connects again: a balancer or gateway leads to several
/// servers. The same if the connection is closed, because one of these servers may be down.
async fn trace_one(job: &Job) -> Traced {
    let started = Instant::now();
    let mut trace = not_attempted(&job.target, job.index);
    let Some((ips, port)) = resolve(job, &mut trace).await else { return (trace, None) };
    let mut connection = trace_steps(job, &mut trace, &ips, port).await;
    let mut certificates: HashSet<String> = certificate(&trace).into_iter().collect();
    let leader_answered = || job.run.leader_answered.load(Ordering::Relaxed);
    while may_lead_elsewhere(&trace)
        && trace.connections < MAX_CONNECTIONS
        && started.elapsed() < job.timeout
        && !leader_answered()
    {
        let ip = ips[trace.connections % ips.len()];
        let mut next = AddressTrace {
            dns: trace.dns.clone(),
            ips_not_tried: trace.ips_not_tried,
            connections: trace.connections,
            ..not_attempted(&job.target, job.index)
        };
        // The last connection stays open meanwhile, so that a balancer that counts connections chooses another server.
        let next_connection = trace_steps(job, &mut next, &[ip], port).await;
        certificates.extend(certificate(&next));
        let is_answer = next.peering_exists.value().is_some();
        if is_answer || trace.peering_exists.value().is_none() {
            (trace, connection) = (next, next_connection);
        } else {
            trace.connections = next.connections;
        }
    }
    trace.servers = certificates.len();
    if trace.leader_answers() {
        job.run.leader_answered.store(true, Ordering::Relaxed);
    }
    (trace, connection)
}

/// Returns the fingerprint of the certificate that a server presented.
fn certificate(trace: &AddressTrace) -> Option<String> {
    let presented = match &trace.tls {
        StepResult::Ok { value, .. } => value,
        StepResult::Failed { fault: TlsFault::Untrusted { presented, .. }, .. } => presented,
        _ => return None,
    };
    presented.chain.first().map(|certificate| certificate.sha256.clone())
}

/// Whether another connection to the same address may get a better answer.
fn may_lead_elsewhere(trace: &AddressTrace) -> bool {
    let is_follower = trace.peering_exists.value().is_some() && !trace.leader_answers();
    is_follower || matches!(trace.tls.fault(), Some(TlsFault::ConnectionClosed | TlsFault::Reset))
}

/// Returns the IP addresses to connect to, and the port.
async fn resolve(job: &Job, trace: &mut AddressTrace) -> Option<(Vec<IpAddr>, u16)> {
    let parsed = match ServerAddress::parse(&trace.address) {
        Ok(parsed) => parsed,
        Err(error) => {
            let fault = DnsFault::InvalidAddress { message: error.to_string() };
            trace.dns = StepResult::Failed { fault, elapsed: Duration::ZERO };
            return None;
        }
    };
    job.progress.started(job.index, trace, "DNS");
    (trace.dns, trace.ips_not_tried) = tcp::resolve(&parsed, job.timeout).await;
    Some((trace.dns.value()?.clone(), parsed.port))
}

async fn trace_steps(job: &Job, trace: &mut AddressTrace, ips: &[IpAddr], port: u16) -> Option<Connection> {
    let ips = &ips[..job.run.connections.take(ips.len())];
    if ips.is_empty() {
        trace.tcp = StepResult::NotChecked { reason: BUDGET_USED_UP.to_owned() };
        trace.connections = MAX_CONNECTIONS;
        return None;
    }
    trace.connections += 1;
    job.progress.started(job.index, trace, "TCP");
    let (step, stream) = tcp::connect(ips, port, job.timeout).await;
    trace.tcp = step;
    let stream = stream?;
    // The messages are small: without this, each would wait 40 ms for more.
    let _ = stream.set_nodelay(true);
    job.progress.started(job.index, trace, "TLS");
    let started = Instant::now();
    let (connection, sniffer) = connect(job, trace, stream).await?;
    let connection = match connection {
        Err(error) => {
            let fault = question::lost(&error, &sniffer);
            trace.grpc = StepResult::Failed { fault, elapsed: started.elapsed() };
            None
        }
        Ok(mut connection) => {
            job.progress.started(job.index, trace, "gRPC");
            let (target, secret) = (&job.target, &job.stream_secret);
            question::peering_exists(target, trace, &mut connection, &sniffer, secret, job.timeout).await;
            Some(connection)
        }
    };
    apply_late_alert(trace, &sniffer);
    connection
}

/// In TLS 1.3, a server can reject the client after the client completed the handshake. The first thing to arrive is then
/// an alert, and the handshake is what failed.
fn apply_late_alert(trace: &mut AddressTrace, sniffer: &Sniffer) {
    let (Some(_), Some(alert)) = (trace.grpc.fault(), sniffer.alert()) else { return };
    let elapsed = trace.grpc.elapsed().unwrap_or_default();
    let presented = trace.tls.value().cloned().map(Box::new);
    trace.tls = StepResult::Failed { fault: TlsFault::Alert { alert, presented }, elapsed };
    (trace.alpn, trace.grpc) = (StepResult::NotReached, StepResult::NotReached);
}

/// TLS and ALPN if the token has a CA, then HTTP/2. Returns `None` if the trace ends before HTTP/2.
async fn connect(
    job: &Job,
    trace: &mut AddressTrace,
    stream: TcpStream,
) -> Option<(Result<Connection, DialError>, Sniffer)> {
    let (trust, timeout) = (&job.target.trust, job.timeout);
    let Trust::Tls { cas, server_name } = trust else {
        let reason = || "the token has no CA, so the dialer uses no TLS".to_owned();
        trace.tls = StepResult::NotChecked { reason: reason() };
        trace.alpn = StepResult::NotChecked { reason: reason() };
        let (stream, sniffer) = SniffingStream::new(stream);
        let connection = Connection::over(stream, Alpn::Plaintext, &trace.address, trust, timeout).await;
        return Some((connection, sniffer));
    };
    let (step, stream) = tls::handshake(stream, cas, server_name, timeout).await;
    trace.tls = step;
    let selected = trace.tls.value()?.alpn.clone();
    let (alpn, step) = match selected {
        Some(h2) if h2 == "h2" => (Alpn::H2, StepResult::Ok { value: h2, elapsed: Duration::ZERO }),
        other => {
            let fault = AlpnFault { selected: other.clone() };
            (other.map_or(Alpn::None, Alpn::Other), StepResult::Failed { fault, elapsed: Duration::ZERO })
        }
    };
    trace.alpn = step;
    let Some(stream) = stream else {
        trace.alpn = StepResult::NotChecked { reason: NOT_TRUSTED_HERE.to_owned() };
        trace.grpc = StepResult::NotChecked { reason: NOT_TRUSTED_HERE.to_owned() };
        return None;
    };
    let (stream, sniffer) = SniffingStream::new(stream);
    Some((Connection::over(stream, alpn, &trace.address, trust, timeout).await, sniffer))
}

/// Returns a random UUID.
fn random_id(random: &(dyn SecureRandom + Sync)) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes).expect("the system provides random bytes");
    Uuid::from_bytes(bytes).hyphenated().to_string()
}
