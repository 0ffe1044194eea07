//! `peering inspect`: what tokens say.

use clap::Args;
use jiff::Timestamp;

use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::time::time;
use crate::cli::args::token::TokenText;
use crate::cli::env::{now, print, width};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::inspect::{Inspection, Inspections, SCHEMA_VERSION, field};
use crate::render::pretty;

/// Show everything that tokens say
///
/// Decodes tokens into their CA certificates, server addresses, peer ID and the rest. Nothing is sent anywhere. Input
/// is taken as people paste it (quoted, wrapped, a whole JSON answer, a Kubernetes Secret), and what had to be undone is
/// told. The establishment secret is hidden unless asked for.
///
/// Exit codes: 0 all were decoded, 1 one was not, 2 a file could not be read or the command line is wrong.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering inspect @west.token
  kubectl get secret peering-token -o yaml | peering inspect -
  peering inspect @west.token -field server_name
  peering inspect @west.token -pem | openssl x509 -noout -text")]
pub struct Arguments {
    /// The token's text, @FILE, or - for standard input
    #[arg(value_name = "TOKEN", required = true)]
    tokens: Vec<String>,
    /// How to show it
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    /// Only this value, bare, for scripts: a path such as peer_id or certificates.0.not_after
    #[arg(long, value_name = "PATH", conflicts_with = "pem")]
    field: Option<String>,
    /// Only the CA certificates, PEM
    #[arg(long)]
    pem: bool,
    /// Show the establishment secret too: whoever sees it can establish the peering
    #[arg(long)]
    show_secret: bool,
    /// Count the days that certificates have left from this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let (tokens, exit) = read_all(arguments);
    let text = if let Some(path) = &arguments.field {
        fields(&tokens, path)?
    } else if arguments.pem {
        pems(&tokens)
    } else {
        let inspections = Inspections { version: SCHEMA_VERSION, tokens };
        arguments.format.render(&inspections, || pages(&inspections.tokens))
    };
    print(&text)?;
    Ok(exit)
}

/// Decodes what can be decoded, and complains of the rest.
fn read_all(arguments: &Arguments) -> (Vec<Inspection>, Exit) {
    let now = arguments.now.unwrap_or_else(now);
    let mut exit = Exit::Done;
    let mut tokens = Vec::new();
    for argument in &arguments.tokens {
        let given = match TokenText::read(argument) {
            Ok(given) => given,
            Err(error) => {
                error.print();
                exit = Exit::Failed;
                continue;
            }
        };
        match given.recover() {
            Ok(recovered) => {
                tokens.push(Inspection::new(given.source, recovered, now, arguments.show_secret));
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

fn pages(tokens: &[Inspection]) -> String {
    let pages: Vec<String> = tokens.iter().map(|token| pretty::inspection(token, width())).collect();
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
        text += &field(token, path).map_err(CliError::new)?;
        text.push('\n');
    }
    Ok(text)
}

fn pems(tokens: &[Inspection]) -> String {
    let entries = tokens.iter().flat_map(|token| &token.certificates);
    entries.map(|entry| entry.pem.as_str()).collect()
}
