//! `peering context`: lists, shows and checks the contexts of the configuration file.

mod check;
mod list;
mod show;

#[cfg(feature = "schema")]
pub use list::ContextList;
#[cfg(feature = "schema")]
pub use show::ContextValues;

use clap::{Args, Subcommand};

use crate::cli::contexts;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::net::context::{AuthSource, Context, TokenSource};

/// List, show or check the clusters of the configuration file
///
/// A context is a section [contexts.NAME] of the configuration file. It has the address of a cluster's HTTP API, TLS files, and
/// the ACL token by reference: token_file, token_env or token_command. `-context NAME` or PEERING_CONTEXT selects one for any
/// command.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Check(check::Arguments),
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Check(arguments) => check::run(arguments),
    }
}

/// Returns the contexts of these names; without names, all. Fails if there are no contexts.
fn selected(names: &[String]) -> Result<Vec<Context>, CliError> {
    if names.is_empty() && contexts::all().is_empty() {
        let file = contexts::described_file();
        return Err(CliError::new(format_args!("there are no contexts in {file}")).with_remedy(
            "add a section for each cluster: [contexts.NAME] with http_addr = \"https://HOST:8501\"",
        ));
    }
    if names.is_empty() {
        return Ok(contexts::all().to_vec());
    }
    names.iter().map(|name| contexts::find(name).cloned()).collect()
}

/// Describes where the user and password are; `None` if there are none.
fn described_auth(auth: &AuthSource) -> Option<String> {
    match auth {
        AuthSource::None => None,
        AuthSource::File(path) => Some(format!("file {}", path.display())),
        AuthSource::Variable(name) => Some(format!("variable {name}")),
    }
}

/// Describes where the ACL token is.
fn described(token: &TokenSource) -> String {
    match token {
        TokenSource::None => "none (anonymous)".to_owned(),
        TokenSource::File(path) => format!("file {}", path.display()),
        TokenSource::Variable(name) => format!("variable {name}"),
        TokenSource::Command(words) => {
            format!(
                "command {}",
                words.iter().map(|word| crate::shell::quoted(word)).collect::<Vec<_>>().join(" ")
            )
        }
    }
}
