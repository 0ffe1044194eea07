//! `peering establish`: what `consul peering establish` does, with a token that need not stand on the command line.

use std::time::Duration;

use clap::Args;

use super::consul_compat;
use super::diagnose::{Look, diagnosis};
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::token;
use crate::cli::env::{eprint_line, stderr_is_a_terminal, width};
use crate::cli::exit::Exit;
use crate::lint::rule::Severity;
use crate::net::consul::{Client, EstablishRequest};
use crate::render::pretty;
use crate::token::Secret;
use crate::token::recover::recover;

/// Establish a peering with a token
///
/// Asks Consul, as `consul peering establish` does, to consume a token of another cluster and peer with it. Whether it
/// works or not, the token may be spent afterwards: `peering stale` tells. If it fails and standard error is a terminal, a
/// hint at the cause follows what Consul says.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Establish with a token from a file, so that it is in no list of processes and no shell's history:
    peering establish -name east -peering-token @east.token
  Find out first whether it can work, without spending it:
    peering establish -name east -peering-token @east.token -check
  From another command:
    vault kv get -field=token secret/east | peering establish -name east -peering-token -")]
pub struct Arguments {
    /// The local name for the peer (required)
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// The token of the accepting cluster (required): its text, @FILE, or - for standard input
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
    peering_token: String,
    /// Metadata to keep with the peering; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,
    /// Find out first, without spending the token, whether it can work, as peering diagnose does; if not, say why and do
    /// not try
    #[arg(long)]
    check: bool,
    /// With -check: establish all the same
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// How long each step of a look may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    let (client, request) = match prepare(arguments) {
        Ok(prepared) => prepared,
        Err(message) => return consul_compat::end(Err(message)),
    };
    if arguments.check && !may_go_on(arguments, &client, &request.peering_token) {
        return Exit::Findings;
    }
    let name = &request.peer_name;
    let established = match wait_for(client.establish(&request)) {
        Ok(()) => Ok(format!("Successfully established peering connection with {name}")),
        Err(error) => Err(format!("Error establishing peering for {name}: {error}")),
    };
    let refusal = established.as_ref().err().cloned();
    let exit = consul_compat::end(established);
    if let Some(refusal) = refusal
        && stderr_is_a_terminal()
    {
        hint(arguments, &client, &request.peering_token, &refusal);
    }
    exit
}

/// Everything that can fail before anything is sent, in Consul's order. The error is Consul's one line.
fn prepare(arguments: &Arguments) -> Result<(Client, EstablishRequest), String> {
    let meta = consul_compat::meta(&arguments.meta)?;
    consul_compat::named(&arguments.name)?;
    let peering_token = token(&arguments.peering_token)?;
    let client =
        arguments.http.client().map_err(|error| format!("Error connecting to Consul agent: {error}"))?;
    let request = EstablishRequest {
        peer_name: arguments.name.clone(),
        peering_token,
        partition: arguments.http.partition.clone().unwrap_or_default(),
        meta,
    };
    Ok((client, request))
}

impl Arguments {
    fn look<'a>(&'a self, client: &'a Client) -> Look<'a> {
        Look {
            name: Some(&self.name),
            given_as: Some(self.peering_token.as_str()).filter(|given| given.starts_with('@')),
            http_addr: self.http.address(),
            patience: PATIENCE,
            ledger: &self.ledger,
            client: Some(client),
        }
    }
}

/// Whether nothing is seen to keep the token from working, or it is to be tried all the same.
fn may_go_on(arguments: &Arguments, client: &Client, token: &Secret) -> bool {
    let diagnosis = diagnosis(&arguments.look(client), Some(&token.into()), None);
    if !diagnosis.fails(Severity::Error) {
        return true;
    }
    eprint_line(pretty::short_diagnosis(&diagnosis, width()).trim_end());
    if !arguments.force {
        eprint_line("\nNothing was sent, and this look spent nothing. -force establishes all the same.");
    }
    arguments.force
}

/// What keeps it from working, to a person who just saw Consul's words for it.
fn hint(arguments: &Arguments, client: &Client, token: &Secret, refusal: &str) {
    let look = arguments.look(client);
    let diagnosis = diagnosis(&look, Some(&token.into()), Some(refusal));
    eprint_line(&format!("\n{}", textwrap::fill(&pretty::printable(&diagnosis.conclusion), width())));
    let file = token::file_of_that_name(token.expose());
    if let Some(file) = file.filter(|_| look.given_as.is_none()) {
        eprint_line(&format!("There is a file of that name: -peering-token @{file} reads it."));
    }
    let given_as = look.given_as.map(str::to_owned).or_else(|| file.map(|file| format!("@{file}")));
    let given_as = given_as.as_deref().unwrap_or("@token");
    let at = look.http_addr.map_or_else(String::new, |at| format!(" -http-addr {at}"));
    eprint_line(&format!("All that was found: peering diagnose {given_as} -name {}{at}", arguments.name));
}

/// The token's text. One on the command line is sent as it is, as Consul's command does; blanks around one in a file, and the
/// answer or the manifest that it stands in there, are no part of it.
fn token(argument: &str) -> Result<Secret, String> {
    if argument.is_empty() {
        return Err("Missing the required -peering-token flag".to_owned());
    }
    let given = token::read(argument).map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&given.text)
        .map_err(|_| format!("The token from {} is no text", given.source))?;
    if given.source == "argument" {
        return Ok(Secret::from(text));
    }
    if let Ok(recovered) = recover(&given.text)
        && recovered.extracted_from().is_some()
    {
        return Ok(Secret::from(recovered.text.as_str()));
    }
    match text.trim() {
        "" => Err(format!("There is no token in {}: it is empty", given.source)),
        text => Ok(Secret::from(text)),
    }
}
