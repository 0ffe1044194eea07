//! A connection to one server of an acceptor. Errors name the step that failed.

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
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time;
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
use crate::net::tls::peer_chain::PeerChain;
use crate::net::tls::peer_config::{ders, peer_config};
use crate::token::{Secret, ServerAddress};

/// How many IP addresses of a name are tried.
const MAX_IPS: usize = 8;

/// How a connection verifies the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Not at all: without TLS, as for a token without a CA.
    Plaintext,
    /// With TLS: the server needs a certificate for the name, issued by one of the CAs.
    Tls {
        /// The CA certificates, PEM.
        cas: Vec<String>,
        /// The name to send as SNI and to expect in the certificate.
        server_name: String,
    },
}

impl Trust {
    /// Returns how the dialer of a token with these CAs (PEM) and server name verifies servers.
    pub fn new(cas: &[String], server_name: &str) -> Self {
        if cas.is_empty() {
            return Self::Plaintext;
        }
        Self::Tls { cas: cas.to_vec(), server_name: server_name.to_owned() }
    }
}

/// A step of dialing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Parsing the address.
    Address,
    /// Name resolution.
    Dns,
    /// The TCP connection.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// HTTP/2 and the call.
    Grpc,
}

/// Why a server gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct DialError {
    /// The step that failed.
    pub step: Step,
    /// Why it failed.
    pub reason: String,
    /// Whether it failed only because it took too long.
    pub timed_out: bool,
}

/// The application protocol that a server selected when `h2` was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alpn {
    /// The connection has no TLS, so no protocol is selected.
    Plaintext,
    /// `h2`, which current dialers require.
    H2,
    /// None. Dialers built with grpc-go 1.67 or later reject such a server.
    None,
    /// A protocol that was not offered.
    Other(String),
}

/// A gRPC status other than OK from the server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} ({message})", code_name(*.code))]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// The status message.
    pub message: String,
    /// The leader's address, if the server is a follower and knows it.
    pub leader: Option<String>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// The server answered with an error.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The server did not answer.
    #[error(transparent)]
    Lost(#[from] DialError),
}

/// Returns a gRPC code's name in Go's spelling.
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
    /// The application protocol that the server selected.
    pub alpn: Alpn,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects to a server. Each step may take `timeout`.
    pub async fn dial(address: &str, trust: &Trust, timeout: Duration) -> Result<Self, DialError> {
        tracing::debug!(address, "dialing");
        let parsed =
            ServerAddress::parse(address).map_err(|error| failed(Step::Address, error.to_string()))?;
        // Go dials this host if the address has none.
        let host = if parsed.host.is_empty() { "localhost" } else { &parsed.host };
        if parsed.is_numeric_name() {
            return Err(failed(Step::Dns, "no such host".to_owned()));
        }
        let found = within(Step::Dns, timeout, tokio::net::lookup_host((host, parsed.port))).await?;
        let found: Vec<SocketAddr> = found.take(MAX_IPS).collect();
        let stream = within(Step::Tcp, timeout, TcpStream::connect(found.as_slice())).await?;
        // The messages are small: without this, each would wait 40 ms for more.
        stream.set_nodelay(true).map_err(|error| failed(Step::Tcp, os_error_text(&error)))?;
        let Trust::Tls { cas, server_name } = trust else {
            return Self::over(stream, Alpn::Plaintext, address, trust, timeout).await;
        };
        let tls = |reason: String| failed(Step::Tls, reason);
        let chain = PeerChain::default();
        let config = peer_config(cas, &chain).map_err(tls)?;
        let name = ServerName::try_from(server_name.clone())
            .map_err(|_| tls(format!("{server_name:?} is not a valid certificate name")))?;
        let connector = TlsConnector::from(Arc::new(config));
        let connected = within(Step::Tls, timeout, connector.connect(name, stream)).await;
        let stream = connected.map_err(|error| match chain.verify(&ders(cas), server_name) {
            Some(Err(refusal)) => tls(format!("tls: failed to verify certificate: {}", refusal.message)),
            _ => error,
        })?;
        let alpn = match stream.get_ref().1.alpn_protocol() {
            None => Alpn::None,
            Some(b"h2") => Alpn::H2,
            Some(other) => Alpn::Other(String::from_utf8_lossy(other).into_owned()),
        };
        Self::over(stream, alpn, address, trust, timeout).await
    }

    /// Starts HTTP/2 over a stream to a server at `address` that was verified as `trust` requires.
    pub(crate) async fn over(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        alpn: Alpn,
        address: &str,
        trust: &Trust,
        timeout: Duration,
    ) -> Result<Self, DialError> {
        let origin = match trust {
            Trust::Plaintext => origin("http", address),
            Trust::Tls { server_name, .. } => origin("https", server_name),
        };
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = time::timeout(timeout, handshake)
            .await
            .map_err(|_| timed_out(Step::Grpc, timeout))?
            .map_err(|error| failed(Step::Grpc, error_chain(&error)))?;
        let driver = tokio::spawn(async {
            // An error of the connection is an error of its calls, which report it.
            let _ = connection.await;
        });
        Ok(Self { grpc: Grpc::with_origin(Sender(sender), origin), alpn, driver })
    }

    /// Exchanges an establishment secret for a stream secret. This uses up the secret's token.
    pub async fn exchange_secret(
        &mut self,
        peer_id: &str,
        establishment_secret: &Secret,
        timeout: Duration,
    ) -> Result<Secret, CallError> {
        let message = ExchangeSecretRequest {
            peer_id: peer_id.to_owned(),
            establishment_secret: establishment_secret.expose().to_owned(),
        };
        let codec: ProstCodec<_, ExchangeSecretResponse> = ProstCodec::default();
        let call = self.grpc.unary(Request::new(message), PathAndQuery::from_static(EXCHANGE_SECRET), codec);
        let answer = time::timeout(timeout, call).await.map_err(|_| timed_out(Step::Grpc, timeout))?;
        Ok(answer.map_err(call_error)?.into_inner().stream_secret.into())
    }

    /// Asks for the exchange of an empty secret. The error shows whether the peering has an unused secret. Do not ask
    /// acceptors as old as Consul 1.13: they accept the empty secret.
    pub async fn exchange_empty_secret(&mut self, peer_id: &str, timeout: Duration) -> Result<(), CallError> {
        self.exchange_secret(peer_id, &Secret::default(), timeout).await.map(|_| ())
    }

    /// Opens the stream and waits for the server's first message, or its error.
    pub async fn open(
        &mut self,
        messages: impl Stream<Item = StreamMessage> + Send + 'static,
        timeout: Duration,
    ) -> Result<(Option<StreamMessage>, Streaming<StreamMessage>), CallError> {
        let codec: ProstCodec<StreamMessage, StreamMessage> = ProstCodec::default();
        let call =
            self.grpc.streaming(Request::new(messages), PathAndQuery::from_static(STREAM_RESOURCES), codec);
        let first = async {
            let mut answers = call.await?.into_inner();
            let first = answers.message().await?;
            Ok((first, answers))
        };
        let opened = time::timeout(timeout, first).await.map_err(|_| timed_out(Step::Grpc, timeout))?;
        opened.map_err(call_error)
    }
}

/// hyper's sender for tonic. Its errors stay distinct from the server's answers.
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
        self.0.poll_ready(context).map_err(|error| Broken(error_chain(&error)))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let answer = self.0.send_request(request);
        Box::pin(async move { answer.await.map_err(|error| Broken(error_chain(&error))) })
    }
}

/// Distinguishes an answer from a connection that failed: only the latter has a source.
#[allow(clippy::needless_pass_by_value)] // `map_err` passes a value
pub(crate) fn call_error(status: Status) -> CallError {
    if let Some(source) = status.source() {
        return failed(Step::Grpc, error_chain(source)).into();
    }
    let (code, message) = (status.code(), status.message().to_owned());
    Refusal { code, message, leader: leader_of(status.details()) }.into()
}

/// Runs a step with a timeout.
async fn within<T>(
    step: Step,
    timeout: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, DialError> {
    let completed = time::timeout(timeout, work).await.map_err(|_| timed_out(step, timeout))?;
    completed.map_err(|error| failed(step, os_error_text(&error)))
}

fn failed(step: Step, reason: String) -> DialError {
    DialError { step, reason, timed_out: false }
}

fn timed_out(step: Step, timeout: Duration) -> DialError {
    let reason = format!("no answer within {timeout:?}");
    DialError { step, reason, timed_out: true }
}

fn origin(scheme: &str, authority: &str) -> Uri {
    let given = Uri::builder().scheme(scheme).authority(authority).path_and_query("/").build();
    given.unwrap_or_else(|_| Uri::from_static("http://localhost/"))
}

/// Returns the text of an error and its sources.
fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let part = error.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        source = error.source();
    }
    text
}
