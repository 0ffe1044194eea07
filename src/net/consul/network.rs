//! Connections to a Consul: over TCP or a unix socket, through a proxy, with TLS or without.

use std::net::ToSocketAddrs;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::ClientConfig;

use super::config::{Address, Config};
use super::error;
use super::error::RequestError;
use super::host_port::HostPort;
use crate::net::tls::client_config;
use crate::net::tls::recording_verifier::PeerChain;

/// How long a connection may take to come up: Go's default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What makes connections.
pub(super) struct Network {
    files: client_config::Files,
    /// What a server showed over TLS.
    shown: PeerChain,
    /// Connects to the address of the configuration.
    pub(super) first: reqwest::Client,
    /// Connects where a redirect leads from plain HTTP to HTTPS.
    secure: OnceLock<reqwest::Client>,
}

impl Network {
    /// As a configuration wants it. Nothing is sent yet; TLS files are read now.
    pub(super) fn of(config: &Config) -> Result<Self, RequestError> {
        let (files, shown) = (client_config::Files::read(&config.tls)?, PeerChain::default());
        let is_plain = matches!(config.address, Address::Http { tls: false, .. } | Address::Unix(_));
        let tls = if is_plain && config.proxy.is_none() {
            files.without_trust()?
        } else {
            files.with_trust(config, &shown)?
        };
        let first = connector(config, tls)?;
        Ok(Self { files, shown, first, secure: OnceLock::new() })
    }

    /// The connector for HTTPS where the configuration says plain HTTP.
    pub(super) fn secure(&self, config: &Config) -> Result<&reqwest::Client, RequestError> {
        if let Some(client) = self.secure.get() {
            return Ok(client);
        }
        let made = connector(config, self.files.with_trust(config, &self.shown)?)?;
        Ok(self.secure.get_or_init(|| made))
    }

    /// What Go says of the chain that a server showed, if that is why there is no answer.
    pub(super) fn distrust(&self, error: &reqwest::Error, host: &str) -> Option<String> {
        if !error::is_distrust(error) {
            return None;
        }
        let refusal = self.shown.judge(self.files.roots.as_deref().unwrap_or_default(), host)?.err()?;
        Some(format!("tls: failed to verify certificate: {}", refusal.message))
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
        Address::Http { authority, .. } => {
            if let Some(name) = asked_name(config) {
                let elsewhere = Elsewhere { name: name.to_ascii_lowercase(), authority: authority.clone() };
                builder = builder.dns_resolver(Arc::new(elsewhere));
            }
        }
        Address::Embedded => {}
    }
    builder.build().map_err(|error| RequestError::Setup(error.to_string()))
}

/// Whether a redirect stays: with the same server, or with the same host by HTTPS instead of HTTP.
pub(super) fn is_same_host(from: &reqwest::Url, to: &reqwest::Url) -> bool {
    let is_origin = from.origin() == to.origin();
    is_origin || (from.host() == to.host() && from.scheme() == "http" && to.scheme() == "https")
}

/// The name that TLS is to ask for (SNI) in place of the address's host, where that can be had: a URL with that name then leads
/// to the address all the same. Which name the certificate must have is the verifier's business.
fn asked_name(config: &Config) -> Option<&str> {
    let name = config.tls.server_name.as_deref()?;
    let url = reqwest::Url::parse(&format!("https://{name}/")).ok()?;
    let is_plain_name = url.domain().is_some_and(|domain| domain.eq_ignore_ascii_case(name));
    let is_https = matches!(config.address, Address::Http { tls: true, .. });
    (is_plain_name && is_https && config.proxy.is_none()).then_some(name)
}

/// The URL by which one is asked: the same, unless TLS is to ask for another name than the address's host.
pub(super) fn by_asked_name(config: &Config, url: &reqwest::Url) -> reqwest::Url {
    let mut url = url.clone();
    let Address::Http { authority, .. } = &config.address else { return url };
    let is_configured = url.scheme() == "https"
        && url.port_or_known_default() == Some(authority.port())
        && url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(&authority.url_host()));
    if let Some(name) = asked_name(config).filter(|_| is_configured) {
        let _ = url.set_host(Some(name));
    }
    url
}

/// Resolves the name that TLS asks for to the address that was configured, and every other as the system does.
struct Elsewhere {
    name: String,
    authority: HostPort,
}

impl Resolve for Elsewhere {
    fn resolve(&self, name: Name) -> Resolving {
        let authority = (name.as_str() == self.name).then(|| self.authority.clone());
        Box::pin(async move {
            let lookup = move || match authority {
                Some(authority) => authority.addresses(),
                None => Ok((name.as_str(), 0).to_socket_addrs()?.collect()),
            };
            let addresses = tokio::task::spawn_blocking(lookup).await??;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
