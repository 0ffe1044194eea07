//! A connection to one server of an acceptor, made step by step, so that a failure says which step it was.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::PathAndQuery;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use serde::Serialize;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::{
    EXCHANGE_SECRET, ExchangeSecretRequest, ExchangeSecretResponse, STREAM_RESOURCES, StreamMessage,
    leader_of,
};
use crate::gostd::os_error::os_error_text;
use crate::net::tls::client_config::{ders, peer_config};
use crate::net::tls::peer_chain::PeerChain;
use crate::token::{Secret, ServerAddress};

/// Whom a connection trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Anybody: the connection has no TLS, as for a token without a CA.
    Plaintext,
    /// Servers that show a certificate for the name, signed by one of the CAs; nobody else's.
    Tls {
        /// PEM.
        cas: Vec<String>,
        /// The name to ask for (SNI) and to expect.
        server_name: String,
    },
}

/// A step on the way to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// The address is read.
    Address,
    /// The name is looked up.
    Dns,
    /// TCP connects.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// HTTP/2 and the call.
    Grpc,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[error("{reason}")]
pub struct DialError {
    /// The step that failed.
    pub step: Step,
    /// In words.
    pub reason: String,
    /// Nothing was wrong but the time that it took.
    pub timed_out: bool,
}

/// Which application protocol a server selected when `h2` was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alpn {
    /// There is no TLS to select one in.
    Plaintext,
    /// `h2`, which today's dialers insist on.
    H2,
    /// None. Dialers built with grpc-go 1.67 or later refuse such a server.
    None,
    /// Another one than was offered.
    Other(String),
}

/// A gRPC status other than OK, from the other side.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} ({message})", code_name(*.code))]
pub struct Refusal {
    /// Its code.
    pub code: Code,
    /// Its message.
    pub message: String,
    /// The leader's address, when a server says that it does not lead the cluster and knows who does.
    pub leader: Option<String>,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The other side answered, and refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There was no answer.
    #[error(transparent)]
    Lost(#[from] DialError),
}

/// A gRPC code's name as Go writes it.
pub(crate) fn code_name(code: Code) -> String {
    match code {
        Code::Ok => "OK".to_owned(),
        Code::Cancelled => "Canceled".to_owned(),
        code => format!("{code:?}"),
    }
}

/// An HTTP/2 connection to one server.
#[derive(Debug)]
pub struct Connection {
    grpc: Grpc<Sender>,
    /// Whom it reached.
    pub remote: SocketAddr,
    /// What the server selected.
    pub alpn: Alpn,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects. Each step may take `patience`.
    pub async fn dial(address: &str, trust: &Trust, patience: Duration) -> Result<Self, DialError> {
        tracing::debug!(address, "dialing");
        let parsed =
            ServerAddress::parse(address).map_err(|error| failed(Step::Address, error.to_string()))?;
        // Go dials this very host when there is none.
        let host = if parsed.host.is_empty() { "localhost" } else { &parsed.host };
        if parsed.is_numeric_name() {
            return Err(failed(Step::Dns, "no such host".to_owned()));
        }
        let found: Vec<SocketAddr> =
            step(Step::Dns, patience, tokio::net::lookup_host((host, parsed.port))).await?.collect();
        let stream = step(Step::Tcp, patience, TcpStream::connect(found.as_slice())).await?;
        // Small messages go to and fro: waiting for more to send would cost 40 ms each time.
        stream.set_nodelay(true).map_err(|error| failed(Step::Tcp, os_error_text(&error)))?;
        let remote = stream.peer_addr().map_err(|error| failed(Step::Tcp, os_error_text(&error)))?;
        match trust {
            Trust::Plaintext => {
                Self::over(stream, remote, Alpn::Plaintext, origin("http", address), patience).await
            }
            Trust::Tls { cas, server_name } => {
                let tls = |reason: String| failed(Step::Tls, reason);
                let shown = PeerChain::default();
                let config = peer_config(cas, &shown).map_err(tls)?;
                let name = ServerName::try_from(server_name.clone())
                    .map_err(|_| tls(format!("{server_name:?} is not a valid certificate name")))?;
                let connector = TlsConnector::from(Arc::new(config));
                let made = step(Step::Tls, patience, connector.connect(name, stream)).await;
                let stream = made.map_err(|error| match shown.verify(&ders(cas), server_name) {
                    Some(Err(refusal)) => {
                        tls(format!("tls: failed to verify certificate: {}", refusal.message))
                    }
                    _ => error,
                })?;
                let alpn = match stream.get_ref().1.alpn_protocol() {
                    None => Alpn::None,
                    Some(b"h2") => Alpn::H2,
                    Some(other) => Alpn::Other(String::from_utf8_lossy(other).into_owned()),
                };
                Self::over(stream, remote, alpn, origin("https", server_name), patience).await
            }
        }
    }

    /// Speaks HTTP/2 over a stream that is there.
    async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        remote: SocketAddr,
        alpn: Alpn,
        origin: Uri,
        patience: Duration,
    ) -> Result<Self, DialError> {
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = timeout(patience, handshake)
            .await
            .map_err(|_| too_slow(Step::Grpc, patience))?
            .map_err(|error| failed(Step::Grpc, words(&error)))?;
        let driver = tokio::spawn(async {
            // What breaks it, breaks the calls too, and they tell.
            let _ = connection.await;
        });
        Ok(Self { grpc: Grpc::with_origin(Sender(sender), origin), remote, alpn, driver })
    }

    /// Speaks HTTP/2 over a stream to a server that is trusted, or that need not be.
    pub(crate) async fn over_stream(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        remote: SocketAddr,
        alpn: Alpn,
        address: &str,
        trust: &Trust,
        patience: Duration,
    ) -> Result<Self, DialError> {
        let origin = match trust {
            Trust::Plaintext => origin("http", address),
            Trust::Tls { server_name, .. } => origin("https", server_name),
        };
        Self::over(stream, remote, alpn, origin, patience).await
    }

    /// Exchanges an establishment secret for a stream secret. A real one is spent by this.
    pub async fn exchange_secret(
        &mut self,
        peer_id: &str,
        establishment_secret: &Secret,
        patience: Duration,
    ) -> Result<Secret, CallError> {
        let message = ExchangeSecretRequest {
            peer_id: peer_id.to_owned(),
            establishment_secret: establishment_secret.expose().to_owned(),
        };
        let codec: ProstCodec<_, ExchangeSecretResponse> = ProstCodec::default();
        let call = self.grpc.unary(Request::new(message), PathAndQuery::from_static(EXCHANGE_SECRET), codec);
        let answer = timeout(patience, call).await.map_err(|_| too_slow(Step::Grpc, patience))?;
        Ok(answer.map_err(call_error)?.into_inner().stream_secret.into())
    }

    /// Opens the stream and waits for the other side's first word: a message, or the refusal.
    pub async fn open(
        &mut self,
        messages: impl Stream<Item = StreamMessage> + Send + 'static,
        patience: Duration,
    ) -> Result<(Option<StreamMessage>, Streaming<StreamMessage>), CallError> {
        let codec: ProstCodec<StreamMessage, StreamMessage> = ProstCodec::default();
        let call =
            self.grpc.streaming(Request::new(messages), PathAndQuery::from_static(STREAM_RESOURCES), codec);
        let first = async {
            let mut answers = call.await?.into_inner();
            let first = answers.message().await?;
            Ok((first, answers))
        };
        let opened = timeout(patience, first).await.map_err(|_| too_slow(Step::Grpc, patience))?;
        opened.map_err(call_error)
    }
}

/// What tonic calls: hyper's sender, whose errors stay apart from the other side's answers.
#[derive(Debug, Clone)]
struct Sender(SendRequest<tonic::body::Body>);

/// The connection failed during a call.
#[derive(Debug, Error)]
#[error("{0}")]
struct Broken(String);

impl tower_service::Service<http::Request<tonic::body::Body>> for Sender {
    type Response = http::Response<hyper::body::Incoming>;
    type Error = Broken;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Broken>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.0.poll_ready(context).map_err(|error| Broken(words(&error)))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let answer = self.0.send_request(request);
        Box::pin(async move { answer.await.map_err(|error| Broken(words(&error))) })
    }
}

/// Tells an answer from a connection that failed: only the latter has a source.
#[allow(clippy::needless_pass_by_value)] // it is what `map_err` gives
pub(crate) fn call_error(status: Status) -> CallError {
    if let Some(source) = status.source() {
        return failed(Step::Grpc, words(source)).into();
    }
    let (code, message) = (status.code(), status.message().to_owned());
    Refusal { code, message, leader: leader_of(status.details()) }.into()
}

/// Waits for a step no longer than it may take.
async fn step<T>(
    step: Step,
    patience: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, DialError> {
    let done = timeout(patience, work).await.map_err(|_| too_slow(step, patience))?;
    done.map_err(|error| failed(step, os_error_text(&error)))
}

fn failed(step: Step, reason: String) -> DialError {
    DialError { step, reason, timed_out: false }
}

fn too_slow(step: Step, patience: Duration) -> DialError {
    let reason = format!("no answer within {patience:?}");
    DialError { step, reason, timed_out: true }
}

fn origin(scheme: &str, authority: &str) -> Uri {
    let given = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
    given.unwrap_or_else(|_| Uri::from_static("http://localhost/"))
}

/// An error with its causes.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}
