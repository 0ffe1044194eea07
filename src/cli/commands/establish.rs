//! `peering establish`: the same as `consul peering establish`, with a token from a file and a check before.

use std::time::Duration;

use clap::Args;

use super::consul_compat;
use super::diagnose::run_diagnosis;
use super::health;
use super::wait::{self, Waited, too_late, wait_until};
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::paths::{self, Named};
use crate::cli::args::token::{TokenText, print_extractions};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, print, shows_hints, stderr_screen, width};
use crate::diagnosis::{Diagnosis, GivenToken};
use crate::lint::Severity;
use crate::net::consul::{Client, EstablishRequest, Peering};
use crate::net::gather::diagnosis::Request;
use crate::render::pretty::{self, Detail};
use crate::token::Secret;

/// Establish a peering with a token
///
/// Works like `consul peering establish`: the cluster at -http-addr dials the cluster that generated the token. The token
/// may be used up even if this fails; `peering stale` shows whether it is. If this fails on a terminal, a hint about the
/// cause follows Consul's error.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Read the token from a file, to keep it out of process lists and the shell's history:
    peering establish -name east -peering-token @east.token
  Check first whether it can work, without using the token:
    peering establish -name east -peering-token @east.token -check
  Wait until it works, or find out why it does not:
    peering establish -name east -peering-token @east.token -wait 60s
  Read the token from another command:
    vault kv get -field=token secret/east | peering establish -name east -peering-token -")]
pub struct Arguments {
    /// Local name for the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Token of the accepting cluster (required): text, a file, or - for standard input
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true, hide_env_values = true)]
    peering_token: String,
    /// Metadata of the peering (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,
    /// Run peering diagnose first, and establish only if nothing is blocking
    #[arg(long, env = "PEERING_CHECK")]
    check: bool,
    /// Establish even if -check finds a problem
    #[arg(long)]
    force: bool,
    /// Wait until the peering is ACTIVE and has received data, for at most this long, such as 60s
    #[arg(long, value_name = "DURATION", value_parser = wait::limit)]
    wait: Option<Duration>,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// How long each step of the diagnosis may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let (client, request) = prepare(arguments)?;
    if arguments.check
        && let Some(exit) = check(arguments, &client, &request.peering_token)
    {
        return Ok(exit);
    }
    let name = &request.peer_name;
    let Err(error) = wait_for(client.establish(&request)) else {
        print(&format!("Successfully established peering connection with {name}\n"))?;
        return arguments.wait.map_or(Ok(Exit::Done), |limit| wait_until_healthy(arguments, &client, limit));
    };
    let error = CliError::of_consul(format_args!("Error establishing peering for {name}: {error}"));
    if !shows_hints() {
        return Err(error);
    }
    error.print();
    hint(arguments, &client, &request.peering_token, error.message());
    Ok(Exit::Findings)
}

/// Everything that can fail before anything is sent, in Consul's order.
fn prepare(arguments: &Arguments) -> Result<(Client, EstablishRequest), CliError> {
    let meta = consul_compat::meta(&arguments.meta)?;
    consul_compat::require_name(&arguments.name)?;
    let peering_token = token(&arguments.peering_token)?;
    let client = consul_compat::client(&arguments.http, "Error connecting to Consul agent")?;
    let request = EstablishRequest {
        peer_name: arguments.name.clone(),
        peering_token,
        partition: arguments.http.partition_flag().to_owned(),
        meta,
    };
    Ok((client, request))
}

impl Arguments {
    fn diagnosis(&self, client: &Client, token: &Secret, error: Option<&str>) -> Diagnosis {
        let token = GivenToken::exact(token);
        let cluster_flags = self.http.cluster_flags();
        let request = Request {
            token: Some(&token),
            error,
            name: Some(&self.name),
            given_as: self.given_as(),
            cluster_flags: cluster_flags.as_deref(),
            reference: None,
        };
        run_diagnosis(Some(client), &self.ledger, TIMEOUT, request)
    }

    /// Returns how the token was given, if it was given as a file.
    fn given_as(&self) -> Option<&str> {
        let named = paths::find(&self.peering_token);
        matches!(named, Ok(Named::Files(_))).then_some(self.peering_token.as_str())
    }
}

/// Checks the token first. Returns the exit code if there is nothing to send: a cause blocks the peering, or the peering
/// works already and the token is used.
fn check(arguments: &Arguments, client: &Client, token: &Secret) -> Option<Exit> {
    let diagnosis = arguments.diagnosis(client, token, None);
    let exit = if diagnosis.fails(Severity::Error) {
        Exit::Findings
    } else if diagnosis.is_established_with_used_token() {
        Exit::Done
    } else {
        return None;
    };
    let screen = stderr_screen(Detail::Short, now());
    eprint_line(pretty::diagnosis(&diagnosis, false, &screen).trim_end());
    if arguments.force {
        return None;
    }
    eprint_line("\nNothing was sent, and the token was not used. To establish anyway, add -force.");
    Some(exit)
}

/// Waits until data arrives. If none does, diagnoses the peering.
fn wait_until_healthy(arguments: &Arguments, client: &Client, limit: Duration) -> Result<Exit, CliError> {
    let name = &arguments.name;
    let is_expected =
        |found: Option<&Peering>| found.is_some_and(|peering| health::is_healthy(peering, now()));
    let waited = wait_for(wait_until(client, name, limit, is_expected));
    let waited =
        waited.map_err(|error| CliError::of_consul(format_args!("Error reading peering: {error}")))?;
    let Waited::TooLate(found) = waited else { return Ok(Exit::Done) };
    CliError::new(too_late(name, found.as_deref(), limit, "ACTIVE with data received")).print();
    let cluster_flags = arguments.http.cluster_flags();
    let request = Request { name: Some(name), cluster_flags: cluster_flags.as_deref(), ..Request::default() };
    let diagnosis = run_diagnosis(Some(client), &arguments.ledger, TIMEOUT, request);
    let screen = stderr_screen(Detail::Normal, now());
    eprint_line(pretty::diagnosis(&diagnosis, false, &screen).trim_end());
    Ok(Exit::Findings)
}

/// Prints the conclusion of a diagnosis after Consul's error.
fn hint(arguments: &Arguments, client: &Client, token: &Secret, refusal: &str) {
    let diagnosis = arguments.diagnosis(client, token, Some(refusal));
    eprint_line(&format!("\n{}", textwrap::fill(&pretty::printable(&diagnosis.conclusion), width())));
    let given_as = arguments.given_as();
    let given_as = given_as.unwrap_or("@token");
    let flags = arguments.http.cluster_flags().map_or_else(String::new, |flags| format!(" {flags}"));
    eprint_line(&format!("Full diagnosis: peering diagnose {given_as} -name {}{flags}", arguments.name));
}

/// Reads the token. An argument is sent unchanged, as Consul's command does. In a file, spaces around the token and the
/// document that contains it are not part of it.
fn token(argument: &str) -> Result<Secret, CliError> {
    if argument.is_empty() {
        return Err(CliError::of_consul("Missing the required -peering-token flag"));
    }
    let given = TokenText::read(argument)?;
    print_extractions([&given]);
    let text = std::str::from_utf8(&given.text)
        .map_err(|_| CliError::new(format_args!("the token in {} is not UTF-8", given.source)))?;
    if given.source == "argument" && given.extracted_from.is_none() {
        return Ok(Secret::from(text));
    }
    match text.trim() {
        "" => Err(CliError::new(format_args!("no token in {}: it is empty", given.source))),
        text => Ok(Secret::from(text)),
    }
}
