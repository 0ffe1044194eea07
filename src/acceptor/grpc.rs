//! The acceptor's side of Consul's peer stream service, over gRPC with TLS.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::body::Body;
use tonic::server::{Grpc, StreamingService, UnaryService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::dialer::keep_streams;
use super::fault::Fault;
use super::fault::port;
use super::fault::port::Remaining;
use super::store::{Exchanged, Opened};
use super::stream_session;
use super::{Acceptor, AcceptorError, Follower};
use crate::net::peerstream::{
    EXCHANGE_SECRET, ExchangeSecretRequest, ExchangeSecretResponse, Open, Payload, STREAM_RESOURCES,
    StreamMessage, leader_details,
};
use crate::token::Secret;

/// The timeout of the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(20);

/// The pause after a failed accept, for example because of too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

type CallFuture<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

/// Serves gRPC until `stop` is ready, and keeps the streams of the peerings that this acceptor dialed.
pub async fn serve_grpc(
    listener: TcpListener,
    acceptor: Arc<Acceptor>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), AcceptorError> {
    let tls = acceptor.tls()?.map(|config| TlsAcceptor::from(Arc::new(config)));
    let mut connections = tokio::task::JoinSet::new();
    connections.spawn(keep_streams(Arc::clone(&acceptor)));
    let mut numbers = 0_usize..;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if acceptor.settings.fault != Some(Fault::BlackHole) => match accepted {
                Ok((stream, _)) => {
                    // If it fails, responses are only slower.
                    let _ = stream.set_nodelay(true);
                    let follower = acceptor.follower(numbers.next().unwrap_or_default());
                    let server = GrpcServer { acceptor: Arc::clone(&acceptor), follower };
                    connections.spawn(connection(stream, tls.clone(), server));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
}

/// The server that a connection leads to.
#[derive(Clone)]
struct GrpcServer {
    acceptor: Arc<Acceptor>,
    /// Set if this server is not the leader.
    follower: Option<Follower>,
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, server: GrpcServer) {
    match (port::simulate(server.acceptor.settings.fault, stream, tls.as_ref()).await, tls) {
        (Remaining::Nothing, _) => {}
        (Remaining::Plaintext(stream), _) | (Remaining::Tls(stream), None) => {
            serve_http2(stream, server).await;
        }
        (Remaining::Tls(stream), Some(tls)) => {
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
                serve_http2(stream, server).await;
            }
        }
    }
}

async fn serve_http2(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, server: GrpcServer) {
    let service = service_fn(move |request| {
        let server = server.clone();
        async move { Ok::<_, Infallible>(answer(server, request).await) }
    });
    // A broken connection affects only its client.
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(server: GrpcServer, request: http::Request<Incoming>) -> http::Response<Body> {
    if let Some(fault) = server.acceptor.settings.fault {
        if fault == Fault::Slow {
            tokio::time::sleep(port::SLOW).await;
        }
        if let Some(status) = fault.status(request.uri().path()) {
            return status.into_http();
        }
    }
    match request.uri().path() {
        EXCHANGE_SECRET => Grpc::new(ProstCodec::default()).unary(Exchange(server.acceptor), request).await,
        STREAM_RESOURCES => Grpc::new(ProstCodec::default()).streaming(Resources(server), request).await,
        path => Status::unimplemented(unknown_call(path)).into_http(),
    }
}

/// Returns the error of grpc-go for an unknown call.
fn unknown_call(path: &str) -> String {
    let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    if EXCHANGE_SECRET.starts_with(&format!("/{service}/")) {
        return format!("unknown method {method} for service {service}");
    }
    format!("unknown service {service}")
}

struct Exchange(Arc<Acceptor>);

impl UnaryService<ExchangeSecretRequest> for Exchange {
    type Response = ExchangeSecretResponse;
    type Future = CallFuture<ExchangeSecretResponse>;

    fn call(&mut self, request: Request<ExchangeSecretRequest>) -> Self::Future {
        let acceptor = Arc::clone(&self.0);
        Box::pin(async move {
            let request = request.into_inner();
            let secret = Secret::from(request.establishment_secret);
            let exchanged = acceptor
                .with_store(move |store, settings| store.exchange(&request.peer_id, &secret, settings))
                .await?;
            match exchanged {
                Exchanged::StreamSecret(secret) => {
                    Ok(Response::new(ExchangeSecretResponse { stream_secret: secret.expose().to_owned() }))
                }
                Exchanged::Invalid => Err(Status::permission_denied("invalid peering establishment secret")),
                Exchanged::AlreadyEstablished => Err(Status::internal(
                    "failed to persist peering secret: failed to write peering secret: \
                     invalid establishment secret: peering was already established",
                )),
            }
        })
    }
}

struct Resources(GrpcServer);

impl StreamingService<StreamMessage> for Resources {
    type Response = StreamMessage;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<StreamMessage, Status>> + Send>>;
    type Future = CallFuture<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<StreamMessage>>) -> Self::Future {
        let GrpcServer { acceptor, follower } = self.0.clone();
        Box::pin(async move {
            if let Some(follower) = follower {
                return Err(follower_error(follower.leader.as_deref()));
            }
            let mut incoming = request.into_inner();
            let id = admit(&acceptor, incoming.message().await?).await?;
            let (outgoing, messages) = mpsc::channel(8);
            tokio::spawn(async move { stream_session::run(&acceptor, &id, incoming, outgoing).await });
            let messages: Self::ResponseStream = Box::pin(ReceiverStream::new(messages).map(Ok));
            Ok(Response::new(messages))
        })
    }
}

/// Checks the first message of a stream and returns the peering's ID.
async fn admit(acceptor: &Arc<Acceptor>, first: Option<StreamMessage>) -> Result<String, Status> {
    let Some(Payload::Open(open)) = first.and_then(|message| message.payload) else {
        return Err(Status::invalid_argument("first message when initiating a peering must be: Open"));
    };
    let Open { peer_id, stream_secret_id, remote } = open;
    let (secret, id) = (Secret::from(stream_secret_id), peer_id.clone());
    let datacenter = remote.map(|remote| remote.datacenter).unwrap_or_default();
    let opened = acceptor.with_store(move |store, _| store.open_stream(&id, &secret, &datacenter)).await?;
    match opened {
        Opened::Accepted => {
            let now = (acceptor.settings.clock)();
            acceptor.streams.update(&peer_id, |state| {
                state.connected = true;
                state.last_receive = Some(now);
                state.last_send = Some(now);
            });
            Ok(peer_id)
        }
        Opened::Unknown => {
            Err(Status::invalid_argument(format!("initial subscription for unknown PeerID: {peer_id}")))
        }
        Opened::Deleted => Err(Status::aborted(format!("peering is marked as deleted: {peer_id}"))),
        Opened::WrongSecret => Err(Status::permission_denied("invalid peering stream secret")),
    }
}

fn follower_error(leader: Option<&str>) -> Status {
    let (code, message) = (Code::FailedPrecondition, "cannot establish a peering stream on a follower node");
    let details = leader.map(|leader| leader_details(code, message, leader)).unwrap_or_default();
    Status::with_details(code, message, details.into())
}

/// The error of a stream if the state cannot be read.
fn state_error(reason: &str) -> Status {
    Status::internal(format!("the embedded acceptor's state cannot be used: {reason}"))
}

impl Acceptor {
    /// Uses the store on a thread that may block, because SQLite waits for other processes.
    pub(super) async fn with_store<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut super::store::Store, &super::Settings) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Status> {
        let acceptor = Arc::clone(self);
        let result =
            tokio::task::spawn_blocking(move || work(&mut acceptor.store(), &acceptor.settings)).await;
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(state_error(&error.to_string())),
            Err(error) => Err(state_error(&error.to_string())),
        }
    }

    /// Returns whether this side deleted a peering; `false` if the state cannot be read.
    pub(super) async fn is_gone(self: &Arc<Self>, id: &str) -> bool {
        let id = id.to_owned();
        matches!(self.with_store(move |store, _| store.state(&id)).await, Ok(None))
    }

    /// Records that the other side deleted a peering.
    pub(super) async fn terminate(self: &Arc<Self>, id: &str) {
        let id = id.to_owned();
        // If this fails, the next attempt to open a stream finds out.
        let _ = self.with_store(move |store, _| store.set_state(&id, "TERMINATED")).await;
    }
}
