//! `peering generate-token`: does what `consul peering generate-token` does, and more.

pub(crate) mod if_unused;
pub(crate) mod recording;
pub(crate) mod token_output;

use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::consul_compat;
use super::consul_compat::Format;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out_file::OutFile;
use crate::cli::output::{eprint_line, stderr_screen};
use crate::inspect::Inspection;
use crate::lint::Options;
use crate::net::consul::{Client, GenerateTokenRequest, RequestError};
use crate::net::gather::regenerate::{TIMEOUT, observe};
use crate::net::ledger::{Ledger, Origin};
use crate::net::regenerate::{Decision, Observations, decide};
use crate::observed::Observed;
use crate::render::pretty::{self, Detail, Generated};
use crate::token::Secret;
use crate::token::recover::recover;
use if_unused::IfUnused;
use recording::Recording;

/// Generate a peering token
///
/// Like `consul peering generate-token`, this requests a token from the accepting cluster, with which another cluster can
/// establish a peering. The name is the local name of the peer; the token does not contain it.
///
/// Generating again for a name does not affect an active connection, but invalidates an unused token of that name.
/// -if-unused=keep and -if-unused=fail first check the peering (this needs peering:read), the ledger and the acceptor's gRPC
/// servers, for at most one second. If an unused token exists, or may exist, they don't generate: keep exits with status 3, fail with status 1. If
/// something cannot be checked, they print a note. If the peering is TERMINATED or DELETING, both exit with status 1,
/// because the token could never be used: delete the peering first.
///
/// The command records each request in a ledger before it sends it, and finishes the record with the generated token, without
/// its secret. A request that returned no token stays in the ledger if it may have invalidated an unused token. If the ledger
/// cannot be written, the command prints a warning.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Generate a token and show what is inside, without a Consul:
    peering generate-token -http-addr=embedded -name west -inspect
  Write it to a file that only you can read:
    peering generate-token -name west -out west.token
  The same in a pipeline, without invalidating the unused token of an earlier run:
    peering generate-token -name west -out west.token -if-unused=keep
  Let the peer dial a load balancer instead of the servers:
    peering generate-token -name west -server-external-addresses lb.example.com:8503")]
pub struct Arguments {
    /// The local name for the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Metadata for the peering (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,
    /// Addresses that the peer dials instead of the servers' own (comma-separated host:port)
    #[arg(long, value_name = "ADDRESSES", default_value = "", hide_default_value = true)]
    server_external_addresses: String,
    /// Output format: pretty (only the token) or json
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Write the token to a file with mode 0600 instead of printing it
    #[arg(long, value_name = "FILE", help_heading = "Beyond Consul")]
    out: Option<PathBuf>,
    /// Allow -out to overwrite a file
    #[arg(long, help_heading = "Beyond Consul")]
    force: bool,
    /// Show what is inside the token, on standard error
    #[arg(long, env = "PEERING_INSPECT", help_heading = "Beyond Consul")]
    inspect: bool,
    /// What to do if a new token would invalidate an unused token of the name
    #[arg(
        long,
        env = "PEERING_IF_UNUSED",
        value_enum,
        value_name = "ACTION",
        default_value = "replace",
        help_heading = "Beyond Consul"
    )]
    if_unused: IfUnused,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Result<Exit, CliError> {
    wait_for(generate(arguments))
}

/// The checks are in Consul's order, so that the first error is Consul's.
async fn generate(arguments: Arguments) -> Result<Exit, CliError> {
    let meta = consul_compat::meta(&arguments.meta)?;
    consul_compat::require_name(&arguments.name)?;
    let format = Format::from_name(&arguments.format)?;
    let kind = arguments.ledger.kind()?;
    let client = consul_compat::client(&arguments.http, "Error connect to Consul agent")?;
    let ledger = arguments.ledger.open(kind, Some(&client));
    let partition = client.partition().to_owned();
    let mut state_before = None;
    if arguments.if_unused != IfUnused::Replace {
        let observations = check(&client, &ledger, &arguments.name, &partition).await;
        if let Some(exit) = skipped(&arguments, &decide(&observations)) {
            return Ok(exit);
        }
        state_before = observations.state_before();
    }
    let file = arguments.out.as_ref().map(|path| path.display().to_string()).filter(|path| path != "-");
    // "-" is standard output, as for other commands.
    let out = match arguments.out.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let prepared = OutFile::prepare(path, arguments.force);
            Some(prepared.map_err(|error| error.in_context("no token was generated"))?)
        }
        None => None,
    };
    let addresses = &arguments.server_external_addresses;
    let request = GenerateTokenRequest {
        partition: arguments.http.partition_flag().to_owned(),
        meta,
        server_external_addresses: match addresses.as_str() {
            "" => Vec::new(),
            addresses => addresses.split(',').map(str::to_owned).collect(),
        },
        peer_name: arguments.name,
    };
    let name = &request.peer_name;
    let recording = Recording::start(ledger, name, partition, state_before).await;
    let generated = match client.generate_token(&request).await {
        Ok(generated) => generated,
        Err(error) => return Err(failed(&error, name, &client, recording).await),
    };
    let token = &generated.peering_token;
    let exit = token_output::deliver(&output(token, format), out);
    if let Err(reason) = recording.generated(token, arguments.if_unused).await {
        eprint_line(&format!("Warning: the token was generated, but {reason}"));
    }
    if arguments.inspect {
        show(token, &client, &request.peer_name, file.as_deref()).await;
    }
    Ok(exit)
}

/// Returns the error of a request that returned no token. If Consul stored a new secret, or may have, the ledger keeps that.
async fn failed(error: &RequestError, name: &str, client: &Client, recording: Recording<'_>) -> CliError {
    let text = CliError::of_consul(format_args!("Error generating peering token for {name}: {error}"));
    match recording.failed(error, client).await {
        Origin::Failed => text
            .with_detail(format_args!(
                "Consul had already stored a new secret: an earlier unused token for {name} no longer works, and the new one \
                 was not returned."
            ))
            .with_remedy(
                "register a mesh gateway, or turn off PeerThroughMeshGateways in the mesh config entry, then generate again",
            ),
        Origin::Unanswered => text
            .with_detail(format_args!(
                "The request was sent, and Consul may have stored a new secret: an earlier unused token for {name} may no \
                 longer work."
            ))
            .with_remedy("fix the connection to Consul, then generate again"),
        Origin::Generated | Origin::Imported | Origin::Revoked | Origin::Refused => text,
    }
}

/// Queries whether an unused token exists, and prints what could not be checked.
async fn check(
    client: &Client,
    ledger: &Result<Ledger<'_>, String>,
    name: &str,
    partition: &str,
) -> Observations {
    let off = Ledger::Off;
    let mut observations = observe(client, ledger.as_ref().unwrap_or(&off), name, partition, TIMEOUT).await;
    if let Err(reason) = ledger {
        observations.records = Observed::NotChecked(reason.clone());
    }
    if_unused::note_not_checked(&observations);
    observations
}

/// Prints why no token is generated, and returns the exit code; `None` if one is.
fn skipped(arguments: &Arguments, decision: &Decision) -> Option<Exit> {
    match decision {
        Decision::Generate => None,
        Decision::Unused { certain, reason, newest } => {
            eprint_line(&if_unused::unused(&arguments.name, *certain, reason, newest.as_deref()));
            Some(if arguments.if_unused == IfUnused::Keep { Exit::Skipped } else { Exit::Findings })
        }
        Decision::Unusable { state } => {
            eprint_line(&format!("No token was generated. {}", if_unused::unusable(&arguments.name, state)));
            Some(Exit::Findings)
        }
    }
}

fn output(token: &Secret, format: Format) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(token.expose().len() + 32));
    match format {
        Format::Pretty => text.push_str(token.expose()),
        Format::Json => {
            text.push_str("{\"PeeringToken\":");
            crate::gostd::json::quote(token.expose(), &mut text);
            text.push('}');
        }
    }
    text.push('\n');
    text
}

/// Shows the token and whether it can be used, on standard error.
async fn show(token: &Secret, client: &Client, name: &str, file: Option<&str>) {
    match recover(token.expose().as_bytes()) {
        Ok(recovered) => {
            let inspection = Inspection::new("generated".to_owned(), recovered, &Options::new(now()), false);
            let screen = stderr_screen(Detail::Normal, now());
            let origin = Generated { name, address: &client.address(), file };
            eprint_line(pretty::generated(&inspection, &origin, &screen).trim_end());
        }
        Err((error, _)) => eprint_line(&format!("Cannot decode the token: {error}")),
    }
    if let Some(warning) = if_unused::state_warning(client, name).await {
        eprint_line(&warning);
    }
}
