//! What Consul's own commands share: their formats, their metadata, and how they end.

use std::collections::BTreeMap;

use crate::cli::args::http_options::wait_for;
use crate::cli::env::{eprint_redacted, print};
use crate::cli::exit::Exit;

/// Consul's two output formats.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Pretty,
    Json,
}

impl Format {
    /// Reads a format's name. The error is Consul's.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("Invalid format, valid formats are {json|pretty}".to_owned()),
        }
    }
}

/// `key=value` pairs; the last of a key wins, as in Consul.
pub fn meta(pairs: &[String]) -> Result<BTreeMap<String, String>, String> {
    pairs
        .iter()
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(format!(
                "invalid value \"{pair}\" for flag -meta: Missing \"=\" value in argument: {pair}"
            )),
        })
        .collect()
}

/// What Consul says when a name is needed and none was given.
pub fn named(name: &str) -> Result<(), String> {
    if name.is_empty() { Err("Missing the required -name flag".to_owned()) } else { Ok(()) }
}

/// Runs what asks a Consul, and ends as [`end`].
pub fn run(work: impl Future<Output = Result<String, String>>) -> Exit {
    end(wait_for(work))
}

/// Prints a result with a line end, as Consul's commands do; an error goes to standard error, and the exit code is 1.
pub fn end(result: Result<String, String>) -> Exit {
    match result {
        Ok(result) => match Exit::of_printing(print(&(result + "\n"))) {
            Exit::Failed => Exit::Findings,
            exit => exit,
        },
        Err(message) => {
            eprint_redacted(&message);
            Exit::Findings
        }
    }
}
