//! The acceptor as a dialer of another acceptor: exchanges a token's secret and keeps the stream open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::Acceptor;
use super::dial_error_text::dial_error_text;
use super::peering::Dialed;
use super::stream_session::{StreamEnd, run};
use crate::net::peerstream::{
    Alpn, CallError, Connection, DialError, Open, OpenRemote, Payload, Step, StreamMessage, Trust, code_name,
};
use crate::token::{Secret, Token};

/// No new attempt starts after this time, as in Consul.
const START_WINDOW: Duration = Duration::from_secs(3);

/// The timeout of one attempt, as in Consul.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);

/// The pause between attempts. Consul makes 17 or 18 attempts in three seconds.
const PAUSE: Duration = Duration::from_millis(170);

/// The pause before a lost stream is dialed again.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How many times to try again at once when a server is a follower, and the pause before, as in Consul.
const FOLLOWER_RETRIES: usize = 7;
const FOLLOWER_PAUSE: Duration = Duration::from_millis(8);

/// How often to check for peerings that another process established.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A token whose acceptor is to be dialed.
pub(super) struct Plan {
    /// This side's ID of the peering.
    pub(super) id: String,
    /// The token.
    pub(super) token: Token,
}

impl Acceptor {
    /// Exchanges the token's secret for a stream secret and stores it. The error is Consul's.
    pub(super) fn establish(&self, plan: &Plan) -> Result<(), (StatusCode, String)> {
        let secret = on_new_runtime(exchange(&plan.token))?;
        self.store()
            .keep_stream_secret(&plan.id, &secret)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    }
}

/// Runs `work` on a new thread, because the caller may or may not be in a runtime.
fn on_new_runtime(
    work: impl Future<Output = Result<Secret, (StatusCode, String)>> + Send,
) -> Result<Secret, (StatusCode, String)> {
    let failed = |text: String| (StatusCode::INTERNAL_SERVER_ERROR, text);
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| failed(error.to_string()))?.block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|_| Err(failed("the dialing thread panicked".to_owned())))
}

/// Tries the addresses in turn until one exchanges the secret or refuses it.
async fn exchange(token: &Token) -> Result<Secret, (StatusCode, String)> {
    let start = Instant::now();
    let trust = Trust::new(token.ca.as_deref().unwrap_or_default(), &token.server_name);
    let mut errors: Vec<(Code, String)> = Vec::new();
    for address in token.dialed_addresses().iter().cycle() {
        match exchange_at(address, &trust, token).await {
            Ok(secret) => return Ok(secret),
            Err((Code::PermissionDenied, message)) => {
                let text = format!("a new peering token must be generated: {message}");
                return Err((StatusCode::FORBIDDEN, text));
            }
            Err((code, message)) => {
                let text = format!(
                    "failed to exchange peering secret through address {address:?}: \
                     rpc error: code = {} desc = {message}",
                    code_name(code)
                );
                errors.push((code, text));
            }
        }
        tokio::time::sleep(PAUSE).await;
        if start.elapsed() > START_WINDOW {
            break;
        }
    }
    Err(joined(&errors))
}

async fn exchange_at(address: &str, trust: &Trust, token: &Token) -> Result<Secret, (Code, String)> {
    let unavailable = |error: &DialError| (Code::Unavailable, dial_error_text(error, address));
    let mut connection =
        Connection::dial(address, trust, ATTEMPT_TIMEOUT).await.map_err(|error| unavailable(&error))?;
    if !matches!(connection.alpn, Alpn::H2 | Alpn::Plaintext) {
        let reason = "missing selected ALPN property".to_owned();
        return Err(unavailable(&DialError { step: Step::Tls, reason, timed_out: false }));
    }
    let exchanged =
        connection.exchange_secret(&token.peer_id, &token.establishment_secret, ATTEMPT_TIMEOUT).await;
    exchanged.map_err(|error| match error {
        CallError::Refused(refusal) => (refusal.code, refusal.message),
        CallError::Lost(error) => unavailable(&error),
    })
}

/// Joins errors into one text, with Consul's status for it.
fn joined(errors: &[(Code, String)]) -> (StatusCode, String) {
    let status = match errors.first() {
        Some((Code::Unavailable, _)) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let count = match errors.len() {
        1 => "1 error occurred:".to_owned(),
        count => format!("{count} errors occurred:"),
    };
    let list: Vec<String> = errors.iter().map(|(_, text)| format!("\t* {text}")).collect();
    (status, format!("{count}\n{}\n\n", list.join("\n")))
}

/// Keeps a stream open for every peering that this side dialed. Never returns.
pub(super) async fn keep_streams(acceptor: Arc<Acceptor>) {
    let mut changes = acceptor.streams.changes();
    let mut streams: JoinSet<String> = JoinSet::new();
    let mut kept: Vec<String> = Vec::new();
    loop {
        let wanted = acceptor.with_store(|store, _| store.to_dial()).await.unwrap_or_default();
        for (id, dialed) in wanted {
            if !kept.contains(&id) {
                kept.push(id.clone());
                let acceptor = Arc::clone(&acceptor);
                streams.spawn(async move {
                    if keep_stream(&acceptor, &id, &dialed).await == StreamEnd::Lost {
                        tokio::time::sleep(RETRY_PAUSE).await;
                    }
                    id
                });
            }
        }
        tokio::select! {
            Some(ended) = streams.join_next() => if let Ok(ended) = ended {
                kept.retain(|id| *id != ended);
            },
            _ = changes.changed() => {}
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
        }
    }
}

/// Dials the servers until one accepts the stream, and runs it until it ends.
async fn keep_stream(acceptor: &Arc<Acceptor>, id: &str, dialed: &Dialed) -> StreamEnd {
    let Some((_connection, first, incoming, outgoing)) = open_any(acceptor, dialed).await else {
        return StreamEnd::Lost;
    };
    let (own, now) = (id.to_owned(), (acceptor.settings.clock)());
    let _ = acceptor.with_store(move |store, _| store.set_state(&own, "ACTIVE")).await;
    acceptor.streams.update(id, |state| state.last_send = Some(now));
    if let Some(first) = &first {
        acceptor.streams.received(id, first, now);
    }
    if let Some(Payload::Terminated(_)) = first.and_then(|message| message.payload) {
        acceptor.terminate(id).await;
        return StreamEnd::Terminated;
    }
    run(acceptor, id, incoming, outgoing).await
}

type Opened =
    (Connection, Option<StreamMessage>, tonic::Streaming<StreamMessage>, mpsc::Sender<StreamMessage>);

/// Opens a stream to the first server that accepts it. After an error, another server is tried. Behind the address of a
/// follower there may be other servers, so it is tried again. (The address of the leader that a follower reports is of no
/// use to dialers.)
async fn open_any(acceptor: &Acceptor, dialed: &Dialed) -> Option<Opened> {
    let trust = Trust::new(&dialed.cas, &dialed.server_name);
    for _ in 0..=FOLLOWER_RETRIES {
        let mut is_follower = false;
        for address in &dialed.addresses {
            match open(acceptor, dialed, address, &trust).await {
                Ok(opened) => return Some(opened),
                Err(CallError::Refused(refusal)) => is_follower |= refusal.code == Code::FailedPrecondition,
                Err(CallError::Lost(_)) => {}
            }
        }
        if !is_follower {
            break;
        }
        tokio::time::sleep(FOLLOWER_PAUSE).await;
    }
    None
}

async fn open(
    acceptor: &Acceptor,
    dialed: &Dialed,
    address: &str,
    trust: &Trust,
) -> Result<Opened, CallError> {
    let mut connection = Connection::dial(address, trust, ATTEMPT_TIMEOUT).await?;
    let (outgoing, messages) = mpsc::channel(8);
    let open = Open {
        peer_id: dialed.peer_id.clone(),
        stream_secret_id: dialed.stream_secret.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
        remote: Some(OpenRemote {
            partition: String::new(),
            datacenter: acceptor.settings.datacenter.clone(),
        }),
    };
    // The new channel is not full.
    let _ = outgoing.send(Payload::Open(open).into()).await;
    let (first, incoming) = connection.open(ReceiverStream::new(messages), ATTEMPT_TIMEOUT).await?;
    Ok((connection, first, incoming, outgoing))
}
