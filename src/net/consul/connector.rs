//! Connects to the server of a URL: directly, through a proxy, or through a Unix socket.

use std::error::Error as StdError;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Url;

use super::config::{Address, Config};
use super::error::{ExchangeError, RequestError};
use super::host_port::HostPort;
use crate::platform::connect_unix_socket;

/// The timeout for establishing a connection: the default of Go's client.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The interval of TCP keep-alive probes: the default of Go's dialer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How many addresses of one host are tried, of each family.
const MAX_ADDRESSES: usize = 8;

/// A connection to a server, with or without TLS.
pub(super) type Stream = Box<dyn AsyncStream>;

/// What a connection can do.
pub(super) trait AsyncStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> AsyncStream for T {}

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connects to servers the way a configuration says.
#[derive(Clone)]
pub(super) struct Connector {
    dialer: Dialer,
    route: Route,
}

/// The way to a server.
#[derive(Clone)]
enum Route {
    Direct,
    /// Through a Unix socket, whatever the host.
    Unix(PathBuf),
    HttpProxy(HttpProxy),
    /// Through a SOCKS5 proxy that resolves names, with user and password.
    Socks(Uri, Option<(String, String)>),
}

/// An HTTP proxy.
#[derive(Clone)]
pub(super) struct HttpProxy {
    server: Uri,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<HeaderValue>,
}

impl Connector {
    pub(super) fn new(config: &Config, tls: ClientConfig) -> Result<Self, RequestError> {
        let pinned = match &config.address {
            Address::Http { authority, .. } => {
                sni_host(config).map(|name| (name.to_ascii_lowercase(), authority.clone()))
            }
            Address::Unix(_) | Address::Embedded => None,
        };
        let mut tcp = HttpConnector::new_with_resolver(Resolver { pinned });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        let route = match (&config.address, &config.proxy) {
            (Address::Unix(path), _) => Route::Unix(path.clone()),
            (_, Some(proxy)) => through_proxy(proxy)
                .ok_or_else(|| RequestError::Setup("the proxy variable is not a valid URL".to_owned()))?,
            (_, None) => Route::Direct,
        };
        Ok(Self { dialer: Dialer { tcp, tls: TlsConnector::from(Arc::new(tls)) }, route })
    }

    /// Connects to the server of a URL, with TLS if its scheme is `https`.
    pub(super) async fn connect(&self, url: &Url) -> Result<Stream, ExchangeError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.stream(url)).await {
            Ok(stream) => stream.map_err(ExchangeError::Connect),
            Err(_) => Err(ExchangeError::ConnectTimedOut),
        }
    }

    async fn stream(&self, url: &Url) -> Result<Stream, BoxError> {
        let (host, server) = (url.host_str().unwrap_or_default(), server_of(url)?);
        let is_https = url.scheme() == "https";
        let mut dialer = self.dialer.clone();
        let stream: Stream = match &self.route {
            Route::Direct => return Ok(dialer.call(server).await?.into_inner()),
            Route::Unix(path) => Box::new(connect_unix_socket(path).await?),
            Route::HttpProxy(proxy) if !is_https => dialer.call(proxy.server.clone()).await?.into_inner(),
            Route::HttpProxy(proxy) => {
                let mut tunnel = Tunnel::new(proxy.server.clone(), dialer);
                if let Some(authorization) = &proxy.authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                tunnel.call(server).await?.into_inner()
            }
            Route::Socks(proxy, authorization) => {
                let mut socks = SocksV5::new(proxy.clone(), dialer);
                if let Some((user, password)) = authorization {
                    socks = socks.with_auth(user.clone(), password.clone());
                }
                socks.call(server).await?.into_inner()
            }
        };
        if is_https { self.dialer.secure(stream, host).await } else { Ok(stream) }
    }

    /// Returns the HTTP proxy to which the requests for a URL go: it needs the whole URL.
    pub(super) fn http_proxy(&self, url: &Url) -> Option<&HttpProxy> {
        match &self.route {
            Route::HttpProxy(proxy) if url.scheme() == "http" => Some(proxy),
            _ => None,
        }
    }
}

/// Returns the scheme, host and port of a URL.
fn server_of(url: &Url) -> Result<Uri, BoxError> {
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(80));
    Ok(format!("{}://{host}:{port}", url.scheme()).parse()?)
}

/// Returns the way through a proxy; `None` if its URL is invalid.
fn through_proxy(proxy: &str) -> Option<Route> {
    let url = Url::parse(proxy).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let server = |default_port| {
        let port = url.port_or_known_default().unwrap_or(default_port);
        format!("{}://{host}:{port}", url.scheme()).parse::<Uri>().ok()
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
    let has_user = !user.is_empty() || !password.is_empty();
    match url.scheme() {
        "http" | "https" => {
            let authorization = || {
                let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
                let mut value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
                value.set_sensitive(true);
                Some(value)
            };
            let authorization = if has_user { authorization() } else { None };
            Some(Route::HttpProxy(HttpProxy { server: server(80)?, authorization }))
        }
        "socks5h" => Some(Route::Socks(server(1080)?, has_user.then_some((user, password)))),
        _ => None,
    }
}

/// Connects over TCP, and TLS if the scheme is `https`.
#[derive(Clone)]
struct Dialer {
    tcp: HttpConnector<Resolver>,
    tls: TlsConnector,
}

impl Dialer {
    async fn secure(&self, stream: Stream, host: &str) -> Result<Stream, BoxError> {
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
        Ok(Box::new(self.tls.connect(name, stream).await?))
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<Stream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let mut dialer = self.clone();
        Box::pin(async move {
            let stream: Stream = Box::new(dialer.tcp.call(server.clone()).await?.into_inner());
            let is_https = server.scheme_str() == Some("https");
            let host = server.host().unwrap_or_default();
            Ok(TokioIo::new(if is_https { dialer.secure(stream, host).await? } else { stream }))
        })
    }
}

/// Returns `-tls-server-name` if TLS can ask for it (SNI): it is a DNS name, and HTTPS goes directly to the address. In
/// any case the verifier checks the certificate for it.
pub(super) fn sni_host(config: &Config) -> Option<&str> {
    let name = config.tls.server_name.as_deref()?;
    let url = Url::parse(&format!("https://{name}/")).ok()?;
    let is_dns_name = url.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(name));
    let is_https = matches!(config.address, Address::Http { tls: true, .. });
    (is_dns_name && is_https && config.proxy.is_none()).then_some(name)
}

/// Resolves names like the system, to a limited number of addresses.
#[derive(Clone)]
struct Resolver {
    /// The SNI host, which resolves to the configured address.
    pinned: Option<(String, HostPort)>,
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let pinned = self.pinned.as_ref().filter(|(sni_host, _)| name.as_str() == sni_host);
        let authority = pinned.map(|(_, authority)| authority.clone());
        Box::pin(async move {
            let lookup = move || match authority {
                Some(authority) => authority.addresses(),
                None => Ok((name.as_str(), 0).to_socket_addrs()?.collect()),
            };
            Ok(first_addresses(tokio::task::spawn_blocking(lookup).await??).into_iter())
        })
    }
}

/// Returns the first addresses of each family, in the given order: a connection is tried to each of them.
fn first_addresses(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (mut v4, mut v6) = (0, 0);
    addresses.retain(|address| {
        let count = if address.is_ipv4() { &mut v4 } else { &mut v6 };
        *count += 1;
        *count <= MAX_ADDRESSES
    });
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_many_addresses_gets_a_few_connections() {
        let v6 = (0..4000_u16).map(|port| SocketAddr::from(([0xfd00, 0, 0, 0, 0, 0, 0, port], port)));
        let v4 = (0..4000_u16).map(|port| SocketAddr::from(([10, 0, 0, 1], port)));
        let tried = first_addresses(v6.chain(v4).collect());
        assert_eq!(tried.iter().filter(|address| address.is_ipv6()).count(), MAX_ADDRESSES);
        assert_eq!(tried.iter().filter(|address| address.is_ipv4()).count(), MAX_ADDRESSES);
        assert_eq!((tried[0].port(), tried[MAX_ADDRESSES].port()), (0, 0));
    }

    #[test]
    fn a_proxy_has_a_default_port_and_decoded_credentials() {
        let Some(Route::HttpProxy(proxy)) = through_proxy("http://ann:a%20b@proxy.example") else {
            panic!("an HTTP proxy")
        };
        assert_eq!(proxy.server, "http://proxy.example:80");
        let authorization = proxy.authorization.unwrap();
        assert_eq!(authorization, format!("Basic {}", BASE64_STANDARD.encode("ann:a b")));
        assert!(authorization.is_sensitive());
        let Some(Route::Socks(proxy, None)) = through_proxy("socks5h://proxy.example") else {
            panic!("a SOCKS proxy")
        };
        assert_eq!(proxy, "socks5h://proxy.example:1080");
        for invalid in ["", "http://", "ftp://proxy.example", "socks4://proxy.example"] {
            assert!(through_proxy(invalid).is_none(), "{invalid}");
        }
    }
}
