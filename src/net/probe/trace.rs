//! The whole way to every address of a token, step by step, all addresses at once.

use std::sync::Arc;
use std::time::Duration;

use ring::rand::SecureRandom;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tonic::Code;

use super::MAX_ADDRESSES;
use super::grpc::random_id;
use super::sniff::{FirstBytes, SniffingStream};
use super::{ProbeTarget, tcp, tls};
use crate::connectivity::{AlpnFault, DnsFault, Grpc, GrpcFault, Reach, Status, Step, TlsFault, Way};
use crate::net::peerstream::{
    Alpn, CallError, Connection, DialError, Open, Payload, Refusal, StreamMessage, Trust, code_name,
};
use crate::token::{Secret, ServerAddress, Token};

/// Why the way ends at a chain that Go takes.
const UNTAKEN: &str = "nothing is sent over a connection that our own TLS library does not trust";

/// What a ladder needs of a token: everything but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Whom to ask and about what; its addresses are those that Consul dials.
    pub target: ProbeTarget,
    /// Where the dialed addresses stand: `ManualServerAddresses` or `ServerAddresses`.
    pub field: &'static str,
    /// Addresses that stand in the token and are not dialed.
    pub not_dialed: Vec<String>,
}

impl From<&Token> for Ladder {
    fn from(token: &Token) -> Self {
        let manual = token.manual_server_addresses.as_ref().is_some_and(|manual| !manual.is_empty());
        let servers = token.server_addresses.clone().unwrap_or_default();
        Self {
            target: ProbeTarget::from(token),
            field: if manual { "ManualServerAddresses" } else { "ServerAddresses" },
            not_dialed: if manual { servers } else { Vec::new() },
        }
    }
}

/// Who is told how far a climb is: the place of an address, and the step that it came to; `None` when its way has ended.
#[derive(Clone)]
pub struct Tell(Arc<dyn Fn(usize, Option<&'static str>) + Send + Sync>);

impl Tell {
    /// Tells this.
    pub fn to(tell: impl Fn(usize, Option<&'static str>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells nobody.
    pub fn nobody() -> Self {
        Self::to(|_, _| {})
    }
}

/// Tells of one address.
struct TellOne {
    tell: Tell,
    place: usize,
}

impl TellOne {
    fn comes_to(&self, step: &'static str) {
        tracing::debug!(place = self.place, step, "on the way to an address");
        self.tell.0(self.place, Some(step));
    }
}

/// Goes the way to every address, all at once; each step may take `patience`. So the whole takes no longer than the
/// slowest way.
///
/// Probe A is asked at every address that gets so far, probe B of one at most: the first in order where probe A said
/// that the peering exists. Neither sends the token's secret. `seen_from` and `seen_at` are the caller's to fill in.
pub async fn climb(ladder: &Ladder, patience: Duration, random: &(dyn SecureRandom + Sync)) -> Reach {
    climb_telling(ladder, patience, random, &Tell::nobody()).await
}

/// As [`climb`], and says meanwhile which step each way has come to.
pub async fn climb_telling(
    ladder: &Ladder,
    patience: Duration,
    random: &(dyn SecureRandom + Sync),
    tell: &Tell,
) -> Reach {
    let target = Arc::new(ladder.target.clone());
    let mut climbing = JoinSet::new();
    for (place, address) in target.addresses.iter().enumerate().take(MAX_ADDRESSES) {
        let (target, path) = (Arc::clone(&target), format!("{}[{place}]", ladder.field));
        let (address, made_up) = (address.clone(), random_id(random));
        let tell = TellOne { tell: tell.clone(), place };
        climbing.spawn(async move { (place, go(&target, address, path, &made_up, patience, &tell).await) });
    }
    let mut gone = Vec::new();
    while let Some(done) = climbing.join_next().await {
        // A way is a plain function of a socket: it does not panic, and nobody cancels it.
        if let Ok((place, went)) = done {
            tracing::info!(
                address = went.0.address,
                reached = went.0.peering_exists.passed().is_some(),
                "went to an address"
            );
            tell.0(place, None);
            gone.push((place, went));
        }
    }
    gone.sort_by_key(|(place, _)| *place);
    let (mut ways, mut connections): (Vec<Way>, Vec<Option<Connection>>) =
        gone.into_iter().map(|(_, went)| went).unzip();
    ask_about_secret(&target, &mut ways, &mut connections, patience).await;
    let left_out = target.addresses.len().saturating_sub(MAX_ADDRESSES);
    ways.extend(ladder.not_dialed.iter().enumerate().take(MAX_ADDRESSES).map(|(place, address)| {
        let because = "Consul dials the manual addresses instead";
        not_tried(address, format!("ServerAddresses[{place}]"), false, because)
    }));
    Reach { ways, left_out, ..Reach::default() }
}

fn not_tried(address: &str, path: String, dialed: bool, because: &str) -> Way {
    let mut way = not_attempted(address.to_owned(), path);
    way.dialed = dialed;
    way.dns = Step::NotAsked { because: because.to_owned() };
    way
}

fn not_attempted(address: String, path: String) -> Way {
    Way {
        address,
        path,
        dialed: true,
        dns: Step::NotReached,
        tcp: Step::NotReached,
        tls: Step::NotReached,
        alpn: Step::NotReached,
        grpc: Step::NotReached,
        peering_exists: Step::NotReached,
        unused_secret: Step::NotReached,
    }
}

/// The way to one address, until a step fails.
async fn go(
    target: &ProbeTarget,
    address: String,
    path: String,
    made_up: &str,
    patience: Duration,
    tell: &TellOne,
) -> (Way, Option<Connection>) {
    let mut way = not_attempted(address, path);
    let parsed = match ServerAddress::parse(&way.address) {
        Ok(parsed) => parsed,
        Err(error) => {
            let fault = DnsFault::Address { says: error.to_string() };
            way.dns = Step::Failed { fault, elapsed: Duration::ZERO };
            return (way, None);
        }
    };
    tell.comes_to("DNS");
    way.dns = tcp::look_up(&parsed, patience).await;
    let Some(ips) = way.dns.passed() else { return (way, None) };
    tell.comes_to("TCP");
    let (step, stream) = tcp::connect(ips, parsed.port, patience).await;
    way.tcp = step;
    let Some(stream) = stream else { return (way, None) };
    // Small messages go to and fro: waiting for more to send would cost 40 ms each time.
    let _ = stream.set_nodelay(true);
    tell.comes_to("TLS");
    let begun = Instant::now();
    let Some((connection, first)) = connect(target, &mut way, stream, patience).await else {
        return (way, None);
    };
    let (mut way, connection) = match connection {
        Err(error) => {
            way.grpc = Step::Failed { fault: lost(&error, &first), elapsed: begun.elapsed() };
            (way, None)
        }
        Ok(connection) => {
            tell.comes_to("gRPC");
            ask_about_peering(target, way, connection, &first, made_up, patience).await
        }
    };
    late_alert(&mut way, &first);
    (way, connection)
}

/// In TLS 1.3 a server may refuse the client's side of the handshake only after the client is done with it. What comes first
/// over the connection is an alert then, and it is the handshake that failed.
fn late_alert(way: &mut Way, first: &FirstBytes) {
    let (Some(_), Some(alert)) = (way.grpc.failed(), first.alert()) else { return };
    let elapsed = way.grpc.elapsed().unwrap_or_default();
    let shown = way.tls.passed().cloned().map(Box::new);
    way.tls = Step::Failed { fault: TlsFault::Alert { alert, shown }, elapsed };
    (way.alpn, way.grpc) = (Step::NotReached, Step::NotReached);
}

/// TLS and ALPN, if the token asks for them, then HTTP/2. `None`: the way ends before that.
async fn connect(
    target: &ProbeTarget,
    way: &mut Way,
    stream: TcpStream,
    patience: Duration,
) -> Option<(Result<Connection, DialError>, FirstBytes)> {
    let remote = way.tcp.passed()?.to;
    let Trust::Tls { cas, server_name } = &target.trust else {
        let because = || "the token has no CA, so the dialer uses no TLS".to_owned();
        way.tls = Step::NotAsked { because: because() };
        way.alpn = Step::NotAsked { because: because() };
        let (stream, first) = SniffingStream::new(stream);
        let trust = &target.trust;
        let made =
            Connection::over_stream(stream, remote, Alpn::Plaintext, &way.address, trust, patience).await;
        return Some((made, first));
    };
    let (step, stream) = tls::shake_hands(stream, cas, server_name, patience).await;
    way.tls = step;
    let selected = way.tls.passed()?.alpn.clone();
    let (alpn, step) = match selected {
        Some(h2) if h2 == "h2" => (Alpn::H2, Step::Passed { seen: h2, elapsed: Duration::ZERO }),
        other => {
            let fault = AlpnFault { selected: other.clone() };
            (other.map_or(Alpn::None, Alpn::Other), Step::Failed { fault, elapsed: Duration::ZERO })
        }
    };
    way.alpn = step;
    let Some(stream) = stream else {
        way.alpn = Step::NotAsked { because: UNTAKEN.to_owned() };
        way.grpc = Step::NotAsked { because: UNTAKEN.to_owned() };
        return None;
    };
    let (stream, first) = SniffingStream::new(stream);
    let made = Connection::over_stream(stream, remote, alpn, &way.address, &target.trust, patience).await;
    Some((made, first))
}

/// Probe A: opens the stream with a secret that is nobody's.
async fn ask_about_peering(
    target: &ProbeTarget,
    mut way: Way,
    mut connection: Connection,
    first: &FirstBytes,
    made_up: &str,
    patience: Duration,
) -> (Way, Option<Connection>) {
    let begun = Instant::now();
    let open = Open { peer_id: target.peer_id.clone(), stream_secret_id: made_up.to_owned(), remote: None };
    // The stream stays open for the answer, and ends with it.
    let messages =
        tokio_stream::once(StreamMessage::from(Payload::Open(open))).chain(tokio_stream::pending());
    let answer = connection.open(messages, patience).await.map(|_| ());
    let elapsed = begun.elapsed();
    match answered(answer, first) {
        Ok(status) => {
            way.grpc = Step::Passed { seen: Grpc::default(), elapsed };
            way.peering_exists = if is_about_the_peering(&status) {
                Step::Passed { seen: status, elapsed }
            } else {
                Step::Failed { fault: GrpcFault::Status(status), elapsed }
            };
            (way, Some(connection))
        }
        Err(fault) => {
            way.grpc = Step::Failed { fault, elapsed };
            (way, None)
        }
    }
}

/// Whether it tells of the peering, or that only the leader could. All else tells of the server.
fn is_about_the_peering(status: &Status) -> bool {
    match status.code.as_str() {
        "OK" | "InvalidArgument" | "Aborted" => true,
        "PermissionDenied" => status.message.contains("peering stream secret"),
        "FailedPrecondition" => status.message.contains("follower"),
        _ => false,
    }
}

/// Probe B, of the first server in order that said that the peering exists: an exchange with an empty secret.
async fn ask_about_secret(
    target: &ProbeTarget,
    ways: &mut [Way],
    connections: &mut [Option<Connection>],
    patience: Duration,
) {
    let says_it_exists =
        |way: &Way| way.peering_exists.passed().is_some_and(|it| it.code == "PermissionDenied");
    let asked = ways.iter().position(says_it_exists);
    for (place, way) in ways.iter_mut().enumerate() {
        if way.peering_exists.passed().is_none() {
            continue;
        }
        let because = if Some(place) != asked {
            "one server is asked at most, and only once it said that the peering exists"
        } else if !target.has_remote {
            "the token does not say where the acceptor is, as those of Consul 1.13, which takes an empty secret for a \
             real one"
        } else {
            let Some(connection) = connections[place].as_mut() else { continue };
            let begun = Instant::now();
            let answer = connection.exchange_secret(&target.peer_id, &Secret::default(), patience).await;
            way.unused_secret = match answered(answer.map(|_| ()), &FirstBytes::default()) {
                Ok(seen) => Step::Passed { seen, elapsed: begun.elapsed() },
                Err(fault) => Step::Failed { fault, elapsed: begun.elapsed() },
            };
            continue;
        };
        way.unused_secret = Step::NotAsked { because: because.to_owned() };
    }
}

/// A status of Consul's service, or why there is none.
fn answered(answer: Result<(), CallError>, first: &FirstBytes) -> Result<Status, GrpcFault> {
    match answer {
        Ok(()) => Ok(Status { code: code_name(Code::Ok), ..Status::default() }),
        Err(CallError::Lost(error)) => Err(lost(&error, first)),
        Err(CallError::Refused(refusal)) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> Result<Status, GrpcFault> {
    // What tonic says of an answer without a gRPC status.
    if let Some((_, status)) = refusal.message.split_once("mapped from HTTP status code ") {
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        return Err(GrpcFault::NotGrpc { status: digits.parse().unwrap_or(0), content_type: None });
    }
    if refusal.code == Code::Unimplemented {
        return Err(GrpcFault::NotConsul { says: refusal.message });
    }
    Ok(Status { code: code_name(refusal.code), message: refusal.message, leader: refusal.leader })
}

fn lost(error: &DialError, first: &FirstBytes) -> GrpcFault {
    if error.timed_out {
        GrpcFault::TimedOut
    } else if first.speak().is_some_and(|it| it == "HTTP/1") {
        GrpcFault::Http1
    } else {
        GrpcFault::CutOff { says: error.reason.clone() }
    }
}
