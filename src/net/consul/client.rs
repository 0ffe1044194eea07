//! The HTTP API client: one request, one answer, over the network or to the embedded acceptor in this process.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::{Address, Config};
use super::error;
use super::error::RequestError;
use super::host_port::HostPort;
use super::network::{Network, by_asked_name, is_same_host};
use super::response::Answer;
use crate::acceptor::Acceptor;
use crate::token::redact::redact;

/// What does not stand for itself in a segment of a path or in a query's value (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How much of a refusal is shown, in bytes. Consul's own are a few lines.
const MAX_REFUSAL_LEN: usize = 64 * 1024;

/// What is shorter cannot be told from other words, in bytes.
const SHORTEST_SECRET: usize = 8;

/// How many redirects are followed, as Go's client does.
const MAX_REDIRECTS: usize = 10;

/// How long a blocking query may wait. Consul ends one early for what Raft holds only, and a stream that fails is not in there:
/// with Consul's own five minutes, FAILING would be seen that late.
const WAIT: &str = "10s";

/// A client of one Consul agent.
pub struct Client {
    config: Config,
    transport: Transport,
}

enum Transport {
    Network(Box<Network>),
    Embedded(Box<Acceptor>),
}

impl Client {
    /// A client that asks over the network. Nothing is sent yet; TLS files are read now.
    pub fn over_network(config: Config) -> Result<Self, RequestError> {
        let network = Box::new(Network::of(&config)?);
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
        let mut url = self.url(&method, path)?;
        let (mut method, mut body) = (method, body);
        let mut headers = self.headers(&method, path)?;
        for redirects in 0..=MAX_REDIRECTS {
            let begun = std::time::Instant::now();
            let asked = by_asked_name(&self.config, &url);
            let mut request = client.request(method.clone(), asked).headers(headers.clone());
            if let Some(body) = &body {
                request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
            }
            let answer = match request.send().await {
                Ok(response) => Answer::read(response).await,
                Err(error) => Err(error),
            };
            let redirected = (redirects > 0).then_some(&url);
            let answer = answer.map_err(|error| self.transport_error(&method, &target, redirected, &error));
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
            if url.scheme() != next.scheme() {
                client = network.secure(&self.config)?;
            }
            url = next;
        }
        let cause = format!("stopped after {MAX_REDIRECTS} redirects");
        Err(RequestError::Transport { method: go_method(&method), url: target, cause })
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
        let asked = by_asked_name(&self.config, &self.url(&Method::GET, path)?);
        let request = client.get(asked).headers(self.headers(&Method::GET, path)?);
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
        let mut text = whole[..whole.floor_char_boundary(MAX_REFUSAL_LEN)].to_owned();
        if text.len() < whole.len() {
            text = format!("{text}… ({} bytes more)", whole.len() - text.len());
        }
        let password = self.config.basic_auth.as_ref().map(|auth| &auth.password);
        for secret in [self.config.token.as_ref(), password].into_iter().flatten() {
            if secret.expose().len() >= SHORTEST_SECRET {
                text = text.replace(secret.expose(), "<secret>");
            }
        }
        Answer { body: redact(&text).into_owned().into(), ..answer }
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

    /// The URL for a path with its query. A socket has no host.
    fn url(&self, method: &Method, path: &str) -> Result<reqwest::Url, RequestError> {
        let text = match &self.config.address {
            Address::Http { authority, .. } if authority.is_empty() => {
                return Err(self.unsent(method, path, "http: no Host in request URL"));
            }
            Address::Http { tls, authority, prefix } => {
                let scheme = if *tls { "https" } else { "http" };
                format!("{scheme}://{}:{}{prefix}{path}", authority.url_host(), authority.port())
            }
            address => address.base_url() + path,
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
        let elsewhere = redirected.and_then(|url| HostPort::of(url).ok());
        let (dialed, host) = match (&elsewhere, &self.config.address) {
            (Some(authority), _) | (None, Address::Http { authority, .. }) => {
                (format!("tcp {}", authority.dialed()), authority.host())
            }
            (None, Address::Unix(path)) => (format!("unix {}", path.display()), ""),
            (None, Address::Embedded) => ("embedded".to_owned(), ""),
        };
        let host = self.config.tls.server_name.as_deref().unwrap_or(host);
        let distrust = match &self.transport {
            Transport::Network(network) => network.distrust(error, host),
            Transport::Embedded(_) => None,
        };
        let cause = distrust.unwrap_or_else(|| error::cause(error, &dialed, host));
        RequestError::Transport { method: go_method(method), url: url.to_owned(), cause }
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
