//! `peering validate`: what Consul would say of tokens, and what it would not.

use std::num::NonZero;
use std::sync::Arc;

use clap::{Args, ValueEnum as _};
use jiff::{SignedDuration, Timestamp};

use super::batch;
use crate::cli::args::output_format::ReportFormat;
use crate::cli::args::severity::Level;
use crate::cli::args::suggest;
use crate::cli::args::time::{duration, time};
use crate::cli::args::token::TokenText;
use crate::cli::env::{now, print, width};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::lint::context::{CaEntry, Context};
use crate::lint::report::{Report, RuleSet, UnreadableInput, ValidatedToken};
use crate::lint::rule::Severity;
use crate::lint::rules;
use crate::render::{json, jsonl, junit, pretty, sarif};
use crate::token::decode;
use crate::token::redact::redact;

/// Say what Consul would say of tokens, and what it would not
///
/// Two answers that are never mixed: Consul's word (it accepts the token, or refuses it with this very message), and
/// findings of ours, which Consul does not look at and which will break later. Nothing is sent anywhere. The text is
/// judged as given: quotes or blanks around it are what Consul stumbles over.
///
/// Exit codes, the same in every format: 0 Consul accepts them all and nothing at or above -fail-on was found, 1 it
/// refuses one or something was found, 2 the work could not be done.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering validate @west.token
  peering validate @west.token -fail-on warning -warn-before 90d
  peering validate -format sarif @east.token @west.token > peering.sarif
  cat tokens/*.token | peering validate -batch -
  peering validate -batch tokens.jsonl -format jsonl
  peering explain ca-expires-soon")]
pub struct Arguments {
    /// The token's text, @FILE, or - for standard input
    #[arg(value_name = "TOKEN", required_unless_present = "batch", conflicts_with = "batch")]
    tokens: Vec<String>,
    /// How to show it
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: ReportFormat,
    /// The mildest finding that makes the exit code 1
    #[arg(long, env = "PEERING_FAIL_ON", value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: Level,
    /// Only these checks, by name, with commas between; Consul's word is always told
    #[arg(long, env = "PEERING_ONLY", value_name = "CHECKS", value_delimiter = ',', value_parser = check_name)]
    only: Vec<&'static str>,
    /// Not these checks
    #[arg(long, env = "PEERING_SKIP", value_name = "CHECKS", value_delimiter = ',', value_parser = check_name)]
    skip: Vec<&'static str>,
    /// Another severity for a check; may be given several times
    #[arg(long, env = "PEERING_SEVERITY", value_name = "CHECK=SEVERITY", value_parser = severity_of_a_check)]
    severity: Vec<(&'static str, Severity)>,
    /// How long before its expiry a certificate is worth a warning
    #[arg(long, env = "PEERING_WARN_BEFORE", value_name = "DURATION", default_value = "30d", value_parser = duration)]
    warn_before: SignedDuration,
    /// Judge as of this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
    /// Judge a token a line, or JSON lines with a token key, from a file or - for standard input
    #[arg(long, value_name = "FILE")]
    batch: Option<String>,
    /// How many tokens of a batch to judge at once (default: one for each core)
    #[arg(long, env = "PEERING_JOBS", value_name = "NUMBER", requires = "batch", value_parser = jobs)]
    jobs: Option<NonZero<usize>>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let now = arguments.now.unwrap_or_else(now);
    if let Some(source) = &arguments.batch {
        return batch::run(&batch::Batch {
            source: source.clone(),
            format: arguments.format,
            jobs: arguments.jobs,
            selection: arguments.selection(),
            fail_on: arguments.fail_on.into(),
            now,
            warn_before: arguments.warn_before,
        });
    }
    let selection = arguments.selection();
    let validated: Vec<Result<ValidatedToken, UnreadableInput>> = arguments
        .tokens
        .iter()
        .map(|argument| match TokenText::read(argument) {
            Ok(given) => Ok(judge(given, &selection, now, arguments.warn_before)),
            Err(error) => {
                error.print();
                let reason = error.message().to_owned();
                Err(UnreadableInput { source: redact(argument).into_owned(), reason })
            }
        })
        .collect();
    let fail_on = arguments.fail_on.into();
    let fails = |token: &Result<ValidatedToken, UnreadableInput>| {
        token.as_ref().is_ok_and(|token| token.report.fails(fail_on))
    };
    let exit = if validated.iter().any(Result::is_err) {
        Exit::Failed
    } else if validated.iter().any(fails) {
        Exit::Findings
    } else {
        Exit::Done
    };
    print(&render(&validated, arguments.format, fail_on))?;
    Ok(exit)
}

impl Arguments {
    fn selection(&self) -> RuleSet {
        let asked = |name: &str| self.only.is_empty() || self.only.contains(&name);
        let selection = RuleSet::all().only(|check| asked(check.name) && !self.skip.contains(&check.name));
        self.severity
            .iter()
            .fold(selection, |selection, (name, severity)| selection.with_severity(name, *severity))
    }
}

fn judge(
    given: TokenText,
    selection: &RuleSet,
    now: Timestamp,
    warn_before: SignedDuration,
) -> ValidatedToken {
    let text = without_last_line_end(&given.text);
    let decoded = decode(text);
    let facts =
        Context::gather(text, decoded.as_ref(), now, warn_before, |entry| Arc::new(CaEntry::read(entry)));
    let report = Report::of(&facts, selection);
    ValidatedToken { source: given.source, decoded, report }
}

/// The line end of a file is not part of the token in it; Consul does not mind it either.
pub(crate) fn without_last_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

fn render(
    tokens: &[Result<ValidatedToken, UnreadableInput>],
    format: ReportFormat,
    fail_on: Severity,
) -> String {
    let entries = || {
        tokens.iter().zip(1..).map(|(token, index)| match token {
            Ok(token) => jsonl::Entry::of_validated(index, token),
            Err(unread) => jsonl::Entry::of_unread(index, unread),
        })
    };
    match format {
        ReportFormat::Pretty => pretty::reports(tokens.iter().flatten(), width()),
        ReportFormat::Json => json::render(&jsonl::Document::new(entries().collect())),
        ReportFormat::Jsonl => {
            let mut lines = Vec::new();
            entries().for_each(|entry| entry.write_line(&mut lines));
            String::from_utf8_lossy(&lines).into_owned()
        }
        ReportFormat::Sarif => sarif::render(tokens),
        ReportFormat::Junit => junit::render(tokens, fail_on),
    }
}

fn jobs(text: &str) -> Result<NonZero<usize>, CliError> {
    text.parse().map_err(|_| CliError::new("not a number of 1 or more"))
}

/// The check of a name; a mistyped one gets the nearest.
fn check_name(name: &str) -> Result<&'static str, CliError> {
    rules::find(name).map(|check| check.name).ok_or_else(|| {
        let names = rules::ALL.iter().map(|check| check.name);
        let nearest =
            suggest::nearest(name, names).map_or_else(String::new, |name| format!("did you mean {name}? "));
        CliError::new("no such check").with_remedy(nearest + "peering explain -list shows all")
    })
}

fn severity_of_a_check(text: &str) -> Result<(&'static str, Severity), CliError> {
    let malformed = || {
        CliError::new("not a check and a severity")
            .with_remedy("use CHECK=error, CHECK=warning or CHECK=info")
    };
    let (name, level) = text.split_once('=').ok_or_else(malformed)?;
    let level = Level::from_str(level, false).map_err(|_| malformed())?;
    Ok((check_name(name)?, level.into()))
}
