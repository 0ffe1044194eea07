//! `peering stale`: is a token still the one that works?

pub(crate) mod sources;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::{token, token_error};
use crate::cli::env::{eprint_line, print, width};
use crate::cli::exit::Exit;
use crate::render::{json, pretty, yaml};
use crate::staleness::evidence::LedgerRecord;
use crate::staleness::{Assessment, Certainty, SCHEMA_VERSION, Staleness, Verdict, assess, order};
use crate::token::Token;
use crate::token::recover::recover;

/// Tell whether tokens are still the ones to use, without spending them
///
/// A token is current, superseded (a newer one was generated for its name), spent (used, or replaced by one that was),
/// orphaned (its peering was deleted), or it cannot be told. The verdict comes first, then what each source says, then what
/// was not asked and why. The token's secret is sent nowhere.
///
/// Exit codes: 0 all are current, 1 one is not, 2 a file could not be read or the command line is wrong, 3 it cannot be
/// told.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering stale @west.token -name west -probe
  consul snapshot save state.snap && peering stale @west.token -snapshot state.snap
  peering stale @monday.token @tuesday.token -snapshot state.snap
  peering stale @west.token -snapshot state.snap -require proven -format json")]
pub struct Arguments {
    /// The token's text, @FILE, or - for standard input
    #[arg(value_name = "TOKEN", required = true)]
    tokens: Vec<String>,
    /// The local name that they were generated for: no token holds it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Ask the acceptor's servers themselves, over gRPC, without the token's secret: does the peering exist, and has it
    /// an unused secret? Neither changes it
    #[arg(long)]
    probe: bool,
    /// A snapshot of the acceptor, from "consul snapshot save FILE": it proves the verdict, as of when it was taken. "live"
    /// streams one from the Consul at -http-addr, which moves every secret of that cluster, and needs acl:write
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Ask nothing over the network
    #[arg(long)]
    offline: bool,
    /// How sure a verdict must be: with "proven", one that is only likely ends with exit code 3
    #[arg(long, value_enum, value_name = "CERTAINTY", default_value = "likely")]
    require: Require,
    /// How to show it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Require {
    Proven,
    Likely,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    let Some(tokens) = read_all(&arguments.tokens) else { return Exit::Failed };
    let peer_ids: BTreeSet<String> = tokens.iter().map(|(_, token)| token.peer_id.clone()).collect();
    let (assessments, ledger) = match wait_for(assess_all(arguments, &tokens, &peer_ids)) {
        Ok(assessed) => assessed,
        Err(message) => {
            eprint_line(&message);
            return Exit::Failed;
        }
    };
    let orders = order(&assessments, &ledger);
    let staleness = Staleness { version: SCHEMA_VERSION, tokens: assessments, orders };
    let exit = exit_of(&staleness.tokens, arguments.require);
    let text = match arguments.format {
        Format::Pretty => pretty::staleness(&staleness, width()),
        Format::Json => json::render(&staleness),
        Format::Yaml => yaml::render(&staleness),
    };
    exit.unless_unprinted(print(&text))
}

/// Every token's assessment, and the ledger's records for their order.
async fn assess_all(
    arguments: &Arguments,
    tokens: &[(String, Token)],
    peer_ids: &BTreeSet<String>,
) -> Result<(Vec<Assessment>, Vec<LedgerRecord>), String> {
    let shared = sources::Shared::open(arguments, peer_ids).await?;
    let mut assessments = Vec::new();
    for (source, token) in tokens {
        assessments.push(assess(source, token, &sources::gather(arguments, token, &shared).await));
    }
    Ok((assessments, shared.ledger.unwrap_or_default()))
}

/// All tokens with their origins; `None` if one cannot be had.
fn read_all(arguments: &[String]) -> Option<Vec<(String, Token)>> {
    // All are read, so that every complaint is made at once.
    let tokens: Vec<_> = arguments.iter().map(|argument| read(argument)).collect();
    tokens.into_iter().collect()
}

/// A token and where it came from, or a complaint.
pub(crate) fn read(argument: &str) -> Option<(String, Token)> {
    let given = match token::read(argument) {
        Ok(given) => given,
        Err(error) => {
            eprint_line(&format!("Error: {error}"));
            return None;
        }
    };
    match recover(&given.text) {
        Ok(recovered) => Some((given.source, recovered.decoded.token)),
        Err((error, undone)) => {
            eprint_line(&token_error::describe(&given, &error, &undone));
            None
        }
    }
}

fn exit_of(tokens: &[Assessment], require: Require) -> Exit {
    let unsure = |token: &Assessment| {
        token.verdict == Verdict::Undetermined
            || require == Require::Proven && token.certainty != Some(Certainty::Proven)
    };
    if tokens.iter().any(|token| !unsure(token) && token.verdict != Verdict::Current) {
        Exit::Findings
    } else if tokens.iter().any(unsure) {
        Exit::Undetermined
    } else {
        Exit::Done
    }
}
