//! `peering audit collect`: clusters to facts.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::inventory::InventoryOptions;
use crate::audit::{ClusterStatus, Facts};
use crate::cli::args::facts_place::{self, FactsPlace, FactsWriter};
use crate::cli::args::http_options::{HubOptions, client_of, wait_for};
use crate::cli::args::number::jobs;
use crate::cli::commands::diagnose::timeout;
use crate::cli::contexts;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{print, shows_progress};
use crate::cli::redaction;
use crate::net::collect::{Collector, Target, collect};
use crate::net::consul::Options;
use crate::net::context::Context;

/// Read facts about clusters and their peerings
///
/// Asks each cluster for its CA roots, its peerings, its version, leader, servers and mesh gateways, and writes facts as JSON
/// lines, which contain no token and no secret. A cluster that cannot be read has a line with the reason. This changes nothing.
///
/// Exit codes: 0 all clusters were read; 1 at least one could not be read; 2 the command failed.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering audit collect -out facts.jsonl
  peering audit collect -inventory clusters.toml -label env=prod
  peering audit collect -shard 3/20 -jobs 64 -out shard-3.jsonl
  peering audit collect -context east -hub hub -out consul-kv:peering/audit/east")]
pub struct Arguments {
    #[command(flatten)]
    collect: CollectOptions,
    /// Write the facts to this file instead of standard output, or to the KV of a hub: consul-kv:PREFIX/NAME. They appear
    /// complete or not at all
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    hub: HubOptions,
}

/// Which clusters are read, and how.
#[derive(Debug, Args)]
pub struct CollectOptions {
    #[command(flatten)]
    inventory: InventoryOptions,
    /// Number of clusters to read at once; each has at most one connection
    #[arg(long, env = "PEERING_JOBS", value_name = "NUMBER", default_value = "16", value_parser = jobs)]
    jobs: NonZero<usize>,
    /// Timeout of each cluster, such as 10s
    #[arg(long, env = "PEERING_TIMEOUT", value_name = "DURATION", default_value = "10s", value_parser = timeout)]
    timeout: Duration,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let is_kv = arguments.out.as_deref().and_then(Path::to_str).is_some_and(facts_place::is_kv);
    arguments.hub.check_used(is_kv)?;
    let out = prepare_facts(arguments.out.as_deref(), &arguments.hub)?;
    let facts = arguments.collect.collect()?;
    match out {
        Some(out) => out.write(&facts)?,
        None => facts.parts_of_lines().try_for_each(|part| print(&part))?,
    }
    let is_complete = facts.clusters.iter().all(|cluster| cluster.status == ClusterStatus::Ok);
    Ok(if is_complete { Exit::Done } else { Exit::Findings })
}

/// Prepares the place of facts.
pub fn prepare_facts(path: Option<&Path>, hub: &HubOptions) -> Result<Option<FactsWriter>, CliError> {
    path.map(|path| FactsPlace::parse(path)?.prepare(hub)).transpose()
}

impl CollectOptions {
    /// Reads the facts of all clusters.
    pub fn collect(&self) -> Result<Facts, CliError> {
        Ok(self.collect_from(self.contexts()?))
    }

    /// Returns how long reading one cluster may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the clusters to read.
    pub fn contexts(&self) -> Result<Vec<Context>, CliError> {
        self.inventory.contexts()
    }

    /// Reads the facts of some clusters.
    pub fn collect_from(&self, contexts: Vec<Context>) -> Facts {
        let bar = progress_bar(contexts.len());
        let after_each = bar.clone();
        let collector = Collector {
            jobs: self.jobs.get(),
            timeout: self.timeout,
            progress: Arc::new(move || after_each.inc(1)),
            ..Collector::new(now)
        };
        let targets = contexts.into_iter().map(target).collect();
        let facts = wait_for(collect(targets, &collector));
        bar.finish_and_clear();
        redaction::learn_facts(&facts);
        facts
    }
}

fn target(context: Context) -> Target {
    let (name, labels) = (context.name.clone(), context.labels.clone());
    let open = move || {
        let config = contexts::config(&context, &Options::default());
        config.and_then(client_of).map_err(|error| error.message().to_owned())
    };
    Target::new(name, open).with_labels(labels)
}

fn progress_bar(clusters: usize) -> ProgressBar {
    if !shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos} of {len} clusters, {elapsed}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(u64::try_from(clusters).unwrap_or(u64::MAX)).with_style(style)
}
