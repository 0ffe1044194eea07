//! The HTTP API client: builds requests, sends them through a [`Transport`], and removes secrets from error responses.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::config::{Address, Config};
use super::error::RequestError;
use super::http_transport::HttpTransport;
use super::transport::{ApiRequest, ApiResponse, Transport};
use crate::token::redact::redact;

/// The characters to escape in a path segment and in the value of a query (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The maximum length of an error response that is shown, in bytes. Consul's own are a few lines.
const MAX_REFUSAL_LEN: usize = 64 * 1024;

/// The minimum length of a secret that is searched for in error responses, in bytes. A shorter one may be part of other
/// text.
const MIN_SECRET_LEN: usize = 8;

/// How long a blocking query may wait. Consul answers early only when something in Raft changes, and a failing stream
/// does not change Raft: with Consul's default of five minutes, FAILING would be noticed that late.
const WAIT: &str = "10s";

/// A client of one Consul agent.
pub struct Client {
    config: Arc<Config>,
    transport: Box<dyn Transport>,
    observer: Option<Observer>,
}

/// Receives the path of each request and the body of its response, without the secrets of an error response.
pub type Observer = fn(&str, &[u8]);

impl Client {
    /// Returns a client that sends its requests over the network. Reads TLS files, and connects to nothing yet.
    pub fn over_network(config: Config) -> Result<Self, RequestError> {
        let config = Arc::new(config);
        let transport = Box::new(HttpTransport::new(Arc::clone(&config))?);
        Ok(Self { config, transport, observer: None })
    }

    /// Returns a client that sends its requests through another transport.
    pub fn with_transport(config: Config, transport: Box<dyn Transport>) -> Self {
        Self { config: Arc::new(config), transport, observer: None }
    }

    /// Returns this client with an observer of all responses but streams.
    #[must_use]
    pub fn with_observer(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Returns the address of the agent in the form that `-http-addr` accepts, without credentials.
    pub fn address(&self) -> String {
        match &self.config.address {
            Address::Http { tls, authority, prefix } => {
                format!("{}://{authority}{prefix}", if *tls { "https" } else { "http" })
            }
            Address::Unix(path) => format!("unix://{}", path.display()),
            Address::Embedded => "embedded".to_owned(),
        }
    }

    /// Returns the partition of requests; empty if they have none.
    pub fn partition(&self) -> &str {
        self.config.partition.as_deref().unwrap_or_default()
    }

    /// Returns whether requests have no ACL token.
    pub(super) fn is_anonymous(&self) -> bool {
        self.config.token.is_none()
    }

    /// Sends a request once and returns the response, whatever its status.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<ApiResponse, RequestError> {
        let request = self.request(method, path, parameters, body)?;
        let path = request.path.clone();
        let response = self.without_secrets(self.transport.send(request).await?);
        if let Some(observer) = self.observer {
            observer(&path, &response.body);
        }
        Ok(response)
    }

    /// Sends a blocking query: Consul responds when Raft's state differs from that at `index`, or after [`WAIT`]; at once
    /// if `index` is 0.
    pub(super) async fn send_blocking(&self, path: &str, index: u64) -> Result<ApiResponse, RequestError> {
        let index = index.to_string();
        let parameters = [("index", index.as_str()), ("wait", WAIT)];
        let parameters = if index == "0" { &[][..] } else { &parameters };
        self.send(Method::GET, path, parameters, None).await
    }

    /// Requests a body of any length: passes it to `take` in chunks until `take` returns `false`. Follows no redirect.
    pub(super) async fn stream(
        &self,
        path: &str,
        mut take: impl FnMut(Bytes) -> bool + Send,
    ) -> Result<(), RequestError> {
        let request = self.request(Method::GET, path, &[], None)?;
        self.without_secrets(self.transport.stream(request, &mut take).await?).ok().map(drop)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<ApiRequest, RequestError> {
        let path = path.to_owned() + &self.query(parameters);
        let headers = self.headers(&method, &path)?;
        Ok(ApiRequest { method, path, headers, body })
    }

    /// Removes secrets from an error response and shortens it: it is shown to people, and may repeat what was sent.
    fn without_secrets(&self, response: ApiResponse) -> ApiResponse {
        if response.status == StatusCode::OK {
            return response;
        }
        let whole = String::from_utf8_lossy(&response.body);
        let mut text = whole[..whole.floor_char_boundary(MAX_REFUSAL_LEN)].to_owned();
        if text.len() < whole.len() {
            text = format!("{text}… ({} bytes more)", whole.len() - text.len());
        }
        let password = self.config.basic_auth.as_ref().map(|auth| &auth.password);
        for secret in [self.config.token.as_ref(), password].into_iter().flatten() {
            if secret.expose().len() >= MIN_SECRET_LEN {
                text = text.replace(secret.expose(), "<secret>");
            }
        }
        ApiResponse { body: redact(&text).into_owned().into(), ..response }
    }

    /// Returns `?ns=…&partition=…` with the other parameters, or an empty string if there are none.
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

    /// Returns the headers with the ACL token and the password. Fails like Go if a header cannot contain one of them.
    fn headers(&self, method: &Method, path: &str) -> Result<HeaderMap, RequestError> {
        let mut headers = HeaderMap::new();
        let secret_header = |name: &'static str, text: &str| {
            let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
                let cause = format!("net/http: invalid header field value for {name:?}");
                RequestError::not_sent(method, self.config.address.base_url() + path, cause)
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
        Ok(headers)
    }
}

/// Returns a name as one segment of a path.
pub(super) fn path_segment(name: &str) -> String {
    utf8_percent_encode(name, RESERVED).to_string()
}

/// Returns a key of the KV store as a path, with its slashes.
pub(super) fn key_path(key: &str) -> String {
    key.split('/').map(path_segment).collect::<Vec<_>>().join("/")
}
