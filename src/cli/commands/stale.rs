//! `peering stale`: is a token still the one that works?

pub(crate) mod sources;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::token::read_token;
use crate::cli::env::{print, width};
use crate::cli::error::{CliError, collect_all};
use crate::cli::exit::Exit;
use crate::render::pretty;
use crate::staleness::evidence::LedgerRecord;
use crate::staleness::{Assessment, Certainty, SCHEMA_VERSION, Staleness, Verdict, assess, order};
use crate::token::Token;

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
    #[arg(long, env = "PEERING_PROBE")]
    probe: bool,
    /// A snapshot of the acceptor, from "consul snapshot save FILE": it proves the verdict, as of when it was taken. "live"
    /// streams one from the Consul at -http-addr, which moves every secret of that cluster, and needs acl:write
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// Ask nothing over the network
    #[arg(long, env = "PEERING_OFFLINE")]
    offline: bool,
    /// How sure a verdict must be: with "proven", one that is only likely ends with exit code 3
    #[arg(long, env = "PEERING_REQUIRE", value_enum, value_name = "CERTAINTY", default_value = "likely")]
    require: Require,
    /// How to show it
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
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

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let tokens: Vec<(String, Token)> = collect_all(arguments.tokens.iter().map(|argument| {
        let (source, recovered) = read_token(argument)?;
        Ok((source, recovered.decoded.token))
    }))?;
    let peer_ids: BTreeSet<String> = tokens.iter().map(|(_, token)| token.peer_id.clone()).collect();
    let (assessments, ledger) = wait_for(assess_all(arguments, &tokens, &peer_ids))?;
    let orders = order(&assessments, &ledger);
    let staleness = Staleness { version: SCHEMA_VERSION, tokens: assessments, orders };
    let exit = exit_of(&staleness.tokens, arguments.require);
    print(&arguments.format.render(&staleness, || pretty::staleness(&staleness, width())))?;
    Ok(exit)
}

/// Every token's assessment, and the ledger's records for their order.
async fn assess_all(
    arguments: &Arguments,
    tokens: &[(String, Token)],
    peer_ids: &BTreeSet<String>,
) -> Result<(Vec<Assessment>, Vec<LedgerRecord>), CliError> {
    let shared = sources::Shared::open(arguments, peer_ids).await?;
    let mut assessments = Vec::new();
    for (source, token) in tokens {
        assessments.push(assess(source, token, &sources::gather(arguments, token, &shared).await));
    }
    Ok((assessments, shared.ledger.unwrap_or_default()))
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
