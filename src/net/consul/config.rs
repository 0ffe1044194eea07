//! The address of a Consul agent and the credentials for it, from the HTTP API options and the `CONSUL_*` variables with
//! Consul's precedence.
//!
//! A flag wins over its variable. For the ACL token the order is `-token-file`, `-token`, `CONSUL_HTTP_TOKEN_FILE`,
//! `CONSUL_HTTP_TOKEN`; an empty token file counts as not given.

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::file;
use super::host_port::{HostPort, HostPortError};
use crate::token::Secret;

/// The HTTP API options as given on the command line; `None` and empty both mean that a flag is not given.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `-http-addr`
    pub http_addr: Option<String>,
    /// `-token`
    pub token: Option<Secret>,
    /// `-token-file`
    pub token_file: Option<PathBuf>,
    /// `-ca-file`
    pub ca_file: Option<PathBuf>,
    /// `-ca-path`
    pub ca_path: Option<PathBuf>,
    /// `-client-cert`
    pub client_cert: Option<PathBuf>,
    /// `-client-key`
    pub client_key: Option<PathBuf>,
    /// `-tls-server-name`
    pub tls_server_name: Option<String>,
    /// `-partition`
    pub partition: Option<String>,
}

/// The resolved flags and variables: how to reach one Consul agent.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address of the agent.
    pub address: Address,
    /// The ACL token that is sent with every request.
    pub token: Option<Secret>,
    /// `CONSUL_HTTP_AUTH`, for a proxy in front of Consul.
    pub basic_auth: Option<BasicAuth>,
    /// The TLS options; not used for `http://`.
    pub tls: Tls,
    /// `CONSUL_NAMESPACE`, sent as `?ns=`.
    pub namespace: Option<String>,
    /// `-partition` or `CONSUL_PARTITION`, sent as `?partition=`.
    pub partition: Option<String>,
    /// The URL of the proxy for this address.
    pub proxy: Option<String>,
    /// `PEERING_HTTP_TIMEOUT`: how long one request may take, with its redirects and its response.
    pub timeout: Duration,
}

/// The address of a Consul agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// HTTP or HTTPS at `host:port`.
    Http {
        /// Whether to use HTTPS.
        tls: bool,
        /// `host:port`.
        authority: HostPort,
        /// The path of a reverse proxy before `/v1`: empty, or starting with a slash.
        prefix: String,
    },
    /// A unix socket.
    Unix(PathBuf),
    /// The embedded acceptor, in this process.
    Embedded,
}

/// A user and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// The text before the first colon.
    pub user: String,
    /// The text after it; empty if there is no colon.
    pub password: Secret,
}

/// The TLS options.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file of PEM roots to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files.
    pub ca_path: Option<PathBuf>,
    /// The files of the client certificate and its key, PEM.
    pub client: Option<(PathBuf, PathBuf)>,
    /// The name to request (SNI) and to verify, instead of the address's host.
    pub server_name: Option<String>,
    /// `CONSUL_HTTP_SSL_VERIFY=false`: accept any certificate.
    pub skip_verification: bool,
}

/// Why flags and variables cannot be resolved. The texts are those of Consul's client where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// An address with an unsupported scheme, such as `ftp://…`.
    #[error("Unknown protocol scheme: {0}")]
    UnknownScheme(String),
    /// An invalid address.
    #[error(transparent)]
    HostPort(#[from] HostPortError),
    /// A certificate without its key, or a key without its certificate.
    #[error("both client cert and client key must be provided")]
    HalfClientCertificate,
    /// A token file that cannot be read.
    #[error("Error loading token file {} : {reason}", .path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        reason: String,
    },
    /// A boolean variable with an invalid value. Consul's client reads it as `false`, which turns verification off.
    #[error("{variable} is {value:?}, not a boolean: set it to true or false")]
    NotBoolean {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A timeout with an invalid value.
    #[error("PEERING_HTTP_TIMEOUT is {0:?}: set it to a whole number of seconds between 1s and 3600s")]
    Timeout(String),
}

/// How long one request may take by default. Establishing takes up to 20 seconds for each silent address.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The address if neither a flag nor a variable sets one.
const DEFAULT_ADDRESS: &str = "localhost:8500";

/// The value of `-http-addr` for the acceptor in this process.
const EMBEDDED: &str = "embedded";

impl Config {
    /// Resolves flags and variables. `variable` returns the value of a variable; an empty value counts as not set.
    pub fn resolve(
        options: &Options,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let flag = |given: &Option<String>| given.clone().filter(|value| !value.is_empty());
        let path = |given: &Option<PathBuf>, name: &str| {
            given
                .clone()
                .filter(|path| !path.as_os_str().is_empty())
                .or_else(|| variable(name).map(PathBuf::from))
        };
        let use_tls = boolean("CONSUL_HTTP_SSL", &variable)?.unwrap_or(false);
        let address = flag(&options.http_addr).or_else(|| variable("CONSUL_HTTP_ADDR"));
        let address = Address::parse(address.as_deref().unwrap_or(DEFAULT_ADDRESS), use_tls)?;
        let client = match (
            path(&options.client_cert, "CONSUL_CLIENT_CERT"),
            path(&options.client_key, "CONSUL_CLIENT_KEY"),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(ConfigError::HalfClientCertificate),
        };
        let tls = Tls {
            ca_file: path(&options.ca_file, "CONSUL_CACERT"),
            ca_path: path(&options.ca_path, "CONSUL_CAPATH"),
            client,
            server_name: flag(&options.tls_server_name)
                .or_else(|| variable("CONSUL_TLS_SERVER_NAME"))
                .map(|name| without_port(&name)),
            skip_verification: boolean("CONSUL_HTTP_SSL_VERIFY", &variable)? == Some(false),
        };
        Ok(Self {
            token: acl_token(options, &variable)?,
            basic_auth: variable("CONSUL_HTTP_AUTH").map(|text| BasicAuth::parse(&text)),
            tls,
            namespace: variable("CONSUL_NAMESPACE"),
            partition: flag(&options.partition).or_else(|| variable("CONSUL_PARTITION")),
            timeout: variable("PEERING_HTTP_TIMEOUT").map_or(Ok(TIMEOUT), |text| timeout(&text))?,
            proxy: super::proxy::proxy_for(&address, variable),
            address,
        })
    }
}

impl Address {
    /// Parses an address like Consul's client: bare `host:port[/prefix]`, `http(s)://host:port[/prefix]`,
    /// `unix:///path`, or our own `embedded`. `use_tls` is `CONSUL_HTTP_SSL`, which an explicit `http://` does not override.
    pub fn parse(text: &str, use_tls: bool) -> Result<Self, ConfigError> {
        if text == EMBEDDED {
            return Ok(Self::Embedded);
        }
        let (tls, rest) = match text.split_once("://") {
            None => (use_tls, text),
            Some(("unix", path)) => return Ok(Self::Unix(PathBuf::from(path))),
            Some(("http", rest)) => (use_tls, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => return Err(ConfigError::UnknownScheme(scheme.to_owned())),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = HostPort::parse(authority, if tls { 443 } else { 80 })?;
        Ok(Self::Http { tls, authority, prefix: path.trim_end_matches('/').to_owned() })
    }

    /// Returns the URL of the API without a path, as Consul's messages show it.
    pub fn base_url(&self) -> String {
        match self {
            Self::Http { tls, authority, prefix } => {
                format!("http{}://{authority}{prefix}", if *tls { "s" } else { "" })
            }
            Self::Unix(_) => "http://localhost".to_owned(),
            Self::Embedded => "http://embedded".to_owned(),
        }
    }
}

impl BasicAuth {
    /// Parses `user:password`.
    pub(crate) fn parse(text: &str) -> Self {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        Self { user: user.to_owned(), password: password.into() }
    }
}

/// Returns the name in `name`, `name:port`, `[IPv6]` or `[IPv6]:port`.
fn without_port(name: &str) -> String {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name.to_owned();
    }
    let name =
        if name.rfind(':') > name.rfind(']') { name.rsplit_once(':').map_or(name, |it| it.0) } else { name };
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).to_owned()
}

fn acl_token(
    options: &Options,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Option<Secret>, ConfigError> {
    let given = options.token.clone().filter(|token| !token.is_empty());
    let from_variable = || variable("CONSUL_HTTP_TOKEN").map(Secret::from);
    if let Some(file) = options.token_file.as_ref().filter(|path| !path.as_os_str().is_empty()) {
        return Ok(token_file(file)?.or(given).or_else(from_variable));
    }
    if given.is_some() {
        return Ok(given);
    }
    match variable("CONSUL_HTTP_TOKEN_FILE") {
        Some(file) => Ok(token_file(&PathBuf::from(file))?.or_else(from_variable)),
        None => Ok(from_variable()),
    }
}

pub(crate) fn token_file(path: &Path) -> Result<Option<Secret>, ConfigError> {
    let bytes = zeroize::Zeroizing::new(
        file::read(path).map_err(|reason| ConfigError::TokenFile { path: path.to_owned(), reason })?,
    );
    let text = std::str::from_utf8(&bytes).map_err(|_| ConfigError::TokenFile {
        path: path.to_owned(),
        reason: format!("open {}: stream did not contain valid UTF-8", path.display()),
    })?;
    let token = text.trim();
    Ok((!token.is_empty()).then(|| token.into()))
}

/// Parses a timeout such as `30s`.
fn timeout(text: &str) -> Result<Duration, ConfigError> {
    let seconds = text.strip_suffix('s').and_then(|number| number.parse().ok());
    seconds
        .filter(|seconds| (1..=3600).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| ConfigError::Timeout(text.to_owned()))
}

/// Parses a variable like Go's `strconv.ParseBool`, but returns its error, which Consul's client ignores.
fn boolean(
    name: &'static str,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Option<bool>, ConfigError> {
    let Some(value) = variable(name) else { return Ok(None) };
    match value.as_str() {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Some(true)),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Some(false)),
        _ => Err(ConfigError::NotBoolean { variable: name, value }),
    }
}
