//! Sends requests over HTTP: to TCP or a unix socket, through a proxy, with or without TLS.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::Url;

use super::config::{Address, Config};
use super::error::{self, RequestError};
use super::host_port::HostPort;
use super::http_client::{HttpClient, let_connections_settle, sni_host};
use super::sent_body::Sent;
use super::transport::{ApiRequest, ApiResponse, MAX_BODY_LEN, Sending, TakeChunk, Transport};
use crate::net::tls::error_text::is_untrusted_certificate;

/// The maximum number of redirects, as in Go's client.
const MAX_REDIRECTS: usize = 10;

/// The maximum length of a streamed response, in bytes: more than any snapshot.
const MAX_STREAM_LEN: u64 = 1 << 36;

/// Sends requests to the address of a configuration.
pub(super) struct HttpTransport {
    config: Arc<Config>,
    client: HttpClient,
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
                |error: reqwest::Error| self.transport_error(&request.method, &target, None, &error, &sent);
            let url = self.url(&request.method, &request.path)?;
            let headers = self.with_host_header(&request)?;
            let client = self.client.for_url(&url).await?;
            let url = self.with_sni_host(&url);
            let response = client.request(request.method.clone(), url).headers(headers).send();
            let mut response = self.within(&sent, response).await?.map_err(failed)?;
            if response.status() != StatusCode::OK {
                return within_limit(self.within(&sent, read(response)).await?.map_err(failed)?);
            }
            let (status, headers) = (response.status(), response.headers().clone());
            let mut length = 0;
            while let Some(chunk) = self.within(&sent, response.chunk()).await?.map_err(failed)? {
                length += chunk.len() as u64;
                if length > MAX_STREAM_LEN {
                    return Err(too_long(MAX_STREAM_LEN));
                }
                if !take(chunk) {
                    break;
                }
            }
            drop(response);
            let_connections_settle().await;
            Ok(ApiResponse { status, headers, body: Bytes::new() })
        })
    }
}

impl HttpTransport {
    /// Reads the TLS files. Connects to nothing yet.
    pub(super) fn new(config: Arc<Config>) -> Result<Self, RequestError> {
        let client = HttpClient::new(Arc::clone(&config))?;
        Ok(Self { config, client })
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
        let mut target = self.config.address.base_url() + &request.path;
        let mut url = self.url(&request.method, &request.path)?;
        let mut headers = self.with_host_header(&request)?;
        let (mut method, mut body) = (request.method, request.body);
        for redirects in 0..=MAX_REDIRECTS {
            let start = Instant::now();
            let client = self.client.for_url(&url).await?;
            let mut request =
                client.request(method.clone(), self.with_sni_host(&url)).headers(headers.clone());
            if let Some(body) = &body {
                let body = reqwest::Body::wrap(sent.body(body.clone()));
                request = request.header(header::CONTENT_TYPE, "application/json").body(body);
            }
            let response = match request.send().await {
                Ok(response) => read(response).await,
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
            url = next;
        }
        let cause = format!("stopped after {MAX_REDIRECTS} redirects");
        Err(RequestError::not_sent(&method, target, cause))
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
    /// [`HttpClient`] resolves it to the configured address.
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
        error: &reqwest::Error,
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
    fn distrust(&self, error: &reqwest::Error, host: &str) -> Option<String> {
        if !is_untrusted_certificate(error) {
            return None;
        }
        Some(format!("tls: failed to verify certificate: {}", self.client.distrust(host)?))
    }
}

/// Reads a response. Stops one chunk after the limit, which [`within_limit`] then reports.
async fn read(mut response: reqwest::Response) -> Result<ApiResponse, reqwest::Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY_LEN {
            break;
        }
    }
    drop(response);
    let_connections_settle().await;
    Ok(ApiResponse { status, headers, body: body.into() })
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
