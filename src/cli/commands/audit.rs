//! `peering audit`: every peering of many clusters, compared from both ends.

mod collect;
mod inventory;
mod judge;
mod serve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::args::time::duration;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;

pub use collect::CollectOptions;

/// Compare both ends of every peering of many clusters
///
/// Reads facts from all contexts and judges them: which peerings have one end only, which ends report states that exclude each
/// other, where heartbeats are missing, which exported services do not arrive, and which certificates expire. "collect" and
/// "judge" do only one of the two, for example to collect at several places. This changes nothing.
///
/// Exit codes, the same in every format: 0 no finding is at or above -fail-on, 1 a finding is, 2 the command failed. A cluster
/// that could not be read is a finding.
#[derive(Debug, Args)]
#[command(
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true,
    after_long_help = "Examples:
  peering audit
  peering audit -context east,west -long
  peering audit -inventory clusters.jsonl -jobs 64 -format sarif
  peering audit -format html -out ticket.html
  peering audit -facts facts.jsonl -format openmetrics -out peering.prom
  peering audit -listen 127.0.0.1:9519 -every 60s
  peering audit collect -out facts.jsonl
  peering audit judge facts.jsonl"
)]
pub struct Arguments {
    #[command(flatten)]
    collect: collect::CollectOptions,
    /// Also write the facts to this file, or to the KV of a hub: consul-kv:PREFIX/NAME
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,
    /// Audit again and again, and serve the last result at this address: /metrics, /facts and /healthz
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["facts", "out", "diff"])]
    listen: Option<SocketAddr>,
    /// Time between the starts of two audits with -listen
    #[arg(long, env = "PEERING_EVERY", value_name = "DURATION", default_value = "60s", value_parser = every)]
    every: Duration,
    #[command(flatten)]
    judge: judge::JudgeOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // only one value exists
enum Command {
    Collect(collect::Arguments),
    Judge(judge::Arguments),
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Exit, CliError> {
    match &arguments.command {
        Some(Command::Collect(arguments)) => collect::run(arguments),
        Some(Command::Judge(arguments)) => judge::run(arguments),
        None => {
            arguments.judge.check_hub(arguments.facts.as_deref().and_then(Path::to_str))?;
            if arguments.listen.is_some() {
                return serve::run(Arc::new(arguments));
            }
            let out = arguments.judge.prepare()?;
            let writer = collect::prepare_facts(arguments.facts.as_deref(), &arguments.judge.hub)?;
            let facts = arguments.collect.collect()?;
            if let Some(writer) = writer {
                writer.write(&facts)?;
            }
            arguments.judge.judge(facts, out)
        }
    }
}

fn every(text: &str) -> Result<Duration, CliError> {
    let parsed = duration(text)?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| (Duration::from_secs(1)..=Duration::from_hours(24)).contains(duration))
        .ok_or_else(|| CliError::new("not a time between 1s and 24h"))
}
