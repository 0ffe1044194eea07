//! The HTTP client of a transport. Requests that come one after another have one connection at most.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::config::{Address, Config};
use super::error::RequestError;
use super::host_port::HostPort;
use super::tls_files::TlsFiles;
use crate::net::tls::peer_chain::PeerChain;
use crate::platform::through_unix_socket;

/// The timeout for establishing a connection: the default of Go's client.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How many addresses of one host are tried, of each family.
const MAX_ADDRESSES: usize = 8;

/// Lets the tasks of connections do their work: return a connection to its pool after the response, or close it after its client
/// was dropped. If they have not, the next request opens a second connection. Each round runs all tasks that are ready, and a
/// task wakes at most one other. Holds on a current-thread runtime only.
pub(crate) async fn let_connections_settle() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

/// A client whose connections lead to one server: a redirect to another one replaces the client, and so closes them.
pub(super) struct HttpClient {
    config: Arc<Config>,
    files: TlsFiles,
    /// The chain that a server presented last.
    peer_chain: PeerChain,
    current: Mutex<Current>,
}

struct Current {
    client: reqwest::Client,
    /// A URL of the server where its connections lead; `None` before the first request.
    url: Option<Url>,
}

impl HttpClient {
    /// Reads the TLS files. Connects to nothing yet.
    pub(super) fn new(config: Arc<Config>) -> Result<Self, RequestError> {
        let (files, peer_chain) = (TlsFiles::read(&config.tls)?, PeerChain::default());
        let is_https = !matches!(config.address, Address::Http { tls: false, .. } | Address::Unix(_));
        let client = new_client(&config, &files, &peer_chain, is_https)?;
        Ok(Self { config, files, peer_chain, current: Mutex::new(Current { client, url: None }) })
    }

    /// Returns the client for a URL. The caller drops it with the response.
    pub(super) async fn for_url(&self, url: &Url) -> Result<reqwest::Client, RequestError> {
        let (client, is_new) = self.current_for(url)?;
        if is_new {
            let_connections_settle().await;
        }
        Ok(client)
    }

    /// Returns the client for a URL, and whether it replaced another one.
    fn current_for(&self, url: &Url) -> Result<(reqwest::Client, bool), RequestError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = current.url.as_ref().is_some_and(|last| last.origin() != url.origin());
        if is_new {
            let is_https = url.scheme() == "https";
            current.client = new_client(&self.config, &self.files, &self.peer_chain, is_https)?;
        }
        current.url = Some(url.clone());
        Ok((current.client.clone(), is_new))
    }

    /// Returns Go's reason for not trusting the chain that a server presented last as that of a host.
    pub(super) fn distrust(&self, host: &str) -> Option<String> {
        let roots = self.files.roots.as_deref().unwrap_or_default();
        Some(self.peer_chain.verify(roots, host)?.err()?.message)
    }
}

/// Creates a client. The platform's trusted CAs are loaded only if it can need them.
fn new_client(
    config: &Config,
    files: &TlsFiles,
    peer_chain: &PeerChain,
    is_https: bool,
) -> Result<reqwest::Client, RequestError> {
    let tls = if is_https || config.proxy.is_some() {
        files.with_trust(config, peer_chain)?
    } else {
        files.without_trust()?
    };
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .no_proxy();
    if let Some(proxy) = &config.proxy {
        let proxy = reqwest::Proxy::all(proxy)
            .map_err(|_| RequestError::Setup("the proxy variable is not a valid URL".to_owned()))?;
        builder = builder.proxy(proxy);
    }
    match &config.address {
        Address::Unix(path) => {
            builder =
                through_unix_socket(builder, path).map_err(|error| RequestError::Setup(error.to_string()))?;
        }
        Address::Http { authority, .. } => {
            let pinned = sni_host(config).map(|name| (name.to_ascii_lowercase(), authority.clone()));
            builder = builder.dns_resolver(Arc::new(Resolver { pinned }));
        }
        Address::Embedded => {}
    }
    builder.build().map_err(|error| RequestError::Setup(error.to_string()))
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
struct Resolver {
    /// The SNI host, which resolves to the configured address.
    pinned: Option<(String, HostPort)>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let pinned = self.pinned.as_ref().filter(|(sni_host, _)| name.as_str() == sni_host);
        let authority = pinned.map(|(_, authority)| authority.clone());
        Box::pin(async move {
            let lookup = move || match authority {
                Some(authority) => authority.addresses(),
                None => Ok((name.as_str(), 0).to_socket_addrs()?.collect()),
            };
            let addresses = first_addresses(tokio::task::spawn_blocking(lookup).await??);
            Ok(Box::new(addresses.into_iter()) as Addrs)
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
}
