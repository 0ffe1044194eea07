//! `peering validate`: Consul's verdict on tokens, and our findings.

use std::num::NonZero;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::batch;
use crate::cli::args::checks::{selected, token_check, token_check_severity};
use crate::cli::args::detail::DetailOptions;
use crate::cli::args::number::jobs;
use crate::cli::args::output_format::ReportFormat;
use crate::cli::args::reference::reference;
use crate::cli::args::severity::Level;
use crate::cli::args::time::{duration, time};
use crate::cli::args::token::{Documents, TokenText, Unread, print_extractions, read_each};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{print, print_redacted, screen};
use crate::lint::{Options, Reference, RuleSet, Severity, UnreadableInput, ValidatedToken, check, isolate};
use crate::render::pretty::Screen;
use crate::render::{github, html, json, jsonl, junit, lines, pretty, sarif};
use crate::token::recover::without_line_end;
use crate::token::redact::redact;

/// Check tokens the way Consul does, and for problems Consul misses
///
/// Reports two separate results: Consul's verdict (it accepts the token, or rejects it with exactly this message), and
/// findings about problems that Consul does not check. The command opens no connection. It checks the text as it is:
/// Consul rejects a token in quotes or with spaces.
///
/// Exit codes, the same in every format: 0 Consul accepts all tokens and no finding is at or above -fail-on, 1 Consul
/// rejects a token or a finding is at or above -fail-on, 2 the command failed.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering validate west.token
  peering validate west.token -expires-within 60d -fail-on warning
  peering validate -format sarif tokens/ > peering.sarif
  peering validate -format html west.token > ticket.html
  kubectl get secrets -A -o json | peering validate -
  cat tokens/*.token | peering validate -batch -
  peering validate -batch tokens.jsonl -format jsonl
  peering explain ca-expires-soon")]
pub struct Arguments {
    /// The token's text, a file, a directory, or - for standard input
    #[arg(value_name = "TOKEN", required_unless_present = "batch", conflicts_with = "batch")]
    tokens: Vec<String>,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: ReportFormat,
    /// Exit with status 1 on findings of this severity or higher
    #[arg(long, env = "PEERING_FAIL_ON", value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: Level,
    /// Run only these checks (comma-separated); Consul's verdict is always shown
    #[arg(long, env = "PEERING_ONLY", value_name = "CHECKS", value_delimiter = ',', value_parser = token_check)]
    only: Vec<&'static str>,
    /// Skip these checks (comma-separated)
    #[arg(long, env = "PEERING_SKIP", value_name = "CHECKS", value_delimiter = ',', value_parser = token_check)]
    skip: Vec<&'static str>,
    /// Change the severity of a check (repeatable)
    #[arg(long, env = "PEERING_SEVERITY", value_name = "CHECK=SEVERITY", value_parser = token_check_severity)]
    severity: Vec<(&'static str, Severity)>,
    /// Report certificates that expire within this time
    #[arg(long, env = "PEERING_EXPIRES_WITHIN", value_name = "DURATION", default_value = "30d", value_parser = duration)]
    expires_within: SignedDuration,
    /// Report the verdict of this Consul
    #[arg(long, env = "PEERING_REFERENCE", value_name = "VERSION", default_value = "2.1", value_parser = reference())]
    reference: Reference,
    /// Use this time instead of the current time
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Timestamp>,
    #[command(flatten)]
    detail: DetailOptions,
    /// Check documents as they are, as Consul does, instead of the tokens in them
    #[arg(long, env = "PEERING_STRICT")]
    strict: bool,
    /// Check one token per line, or JSON lines with a "token" key, from files or - for standard input
    #[arg(long, value_name = "FILE")]
    batch: Option<String>,
    /// Number of worker threads for -batch (default: one per core)
    #[arg(long, env = "PEERING_JOBS", value_name = "NUMBER", requires = "batch", value_parser = jobs)]
    jobs: Option<NonZero<usize>>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let options = arguments.options();
    let fail_on = arguments.fail_on.into();
    if let Some(source) = &arguments.batch {
        let (source, format, jobs) = (source.clone(), arguments.format, arguments.jobs);
        return batch::run(&batch::Batch { source, format, jobs, options, fail_on });
    }
    let documents = if arguments.strict { Documents::Refuse } else { Documents::Unwrap };
    let given = read_each(&arguments.tokens, documents);
    print_extractions(given.iter().flatten());
    let validated: Vec<Result<ValidatedToken, UnreadableInput>> =
        given.into_iter().map(|given| validate(given, &options)).collect();
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
    let screen = screen(arguments.detail.detail(), options.now);
    print_report(&validated, arguments.format, fail_on, &screen)?;
    Ok(exit)
}

impl Arguments {
    fn options(&self) -> Options {
        let rules = selected(RuleSet::all(), &self.only, &self.skip, &self.severity);
        Options {
            now: self.now.unwrap_or_else(now),
            warn_before: self.expires_within,
            rules,
            reference: self.reference,
        }
    }
}

fn validate(given: Result<TokenText, Unread>, options: &Options) -> Result<ValidatedToken, UnreadableInput> {
    match given {
        Ok(TokenText { source, file, text, extracted_from, place, .. }) => {
            match isolate(|| check(without_line_end(&text), options)) {
                Ok(report) => Ok(ValidatedToken { source, file, place, extracted_from, report }),
                Err(error) => Err(UnreadableInput { source, reason: error.to_string() }),
            }
        }
        Err(Unread { source, error }) => {
            error.print();
            let reason = error.message().to_owned();
            Err(UnreadableInput { source: redact(&source).into_owned(), reason })
        }
    }
}

fn print_report(
    tokens: &[Result<ValidatedToken, UnreadableInput>],
    format: ReportFormat,
    fail_on: Severity,
    screen: &Screen,
) -> Result<(), CliError> {
    let entries = || (1..).zip(tokens).map(|(index, token)| jsonl::Entry::of_argument(index, token));
    print(&match format {
        ReportFormat::Pretty => pretty::reports(tokens.iter().flatten(), screen),
        ReportFormat::Json => json::render(&jsonl::Document::new(entries().collect())),
        ReportFormat::Jsonl => {
            let mut lines = Vec::new();
            entries().for_each(|entry| entry.write_line(&mut lines));
            String::from_utf8_lossy(&lines).into_owned()
        }
        ReportFormat::Line => lines::render(tokens),
        ReportFormat::Github => github::render(tokens),
        ReportFormat::Sarif => sarif::render(tokens),
        ReportFormat::Junit => junit::render(tokens, fail_on),
        // The renderer replaces names, so that the style stays as it is.
        ReportFormat::Html => return print_redacted(&html::reports(tokens, screen)),
    })
}
