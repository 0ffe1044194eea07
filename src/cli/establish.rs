//! `peering establish`: what `consul peering establish` does, with a token that need not stand on the command line.

use clap::Args;

use super::consuls;
use super::exit::Exit;
use super::http_options::HttpOptions;
use super::token_argument;
use crate::consul::EstablishRequest;
use crate::token::Secret;

/// Establish a peering with a token
///
/// Asks Consul, as `consul peering establish` does, to consume a token of another cluster and peer with it. Whether it
/// works or not, the token may be spent afterwards: `peering stale` tells.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  Establish with a token from a file, so that it is in no list of processes and no shell's history:
    peering establish -name east -peering-token @east.token
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
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: Arguments) -> Exit {
    consuls::run(establish(arguments))
}

/// What is said of success. The error is Consul's one line, with its refusal in it. The checks come in Consul's order.
async fn establish(arguments: Arguments) -> Result<String, String> {
    let meta = consuls::meta(&arguments.meta)?;
    consuls::named(&arguments.name)?;
    let peering_token = token(&arguments.peering_token)?;
    let client =
        arguments.http.client().map_err(|error| format!("Error connecting to Consul agent: {error}"))?;
    let request = EstablishRequest {
        peer_name: arguments.name,
        peering_token,
        partition: arguments.http.partition.unwrap_or_default(),
        meta,
    };
    let name = &request.peer_name;
    match client.establish(&request).await {
        Ok(()) => Ok(format!("Successfully established peering connection with {name}")),
        Err(error) => Err(format!("Error establishing peering for {name}: {error}")),
    }
}

/// The token's text. One on the command line is sent as it is, as Consul's command does; what surrounds one in a file is
/// no part of it.
fn token(argument: &str) -> Result<Secret, String> {
    if argument.is_empty() {
        return Err("Missing the required -peering-token flag".to_owned());
    }
    let given = token_argument::read(argument).map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&given.text)
        .map_err(|_| format!("The token from {} is no text", given.source))?;
    if given.source == "argument" {
        return Ok(Secret::from(text));
    }
    match text.trim() {
        "" => Err(format!("There is no token in {}: it is empty", given.source)),
        text => Ok(Secret::from(text)),
    }
}
