//! `peering revoke`: invalidates the unused token of a name.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::generate_token::if_unused::recorded;
use super::generate_token::recording::Recording;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, note};
use crate::net::consul::{Client, GenerateTokenRequest, RequestError};
use crate::net::gather::regenerate::observe;
use crate::net::ledger::{Ledger, NumberedRecord, Origin};
use crate::net::regenerate::{Decision, Observations, decide};
use crate::render::pretty::printable;
use crate::shell::quoted;
use crate::staleness::evidence::PeeringState;

/// Invalidate the unused token of a name
///
/// Generates another token for the name and discards it: a peering has at most one unused token, the one generated last. The
/// peering itself stays as it is, and a stream that is up stays up. The ledger records it.
///
/// This first checks the peering, the ledger and the acceptor's gRPC servers. If there is no unused token, it does nothing,
/// unless you add -force. It never creates a peering. The tokens of a TERMINATED peering can't be used: delete the peering.
///
/// Exit codes: 0 the unused token was invalidated; 1 nothing was done, for the reason printed; 2 it could not be done, or it is
/// unknown whether it was.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering revoke -name west
  peering revoke -name west -context east -dry-run
  peering revoke -name west -context east -format json | jq -r .status")]
pub struct Arguments {
    /// Local name of the peer (required)
    #[arg(long, value_name = "NAME", required = true)]
    name: String,
    /// Show what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Generate and discard a token even if no unused token is known
    #[arg(long)]
    force: bool,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// The output of `revoke -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revocation<'a> {
    /// The version of this document.
    version: u32,
    /// What was done.
    status: Status,
    /// The local name of the peer.
    name: &'a str,
    /// The address of the cluster's HTTP API.
    address: String,
    /// The state of the peering; null if it is unknown, or if there is no peering.
    peering_state: Option<&'a str>,
    /// Why there may be an unused token, or why nothing was done.
    reason: &'a str,
    /// What to do, if nothing was done.
    remedy: Option<&'a str>,
}

/// What `revoke` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Nothing: -dry-run was given, and there may be an unused token.
    WouldRevoke,
    /// It invalidated the unused token.
    Revoked,
    /// Nothing, for the reason given.
    NotRevoked,
}

/// The version of the document.
const VERSION: u32 = 1;

/// How long the checks may take together.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.name.is_empty() {
        return Err(CliError::new("-name is empty")
            .with_remedy("use the name that the accepting cluster gives its peer"));
    }
    wait_for(revoke(arguments))
}

async fn revoke(arguments: &Arguments) -> Result<Exit, CliError> {
    let name = &arguments.name;
    let kind = arguments.ledger.kind()?;
    let client = arguments.http.client()?;
    let ledger = arguments.ledger.open(kind, Some(&client));
    let off = Ledger::Off;
    let readable = ledger.as_ref().unwrap_or(&off);
    let observations = observe(&client, readable, name, client.partition(), TIMEOUT).await;
    let peering_state = observations.peering.value().and_then(Option::as_ref).map(|it| it.state.name());
    let document = |status, reason| Revocation {
        version: VERSION,
        status,
        name,
        address: client.address(),
        peering_state,
        reason,
        remedy: None,
    };
    let reason = match check(arguments, &observations) {
        Ok(reason) => reason,
        Err(refusal) if arguments.format == OutputFormat::Pretty => {
            refusal.print();
            return Ok(Exit::Findings);
        }
        Err(refusal) => {
            let refused = document(Status::NotRevoked, refusal.message());
            arguments.format.print(&Revocation { remedy: refusal.remedy(), ..refused }, String::new)?;
            return Ok(Exit::Findings);
        }
    };
    let announcement = announcement(arguments, &client, &observations, &reason);
    if arguments.dry_run {
        let text = || format!("{announcement}\nNothing was changed (-dry-run).\n");
        arguments.format.print(&document(Status::WouldRevoke, &reason), text)?;
        return Ok(Exit::Done);
    }
    if arguments.format == OutputFormat::Pretty {
        note(&announcement);
    }
    let request = GenerateTokenRequest {
        peer_name: name.clone(),
        partition: arguments.http.partition_flag().to_owned(),
        ..GenerateTokenRequest::default()
    };
    let partition = client.partition().to_owned();
    let recording = Recording::start(ledger, name, partition, observations.state_before()).await;
    let recorded = match client.generate_token(&request).await {
        Ok(generated) => recording.discarded(&generated.peering_token).await,
        Err(error) => failed(&error, name, &client, recording).await?,
    };
    if let Err(reason) = recorded {
        eprint_line(&format!("Warning: the revocation {reason}"));
    }
    let text = || format!("Revoked the unused token for {}\n", printable(name));
    arguments.format.print(&document(Status::Revoked, &reason), text)?;
    Ok(Exit::Done)
}

/// Returns why there may be an unused token; the error is why nothing is done.
fn check(arguments: &Arguments, observations: &Observations) -> Result<String, CliError> {
    let name = &arguments.name;
    let forced = |reason: &str| format!("-force was given, although {reason}");
    let flags = arguments.http.cluster_flags().map_or_else(String::new, |flags| format!(" {flags}"));
    match observations.peering.value() {
        Some(None) => {
            return Err(CliError::new(format_args!(
                "there is no peering {name:?}, so no token of it can be used"
            ))
            .with_remedy(format_args!("peering list{flags} shows the names in this cluster")));
        }
        Some(Some(peering)) if peering.is_dialer => {
            let message = format!("another cluster generates the tokens of {name:?}: this cluster dials it");
            return Err(CliError::new(message).with_remedy("run peering revoke on the accepting cluster"));
        }
        Some(Some(peering)) if peering.state.is_deleted() => {
            let state = peering.state.name();
            let delete = format!("peering delete -name {}{flags} -wait 60s", quoted(name));
            return Err(CliError::new(format_args!(
                "nothing was revoked: the peering {name:?} is {state}, so no token of it can be used"
            ))
            .with_remedy(match peering.state {
                PeeringState::Deleting => format!("wait until it is gone: {delete}"),
                _ => format!("delete it: {delete}"),
            }));
        }
        Some(Some(_)) => {}
        None if arguments.force => return Ok(forced("the peering could not be checked")),
        None => {
            let reason = printable(observations.peering.reason().unwrap_or_default());
            let remedy = if reason.contains("peering:read") {
                "use an ACL token with peering:read, or add -force"
            } else {
                "check that the cluster answers and has a leader, then run it again"
            };
            return Err(CliError::new(format_args!("cannot check the peering {name:?}: {reason}"))
                .with_detail("Without that, this could create a peering instead of invalidating a token.")
                .with_remedy(remedy));
        }
    }
    match decide(observations) {
        Decision::Unused { certain: true, reason, .. } => Ok(reason.to_owned()),
        Decision::Unused { reason, .. } => Ok(format!("it may exist: {reason}")),
        Decision::Generate | Decision::Unusable { .. } if arguments.force => {
            Ok(forced("no unused token is known"))
        }
        Decision::Generate | Decision::Unusable { .. } => {
            let reason = why_none(observations);
            Err(CliError::new(format_args!(
                "nothing was revoked: {name:?} has no unused token, because {reason}"
            ))
            .with_remedy("to generate and discard a token anyway, add -force"))
        }
    }
}

/// Returns why there is no unused token.
fn why_none(observations: &Observations) -> String {
    match (observations.unused_secret.value(), newest(observations)) {
        (_, Some(newest)) if newest.record.origin.has_no_token() => {
            format!("the ledger's newest record is {}", recorded(newest))
        }
        (Some(false), _) => "the acceptor has no unused secret for this peering".to_owned(),
        _ => "the peering was established with its newest token".to_owned(),
    }
}

fn newest(observations: &Observations) -> Option<&NumberedRecord> {
    observations.records.value()?.last()
}

/// Returns what is about to be done.
fn announcement(arguments: &Arguments, client: &Client, observations: &Observations, reason: &str) -> String {
    let name = printable(&arguments.name);
    let mut lines = vec![
        format!("Revoking the unused token for {name} at {}.", client.address()),
        format!("  Reason: {reason}."),
    ];
    if let Some(newest) = newest(observations).filter(|newest| !newest.record.origin.has_no_token()) {
        lines.push(format!("  Newest record: {}.", recorded(newest)));
    }
    let state = observations.peering.value().and_then(Option::as_ref).map(|peering| &peering.state);
    lines.push(match state {
        Some(state @ (PeeringState::Active | PeeringState::Failing)) => {
            format!("  The peering is {} and stays as it is.", state.name())
        }
        Some(state) => format!("  The peering stays {}: generate a token to establish it.", state.name()),
        None => "  If there is no such peering, this creates it.".to_owned(),
    });
    lines.join("\n")
}

/// Returns whether the ledger was written, if Consul invalidated the token although it returned none.
async fn failed(
    error: &RequestError,
    name: &str,
    client: &Client,
    recording: Recording<'_>,
) -> Result<Result<(), String>, CliError> {
    let origin = Origin::of_failed_request(error);
    let recorded = recording.without_token(origin, client).await;
    let text = CliError::new(format_args!("cannot revoke the token for {}: {error}", printable(name)));
    match origin {
        // Consul stored the new secret before it failed, and that is all that is needed.
        Origin::Failed => Ok(recorded),
        Origin::Refused => Err(text.with_detail("Nothing was changed.")),
        _ => Err(text
            .with_detail("The request was sent, and it is unknown whether the token still works.")
            .with_remedy(format_args!("run it again: peering revoke -name {} -force", quoted(name)))),
    }
}
