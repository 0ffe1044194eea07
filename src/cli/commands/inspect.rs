//! `peering inspect`: what is inside a token.

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::reference::reference;
use crate::cli::args::time::time;
use crate::cli::args::token::{Documents, read_each};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{print, screen};
use crate::cli::redaction;
use crate::inspect::{Inspection, Inspections, field};
use crate::lint::{Options, Reference};
use crate::render::pretty::{self, Screen};

/// Show what is inside a token
///
/// Decodes tokens into CA certificates, server addresses, peer ID and the other fields. The command opens no connection.
/// It accepts tokens as people paste them (in quotes, wrapped, in an API response or a Kubernetes Secret) and shows the
/// repairs that were needed. It hides the establishment secret unless you set -show-secret.
///
/// Exit codes: 0 all tokens were decoded, 1 a token cannot be decoded, 2 a file cannot be read or the command line is
/// invalid.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering inspect west.token
  kubectl get secret peering-token -o yaml | peering inspect -
  peering inspect west.token -field server_name
  peering inspect west.token -pem | openssl x509 -noout -text")]
pub struct Arguments {
    /// The token's text, a file, a directory, or - for standard input
    #[arg(value_name = "TOKEN", required = true)]
    tokens: Vec<String>,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    /// Print only this value, for scripts: a path such as peer_id or certificates.0.not_after
    #[arg(long, value_name = "PATH", conflicts_with = "pem")]
    field: Option<String>,
    /// Print only the CA certificates, as PEM
    #[arg(long)]
    pem: bool,
    /// Show the establishment secret, with which anyone can establish the peering
    #[arg(long)]
    show_secret: bool,
    /// Report the verdict of this Consul
    #[arg(long, env = "PEERING_REFERENCE", value_name = "VERSION", default_value = "2.1", value_parser = reference())]
    reference: Reference,
    /// Use this time instead of the current time
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    detail: DetailOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let (tokens, exit) = read_all(arguments);
    if let Some(path) = &arguments.field {
        print(&fields(&tokens, path)?)?;
    } else if arguments.pem {
        print(&pems(&tokens))?;
    } else {
        let inspections = Inspections::new(tokens, exit == Exit::Done);
        let screen = screen(arguments.detail.detail(), arguments.now.unwrap_or_else(now));
        arguments.format.print(&inspections, || pages(&inspections.tokens, &screen))?;
    }
    Ok(exit)
}

/// Decodes the tokens, and prints an error for each one that cannot be decoded.
fn read_all(arguments: &Arguments) -> (Vec<Inspection>, Exit) {
    let options = Options::new(arguments.now.unwrap_or_else(now)).with_reference(arguments.reference);
    let mut exit = Exit::Done;
    let mut tokens = Vec::new();
    for given in read_each(&arguments.tokens, Documents::Unwrap) {
        let given = match given {
            Ok(given) => given,
            Err(unread) => {
                unread.error.print();
                exit = Exit::Failed;
                continue;
            }
        };
        match given.recover() {
            Ok(recovered) => {
                tokens.push(Inspection::new(given.source, recovered, &options, arguments.show_secret));
            }
            Err(error) => {
                error.print();
                if exit == Exit::Done {
                    exit = Exit::Findings;
                }
            }
        }
    }
    (tokens, exit)
}

fn pages(tokens: &[Inspection], screen: &Screen) -> String {
    let pages: Vec<String> = tokens.iter().map(|token| pretty::inspection(token, screen)).collect();
    match &pages[..] {
        [one] => one.clone(),
        several => several
            .iter()
            .zip(tokens)
            .map(|(page, token)| format!("=== {} ===\n{page}", pretty::printable(&token.source)))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn fields(tokens: &[Inspection], path: &str) -> Result<String, CliError> {
    let mut text = String::new();
    for token in tokens {
        text += &redaction::of_name(&field(token, path).map_err(CliError::new)?);
        text.push('\n');
    }
    Ok(text)
}

fn pems(tokens: &[Inspection]) -> String {
    let entries = tokens.iter().flat_map(|token| &token.certificates);
    entries.map(|entry| entry.pem.as_str()).collect()
}
