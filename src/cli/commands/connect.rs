//! `peering connect`: generates a token on one cluster and establishes the peering with it on another.

mod document;
mod run;

use std::fmt::Write;
use std::time::Duration;

use clap::Args;

use super::diagnose::{run_diagnosis, timeout};
use super::wait;
use crate::cli::args::http_options::{client_of, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::contexts;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::{eprint_line, note, screen, shows_hints, stderr_screen};
use crate::diagnosis::{Diagnosis, GivenToken};
use crate::explain;
use crate::net::connect::{Ends, Plan, plan};
use crate::net::consul::{Client, Options};
use crate::net::context::Context;
use crate::net::gather::connect::{Request, Side, observe};
use crate::net::gather::diagnosis;
use crate::net::ledger::Ledger;
use crate::render::pretty::{self, Detail};
use crate::shell::quoted;
pub use document::Connection;
use document::{FailedStep, Status};
use run::{Failure, LeftBehind, Outcome, Step};

/// Connect two clusters: generate a token, establish with it
///
/// Generates a token at the context -acceptor, checks it, establishes the peering with it at the context -dialer, and waits until
/// both ends are ACTIVE and have received data. The token stays in memory: it is in no file, argument or log. The ledger
/// records it, without its secret.
///
/// This first checks both clusters: whether the names are free, whether an unused token would become invalid, whether both
/// contexts are the same cluster, whether the versions can peer, and whether the acceptor's addresses can be reached from this
/// host. If a step fails or Ctrl-C stops it, this shows the cause, what is left behind, and how to remove it.
///
/// Exit codes: 0 connected, now or already; 1 something prevents it, or a step failed; 2 the clusters could not be asked, or
/// Ctrl-C stopped it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering connect -acceptor east -dialer west -dry-run
  peering connect -acceptor east -dialer west
  peering connect -acceptor east -dialer west -format json | jq -r .status
  peering connect -acceptor east -dialer west -name-at-acceptor west-prod -name-at-dialer east-prod")]
pub struct Arguments {
    /// Context of the accepting cluster, which generates the token (required)
    #[arg(long, value_name = "CONTEXT", required = true)]
    acceptor: String,
    /// Context of the dialing cluster, which uses the token (required)
    #[arg(long, value_name = "CONTEXT", required = true)]
    dialer: String,
    /// Local name of the dialer at the acceptor (default: the name of the dialer's context)
    #[arg(long, value_name = "NAME")]
    name_at_acceptor: Option<String>,
    /// Local name of the acceptor at the dialer (default: the name of the acceptor's context)
    #[arg(long, value_name = "NAME")]
    name_at_dialer: Option<String>,
    /// Addresses that the dialer dials instead of the acceptor's servers (comma-separated host:port)
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',')]
    server_external_addresses: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Connect even if this invalidates an unused token, or if the versions of the agents can't peer
    #[arg(long)]
    force: bool,
    /// Wait until both ends are ACTIVE and have received data, for at most this long
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = wait::limit)]
    wait: Duration,
    /// Timeout of each request and connection step before the token is generated, such as 5s
    #[arg(long, env = "PEERING_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    timeout: Duration,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    #[command(flatten)]
    ledger: LedgerOptions,
}

/// One of the two clusters: its context, client, and the local name of the peering.
struct Cluster {
    context: &'static Context,
    client: Client,
    name: String,
}

impl Cluster {
    fn new(context: &'static Context, name: Option<&String>, other: &Context) -> Result<Self, CliError> {
        let client = client_of(contexts::config(context, &Options::default())?);
        let client = client.map_err(|error| error.in_context(format_args!("context {:?}", context.name)))?;
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&other.name).clone();
        Ok(Self { context, client, name })
    }

    fn side(&self) -> Side<'_> {
        Side { context: &self.context.name, client: &self.client, name: &self.name }
    }

    /// Returns the flag that selects it in another command.
    fn flag(&self) -> String {
        format!("-context {}", quoted(&self.context.name))
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let (acceptor, dialer) = (contexts::find(&arguments.acceptor)?, contexts::find(&arguments.dialer)?);
    let acceptor_cluster = Cluster::new(acceptor, arguments.name_at_acceptor.as_ref(), dialer)?;
    let dialer_cluster = Cluster::new(dialer, arguments.name_at_dialer.as_ref(), acceptor)?;
    connect(arguments, &acceptor_cluster, &dialer_cluster)
}

fn connect(arguments: &Arguments, acceptor: &Cluster, dialer: &Cluster) -> Result<Exit, CliError> {
    let kind = arguments.ledger.kind()?;
    let ledger = arguments.ledger.open(kind, Some(&acceptor.client));
    progress("Checking both clusters");
    let off = Ledger::Off;
    let request = Request {
        acceptor: acceptor.side(),
        dialer: dialer.side(),
        ledger: ledger.as_ref().unwrap_or(&off),
        external_addresses: &arguments.server_external_addresses,
        timeout: arguments.timeout,
        clock: now,
    };
    let interrupt = Interrupt::new();
    let observed = wait_for(interrupt.stops(observe(&request))).ok_or_else(|| {
        CliError::new("interrupted while checking both clusters").with_detail("Nothing was changed.")
    })?;
    let ends = observed.map_err(|unobserved| {
        CliError::new(format_args!("cannot ask the cluster {:?}: {}", unobserved.context, unobserved.error))
            .with_detail("Nothing was changed.")
            .with_remedy(format_args!("find out why: peering context check {}", quoted(&unobserved.context)))
    })?;
    let plan = plan(&ends);
    let (force, format) = (arguments.force, arguments.format);
    let document = |status| Connection::new(status, &ends, &plan, force);
    if arguments.dry_run {
        let status = match () {
            () if plan.is_blocked(force) => Status::Blocked,
            () if plan.already_connected && !force => Status::AlreadyConnected,
            () => Status::CanConnect,
        };
        format.print(&document(status), || {
            pretty::connect_plan(&ends, &plan, force, arguments.wait, &screen(Detail::Normal, now()))
        })?;
        return Ok(if plan.is_blocked(force) { Exit::Findings } else { Exit::Done });
    }
    if plan.is_blocked(force) {
        if format == OutputFormat::Pretty {
            let screen = stderr_screen(Detail::Normal, now());
            eprint_line(pretty::connect_obstacles(&ends, &plan, force, &screen).trim_end());
        } else {
            format.print(&document(Status::Blocked), String::new)?;
        }
        return Ok(Exit::Findings);
    }
    if format == OutputFormat::Pretty {
        for text in &plan.notes {
            note(&format!("Note: {}", pretty::printable(text)));
        }
    }
    let connected = |status| {
        let already = status == Status::AlreadyConnected;
        format.print(&document(status), || pretty::connected(&ends, already, &screen(Detail::Normal, now())))
    };
    if plan.already_connected && !force {
        connected(Status::AlreadyConnected)?;
        return Ok(Exit::Done);
    }
    match wait_for(run::all_steps(arguments, acceptor, dialer, &ends, ledger, &interrupt)) {
        Outcome::Connected => {
            connected(Status::Connected)?;
            Ok(Exit::Done)
        }
        Outcome::Failed(failure) => report(arguments, acceptor, dialer, (&ends, &plan), &failure),
    }
}

/// Shows on a terminal which step is running.
fn progress(step: &str) {
    if shows_hints() {
        eprint_line(&format!("{step}…"));
    }
}

/// Prints which step failed or was stopped, why, what is left behind, and how to remove it.
fn report(
    arguments: &Arguments,
    acceptor: &Cluster,
    dialer: &Cluster,
    (ends, plan): (&Ends, &Plan),
    failure: &Failure,
) -> Result<Exit, CliError> {
    let step = failure.step;
    if failure.message.is_none() {
        progress("Interrupted. Checking what is left behind");
    }
    let conclusion = diagnose(arguments, dialer, failure).map(|diagnosis| diagnosis.conclusion);
    let left_behind = wait_for(run::left_behind(acceptor, dialer, ends, failure));
    let remedy = remedy(arguments, dialer, failure);
    let (status, exit) = match failure.message {
        Some(_) => (Status::Failed, Exit::Findings),
        None => (Status::Interrupted, Exit::Failed),
    };
    if arguments.format != OutputFormat::Pretty {
        let LeftBehind { lines, clean_up } = left_behind;
        let message = failure.message.clone();
        let failed = FailedStep { step, message, conclusion, left_behind: lines, clean_up, remedy };
        let document = Connection::new(status, ends, plan, arguments.force).with_failure(failed);
        arguments.format.print(&document, String::new)?;
        return Ok(exit);
    }
    let step = step.described(ends);
    let mut error = CliError::new(match &failure.message {
        Some(message) => format!("{step}, failed: {}", first_of_several(message)),
        None => format!("interrupted in {step}"),
    });
    if let Some(conclusion) = conclusion {
        error = error.with_detail(pretty::printable(&conclusion));
    }
    for line in left_behind.lines {
        error = error.with_detail(line);
    }
    for command in left_behind.clean_up {
        error = error.with_detail(format_args!("Clean up: {command}"));
    }
    error.with_remedy(remedy).print();
    Ok(exit)
}

/// Returns what to do after a failed step.
fn remedy(arguments: &Arguments, dialer: &Cluster, failure: &Failure) -> String {
    match (failure.step, &failure.message) {
        (Step::Generate, Some(message)) => {
            let known = explain::explain(message).first().map(|it| {
                let remedy = it.entry.remedy;
                // Running it again generates again.
                let before = remedy.split_once(". Then generate again").map(|(before, _)| before);
                before.unwrap_or(remedy.trim_end_matches('.'))
            });
            format!(
                "{}. Then run it again: {}",
                known.unwrap_or("Fix the cause"),
                again(arguments, arguments.force)
            )
        }
        // What is left behind would prevent it without -force.
        (Step::Generate | Step::Check | Step::Establish, None) => {
            format!("clean up, or run it again: {}", again(arguments, true))
        }
        _ => format!("find out more: peering diagnose -name {} {}", quoted(&dialer.name), dialer.flag()),
    }
}

/// Returns a message on one line. Of the errors of several attempts, which Consul lists, returns the first.
fn first_of_several(message: &str) -> String {
    let Some((before, list)) = message.split_once("\n\t* ") else { return message.to_owned() };
    let (first, more) = list.split_once('\n').unwrap_or((list, ""));
    let end = if more.trim_matches([')', '\n']).is_empty() { ")" } else { ", …)" };
    format!("{before} {first}{end}")
}

/// Returns the command that tries again.
fn again(arguments: &Arguments, force: bool) -> String {
    let mut command = format!(
        "peering connect -acceptor {} -dialer {}",
        quoted(&arguments.acceptor),
        quoted(&arguments.dialer)
    );
    let addresses =
        Some(arguments.server_external_addresses.join(",")).filter(|addresses| !addresses.is_empty());
    for (flag, value) in [
        ("name-at-acceptor", &arguments.name_at_acceptor),
        ("name-at-dialer", &arguments.name_at_dialer),
        ("server-external-addresses", &addresses),
    ] {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(command, " -{flag} {}", quoted(value));
        }
    }
    if force { command + " -force" } else { command }
}

/// Diagnoses a failed step, if the dialer can know about it.
fn diagnose(arguments: &Arguments, dialer: &Cluster, failure: &Failure) -> Option<Diagnosis> {
    let message = failure.message.as_deref()?;
    let token = failure.token.as_ref().map(GivenToken::exact);
    let flag = dialer.flag();
    let request = diagnosis::Request {
        token: token.as_ref().filter(|_| failure.step != Step::Wait),
        error: Some(message).filter(|_| failure.step == Step::Establish),
        name: Some(&dialer.name),
        cluster_flags: Some(&flag),
        ..diagnosis::Request::default()
    };
    let can_diagnose = failure.step == Step::Establish || failure.step == Step::Wait;
    can_diagnose.then(|| run_diagnosis(Some(&dialer.client), &arguments.ledger, arguments.timeout, request))
}

#[cfg(test)]
mod tests {
    use super::first_of_several;

    #[test]
    fn the_first_of_several_errors_is_on_one_line() {
        assert_eq!(
            first_of_several("code: 503 (2 errors occurred:\n\t* one\n\t* two\n\n)"),
            "code: 503 (2 errors occurred: one, …)"
        );
        assert_eq!(
            first_of_several("code: 503 (1 error occurred:\n\t* one\n\n)"),
            "code: 503 (1 error occurred: one)"
        );
        assert_eq!(first_of_several("code: 403 (invalid)"), "code: 403 (invalid)");
    }
}
