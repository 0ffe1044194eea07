//! The HTTP API options that Consul's commands share.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::acceptor::{Acceptor, Settings};
use crate::cli::env::{eprint_line, now, state_directory, stderr_is_a_terminal, variable};
use crate::cli::error::CliError;
use crate::net::consul::{Address, Client, Config, Options};

/// What it means to verify nothing.
const UNVERIFIED: &str =
    "CONSUL_HTTP_SSL_VERIFY is false: whoever is between can pose as Consul, and read the ACL token";

/// How to reach Consul.
#[derive(Debug, Args)]
#[command(next_help_heading = "HTTP API options")]
pub struct HttpOptions {
    /// Where Consul's HTTP API is: host:port, http(s)://host:port[/prefix], unix:///path, or "embedded" for the
    /// acceptor inside this tool (CONSUL_HTTP_ADDR; default: http://localhost:8500)
    #[arg(long, value_name = "ADDRESS")]
    http_addr: Option<String>,
    /// The ACL token to send (CONSUL_HTTP_TOKEN)
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// A file that holds the ACL token; wins over -token (CONSUL_HTTP_TOKEN_FILE)
    #[arg(long, value_name = "FILE", value_parser = path_or_none())]
    token_file: Option<PathBuf>,
    /// PEM certificates to trust instead of the system's (CONSUL_CACERT)
    #[arg(long, value_name = "FILE", value_parser = path_or_none())]
    ca_file: Option<PathBuf>,
    /// A directory of such files (CONSUL_CAPATH)
    #[arg(long, value_name = "DIRECTORY", value_parser = path_or_none())]
    ca_path: Option<PathBuf>,
    /// The certificate to show to Consul, PEM (CONSUL_CLIENT_CERT)
    #[arg(long, value_name = "FILE", value_parser = path_or_none())]
    client_cert: Option<PathBuf>,
    /// The key of that certificate, PEM (CONSUL_CLIENT_KEY)
    #[arg(long, value_name = "FILE", value_parser = path_or_none())]
    client_key: Option<PathBuf>,
    /// The name to expect in Consul's certificate (CONSUL_TLS_SERVER_NAME)
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
    /// The admin partition to work in, Consul Enterprise only (CONSUL_PARTITION)
    #[arg(long, value_name = "PARTITION")]
    pub partition: Option<String>,
}

impl HttpOptions {
    /// The address that a flag gives.
    pub fn address(&self) -> Option<&str> {
        self.http_addr.as_deref().filter(|address| !address.is_empty())
    }

    /// Returns a client of the Consul that the flags and the environment name. The error's message is Consul's.
    pub fn client(&self) -> Result<Client, CliError> {
        let options = Options {
            http_addr: self.http_addr.clone(),
            token: self.token.as_deref().map(Into::into),
            token_file: self.token_file.clone(),
            ca_file: self.ca_file.clone(),
            ca_path: self.ca_path.clone(),
            client_cert: self.client_cert.clone(),
            client_key: self.client_key.clone(),
            tls_server_name: self.tls_server_name.clone(),
            partition: self.partition.clone(),
        };
        let config = Config::resolve(&options, variable).map_err(CliError::new)?;
        if config.tls.skip_verification && matches!(config.address, Address::Http { tls: true, .. }) {
            // A script sees what Consul prints, and nothing else.
            if stderr_is_a_terminal() {
                eprint_line(&format!("Warning: {UNVERIFIED}"));
            }
            tracing::warn!("{UNVERIFIED}");
        }
        if config.address != Address::Embedded {
            return Client::over_network(config).map_err(CliError::new);
        }
        let acceptor = embedded_acceptor(Settings::new(now))?;
        Ok(Client::with_transport(config, Box::new(acceptor)))
    }
}

/// Takes an empty path too: as for Consul, such a flag was not given. Scripts write `-ca-file "$FILE"`.
fn path_or_none() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Opens the embedded acceptor, whose state is in the user's state directory.
pub fn embedded_acceptor(settings: Settings) -> Result<Acceptor, CliError> {
    let directory = state_directory().ok_or_else(|| {
        CliError::new("no directory for the embedded acceptor's state: the home directory is unknown")
            .with_remedy("set PEERING_STATE_DIR")
    })?;
    Acceptor::open(&directory, settings).map_err(CliError::new)
}

/// Runs async work to its end on this thread.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("this process may open the few descriptors that a runtime needs")
        .block_on(work)
}
