//! `peering context list`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::cli::args::output_format::OutputFormat;
use crate::cli::contexts;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{print, screen};
use crate::net::context::{AuthSource, Context, TokenSource};
use crate::render::pretty::{self, ContextRow, Detail};

/// List the contexts
///
/// Shows the name, the address, the source of the ACL token and the labels of each context. This uses no network.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering context list
  peering context list -format json | jq -r '.contexts[] | select(.labels.env == \"prod\").name'")]
pub(super) struct Arguments {
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
}

/// The output of `context list -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextList {
    /// The version of this document.
    version: u32,
    /// The configuration file.
    file: String,
    /// The context that `PEERING_CONTEXT` or `[defaults]` selects.
    selected: Option<String>,
    /// The contexts, in the order of their names.
    contexts: Vec<Entry>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Entry {
    /// The name.
    name: String,
    /// The address of the HTTP API.
    http_addr: String,
    /// The admin partition.
    partition: Option<String>,
    /// The file that contains the ACL token.
    token_file: Option<String>,
    /// The variable that contains the ACL token.
    token_env: Option<String>,
    /// The command that prints the ACL token.
    token_command: Option<Vec<String>>,
    /// The file that contains the user and password for HTTP basic authentication.
    http_auth_file: Option<String>,
    /// The variable that contains them.
    http_auth_env: Option<String>,
    /// The labels.
    labels: BTreeMap<String, String>,
}

impl Entry {
    fn of(context: &Context) -> Self {
        let (mut token_file, mut token_env, mut token_command) = (None, None, None);
        match &context.token {
            TokenSource::None => {}
            TokenSource::File(path) => token_file = Some(path.display().to_string()),
            TokenSource::Variable(name) => token_env = Some(name.clone()),
            TokenSource::Command(words) => token_command = Some(words.clone()),
        }
        let (http_auth_file, http_auth_env) = match &context.auth {
            AuthSource::None => (None, None),
            AuthSource::File(path) => (Some(path.display().to_string()), None),
            AuthSource::Variable(name) => (None, Some(name.clone())),
        };
        Self {
            name: context.name.clone(),
            http_addr: context.http_addr.clone(),
            partition: context.partition.clone(),
            token_file,
            token_env,
            token_command,
            http_auth_file,
            http_auth_env,
            labels: context.labels.clone(),
        }
    }
}

/// Describes where the ACL token is, in a few words.
fn in_short(token: &TokenSource) -> String {
    match token {
        TokenSource::None => "–".to_owned(),
        TokenSource::Variable(name) => format!("variable {name}"),
        TokenSource::File(path) => format!("file {}", file_name(path)),
        TokenSource::Command(words) => format!("command {}", file_name(Path::new(&words[0]))),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if contexts::all().is_empty() && arguments.format == OutputFormat::Pretty {
        print(&format!("There are no contexts in {}\n", contexts::described_file()))?;
        return Ok(Exit::Done);
    }
    let all = contexts::all();
    let selected_name = contexts::selected();
    let list = ContextList {
        version: 1,
        file: contexts::described_file(),
        selected: selected_name.clone(),
        contexts: all.iter().map(Entry::of).collect(),
    };
    let rows = || -> Vec<ContextRow> {
        let row = |context: &Context| ContextRow {
            name: context.name.clone(),
            is_selected: selected_name.as_ref() == Some(&context.name),
            http_addr: context.http_addr.clone(),
            token: in_short(&context.token),
            labels: context.labels.iter().map(|(key, value)| format!("{key}={value}")).collect(),
        };
        all.iter().map(row).collect()
    };
    arguments.format.print(&list, || pretty::contexts(&rows(), &screen(Detail::Normal, now())))?;
    Ok(Exit::Done)
}
