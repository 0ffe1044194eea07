//! The HTTP API options of Consul's commands.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::acceptor::{Acceptor, Settings};
use crate::cli::contexts;
use crate::cli::env::{now, state_directory, stderr_is_a_terminal, variable};
use crate::cli::error::CliError;
use crate::cli::output::eprint_line;
use crate::cli::redaction;
use crate::net::consul::{Address, Client, Config, Options};
use crate::net::context::{AuthSource, Context, TokenSource};
use crate::shell::quoted;

/// The heading of these options in help texts.
pub const HEADING: &str = "HTTP API options";

/// The warning about `CONSUL_HTTP_SSL_VERIFY=false`.
const NO_VERIFICATION: &str = "CONSUL_HTTP_SSL_VERIFY is false: anyone on the network path can impersonate Consul and read the ACL token";

/// How to reach Consul.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct HttpOptions {
    /// Cluster to ask: the section [contexts.NAME] of the configuration file. The flags below win over it. With a context, no
    /// CONSUL_* variable has an effect, and the context's ACL token is sent to the context's address only
    #[arg(long, env = "PEERING_CONTEXT", value_name = "NAME")]
    context: Option<String>,
    #[command(flatten)]
    server: ServerOptions,
}

/// Where to keep facts.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
pub struct HubOptions {
    /// Context of the Consul whose KV "consul-kv:" means. Without it, the flags below and the CONSUL_* variables select the
    /// Consul. They have no effect on the clusters that are read
    #[arg(long, env = "PEERING_HUB", value_name = "NAME")]
    hub: Option<String>,
    #[command(flatten)]
    server: ServerOptions,
}

/// How to reach one Consul.
#[derive(Debug, Args)]
#[command(next_help_heading = HEADING)]
struct ServerOptions {
    /// Address of Consul's HTTP API: host:port, http(s)://host:port[/prefix], unix:///path, or "embedded" for the
    /// acceptor built into this tool (default: http://localhost:8500)
    #[arg(long, env = "CONSUL_HTTP_ADDR", value_name = "ADDRESS")]
    http_addr: Option<String>,
    /// ACL token to send
    #[arg(long, env = "CONSUL_HTTP_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// File with the ACL token; overrides -token
    #[arg(long, env = "CONSUL_HTTP_TOKEN_FILE", hide_env_values = true, value_name = "FILE", value_parser = path_or_none())]
    token_file: Option<PathBuf>,
    /// File with PEM certificates to trust instead of the system's
    #[arg(long, env = "CONSUL_CACERT", value_name = "FILE", value_parser = path_or_none())]
    ca_file: Option<PathBuf>,
    /// Directory of files with PEM certificates to trust
    #[arg(long, env = "CONSUL_CAPATH", value_name = "DIRECTORY", value_parser = path_or_none())]
    ca_path: Option<PathBuf>,
    /// File with the PEM client certificate to present to Consul
    #[arg(long, env = "CONSUL_CLIENT_CERT", value_name = "FILE", value_parser = path_or_none())]
    client_cert: Option<PathBuf>,
    /// File with the PEM key of the client certificate
    #[arg(long, env = "CONSUL_CLIENT_KEY", value_name = "FILE", value_parser = path_or_none())]
    client_key: Option<PathBuf>,
    /// Name to expect in Consul's certificate
    #[arg(long, env = "CONSUL_TLS_SERVER_NAME", value_name = "NAME")]
    tls_server_name: Option<String>,
    /// Admin partition to use, Consul Enterprise only
    #[arg(long, env = "CONSUL_PARTITION", value_name = "PARTITION")]
    partition: Option<String>,
}

impl HttpOptions {
    /// Returns the flags that select the cluster, for the next commands: `-context east`.
    pub fn cluster_flags(&self) -> Option<String> {
        let flag = |name: &str, value: &Option<String>| {
            let value = value.as_deref().filter(|value| !value.is_empty())?;
            Some(format!("-{name} {}", quoted(value)))
        };
        let flags = [flag("context", &self.context), flag("http-addr", &self.server.http_addr)];
        let flags: Vec<String> = flags.into_iter().flatten().collect();
        (!flags.is_empty()).then(|| flags.join(" "))
    }

    /// Returns whether a context was selected.
    pub fn has_context(&self) -> bool {
        self.context.as_ref().is_some_and(|name| !name.is_empty())
    }

    /// Returns the partition that the flag gives; empty if it is not given.
    pub fn partition_flag(&self) -> &str {
        self.server.partition.as_deref().unwrap_or_default()
    }

    /// Returns the partition of the flag or the context, if there is one.
    pub fn partition(&self) -> Result<Option<String>, CliError> {
        let given = self.server.partition.clone().filter(|partition| !partition.is_empty());
        Ok(given.or(self.context()?.and_then(|context| context.partition.clone())))
    }

    fn context(&self) -> Result<Option<&'static Context>, CliError> {
        context(self.context.as_deref())
    }

    /// Returns a client of another cluster's Consul, which does not get this cluster's ACL token.
    pub fn client_without_token(&self, address: &str) -> Result<Client, CliError> {
        let options = Options {
            http_addr: Some(address.to_owned()),
            token: None,
            token_file: None,
            ..self.server.options()
        };
        let is_token = |name: &str| name.starts_with("CONSUL_HTTP_TOKEN") || name == "CONSUL_HTTP_AUTH";
        let variable = |name: &str| if is_token(name) { None } else { variable(name) };
        let config = match self.context()? {
            Some(context) => {
                let anonymous =
                    Context { token: TokenSource::None, auth: AuthSource::None, ..context.clone() };
                contexts::config(&anonymous, &options)?
            }
            None => Config::resolve(&options, variable).map_err(CliError::new)?,
        };
        Client::over_network(config).map(observed).map_err(CliError::new)
    }

    /// Returns a client of the Consul that flags and environment select. The error's message is Consul's.
    pub fn client(&self) -> Result<Client, CliError> {
        self.server.client(self.context()?)
    }
}

impl HubOptions {
    /// Fails if the options select a hub, and nothing is there to use it for.
    pub fn check_used(&self, is_used: bool) -> Result<(), CliError> {
        if is_used || (self.hub.is_none() && self.server.is_empty()) {
            return Ok(());
        }
        let message = "-hub, -http-addr and the other HTTP API options are for consul-kv: only";
        Err(CliError::new(message).with_remedy("select the clusters to audit with -context or -inventory"))
    }

    /// Returns a client of the hub.
    pub fn client(&self) -> Result<Client, CliError> {
        self.server.client(context(self.hub.as_deref())?)
    }
}

impl ServerOptions {
    fn is_empty(&self) -> bool {
        let paths = [&self.token_file, &self.ca_file, &self.ca_path, &self.client_cert, &self.client_key];
        let texts = [&self.http_addr, &self.token, &self.tls_server_name, &self.partition];
        paths.into_iter().all(Option::is_none) && texts.into_iter().all(Option::is_none)
    }

    fn client(&self, context: Option<&Context>) -> Result<Client, CliError> {
        let config = match context {
            Some(context) => contexts::config(context, &self.options())?,
            None => Config::resolve(&self.options(), variable).map_err(CliError::new)?,
        };
        if config.tls.skip_verification && matches!(config.address, Address::Http { tls: true, .. }) {
            // A script gets the same output as from Consul.
            if stderr_is_a_terminal() {
                eprint_line(&format!("Warning: {NO_VERIFICATION}"));
            }
            tracing::warn!("{NO_VERIFICATION}");
        }
        client_of(config)
    }

    fn options(&self) -> Options {
        Options {
            http_addr: self.http_addr.clone(),
            token: self.token.as_deref().map(Into::into),
            token_file: self.token_file.clone(),
            ca_file: self.ca_file.clone(),
            ca_path: self.ca_path.clone(),
            client_cert: self.client_cert.clone(),
            client_key: self.client_key.clone(),
            tls_server_name: self.tls_server_name.clone(),
            partition: self.partition.clone(),
        }
    }
}

/// Returns the context of a name; `None` if the name is missing or empty.
fn context(name: Option<&str>) -> Result<Option<&'static Context>, CliError> {
    name.filter(|name| !name.is_empty()).map(contexts::find).transpose()
}

/// Returns a client of the Consul that a configuration is for.
pub fn client_of(config: Config) -> Result<Client, CliError> {
    if config.address != Address::Embedded {
        return Client::over_network(config).map(observed).map_err(CliError::new);
    }
    let acceptor = embedded_acceptor(Settings::new(now))?;
    Ok(observed(Client::with_transport(config, Box::new(acceptor))))
}

/// Lets `-redact` learn the names in Consul's answers.
fn observed(client: Client) -> Client {
    client.with_observer(redaction::learn_answer)
}

/// Parses a path that may be empty. Like Consul, treats an empty path as not given, for scripts with `-ca-file "$FILE"`.
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

/// Runs asynchronous work on this thread until it finishes.
pub fn wait_for<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the process can open the file descriptors of a runtime")
        .block_on(work)
}
