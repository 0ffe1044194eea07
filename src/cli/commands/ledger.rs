//! `peering ledger`: tend the ledger itself.

use clap::{Args, Subcommand};

use super::history::with_ledger;
use crate::cli::args::http_options::HttpOptions;
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::token::TokenText;
use crate::cli::env::{host, now, print, user};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::net::ledger::{Ledger, Of, Origin, Record, RecordMeta};

/// Add to the ledger, or look whether it is whole
///
/// The ledger remembers which tokens were generated, for which name, when and by whom; never the tokens or their
/// secrets. generate-token writes it, and history shows it.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of it
enum Command {
    Import(Import),
    Verify(Verify),
}

/// Record a token that was generated elsewhere
///
/// Neither the token nor its secret is stored. A token does not say when it was generated, so it counts as newer than
/// those recorded before it: import tokens in the order in which they were generated. One that is recorded already for
/// the name is left as it is.
///
/// Exit codes: 0 recorded, or there already; 1 no token; 2 the ledger could not be written.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering ledger import @west.token -name west")]
struct Import {
    /// The token's text, @FILE, or - for standard input
    #[arg(id = "text", value_name = "TOKEN", required = true)]
    text: String,
    /// The local name that it was generated for (required)
    #[arg(long, value_name = "NAME", required = true)]
    name: String,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Look whether records were changed or are missing
///
/// Each record is chained to the one before it by a hash. Whoever may write the ledger may still write all of it anew:
/// keep the last hash elsewhere to rule that out.
///
/// Exit codes: 0 whole, 1 something is wrong, 2 the ledger could not be read.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering ledger verify")]
struct Verify {
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    match &arguments.command {
        Command::Import(arguments) => import(arguments),
        Command::Verify(arguments) => verify(arguments),
    }
}

fn import(arguments: &Import) -> Result<Exit, CliError> {
    if arguments.name.is_empty() {
        return Err(CliError::new("-name is empty")
            .with_remedy("use the name that the accepting cluster gives its peer"));
    }
    let recovered = match TokenText::read(&arguments.text)?.recover() {
        Ok(recovered) => recovered,
        Err(error) => {
            error.print();
            return Ok(Exit::Findings);
        }
    };
    let token = &recovered.decoded.token;
    let partition = arguments.http.partition.clone().filter(|partition| !partition.is_empty());
    let in_token = token.remote.as_ref().map(|remote| remote.partition.clone());
    let circumstances = RecordMeta {
        time: now(),
        name: arguments.name.clone(),
        partition: partition.or(in_token).unwrap_or_default(),
        user: user(),
        host: host(),
        source: Origin::Imported,
        state_before: None,
    };
    let record = Record::of(token, &recovered.text, circumstances);
    let told = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        add(ledger, &record).await.map_err(CliError::new)
    })?;
    print(&told)?;
    Ok(Exit::Done)
}

async fn add(ledger: &Ledger<'_>, record: &Record) -> Result<String, crate::net::ledger::LedgerError> {
    let known = ledger.records_of(Of::Name(&record.name, &record.partition)).await?;
    if let Some(known) = known.iter().find(|known| known.record.token_sha256 == record.token_sha256) {
        return Ok(format!("Recorded already, as number {}\n", known.number));
    }
    let added = ledger.record(record).await?;
    Ok(added.map_or_else(String::new, |entry| format!("Recorded as number {}\n", entry.number)))
}

fn verify(arguments: &Verify) -> Result<Exit, CliError> {
    let verified = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        ledger.verify().await.map_err(CliError::new)
    })?;
    let mut lines = vec![crate::render::pretty::counted(verified.records.cast_signed(), "record")];
    if let Some(hash) = &verified.last_hash {
        lines[0] = format!("{}, the last with hash {hash}", lines[0]);
    }
    lines.extend(verified.faults.iter().map(|fault| format!("Wrong: {fault}")));
    if verified.faults.is_empty() {
        lines.push("The ledger is whole".to_owned());
    } else {
        lines[0] = format!("The ledger is damaged: {}", lines[0]);
    }
    print(&(lines.join("\n") + "\n"))?;
    Ok(if verified.faults.is_empty() { Exit::Done } else { Exit::Findings })
}
