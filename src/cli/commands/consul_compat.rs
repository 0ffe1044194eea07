//! What Consul's own commands share: formats, metadata, errors and output.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::net::consul::Client;
use crate::render::consul;

/// Consul's two output formats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Pretty,
    Json,
}

impl Format {
    /// Parses the name of a format. The error is Consul's.
    pub fn from_name(name: &str) -> Result<Self, CliError> {
        match name {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(CliError::of_consul("Invalid format, valid formats are {json|pretty}")
                .with_remedy("use -format=json for scripts and -format=pretty for people")),
        }
    }
}

/// Parses `key=value` pairs. The last value of a key wins, as in Consul.
pub fn meta(pairs: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(CliError::of_consul(format_args!(
                "invalid value \"{pair}\" for flag -meta: Missing \"=\" value in argument: {pair}"
            ))),
        })
        .collect()
}

/// Checks that `-name` was given. The error is Consul's.
pub fn require_name(name: &str) -> Result<(), CliError> {
    if name.is_empty() {
        Err(CliError::of_consul("Missing the required -name flag")
            .with_remedy("-name is the local name of the peering: -name NAME"))
    } else {
        Ok(())
    }
}

/// Returns the client that the options name. The error is Consul's and starts with `failed`, which differs between its
/// commands; with a context it is ours.
pub fn client(http: &HttpOptions, failed: &str) -> Result<Client, CliError> {
    // Consul has no contexts.
    let described = |error: CliError| {
        if http.has_context() {
            return error;
        }
        CliError::of_consul(format_args!("{failed}: {}", error.message()))
    };
    http.client().map_err(described)
}

/// Renders a value as Consul's `-format json` does.
pub fn json(value: &impl Serialize) -> Result<String, CliError> {
    consul::json(value).map_err(|error| CliError::of_consul(format_args!("Error marshalling JSON: {error}")))
}

/// Runs async work and prints its result with a line end, as Consul's commands do.
pub fn run(work: impl Future<Output = Result<String, CliError>>) -> Result<Exit, CliError> {
    print(&(wait_for(work)? + "\n"))?;
    Ok(Exit::Done)
}
