//! `peering context show`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{described, described_auth};
use crate::cli::args::output_format::OutputFormat;
use crate::cli::contexts;
use crate::cli::env::{now, variable, variables};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::screen;
use crate::net::consul::{Address, Config, Options};
use crate::net::context::{AuthError, AuthSource, Context, TokenError, TokenSource};
use crate::render::pretty::{self, Detail};

/// Show the values of a context and where each comes from
///
/// Shows what a command with this context uses: address, TLS files, partition, source of the ACL token, proxy and timeout, each
/// with its origin. It shows no ACL token, runs no command and uses no network.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering context show east")]
pub(super) struct Arguments {
    /// Name of the context
    #[arg(value_name = "NAME", required = true)]
    context_name: String,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
}

/// The output of `context show -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextValues {
    /// The version of this document.
    version: u32,
    /// The name of the context.
    name: String,
    /// The configuration file.
    file: String,
    /// The values.
    values: Vec<Entry>,
    /// The labels.
    labels: BTreeMap<String, String>,
    /// The variables that are set and have no effect with a context.
    ignored_variables: Vec<String>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Entry {
    /// The key in the configuration file, or acl_token, http_auth, proxy or timeout.
    key: String,
    /// The value; for acl_token and http_auth, where it is.
    value: Option<String>,
    /// Where the value comes from: a section of the configuration file, a variable, or default.
    origin: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let context = contexts::find(&arguments.context_name)?;
    let shown = ContextValues {
        version: 1,
        name: context.name.clone(),
        file: contexts::described_file(),
        values: values(context)?,
        labels: context.labels.clone(),
        ignored_variables: ignored_variables(),
    };
    let rows = || {
        let row = |value: &Entry| {
            let text = value.value.clone().unwrap_or_else(|| "none".to_owned());
            [value.key.clone(), value.origin.clone(), text]
        };
        let labels = shown.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        let mut rows: Vec<[String; 3]> = shown.values.iter().map(row).collect();
        if !labels.is_empty() {
            rows.push(["labels".to_owned(), section(context), labels.join(", ")]);
        }
        rows
    };
    arguments.format.print(&shown, || {
        let screen = screen(Detail::Normal, now());
        pretty::context(&shown.name, &shown.file, &rows(), &shown.ignored_variables, &screen)
    })?;
    Ok(Exit::Done)
}

fn section(context: &Context) -> String {
    format!("[contexts.{}]", context.name)
}

fn values(context: &Context) -> Result<Vec<Entry>, CliError> {
    // The source of the ACL token is only described.
    let anonymous = Context { token: TokenSource::None, auth: AuthSource::None, ..context.clone() };
    let config = contexts::config(&anonymous, &Options::default())?;
    let value = |key: &str, own: Option<String>, default: Option<&str>| Entry {
        key: key.to_owned(),
        origin: if own.is_some() { section(context) } else { "default".to_owned() },
        value: own.or(default.map(str::to_owned)),
    };
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let roots = if context.ca_path.is_some() { None } else { Some("the system's roots") };
    let mut values = vec![value("http_addr", Some(context.http_addr.clone()), None)];
    if context.ca_file.is_some() || context.ca_path.is_none() {
        values.push(value("ca_file", path(&context.ca_file), roots));
    }
    if context.ca_path.is_some() {
        values.push(value("ca_path", path(&context.ca_path), None));
    }
    values.push(value("client_cert", path(&context.client_cert), None));
    values.push(value("client_key", path(&context.client_key), None));
    values.push(value("tls_server_name", context.tls_server_name.clone(), Some("the host in http_addr")));
    values.push(value("partition", context.partition.clone(), Some("default")));
    values.push(value("acl_token", has_token(context).then(|| token(&context.token)), None));
    values.push(value("http_auth", auth(&context.auth), None));
    values.push(proxy(&config));
    let timeout = variable("PEERING_HTTP_TIMEOUT").filter(|value| !value.is_empty());
    values.push(Entry {
        key: "timeout".to_owned(),
        value: Some(format!("{}s", config.timeout.as_secs())),
        origin: if timeout.is_some() { "PEERING_HTTP_TIMEOUT" } else { "default" }.to_owned(),
    });
    Ok(values)
}

/// Describes where the user and password are, and whether they are there.
fn auth(source: &AuthSource) -> Option<String> {
    let state = match source.read(variable) {
        Ok(_) => "present".to_owned(),
        Err(AuthError::NotSet(_)) => "not set".to_owned(),
        Err(AuthError::NoPassword(_)) => "not user:password".to_owned(),
        // The reason names the file again.
        Err(AuthError::File { reason, .. }) => reason.rsplit(": ").next().unwrap_or_default().to_owned(),
    };
    Some(format!("{} ({state})", described_auth(source)?))
}

fn has_token(context: &Context) -> bool {
    context.token != TokenSource::None
}

/// Describes where the ACL token is, and whether it is there.
fn token(source: &TokenSource) -> String {
    let state = match source {
        TokenSource::None => return described(source),
        TokenSource::Command(_) => "not run".to_owned(),
        TokenSource::File(_) | TokenSource::Variable(_) => match source.read(variable) {
            Ok(_) => "present".to_owned(),
            Err(TokenError::NotSet(_)) => "not set".to_owned(),
            Err(TokenError::EmptyFile(_)) => "empty".to_owned(),
            // The reason names the file again.
            Err(TokenError::File { reason, .. }) => reason.rsplit(": ").next().unwrap_or_default().to_owned(),
            Err(error) => error.to_string(),
        },
    };
    format!("{} ({state})", described(source))
}

/// Describes the proxy without its password.
fn proxy(config: &Config) -> Entry {
    let names = match &config.address {
        Address::Http { tls: true, .. } => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let origin = names.into_iter().find(|name| variable(name).is_some_and(|value| !value.is_empty()));
    let origin = origin.filter(|_| config.proxy.is_some()).unwrap_or("default");
    let without_password = |proxy: &String| match (proxy.split_once("://"), proxy.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => proxy.clone(),
    };
    Entry {
        key: "proxy".to_owned(),
        value: config.proxy.as_ref().map(without_password),
        origin: origin.to_owned(),
    }
}

/// Returns the variables of Consul that are set.
fn ignored_variables() -> Vec<String> {
    let names = variables().map(|(name, _)| name.to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("CONSUL_")).collect();
    names.sort();
    names
}
