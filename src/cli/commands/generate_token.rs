//! `peering generate-token`: what `consul peering generate-token` does, and a place to put the token.

pub(crate) mod if_unused;
pub(crate) mod token_output;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::consul_compat;
use super::consul_compat::Format;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::env::{eprint_line, host, now, stderr_is_a_terminal, user, width};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::inspect::Inspection;
use crate::net::consul::{Client, GenerateTokenRequest};
use crate::net::ledger::{Ledger, Of, Origin, Record, RecordMeta};
use crate::net::regenerate::Decision;
use crate::render::pretty;
use crate::token::recover::recover;
use crate::token::{Secret, decode};
use if_unused::IfUnused;
use token_output::OutFile;

/// Generate a peering token
///
/// Asks Consul, as `consul peering generate-token` does, for a token that lets another cluster establish a peering with
/// this one. The name is the peer's name here; it is not in the token.
///
/// Generating again for a name leaves an active connection alone, and makes a token of that name that was not used yet
/// worthless. -if-unused=keep and -if-unused=fail look first, for a second at most: at the peering (peering:read) and
/// into the ledger. If an unused token exists, or may exist, they generate nothing: keep exits with 3, fail with 1. What
/// cannot be found out is a note. A name whose peering is TERMINATED or DELETING gets no token from either (exit code
/// 1), for it could never work: delete the peering first.
///
/// What was generated is recorded in a ledger, never with its secret. If that fails, it is a warning.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Generate a token and read what it says, without a Consul:
    peering generate-token -http-addr=embedded -name west -inspect
  Put it into a file that only you can read:
    peering generate-token -name west -out west.token
  The same in a pipeline, without making worthless what a run before generated:
    peering generate-token -name west -out west.token -if-unused=keep
  Let the peer dial a load balancer instead of the servers:
    peering generate-token -name west -server-external-addresses lb.example.com:8503")]
pub struct Arguments {
    /// The local name for the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Metadata to keep with the peering; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,
    /// host:port,… to put into the token: the peer dials these instead of the servers' own addresses
    #[arg(long, value_name = "ADDRESSES", default_value = "", hide_default_value = true)]
    server_external_addresses: String,
    /// pretty (the token alone) or json
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// Write the token to a file of mode 0600 instead of printing it
    #[arg(long, value_name = "FILE", help_heading = "Beyond Consul")]
    out: Option<PathBuf>,
    /// Let -out overwrite a file
    #[arg(long, help_heading = "Beyond Consul")]
    force: bool,
    /// Show on standard error what the token says
    #[arg(long, env = "PEERING_INSPECT", help_heading = "Beyond Consul")]
    inspect: bool,
    /// What to do if an unused token of the name would become worthless
    #[arg(
        long,
        env = "PEERING_IF_UNUSED",
        value_enum,
        value_name = "WHAT",
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

/// The checks come in Consul's order, so that the first complaint is Consul's.
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
        let (decision, state) = if_unused::look(&client, &ledger, &arguments.name, &partition).await;
        if let Some(exit) = refused(&arguments, &decision) {
            return Ok(exit);
        }
        state_before = state;
    }
    // As for other commands, - is standard output.
    let out = match arguments.out.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => Some(OutFile::prepare(path, arguments.force)?),
        None => None,
    };
    let addresses = &arguments.server_external_addresses;
    let request = GenerateTokenRequest {
        partition: arguments.http.partition.unwrap_or_default(),
        meta,
        server_external_addresses: match addresses.as_str() {
            "" => Vec::new(),
            addresses => addresses.split(',').map(str::to_owned).collect(),
        },
        peer_name: arguments.name,
    };
    let name = &request.peer_name;
    let generated = client.generate_token(&request).await.map_err(|error| {
        CliError::of_consul(format_args!("Error generating peering token for {name}: {error}"))
    })?;
    let token = &generated.peering_token;
    let time = now();
    let exit = token_output::deliver(&output(token, format), out);
    let circumstances = RecordMeta {
        time,
        name: request.peer_name.clone(),
        partition,
        user: user(),
        host: host(),
        source: Origin::Generated,
        state_before,
    };
    if let Err(reason) = remember(token, circumstances, ledger, arguments.if_unused).await {
        eprint_line(&format!("Warning: the token was generated, but is not in the ledger: {reason}"));
    }
    if arguments.inspect {
        show(token, &client, &request.peer_name).await;
    }
    Ok(exit)
}

/// Why nothing is generated, if nothing is: told, with the exit code.
fn refused(arguments: &Arguments, decision: &Decision) -> Option<Exit> {
    match decision {
        Decision::Generate => None,
        Decision::Unused { certain, because, newest } => {
            eprint_line(&if_unused::reason(&arguments.name, *certain, because, newest.as_deref()));
            Some(if arguments.if_unused == IfUnused::Keep { Exit::Skipped } else { Exit::Findings })
        }
        Decision::Stillborn { state } => {
            eprint_line(&format!("No token was generated. {}", if_unused::stillborn(&arguments.name, state)));
            Some(Exit::Findings)
        }
    }
}

/// Records what was generated. The token was delivered: whatever fails here cannot lose it.
async fn remember(
    token: &Secret,
    circumstances: RecordMeta,
    ledger: Result<Ledger<'_>, String>,
    if_unused: IfUnused,
) -> Result<(), String> {
    /// How long a Consul that keeps the ledger may take.
    const PATIENCE: Duration = Duration::from_secs(10);
    let ledger = ledger?;
    if matches!(ledger, Ledger::Off) {
        return Ok(());
    }
    let decoded = decode(token.expose().as_bytes()).map_err(|error| format!("it cannot be read: {error}"))?;
    let record = Record::of(&decoded.token, token.expose(), circumstances);
    if if_unused == IfUnused::Replace && matches!(ledger, Ledger::Sqlite(_)) && stderr_is_a_terminal() {
        // A note and no more: that the ledger cannot be read is told when it cannot be written.
        if let Ok(Some(newest)) = ledger.newest(Of::PeerId(&record.peer_id)).await {
            eprint_line(&if_unused::replaced(&newest));
        }
    }
    match timeout(PATIENCE, ledger.record(&record)).await {
        Ok(recorded) => recorded.map(drop).map_err(|error| error.to_string()),
        Err(_) => Err(format!("Consul did not take it within {} s", PATIENCE.as_secs())),
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

/// What was generated, and whether it can work, on standard error.
async fn show(token: &Secret, client: &Client, name: &str) {
    match recover(token.expose().as_bytes()) {
        Ok(recovered) => {
            let inspection = Inspection::new("generated".to_owned(), recovered, now(), false);
            eprint_line(pretty::inspection(&inspection, width()).trim_end());
        }
        Err((error, _)) => eprint_line(&format!("The token cannot be read: {error}")),
    }
    if let Some(note) = if_unused::state_note(client, name).await {
        eprint_line(&note);
    }
}
