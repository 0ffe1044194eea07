//! `peering diff`: the differences between two tokens.

use clap::Args;

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::wait_for;
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::token::{TokenText, print_extractions};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::screen;
use crate::inspect::diff::{Comparison, Recorded};
use crate::render::pretty;
use crate::staleness::evidence::LedgerRecord;
use crate::token::Token;

/// Show the differences between two tokens
///
/// Shows whether both tokens belong to the same peering, which one is newer, and what each difference means. The ledger shows
/// which one is newer if it recorded both. The command opens no connection and shows no secret.
///
/// Exit codes: 0 the same peering, 1 different peerings, 2 a token cannot be read or the command line is invalid.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering diff @monday.token @tuesday.token
  peering diff @west.token - -format json < other.token")]
pub struct Arguments {
    /// The first token's text, a file, or - for standard input
    #[arg(value_name = "A")]
    first: String,
    /// The second token's text, a file, or - for standard input
    #[arg(value_name = "B")]
    second: String,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    #[command(flatten)]
    detail: DetailOptions,
    #[command(flatten)]
    ledger: LedgerOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let [first, second] = [&arguments.first, &arguments.second];
    if first == "-" && second == "-" {
        return Err(CliError::new("both tokens are given as -, and standard input contains one")
            .with_remedy("give one of them as a file"));
    }
    let [(first_source, first), (second_source, second)] = match [read(first), read(second)] {
        [Ok(first), Ok(second)] => [first, second],
        [Err(first), Err(second)] => {
            first.print();
            return Err(second);
        }
        [Err(error), Ok(_)] | [Ok(_), Err(error)] => return Err(error),
    };
    let recorded = recorded(&arguments.ledger, [&first, &second]);
    let comparison = Comparison::new([first_source, second_source], &first, &second).with_ledger(recorded);
    let screen = screen(arguments.detail.detail(), now());
    arguments.format.print(&comparison, || pretty::diff(&comparison, &screen))?;
    Ok(if comparison.same_peering { Exit::Done } else { Exit::Findings })
}

/// Returns the places of tokens in the local ledger. A ledger that cannot be read shows nothing.
fn recorded(ledger: &LedgerOptions, tokens: [&Token; 2]) -> [Option<Recorded>; 2] {
    let Ok(kind) = ledger.kind() else { return [None; 2] };
    let records = wait_for(ledger.read(kind, Err("diff opens no connection")));
    let records = records.value().map(Vec::as_slice).unwrap_or_default();
    tokens.map(|token| {
        let secret = token.establishment_secret.sha256()?;
        let is_own = |record: &LedgerRecord| {
            !record.imported && record.peer_id == token.peer_id && record.secret_sha256 == secret
        };
        let position = records.iter().position(is_own)?;
        Some(Recorded { position, at: records[position].recorded_at })
    })
}

/// Reads and decodes a token.
fn read(argument: &str) -> Result<(String, Token), CliError> {
    let given = TokenText::read(argument)?;
    print_extractions([&given]);
    given.decoded()
}
