//! The HTTP API client: one request, one answer, over the network or to the embedded acceptor in this process.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::ClientConfig;

use super::authority::Authority;
use super::config::{Address, Config};
use super::error::{self, RequestError};
use super::presented::Presented;
use super::tls;
use crate::acceptor::Acceptor;
use crate::token::redact::redacted;

/// What does not stand for itself in a segment of a path or in a query's value (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;

/// How much of a refusal is shown, in bytes. Consul's own are a few lines.
const LONGEST_REFUSAL: usize = 64 * 1024;

/// What is shorter cannot be told from other words, in bytes.
const SHORTEST_SECRET: usize = 8;

/// How many redirects are followed, as Go's client does.
const MOST_REDIRECTS: usize = 10;

/// How long a blocking query may wait. Consul ends one early for what Raft holds only, and a stream that fails is not in there:
/// with Consul's own five minutes, FAILING would be seen that late.
const WAIT: &str = "10s";

/// How long a connection may take to come up: Go's default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of one Consul agent.
pub struct Client {
    config: Config,
    transport: Transport,
}

enum Transport {
    Network(Box<Network>),
    Embedded(Box<Acceptor>),
}

/// Over the network, with TLS or without.
struct Network {
    files: tls::Files,
    /// What a server showed over TLS.
    shown: Presented,
    /// Connects to the address of the configuration.
    first: reqwest::Client,
    /// Connects where a redirect leads from plain HTTP to HTTPS.
    secure: OnceLock<reqwest::Client>,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Client {
    /// A client that asks over the network. Nothing is sent yet; TLS files are read now.
    pub fn over_network(config: Config) -> Result<Self, RequestError> {
        let (files, shown) = (tls::Files::read(&config.tls)?, Presented::default());
        let is_plain = matches!(config.address, Address::Http { tls: false, .. } | Address::Unix(_));
        let tls = if is_plain && config.proxy.is_none() {
            files.without_trust()?
        } else {
            files.with_trust(&config, &shown)?
        };
        let first = connector(&config, tls)?;
        let network = Box::new(Network { files, shown, first, secure: OnceLock::new() });
        Ok(Self { config, transport: Transport::Network(network) })
    }

    /// A client that asks the acceptor in this process.
    pub fn embedded(config: Config, acceptor: Acceptor) -> Self {
        Self { config, transport: Transport::Embedded(Box::new(acceptor)) }
    }

    /// Where it asks: an address as `-http-addr` takes it, without credentials.
    pub fn address(&self) -> String {
        match &self.config.address {
            Address::Http { tls, authority, prefix } => {
                format!("{}://{authority}{prefix}", if *tls { "https" } else { "http" })
            }
            Address::Unix(path) => format!("unix://{}", path.display()),
            Address::Embedded => "embedded".to_owned(),
        }
    }

    /// The partition that requests name; empty if they name none.
    pub fn partition(&self) -> &str {
        self.config.partition.as_deref().unwrap_or_default()
    }

    /// Whether requests carry no ACL token.
    pub(super) fn is_anonymous(&self) -> bool {
        self.config.token.is_none()
    }

    /// Asks once, and again where a redirect points. The ACL token and the password stay with the first host.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<Answer, RequestError> {
        let path = &(path.to_owned() + &self.query(parameters));
        let network = match &self.transport {
            Transport::Embedded(acceptor) => return self.ask_embedded(acceptor, method, path, body),
            Transport::Network(network) => network,
        };
        let mut client = &network.first;
        let mut target = self.config.address.base_url() + path;
        let mut redirected = None;
        let mut url = self.dialed_url(&method, path)?;
        let (mut method, mut body) = (method, body);
        let mut headers = self.headers(&method, path)?;
        for _ in 0..=MOST_REDIRECTS {
            let begun = std::time::Instant::now();
            let mut request = client.request(method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &body {
                request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
            }
            let answer = match request.send().await {
                Ok(response) => Answer::read(response).await,
                Err(error) => Err(error),
            };
            let answer =
                answer.map_err(|error| self.transport_error(&method, &target, redirected.as_ref(), &error));
            match &answer {
                Ok(answer) => tracing::info!(
                    %method,
                    url = %shown(&url),
                    status = answer.status.as_u16(),
                    bytes = answer.body.len(),
                    ms = begun.elapsed().as_millis(),
                    "asked Consul"
                ),
                Err(error) => {
                    tracing::error!(%error, ms = begun.elapsed().as_millis(), "no answer from Consul");
                }
            }
            let answer = answer?;
            let Some(next) = answer.redirect(&url) else {
                return Ok(self.without_secrets(answer.within_limit()?));
            };
            if !matches!(answer.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                (method, body) = (Method::GET, None);
            }
            if !is_same_host(&url, &next) {
                if body.is_some() {
                    let cause = format!("what was sent is not for {}, where a redirect points", shown(&next));
                    return Err(RequestError::Transport { method: go_method(&method), url: target, cause });
                }
                headers = HeaderMap::new();
            }
            target = shown(&next);
            redirected = Some(next.clone());
            if url.scheme() != next.scheme() {
                client = self.secure(network)?;
            }
            url = next;
        }
        let cause = format!("stopped after {MOST_REDIRECTS} redirects");
        Err(RequestError::Transport { method: go_method(&method), url: target, cause })
    }

    /// The connector for HTTPS where the configuration says plain HTTP.
    fn secure<'a>(&self, network: &'a Network) -> Result<&'a reqwest::Client, RequestError> {
        if let Some(client) = network.secure.get() {
            return Ok(client);
        }
        let made = connector(&self.config, network.files.with_trust(&self.config, &network.shown)?)?;
        Ok(network.secure.get_or_init(|| made))
    }

    /// A blocking query: answered once what Raft holds differs from that at an index, or after [`WAIT`]; at once for 0.
    pub(super) async fn ask_after(&self, path: &str, index: u64) -> Result<Answer, RequestError> {
        let index = index.to_string();
        let parameters = [("index", index.as_str()), ("wait", WAIT)];
        let parameters = if index == "0" { &[][..] } else { &parameters };
        self.ask(Method::GET, path, parameters, None).await
    }

    /// Asks for something long: `take` gets it chunk by chunk, until it says `false`. No redirect is followed.
    pub(super) async fn stream(
        &self,
        path: &str,
        mut take: impl FnMut(Bytes) -> bool,
    ) -> Result<(), RequestError> {
        let path = &(path.to_owned() + &self.query(&[]));
        let client = match &self.transport {
            Transport::Embedded(acceptor) => {
                take(self.ask_embedded(acceptor, Method::GET, path, None)?.ok()?.body);
                return Ok(());
            }
            Transport::Network(network) => &network.first,
        };
        let target = self.config.address.base_url() + path;
        let broken = |error: reqwest::Error| self.transport_error(&Method::GET, &target, None, &error);
        let request =
            client.get(self.dialed_url(&Method::GET, path)?).headers(self.headers(&Method::GET, path)?);
        let mut response = request.send().await.map_err(broken)?;
        if response.status() != StatusCode::OK {
            Answer::read(response).await.map_err(broken)?.ok()?;
            return Ok(());
        }
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if !take(chunk) {
                break;
            }
        }
        Ok(())
    }

    fn ask_embedded(
        &self,
        acceptor: &Acceptor,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> Result<Answer, RequestError> {
        let mut request = http::Request::new(body.unwrap_or_default());
        *request.headers_mut() = self.headers(&method, path)?;
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().map_err(|_| RequestError::Setup(format!("{path:?} is no path")))?;
        let (parts, body) = acceptor.answer(&request).into_parts();
        tracing::info!(
            method = %request.method(),
            path = request.uri().path(),
            status = parts.status.as_u16(),
            bytes = body.len(),
            "asked the embedded acceptor"
        );
        Ok(self.without_secrets(Answer { status: parts.status, headers: parts.headers, body }))
    }

    /// A refusal is shown to people, and whoever refuses may repeat what was sent.
    fn without_secrets(&self, answer: Answer) -> Answer {
        if answer.status == StatusCode::OK {
            return answer;
        }
        let whole = String::from_utf8_lossy(&answer.body);
        let mut text = whole[..whole.floor_char_boundary(LONGEST_REFUSAL)].to_owned();
        if text.len() < whole.len() {
            text = format!("{text}… ({} bytes more)", whole.len() - text.len());
        }
        let password = self.config.basic_auth.as_ref().map(|auth| &auth.password);
        for secret in [self.config.token.as_ref(), password].into_iter().flatten() {
            if secret.expose().len() >= SHORTEST_SECRET {
                text = text.replace(secret.expose(), "<secret>");
            }
        }
        Answer { body: redacted(&text).into_owned().into(), ..answer }
    }

    /// `?ns=…&partition=…` and what else is asked, or nothing.
    fn query(&self, parameters: &[(&str, &str)]) -> String {
        let config =
            [("ns", self.config.namespace.as_deref()), ("partition", self.config.partition.as_deref())];
        let config = config.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let given = config
            .chain(parameters.iter().copied())
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, RESERVED)));
        let query = given.collect::<Vec<_>>().join("&");
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// The URL that is really asked, for a path with its query: a socket has no host, and another TLS name must stand where TLS looks for it.
    fn dialed_url(&self, method: &Method, path: &str) -> Result<reqwest::Url, RequestError> {
        let text = match (&self.config.address, &self.config.tls.server_name) {
            (Address::Http { authority, .. }, _) if authority.is_empty() => {
                return Err(self.unsent(method, path, "http: no Host in request URL"));
            }
            (Address::Http { tls: true, authority, prefix }, Some(name))
                if name.parse::<IpAddr>().is_err() =>
            {
                let name = name.split_once(':').map_or(name.as_str(), |(name, _)| name);
                format!("https://{name}:{}{prefix}{path}", authority.port())
            }
            (Address::Http { tls, authority, prefix }, _) => {
                let scheme = if *tls { "https" } else { "http" };
                format!("{scheme}://{}:{}{prefix}{path}", authority.url_host(), authority.port())
            }
            (address, _) => address.base_url() + path,
        };
        reqwest::Url::parse(&text)
            .map_err(|error| RequestError::Setup(format!("{text:?} cannot be asked: {error}")))
    }

    /// What keeps a request from being sent, in Go's words.
    fn unsent(&self, method: &Method, path: &str, cause: &str) -> RequestError {
        RequestError::Transport {
            method: go_method(method),
            url: self.config.address.base_url() + path,
            cause: cause.to_owned(),
        }
    }

    fn headers(&self, method: &Method, path: &str) -> Result<HeaderMap, RequestError> {
        let mut headers = HeaderMap::new();
        let secret_header = |name: &'static str, text: &str| {
            let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
                let cause = format!("net/http: invalid header field value for {name:?}");
                self.unsent(method, path, &cause)
            })?;
            value.set_sensitive(true);
            Ok::<_, RequestError>(value)
        };
        if let Some(token) = &self.config.token {
            headers.insert("X-Consul-Token", secret_header("X-Consul-Token", token.expose())?);
        }
        if let Some(auth) = &self.config.basic_auth {
            let pair = zeroize::Zeroizing::new(format!("{}:{}", auth.user, auth.password.expose()));
            let encoded = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair.as_bytes());
            let value = zeroize::Zeroizing::new(format!("Basic {encoded}"));
            headers.insert(header::AUTHORIZATION, secret_header("Authorization", &value)?);
        }
        if let (Address::Http { authority, .. }, Some(_)) =
            (&self.config.address, &self.config.tls.server_name)
        {
            let host = HeaderValue::from_str(&authority.to_string());
            headers.insert(
                header::HOST,
                host.map_err(|_| self.unsent(method, path, "http: invalid Host header"))?,
            );
        }
        Ok(headers)
    }

    /// Why there is no answer from the address of the configuration, or from where a redirect pointed.
    fn transport_error(
        &self,
        method: &Method,
        url: &str,
        redirected: Option<&reqwest::Url>,
        error: &reqwest::Error,
    ) -> RequestError {
        let elsewhere = redirected.and_then(|url| Authority::of(url).ok());
        let (dialed, host) = match (&elsewhere, &self.config.address) {
            (Some(authority), _) | (None, Address::Http { authority, .. }) => {
                (format!("tcp {}", authority.dialed()), authority.host())
            }
            (None, Address::Unix(path)) => (format!("unix {}", path.display()), ""),
            (None, Address::Embedded) => ("embedded".to_owned(), ""),
        };
        let host = self.config.tls.server_name.as_deref().unwrap_or(host);
        let cause = self.distrust(error, host).unwrap_or_else(|| error::cause(error, &dialed, host));
        RequestError::Transport { method: go_method(method), url: url.to_owned(), cause }
    }

    /// What Go says of the chain that a server showed, if that is why there is no answer.
    fn distrust(&self, error: &reqwest::Error, host: &str) -> Option<String> {
        let Transport::Network(network) = &self.transport else { return None };
        if !error::is_distrust(error) {
            return None;
        }
        let refusal = network.shown.judge(network.files.roots.as_deref().unwrap_or_default(), host)?.err()?;
        Some(format!("tls: failed to verify certificate: {}", refusal.says))
    }
}

impl Answer {
    /// Reads the body, and stops one chunk after the limit: [`Answer::within_limit`] then says so.
    async fn read(mut response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                break;
            }
        }
        Ok(Self { status, headers, body: body.into() })
    }

    /// The index to ask about next. One that went back, as after a restored snapshot, begins anew, as Consul's documents say.
    pub(super) fn next_index(&self, asked: u64) -> u64 {
        let told = self.headers.get("X-Consul-Index").and_then(|index| index.to_str().ok()?.parse().ok());
        match told {
            Some(index) if index >= asked => u64::max(index, 1),
            _ => 0,
        }
    }

    fn within_limit(self) -> Result<Self, RequestError> {
        if self.body.len() <= LONGEST_ANSWER {
            return Ok(self);
        }
        Err(RequestError::Unreadable(format!("the answer is longer than {LONGEST_ANSWER} bytes")))
    }

    /// Where a redirect points, if this is one.
    fn redirect(&self, from: &reqwest::Url) -> Option<reqwest::Url> {
        let moved = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = moved.then(|| self.headers.get(header::LOCATION)).flatten()?;
        from.join(location.to_str().ok()?).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
    }

    /// The answer if its status is 200, the only one that Consul's client takes.
    pub(super) fn ok(self) -> Result<Self, RequestError> {
        if self.status == StatusCode::OK {
            return Ok(self);
        }
        let body = String::from_utf8_lossy(&self.body).trim().to_owned();
        Err(RequestError::Refused { status: self.status.as_u16(), body })
    }
}

/// Makes connections as a configuration says.
fn connector(config: &Config, tls: ClientConfig) -> Result<reqwest::Client, RequestError> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .no_proxy();
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy)
            .map_err(|_| RequestError::Setup("the proxy variable holds no URL of a proxy".to_owned()))?;
        builder = builder.proxy(proxy);
    }
    match &config.address {
        Address::Unix(path) => builder = builder.unix_socket(path.clone()),
        Address::Http { authority, .. } if config.tls.server_name.is_some() => {
            builder = builder.dns_resolver(Arc::new(AlwaysResolve(authority.clone())));
        }
        _ => {}
    }
    builder.build().map_err(|error| RequestError::Setup(error.to_string()))
}

/// Whether a redirect stays: with the same server, or with the same host by HTTPS instead of HTTP.
fn is_same_host(from: &reqwest::Url, to: &reqwest::Url) -> bool {
    let is_origin = from.origin() == to.origin();
    is_origin || (from.host() == to.host() && from.scheme() == "http" && to.scheme() == "https")
}

/// Resolves whatever name TLS asks for to the one address that was configured.
struct AlwaysResolve(Authority);

impl Resolve for AlwaysResolve {
    fn resolve(&self, _: Name) -> Resolving {
        let authority = self.0.clone();
        Box::pin(async move {
            let addresses = tokio::task::spawn_blocking(move || authority.addresses()).await??;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A URL without a user and a password, which a redirect may hold.
fn shown(url: &reqwest::Url) -> String {
    let mut url = url.clone();
    let _ = (url.set_username(""), url.set_password(None));
    url.to_string()
}

/// A name as one segment of a path.
pub(super) fn path_segment(name: &str) -> String {
    utf8_percent_encode(name, RESERVED).to_string()
}

/// A key as a path: its slashes stay.
pub(super) fn path_of_key(key: &str) -> String {
    key.split('/').map(path_segment).collect::<Vec<_>>().join("/")
}

fn go_method(method: &Method) -> &'static str {
    match method.as_str() {
        "POST" => "Post",
        "PUT" => "Put",
        "DELETE" => "Delete",
        _ => "Get",
    }
}
