//! Sends requests over HTTP: to TCP or a unix socket, through a proxy, with or without TLS.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use url::{Position, Url};

use super::config::{Address, Config};
use super::connection::{Connection, Exchange, Unsent};
use super::connector::{Connector, sni_host};
use super::error::{self, ExchangeError, RequestError};
use super::host_port::HostPort;
use super::sent_body::{Sent, SentBody};
use super::tls_files::TlsFiles;
use super::transport::{ApiRequest, ApiResponse, MAX_BODY_LEN, Sending, TakeChunk, Transport};
use crate::net::tls::error_text::is_untrusted_certificate;
use crate::net::tls::peer_chain::PeerChain;

/// The maximum number of redirects, as in Go's client.
const MAX_REDIRECTS: usize = 10;

/// The maximum length of a streamed response, in bytes: more than any snapshot.
const MAX_STREAM_LEN: u64 = 1 << 36;

/// Sends requests to the address of a configuration, over one connection if they come one after another.
pub(super) struct HttpTransport {
    config: Arc<Config>,
    files: TlsFiles,
    /// The chain that a server presented last.
    peer_chain: PeerChain,
    /// Connects to the address of the configuration.
    connector: Connector,
    /// Connects where a redirect leads from plain HTTP to HTTPS.
    https_connector: OnceLock<Connector>,
    /// The connection of the last request, for the next one.
    idle: Mutex<Option<Connection>>,
}

impl Transport for HttpTransport {
    /// Follows redirects like Go's client. The headers and the body are not sent to another host.
    fn send(&self, request: ApiRequest) -> Sending<'_> {
        let sent = Sent::new(request.body.as_ref());
        Box::pin(async move { self.within(&sent, self.follow(request, &sent)).await? })
    }

    /// Does not follow redirects. The timeout is for the head of the response, and for each chunk.
    fn stream<'a>(&'a self, request: ApiRequest, take: &'a mut TakeChunk<'_>) -> Sending<'a> {
        Box::pin(async move {
            let target = self.config.address.base_url() + &request.path;
            let sent = Sent::new(None);
            let failed =
                |error: ExchangeError| self.transport_error(&request.method, &target, None, &error, &sent);
            let url = self.with_sni_host(&self.url(&request.method, &request.path)?);
            let http_request = http_request(&self.connector, &request.method, &url, &request.headers)
                .map_err(|cause| self.not_sent(&request.method, &request.path, &cause))?;
            let http_request = http_request.map(|()| sent.body(None));
            let exchange = self.exchange(&self.connector, &url, http_request);
            let mut exchange = self.within(&sent, exchange).await?.map_err(failed)?;
            let (status, headers) = (exchange.head.status, exchange.head.headers.clone());
            if status != StatusCode::OK {
                return within_limit(self.within(&sent, self.read(exchange)).await?.map_err(failed)?);
            }
            let mut length = 0;
            while let Some(chunk) = self.within(&sent, exchange.chunk()).await?.map_err(failed)? {
                length += chunk.len() as u64;
                if length > MAX_STREAM_LEN {
                    return Err(too_long(MAX_STREAM_LEN));
                }
                if !take(chunk) {
                    return Ok(ApiResponse { status, headers, body: Bytes::new() });
                }
            }
            self.keep(exchange);
            Ok(ApiResponse { status, headers, body: Bytes::new() })
        })
    }
}

impl HttpTransport {
    /// Reads the TLS files. Connects to nothing yet.
    pub(super) fn new(config: Arc<Config>) -> Result<Self, RequestError> {
        let (files, peer_chain) = (TlsFiles::read(&config.tls)?, PeerChain::default());
        let is_plain = matches!(config.address, Address::Http { tls: false, .. } | Address::Unix(_));
        let tls = if is_plain && config.proxy.is_none() {
            files.without_trust()?
        } else {
            files.with_trust(&config, &peer_chain)?
        };
        let connector = Connector::new(&config, tls)?;
        let (https_connector, idle) = (OnceLock::new(), Mutex::default());
        Ok(Self { config, files, peer_chain, connector, https_connector, idle })
    }

    /// Waits no longer than the timeout. A server that sends informational responses (1xx) without end is stopped too.
    async fn within<T>(&self, sent: &Sent, work: impl Future<Output = T>) -> Result<T, RequestError> {
        tokio::time::timeout(self.config.timeout, work).await.map_err(|_| {
            let (address, seconds) = (self.config.address.base_url(), self.config.timeout.as_secs_f64());
            let error = RequestError::TimedOut { address, seconds, is_sent: sent.is_sent() };
            tracing::error!(%error, "no response from Consul");
            error
        })
    }

    async fn follow(&self, request: ApiRequest, sent: &Sent) -> Result<ApiResponse, RequestError> {
        let mut connector = &self.connector;
        let mut target = self.config.address.base_url() + &request.path;
        let mut url = self.url(&request.method, &request.path)?;
        let mut headers = self.with_host_header(&request)?;
        let (mut method, mut body) = (request.method, request.body);
        for redirects in 0..=MAX_REDIRECTS {
            let start = Instant::now();
            let sni_url = self.with_sni_host(&url);
            let mut request = http_request(connector, &method, &sni_url, &headers)
                .map_err(|cause| RequestError::not_sent(&method, target.clone(), cause))?;
            if body.is_some() {
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert(header::CONTENT_TYPE, json);
            }
            let request = request.map(|()| sent.body(body.clone()));
            let response = match self.exchange(connector, &sni_url, request).await {
                Ok(exchange) => self.read(exchange).await,
                Err(error) => Err(error),
            };
            let ms = start.elapsed().as_millis();
            let response = match response {
                Ok(response) => response,
                Err(error) => {
                    let redirected = (redirects > 0).then_some(&url);
                    let error = self.transport_error(&method, &target, redirected, &error, sent);
                    tracing::error!(%error, ms, "no response from Consul");
                    return Err(error);
                }
            };
            let (status, bytes) = (response.status.as_u16(), response.body.len());
            tracing::info!(%method, url = %without_userinfo(&url), status, bytes, ms, "Consul responded");
            let Some(next) = redirect_target(&response, &url) else { return within_limit(response) };
            sent.redirected();
            if !matches!(response.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                (method, body) = (Method::GET, None);
            }
            if !is_same_host(&url, &next) {
                if body.is_some() {
                    let next = without_userinfo(&next);
                    let cause = format!(
                        "the server redirects to another host, {next}: the request body is not sent there"
                    );
                    return Err(RequestError::not_sent(&method, target, cause));
                }
                headers = HeaderMap::new();
            }
            target = without_userinfo(&next);
            if url.scheme() != next.scheme() {
                connector = self.https_connector()?;
            }
            url = next;
        }
        let cause = format!("stopped after {MAX_REDIRECTS} redirects");
        Err(RequestError::not_sent(&method, target, cause))
    }

    /// Sends a request over the open connection, or over another one if it leads elsewhere or was closed.
    async fn exchange(
        &self,
        connector: &Connector,
        url: &Url,
        mut request: Request<SentBody>,
    ) -> Result<Exchange, ExchangeError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = idle
            && connection.can_send_to(url).await
        {
            match connection.send(request).await {
                Ok(exchange) => return Ok(exchange),
                Err(Unsent { request: Some(unsent), .. }) => request = unsent,
                Err(Unsent { error, .. }) => return Err(error),
            }
        }
        let connection = Connection::open(connector, url).await?;
        connection.send(request).await.map_err(|unsent| unsent.error)
    }

    /// Reads a response. Stops one chunk after the limit, which [`within_limit`] then reports.
    async fn read(&self, mut exchange: Exchange) -> Result<ApiResponse, ExchangeError> {
        let (status, headers) = (exchange.head.status, exchange.head.headers.clone());
        let mut body = Vec::new();
        while let Some(chunk) = exchange.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BODY_LEN {
                return Ok(ApiResponse { status, headers, body: body.into() });
            }
        }
        self.keep(exchange);
        Ok(ApiResponse { status, headers, body: body.into() })
    }

    /// Keeps the connection of a response that was read to the end.
    fn keep(&self, exchange: Exchange) {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(exchange.into_connection());
    }

    fn https_connector(&self) -> Result<&Connector, RequestError> {
        if let Some(connector) = self.https_connector.get() {
            return Ok(connector);
        }
        let connector = Connector::new(&self.config, self.files.with_trust(&self.config, &self.peer_chain)?)?;
        Ok(self.https_connector.get_or_init(|| connector))
    }

    /// Returns the URL of a path with its query. Fails like Go if the configured address has no host.
    fn url(&self, method: &Method, path: &str) -> Result<Url, RequestError> {
        let text = match &self.config.address {
            Address::Http { authority, .. } if authority.is_empty() => {
                return Err(self.not_sent(method, path, "http: no Host in request URL"));
            }
            Address::Http { tls, authority, prefix } => {
                let scheme = if *tls { "https" } else { "http" };
                format!("{scheme}://{}:{}{prefix}{path}", authority.url_host(), authority.port())
            }
            address => address.base_url() + path,
        };
        Url::parse(&text)
            .map_err(|error| RequestError::Setup(format!("{text:?} is not a valid URL: {error}")))
    }

    /// Returns the request's headers; with a `Host` header if the URL will have another host, see
    /// [`Self::with_sni_host`].
    fn with_host_header(&self, request: &ApiRequest) -> Result<HeaderMap, RequestError> {
        let mut headers = request.headers.clone();
        if let (Address::Http { authority, .. }, Some(_)) =
            (&self.config.address, &self.config.tls.server_name)
        {
            let host = HeaderValue::from_str(&authority.to_string());
            let invalid = |_| self.not_sent(&request.method, &request.path, "http: invalid Host header");
            headers.insert(header::HOST, host.map_err(invalid)?);
        }
        Ok(headers)
    }

    fn not_sent(&self, method: &Method, path: &str, cause: &str) -> RequestError {
        RequestError::not_sent(method, self.config.address.base_url() + path, cause.to_owned())
    }

    /// Returns the URL with the SNI host in place of the configured one, so that TLS asks for that name.
    /// [`Connector`] resolves it to the configured address.
    fn with_sni_host(&self, url: &Url) -> Url {
        let mut url = url.clone();
        let Address::Http { authority, .. } = &self.config.address else { return url };
        let is_configured = url.scheme() == "https"
            && url.port_or_known_default() == Some(authority.port())
            && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&authority.url_host()));
        if let Some(name) = sni_host(&self.config).filter(|_| is_configured) {
            let _ = url.set_host(Some(name));
        }
        url
    }

    /// Converts an error of the HTTP client. `redirected` is the URL of a redirect, if the request followed one.
    fn transport_error(
        &self,
        method: &Method,
        url: &str,
        redirected: Option<&Url>,
        error: &ExchangeError,
        sent: &Sent,
    ) -> RequestError {
        let redirected = redirected.and_then(|url| HostPort::of(url).ok());
        let (dialed, host) = match (&redirected, &self.config.address) {
            (Some(authority), _) | (None, Address::Http { authority, .. }) => {
                (format!("tcp {}", authority.dialed()), authority.host())
            }
            (None, Address::Unix(path)) => (format!("unix {}", path.display()), ""),
            (None, Address::Embedded) => ("embedded".to_owned(), ""),
        };
        let host = self.config.tls.server_name.as_deref().unwrap_or(host);
        let cause = self.distrust(error, host).unwrap_or_else(|| error::cause(error, &dialed, host));
        RequestError::transport(method, url.to_owned(), cause, sent.is_sent())
    }

    /// Returns Go's reason for not trusting the server's certificate, if that is why the request failed.
    fn distrust(&self, error: &ExchangeError, host: &str) -> Option<String> {
        if !is_untrusted_certificate(error) {
            return None;
        }
        let refusal = self.peer_chain.verify(self.files.roots.as_deref().unwrap_or_default(), host)?.err()?;
        Some(format!("tls: failed to verify certificate: {}", refusal.message))
    }
}

/// Returns a request without a body. The error is the cause of a failure.
fn http_request(
    connector: &Connector,
    method: &Method,
    url: &Url,
    headers: &HeaderMap,
) -> Result<Request<()>, String> {
    let proxy = connector.http_proxy(url);
    let target = match proxy {
        Some(_) => without_userinfo(url),
        None => url[Position::BeforePath..Position::AfterQuery].to_owned(),
    };
    let host = &url[Position::BeforeHost..Position::AfterPort];
    let mut request = Request::builder().method(method).uri(target).header(header::ACCEPT, "*/*");
    if !headers.contains_key(header::HOST) {
        request = request.header(header::HOST, host);
    }
    if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.as_ref()) {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let mut request = request.body(()).map_err(|error| error.to_string())?;
    request.headers_mut().extend(headers.clone());
    Ok(request)
}

fn within_limit(response: ApiResponse) -> Result<ApiResponse, RequestError> {
    if response.body.len() <= MAX_BODY_LEN {
        return Ok(response);
    }
    Err(too_long(MAX_BODY_LEN as u64))
}

fn too_long(limit: u64) -> RequestError {
    RequestError::Unreadable(format!("the response is longer than {limit} bytes"))
}

/// Returns the URL that a redirect points to; `None` if the response is not a redirect, or one to another protocol.
fn redirect_target(response: &ApiResponse, from: &Url) -> Option<Url> {
    let is_redirect = matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = is_redirect.then(|| response.headers.get(header::LOCATION)).flatten()?;
    from.join(location.to_str().ok()?).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Returns whether a redirect stays on the same server, or goes from HTTP to HTTPS of the same host.
fn is_same_host(from: &Url, to: &Url) -> bool {
    let is_same_origin = from.origin() == to.origin();
    is_same_origin || (from.host() == to.host() && from.scheme() == "http" && to.scheme() == "https")
}

/// Returns a URL as text without user and password, which a redirect may contain.
fn without_userinfo(url: &Url) -> String {
    let mut url = url.clone();
    let _ = (url.set_username(""), url.set_password(None));
    url.to_string()
}
