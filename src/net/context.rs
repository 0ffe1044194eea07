//! A context: how to reach one cluster, with its ACL token by reference.
//!
//! The sections `[contexts.NAME]` of the configuration file and the lines of an inventory have the same fields:
//!
//! ```
//! use consul_peering::net::context::{Context, TokenSource};
//!
//! let line = r#"{"name":"east","http_addr":"https://east.example.com:8501","token_env":"EAST_TOKEN"}"#;
//! let context: Context = serde_json::from_str(line)?;
//! assert_eq!(context.token, TokenSource::Variable("EAST_TOKEN".to_owned()));
//!
//! // Secrets are not allowed, and the error does not repeat them.
//! let line = r#"{"name":"east","http_addr":"east.example.com:8500","token":"s3cr3t"}"#;
//! let error = serde_json::from_str::<Context>(line).unwrap_err().to_string();
//! assert!(error.contains("is a secret") && !error.contains("s3cr3t"));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod auth_source;
mod fields;
mod token_command;
mod token_source;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::consul::{Config, ConfigError, Options};

pub use auth_source::{AuthError, AuthSource};
pub use fields::{ContextBuilder, FieldError, FieldValue, KEYS};
pub use token_command::CommandError;
pub use token_source::{TokenError, TokenSource};

/// How to reach one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its name in the configuration file or inventory.
    pub name: String,
    /// The address of Consul's HTTP API, in the form that `-http-addr` accepts, without credentials.
    pub http_addr: String,
    /// A file of PEM roots to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// A directory of such files.
    pub ca_path: Option<PathBuf>,
    /// The file of the client certificate, PEM.
    pub client_cert: Option<PathBuf>,
    /// The file of the key of the client certificate, PEM.
    pub client_key: Option<PathBuf>,
    /// The name to expect in Consul's certificate.
    pub tls_server_name: Option<String>,
    /// The admin partition.
    pub partition: Option<String>,
    /// Labels, by which clusters can be selected.
    pub labels: BTreeMap<String, String>,
    /// Where the ACL token is.
    pub token: TokenSource,
    /// Where the user and password are, for a proxy in front of Consul.
    pub auth: AuthSource,
}

/// Why a context cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ContextError {
    /// The ACL token cannot be read.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The user and password cannot be read.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The options are invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl ContextError {
    /// Returns what to do, if that is not obvious.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Token(error) => Some(error.remedy()),
            Self::Auth(error) => Some(error.remedy()),
            Self::Config(_) => None,
        }
    }
}

/// The variables that have an effect with a context: none of them belongs to one cluster.
const VARIABLES: [&str; 7] = [
    "PEERING_HTTP_TIMEOUT",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
];

impl Context {
    /// Resolves the context and reads its ACL token. This reads a file or runs a command, and may block for
    /// [`TokenSource::TIMEOUT`].
    ///
    /// `flags` win over the context. If they contain another address, neither the ACL token nor the client certificate nor the
    /// password of the context is used: they must not be sent to another cluster. Of the variables, only those of proxies and
    /// `PEERING_HTTP_TIMEOUT` have an effect, because the others, such as `CONSUL_HTTP_TOKEN`, belong to another cluster.
    pub fn config(
        &self,
        flags: &Options,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Config, ContextError> {
        let mut options = self.options(flags);
        if options.token.is_none() && options.token_file.is_none() && self.is_at_address_of(flags) {
            options.token = self.token.read(&variable)?;
        }
        let basic_auth = if self.is_at_address_of(flags) { self.auth.read(&variable)? } else { None };
        let of_any_cluster = |name: &str| if VARIABLES.contains(&name) { variable(name) } else { None };
        Ok(Config { basic_auth, ..Config::resolve(&options, of_any_cluster)? })
    }

    /// Returns whether flags leave the address as it is, so that they may be sent the context's credentials.
    pub fn is_at_address_of(&self, flags: &Options) -> bool {
        given(flags.http_addr.as_ref()).is_none_or(|address| *address == self.http_addr)
    }

    /// Returns the flags, completed by the context. The ACL token is missing if no flag contains it.
    fn options(&self, flags: &Options) -> Options {
        let path = |path: &Option<PathBuf>| path.clone().filter(|path| !path.as_os_str().is_empty());
        let text = |flag: &Option<String>, own: Option<&String>| given(flag.as_ref()).or(own).cloned();
        // Trusted roots belong together, and so do a certificate and its key.
        let (ca_file, ca_path) = match (path(&flags.ca_file), path(&flags.ca_path)) {
            (None, None) => (self.ca_file.clone(), self.ca_path.clone()),
            flags => flags,
        };
        let (client_cert, client_key) = match (path(&flags.client_cert), path(&flags.client_key)) {
            (None, None) if self.is_at_address_of(flags) => {
                (self.client_cert.clone(), self.client_key.clone())
            }
            flags => flags,
        };
        Options {
            http_addr: text(&flags.http_addr, Some(&self.http_addr)),
            token: flags.token.clone().filter(|token| !token.is_empty()),
            token_file: path(&flags.token_file),
            ca_file,
            ca_path,
            client_cert,
            client_key,
            tls_server_name: text(&flags.tls_server_name, self.tls_server_name.as_ref()),
            partition: text(&flags.partition, self.partition.as_ref()),
        }
    }

    /// Returns this context with all relative paths below `directory`, that of the file which contains it, and with `~/`
    /// replaced by `home`. A program without a slash is searched for in `PATH`.
    #[must_use]
    pub fn relative_to(mut self, directory: &Path, home: Option<&Path>) -> Self {
        let absolute = |path: &Path| match (path.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => directory.join(path),
        };
        let files = [&mut self.ca_file, &mut self.ca_path, &mut self.client_cert, &mut self.client_key];
        for path in files.into_iter().flatten() {
            *path = absolute(path);
        }
        if let AuthSource::File(path) = &mut self.auth {
            *path = absolute(path);
        }
        match &mut self.token {
            TokenSource::File(path) => *path = absolute(path),
            TokenSource::Command(words) => {
                let program = Path::new(&words[0]);
                if program.components().count() > 1 {
                    words[0] = absolute(program).to_string_lossy().into_owned();
                }
            }
            TokenSource::None | TokenSource::Variable(_) => {}
        }
        self
    }
}

/// Returns a flag's value; an empty one counts as not given.
fn given(flag: Option<&String>) -> Option<&String> {
    flag.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
