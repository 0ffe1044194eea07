//! `peering audit judge`: facts to findings, without a network.

use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::audit::{self, ChangeKind, Changes, Facts, Options, Report};
use crate::cli::args::checks::{audit_check, audit_check_severity, selected};
use crate::cli::args::detail::DetailOptions;
use crate::cli::args::facts_place::{self, FactsPlace};
use crate::cli::args::http_options::{HubOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::paths::{self, Named, NamedFile};
use crate::cli::args::severity::Level;
use crate::cli::args::time::{duration, time};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out_file::{OutFile, write_or_print, write_or_print_redacted};
use crate::cli::output::screen;
use crate::cli::redaction;
use crate::lint::{RuleSet, Severity};
use crate::net::file;
use crate::render::audit::{jsonl, junit, openmetrics, sarif};
use crate::render::{html, json, pretty, yaml};
use crate::staleness::evidence::LedgerRecord;

/// Judge the facts in files, without a network
///
/// Reads facts from any number of files, of any age and in any order: of each cluster, the newest observation counts. The
/// result depends only on the facts and the time.
///
/// Exit codes, the same in every format: 0 no finding is at or above -fail-on, 1 a finding is, 2 the command failed. With
/// -diff, only new findings count.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering audit judge facts.jsonl
  peering audit judge shard-*.jsonl -format sarif
  peering audit judge consul-kv:peering/audit -hub hub
  peering audit judge facts.jsonl -format html -out ticket.html
  peering audit judge today.jsonl -diff yesterday.jsonl
  peering audit judge facts.jsonl -format openmetrics -out /var/lib/node_exporter/peering.prom")]
pub struct Arguments {
    /// Files of facts, - for standard input, or consul-kv:PREFIX for those in the KV of a hub
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    #[command(flatten)]
    judge: JudgeOptions,
}

/// How facts are judged, and how the result is written.
#[derive(Debug, Args)]
pub struct JudgeOptions {
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: AuditFormat,
    /// Exit with status 1 on findings of this severity or higher
    #[arg(long, env = "PEERING_FAIL_ON", value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: Level,
    /// Run only these checks (comma-separated)
    #[arg(long, env = "PEERING_ONLY", value_name = "CHECKS", value_delimiter = ',', value_parser = audit_check)]
    only: Vec<&'static str>,
    /// Skip these checks (comma-separated)
    #[arg(long, env = "PEERING_SKIP", value_name = "CHECKS", value_delimiter = ',', value_parser = audit_check)]
    skip: Vec<&'static str>,
    /// Change the severity of a check (repeatable)
    #[arg(long, env = "PEERING_SEVERITY", value_name = "CHECK=SEVERITY", value_parser = audit_check_severity)]
    severity: Vec<(&'static str, Severity)>,
    /// Report certificates that expire within this time
    #[arg(long, env = "PEERING_EXPIRES_WITHIN", value_name = "DURATION", default_value = "30d", value_parser = duration)]
    expires_within: SignedDuration,
    /// Compare the two ends of a peering only if they were read within this time
    #[arg(long, env = "PEERING_COMPARE_WITHIN", value_name = "DURATION", default_value = "1m", value_parser = duration)]
    compare_within: SignedDuration,
    /// Report tokens that are unused for this time, from the ledger
    #[arg(long, env = "PEERING_UNUSED_AFTER", value_name = "DURATION", default_value = "7d", value_parser = duration)]
    unused_after: SignedDuration,
    /// Show what changed since the facts in this file, or in the KV of a hub: consul-kv:PREFIX
    #[arg(long, value_name = "FILE")]
    diff: Option<String>,
    /// Series of -format openmetrics
    #[arg(long, env = "PEERING_METRICS", value_enum, value_name = "SERIES", default_value = "aggregated")]
    metrics: Series,
    /// Write the result to this file instead of standard output; it appears complete or not at all
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Use this time instead of the current time
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    detail: DetailOptions,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    pub hub: HubOptions,
}

/// The formats of `audit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AuditFormat {
    /// Text for people
    Pretty,
    /// One JSON document
    Json,
    /// One JSON object per cluster, end of a peering, and finding
    Jsonl,
    /// YAML, with the fields of the JSON document
    Yaml,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI
    Junit,
    /// OpenMetrics text, for Prometheus
    Openmetrics,
    /// One HTML file, for a ticket
    Html,
}

/// How many series metrics have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Series {
    /// Series of clusters and checks
    Aggregated,
    /// Also series of each peering
    PerPeering,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    arguments.judge.check_hub(arguments.files.iter().map(String::as_str))?;
    let out = arguments.judge.prepare()?;
    let facts = read(&arguments.files, &arguments.judge.hub)?;
    arguments.judge.judge(facts, out)
}

/// About the length of a peering in the JSON document, in bytes.
const JSON_LEN: usize = 700;

/// Reads the facts in files, and in the KV of a hub.
fn read(files: &[String], hub: &HubOptions) -> Result<Facts, CliError> {
    let mut facts = Facts::default();
    let not_facts = |error: audit::FactsError| {
        CliError::new(error).with_remedy("collect the facts again; a file must be complete")
    };
    for argument in files {
        if let Some(prefix) = facts_place::kv_prefix(argument) {
            facts_place::read(prefix?, hub, &mut facts)?;
            continue;
        }
        let files = match paths::find(argument)? {
            Named::Stdin => {
                facts.read_lines("standard input", BufReader::new(io::stdin())).map_err(not_facts)?;
                continue;
            }
            Named::Files(files) => files,
            Named::Text => vec![NamedFile { source: argument.clone(), path: argument.into() }],
        };
        for NamedFile { source, path } in files {
            let opened = file::open(&path).map_err(|error| paths::unreadable(&source, &error))?;
            facts.read_lines(&source, BufReader::new(opened)).map_err(not_facts)?;
        }
    }
    redaction::learn_facts(&facts);
    Ok(facts)
}

impl JudgeOptions {
    /// Fails if a hub is selected, and neither `-diff` nor one of these places is in its KV.
    pub fn check_hub<'a>(&'a self, places: impl IntoIterator<Item = &'a str>) -> Result<(), CliError> {
        let mut places = places.into_iter().chain(self.diff.as_deref());
        self.hub.check_used(places.any(facts_place::is_kv))
    }

    /// Checks what can be checked before facts are collected, and prepares the file of `-out`.
    pub fn prepare(&self) -> Result<Option<OutFile>, CliError> {
        let has_changes = matches!(self.format, AuditFormat::Pretty | AuditFormat::Json | AuditFormat::Yaml);
        if self.diff.is_some() && !has_changes {
            return Err(CliError::new("-diff cannot be written in this format")
                .with_remedy("use -format pretty, json or yaml"));
        }
        let Some(out) = &self.out else { return Ok(None) };
        match FactsPlace::parse(out)? {
            FactsPlace::File(path) => OutFile::prepare_shared(&path).map(Some),
            FactsPlace::Kv { .. } => Err(CliError::new("the result of an audit cannot be written to a KV")
                .with_remedy(
                    "use a file; the facts can be written with peering audit -facts consul-kv:PREFIX/NAME",
                )),
        }
    }

    /// Returns the metrics of facts.
    pub fn metrics(&self, facts: &Facts) -> String {
        openmetrics::render(&audit::judge(facts, &self.ledger(), &self.options()), self.series())
    }

    fn series(&self) -> openmetrics::Series {
        match self.metrics {
            Series::Aggregated => openmetrics::Series::Aggregated,
            Series::PerPeering => openmetrics::Series::PerPeering,
        }
    }

    /// Judges facts, and writes the result.
    pub fn judge(&self, facts: Facts, out: Option<OutFile>) -> Result<Exit, CliError> {
        let options = self.options();
        let ledger = self.ledger();
        let report = audit::judge(&facts, &ledger, &options);
        // The facts and the text of a large fleet are not in memory at once.
        drop(facts);
        let (text, fails) = match &self.diff {
            Some(old) => {
                let old = audit::judge(&read(std::slice::from_ref(old), &self.hub)?, &ledger, &options);
                let changes = Changes::between(&old, &report);
                (self.changes(&changes), self.has_new_findings(&changes))
            }
            None => (self.rendered(&report), report.fails(self.fail_on.into())),
        };
        // The renderer of HTML replaces names, so that the style stays as it is.
        if self.format == AuditFormat::Html {
            write_or_print_redacted(&text, out)?;
        } else {
            write_or_print(&text, out)?;
        }
        Ok(if fails { Exit::Findings } else { Exit::Done })
    }

    fn options(&self) -> Options {
        Options {
            now: self.now.unwrap_or_else(now),
            warn_before: self.expires_within,
            compare_within: self.compare_within,
            unused_after: self.unused_after,
            rules: selected(RuleSet::of(audit::checks::ALL), &self.only, &self.skip, &self.severity),
        }
    }

    /// Returns the records of the local ledger. A ledger that cannot be read shows nothing.
    fn ledger(&self) -> Vec<LedgerRecord> {
        let Ok(kind) = self.ledger.kind() else { return Vec::new() };
        let reason = "an audit has no Consul of its own";
        wait_for(self.ledger.read(kind, Err(reason))).into_value().unwrap_or_default()
    }

    fn has_new_findings(&self, changes: &Changes) -> bool {
        let threshold = Severity::from(self.fail_on);
        changes.changes.iter().any(|change| {
            change.kind == ChangeKind::FindingAdded && change.severity.is_some_and(|it| it >= threshold)
        })
    }

    fn rendered(&self, report: &Report) -> String {
        match self.format {
            AuditFormat::Jsonl => jsonl(report),
            AuditFormat::Sarif => sarif(report),
            AuditFormat::Junit => junit(report, self.fail_on.into()),
            AuditFormat::Openmetrics => openmetrics::render(report, self.series()),
            AuditFormat::Html => html::audit(report, &screen(self.detail.detail(), report.judged_at)),
            AuditFormat::Json => json::render_long(report, JSON_LEN * report.peerings.len()),
            _ => self
                .document(report, || pretty::audit(report, &screen(self.detail.detail(), report.judged_at))),
        }
    }

    fn changes(&self, changes: &Changes) -> String {
        let now = self.now.unwrap_or_else(now);
        self.document(changes, || pretty::changes(changes, &screen(self.detail.detail(), now)))
    }

    fn document(&self, value: &impl Serialize, pretty: impl FnOnce() -> String) -> String {
        match self.format {
            AuditFormat::Json => json::render(value),
            AuditFormat::Yaml => yaml::render(value),
            _ => pretty(),
        }
    }
}
