//! `peering ledger`: imports tokens into the ledger, and verifies it.

use clap::{Args, Subcommand};

use super::history::with_ledger;
use crate::cli::args::http_options::HttpOptions;
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::token::TokenText;
use crate::cli::env::{host, now, user};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::net::ledger::{Filter, Ledger, LedgerError, Origin, Record, RecordMeta};
use crate::render::pretty::counted;
use crate::token::resemblance::is_uuid;

/// Import tokens into the ledger, or verify its integrity
///
/// The ledger records which tokens were generated, for which name, when and by whom, but not the tokens or their secrets.
/// generate-token writes it, and history shows it.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // only one value exists
enum Command {
    Import(Import),
    Verify(Verify),
}

/// Record a token that was generated elsewhere
///
/// The ledger stores neither the token nor its secret. A token does not contain a time, so it may be older or newer than the
/// tokens recorded before it. It counts as older than those recorded after it. A token that is already recorded for the name
/// is not added again.
///
/// Exit codes: 0 recorded now or earlier; 1 the input contains no token; 2 the ledger could not be written.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering ledger import @west.token -name west")]
struct Import {
    /// The token's text, @FILE, or - for standard input
    #[arg(value_name = "TOKEN", required = true)]
    peering_token: String,
    /// Local name that the token was generated for (required)
    #[arg(long, value_name = "NAME", required = true)]
    name: String,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Verify the integrity of the ledger
///
/// Runs SQLite's integrity check on the database, validates each record, and reports missing numbers. For a ledger in
/// Consul's KV it validates each key. It does not detect a valid record that was edited by hand.
///
/// Exit codes: 0 the ledger is intact, 1 it is damaged, 2 it could not be read.
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
    if is_uuid(arguments.name.as_bytes()) {
        return Err(CliError::new("-name is a UUID: a peer ID or an ACL token, and not a name")
            .with_remedy("use the name that the accepting cluster gives its peer"));
    }
    let recovered = match TokenText::read(&arguments.peering_token)?.recover() {
        Ok(recovered) => recovered,
        Err(error) => {
            error.print();
            return Ok(Exit::Findings);
        }
    };
    let token = &recovered.decoded.token;
    let partition = arguments.http.partition()?;
    let in_token = token.remote.as_ref().map(|remote| remote.partition.clone());
    let meta = RecordMeta {
        recorded_at: now(),
        name: arguments.name.clone(),
        partition: partition.or(in_token).unwrap_or_default(),
        user: user(),
        host: host(),
        origin: Origin::Imported,
        state_before: None,
    };
    let record = Record::of(token, &recovered.text, meta);
    let result = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        add(ledger, &record).await.map_err(CliError::new)
    })?;
    print(&result)?;
    Ok(Exit::Done)
}

async fn add(ledger: &Ledger<'_>, record: &Record) -> Result<String, LedgerError> {
    let records = ledger.records(Filter::NameInPartition(&record.name, &record.partition)).await?;
    if let Some(existing) = records.iter().find(|it| it.record.token_sha256 == record.token_sha256) {
        return Ok(format!("Already recorded as number {}\n", existing.number));
    }
    let added = ledger.add(record).await?;
    Ok(added.map_or_else(String::new, |added| format!("Recorded as number {}\n", added.number)))
}

fn verify(arguments: &Verify) -> Result<Exit, CliError> {
    let verification = with_ledger(&arguments.ledger, &arguments.http, async |ledger| {
        ledger.verify().await.map_err(CliError::new)
    })?;
    let records = counted(verification.records.cast_signed(), "record");
    let (exit, result) = match verification.problems.as_slice() {
        [] => (Exit::Done, "intact"),
        _ => (Exit::Findings, "damaged"),
    };
    let mut lines = vec![format!("The ledger is {result} ({records})")];
    lines.extend(verification.problems.iter().map(|problem| format!("  {problem}")));
    print(&(lines.join("\n") + "\n"))?;
    Ok(exit)
}
