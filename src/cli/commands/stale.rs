//! `peering stale`: can a token still be used?

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::DocumentFormat;
use crate::cli::args::paths;
use crate::cli::args::token::{Documents, TokenText, print_extractions, read_each};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, screen, shows_progress};
use crate::cli::progress_lines::ProgressLines;
use crate::cli::redaction;
use crate::net::consul::Client;
use crate::net::gather::staleness::{PROBE_TIMEOUT, Sources};
use crate::net::probe::Progress;
use crate::net::snapshot::{self, Snapshot};
use crate::observed::Observed;
use crate::render::{html, pretty};
use crate::staleness::{Assessment, Certainty, Staleness, Verdict, assess};
use crate::token::Token;

/// Check whether tokens are still usable, without using them
///
/// A token is current, superseded (a newer one was generated for its name), spent (used, or superseded by one that was
/// used), orphaned (its peering was deleted), or undetermined. The output shows the verdict first, then what each source
/// reports, then which sources were not checked and why. The token's secret is not sent anywhere.
///
/// Run it for the acceptor: -http-addr is the cluster that generated the tokens.
///
/// Exit codes: 0 all tokens are current, 1 a token is not, 2 a file could not be read or the command line is invalid, 3 the
/// verdict on a token is undetermined.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering stale west.token -name west -probe
  consul snapshot save state.snap && peering stale west.token -snapshot state.snap
  peering stale monday.token tuesday.token -snapshot state.snap
  peering stale west.token -snapshot state.snap -require proven -format json")]
pub struct Arguments {
    /// The token's text, a file, a directory, or - for standard input
    #[arg(value_name = "TOKEN", required = true)]
    tokens: Vec<String>,
    /// Local name of the peering; tokens do not contain it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Ask the acceptor's servers over gRPC. They report whether the peering exists and has an unused secret. This
    /// neither sends the token's secret nor changes the peering
    #[arg(long, env = "PEERING_PROBE")]
    probe: bool,
    /// Snapshot of the acceptor. "consul snapshot save FILE" writes it. It proves the verdict for the time when it was taken.
    /// "live" streams one from the Consul at -http-addr, which transfers every secret of that cluster and needs acl:write
    #[arg(long, value_name = "FILE")]
    snapshot: Option<String>,
    /// Query nothing over the network
    #[arg(long, env = "PEERING_OFFLINE")]
    offline: bool,
    /// Certainty that a verdict needs. With "proven", one that is only likely exits with status 3
    #[arg(long, env = "PEERING_REQUIRE", value_enum, value_name = "CERTAINTY", default_value = "likely")]
    require: Require,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: DocumentFormat,
    #[command(flatten)]
    detail: DetailOptions,
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
    let (tokens, all_read) = read_tokens(&arguments.tokens)?;
    let staleness = wait_for(assess_all(arguments, &tokens))?;
    let screen = screen(arguments.detail.detail(), now());
    arguments.format.print(
        &staleness,
        || pretty::staleness(&staleness, &screen),
        || html::staleness(&staleness, &screen),
    )?;
    Ok(if all_read { exit_of(&staleness.tokens, arguments.require) } else { Exit::Failed })
}

/// Reads the tokens, and prints an error for each one that cannot be read. Returns whether all were read. It is an error
/// if none was.
fn read_tokens(arguments: &[String]) -> Result<(Vec<(String, Token)>, bool), CliError> {
    let given = read_each(arguments, Documents::Unwrap);
    print_extractions(given.iter().flatten());
    let mut tokens = Vec::new();
    let mut last: Option<CliError> = None;
    for given in given {
        match given.map_err(|unread| unread.error).and_then(TokenText::decoded) {
            Ok(token) => tokens.push(token),
            Err(error) => {
                if let Some(earlier) = last.replace(error) {
                    earlier.print();
                }
            }
        }
    }
    match last {
        Some(error) if tokens.is_empty() => Err(error),
        Some(error) => {
            error.print();
            Ok((tokens, false))
        }
        None => Ok((tokens, true)),
    }
}

/// Queries the sources that the flags name about all tokens.
async fn assess_all(arguments: &Arguments, tokens: &[(String, Token)]) -> Result<Staleness, CliError> {
    const OFFLINE: &str = "-offline was given";
    let kind = arguments.ledger.kind()?;
    let client = if arguments.offline { None } else { Some(arguments.http.client()?) };
    let peer_ids = tokens.iter().map(|(_, token)| token.peer_id.clone()).collect();
    let mut sources = Sources::new(now);
    sources.name = arguments.name.as_deref();
    sources.ledger = arguments.ledger.read(kind, client.as_ref().ok_or(OFFLINE)).await;
    sources.consul = match &client {
        Some(client) => Observed::Value(client),
        None => Observed::NotChecked(OFFLINE.to_owned()),
    };
    sources.probes = match (arguments.offline, arguments.probe) {
        (true, _) => Observed::NotChecked(OFFLINE.to_owned()),
        (false, true) => Observed::Value(PROBE_TIMEOUT),
        (false, false) => Observed::NotChecked("-probe was not given".to_owned()),
    };
    sources.snapshot = match &arguments.snapshot {
        Some(path) => {
            let snapshot = read_snapshot(path, client.as_ref(), &peer_ids).await?;
            redaction::learn_snapshot(&snapshot, &peer_ids);
            Observed::Value(snapshot)
        }
        None => Observed::NotChecked("-snapshot was not given".to_owned()),
    };
    let is_probed = sources.probes.value().is_some();
    let mut assessments = Vec::new();
    for (source, token) in tokens {
        let lines = (is_probed && shows_progress()).then(|| ProgressLines::new(PROBE_TIMEOUT));
        sources.progress = lines.as_ref().map_or_else(Progress::none, ProgressLines::progress);
        assessments.push(assess(source, token, &sources.query(token).await));
        if lines.is_some_and(|lines| lines.is_shown()) {
            eprint_line("\n");
        }
    }
    let records = sources.ledger.value().map(Vec::as_slice).unwrap_or_default();
    Ok(Staleness::new(assessments, records))
}

/// Reads the snapshot that a flag names.
async fn read_snapshot(
    argument: &str,
    client: Option<&Client>,
    peer_ids: &BTreeSet<String>,
) -> Result<Snapshot, CliError> {
    let is_live = argument == "live";
    let path = if is_live { PathBuf::new() } else { snapshot_file(argument)? };
    let snapshot = match client {
        Some(client) if is_live => snapshot::read_live(client, peer_ids).await,
        None if is_live => return Err(CliError::new("-snapshot live cannot be used with -offline")),
        _ => snapshot::read_file(&path, peer_ids),
    };
    snapshot.map_err(|error| {
        let path = pretty::printable(argument);
        CliError::new(format_args!(
            "cannot read the snapshot {path}: {}",
            pretty::printable(&error.to_string())
        ))
        .with_remedy(error.remedy())
    })
}

/// Returns the file that `-snapshot` names.
fn snapshot_file(argument: &str) -> Result<PathBuf, CliError> {
    paths::find_one(argument)?.ok_or_else(|| {
        CliError::new("a snapshot cannot be read from standard input").with_remedy("save it to a file first")
    })
}

fn exit_of(tokens: &[Assessment], require: Require) -> Exit {
    let is_undetermined = |token: &Assessment| {
        token.verdict == Verdict::Undetermined
            || require == Require::Proven && token.certainty != Some(Certainty::Proven)
    };
    if tokens.iter().any(|token| !is_undetermined(token) && token.verdict != Verdict::Current) {
        Exit::Findings
    } else if tokens.iter().any(is_undetermined) {
        Exit::Undetermined
    } else {
        Exit::Done
    }
}
