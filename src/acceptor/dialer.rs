//! The acceptor as a dialer of another one: it exchanges a token's secret, and keeps the stream.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::Acceptor;
use super::dial_error_text::dialing_words;
use super::peering::Dialed;
use super::stream_session::{End, attend};
use crate::net::peerstream::{
    Alpn, CallError, Connection, DialError, Open, OpenRemote, Payload, Step, StreamMessage, Trust, code_name,
};
use crate::token::{Secret, Token};

/// No new attempt begins after this long, as in Consul.
const BEGINNING: Duration = Duration::from_secs(3);

/// How long one attempt may take, as in Consul.
const ATTEMPT: Duration = Duration::from_secs(20);

/// Between attempts; Consul makes 17 or 18 in its three seconds.
const PAUSE: Duration = Duration::from_millis(170);

/// Until a stream that was lost is dialed again.
const RETRY: Duration = Duration::from_secs(5);

/// How often to look for peerings that another process established.
const LOOK: Duration = Duration::from_secs(1);

/// What a token of an acceptor asks to be dialed.
pub(super) struct Plan {
    /// This side's ID of the peering.
    pub(super) id: String,
    /// The token.
    pub(super) token: Token,
}

impl Acceptor {
    /// Exchanges the token's secret, and keeps what it was exchanged for. The error is Consul's.
    pub(super) fn establish(&self, plan: &Plan) -> Result<(), (StatusCode, String)> {
        let secret = in_a_runtime_of_its_own(exchange(&plan.token))?;
        self.store()
            .keep_stream_secret(&plan.id, &secret)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
    }
}

/// The caller may be in a runtime already, or in none.
fn in_a_runtime_of_its_own(
    work: impl Future<Output = Result<Secret, (StatusCode, String)>> + Send,
) -> Result<Secret, (StatusCode, String)> {
    let broken = |text: String| (StatusCode::INTERNAL_SERVER_ERROR, text);
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| broken(error.to_string()))?.block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|_| Err(broken("the dialing thread panicked".to_owned())))
}

/// Goes round the addresses until one exchanges the secret or refuses it.
async fn exchange(token: &Token) -> Result<Secret, (StatusCode, String)> {
    let begun = Instant::now();
    let trust = trust(token.ca.as_deref().unwrap_or_default(), &token.server_name);
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
        if begun.elapsed() > BEGINNING {
            break;
        }
    }
    Err(all_of(&errors))
}

async fn exchange_at(address: &str, trust: &Trust, token: &Token) -> Result<Secret, (Code, String)> {
    let unavailable = |error: &DialError| (Code::Unavailable, dialing_words(error, address));
    let mut connection =
        Connection::dial(address, trust, ATTEMPT).await.map_err(|error| unavailable(&error))?;
    if !matches!(connection.alpn, Alpn::H2 | Alpn::Plaintext) {
        let reason = "missing selected ALPN property".to_owned();
        return Err(unavailable(&DialError { step: Step::Tls, reason, timed_out: false }));
    }
    let exchanged = connection.exchange_secret(&token.peer_id, &token.establishment_secret, ATTEMPT).await;
    exchanged.map_err(|error| match error {
        CallError::Refused(refusal) => (refusal.code, refusal.message),
        CallError::Lost(error) => unavailable(&error),
    })
}

/// Many errors as one, with the status that Consul gives it.
fn all_of(errors: &[(Code, String)]) -> (StatusCode, String) {
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

fn trust(cas: &[String], server_name: &str) -> Trust {
    if cas.is_empty() {
        return Trust::Plaintext;
    }
    Trust::Tls { cas: cas.to_vec(), server_name: server_name.to_owned() }
}

/// Keeps a stream for every peering that this side dialed, for as long as it is polled.
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
                    if keep_stream(&acceptor, &id, &dialed).await == End::Lost {
                        tokio::time::sleep(RETRY).await;
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
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Dials until a server takes the stream, and attends to it.
async fn keep_stream(acceptor: &Arc<Acceptor>, id: &str, dialed: &Dialed) -> End {
    let trust = trust(&dialed.cas, &dialed.server_name);
    for address in &dialed.addresses {
        // Where it is refused or fails, another server may lead. (A follower names the leader's port for servers.)
        if let Ok((_connection, first, incoming, outgoing)) = open(acceptor, dialed, address, &trust).await {
            let (own, now) = (id.to_owned(), (acceptor.settings.clock)());
            let _ = acceptor.with_store(move |store, _| store.set_state(&own, "ACTIVE")).await;
            acceptor.streams.note(id, |state| state.last_send = Some(now));
            if let Some(first) = &first {
                acceptor.streams.received(id, first, now);
            }
            if let Some(Payload::Terminated(_)) = first.and_then(|message| message.payload) {
                acceptor.terminate(id).await;
                return End::Terminated;
            }
            return attend(acceptor, id, incoming, outgoing).await;
        }
    }
    End::Lost
}

type Opened =
    (Connection, Option<StreamMessage>, tonic::Streaming<StreamMessage>, mpsc::Sender<StreamMessage>);

async fn open(
    acceptor: &Acceptor,
    dialed: &Dialed,
    address: &str,
    trust: &Trust,
) -> Result<Opened, CallError> {
    let mut connection = Connection::dial(address, trust, ATTEMPT).await?;
    let (outgoing, messages) = mpsc::channel(8);
    let open = Open {
        peer_id: dialed.peer_id.clone(),
        stream_secret_id: dialed.stream_secret.as_ref().map(Secret::expose).unwrap_or_default().to_owned(),
        remote: Some(OpenRemote {
            partition: String::new(),
            datacenter: acceptor.settings.datacenter.clone(),
        }),
    };
    // The channel is new and has room.
    let _ = outgoing.send(Payload::Open(open).into()).await;
    let (first, incoming) = connection.open(ReceiverStream::new(messages), ATTEMPT).await?;
    Ok((connection, first, incoming, outgoing))
}
