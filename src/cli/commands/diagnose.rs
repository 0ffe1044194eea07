//! `peering diagnose`: from a failed establish to its cause.

pub(crate) mod live;
pub(crate) mod look;

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::validate::without_last_line_end;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::severity::Level;
use crate::cli::args::{time, token, token_error};
use crate::cli::env::{eprint_line, now, print, width};
use crate::cli::exit::Exit;
use crate::diagnosis::{Diagnosis, Known, diagnose};
use crate::explain;
use crate::lint::context::{CaEntry, Context, WARN_BEFORE};
use crate::lint::report::{Report, RuleSet};
use crate::render::{json, pretty, yaml};
use crate::token::recover::{Recovered, Repair, recover};
use crate::token::{Secret, Token, decode};
pub use look::Look;

/// Find out why an establish failed, or would fail, without spending the token
///
/// Looks at the token's text and certificates, goes the way to each of its addresses as a dialer would (name, TCP, TLS,
/// gRPC), asks the acceptor whether the token is still good without sending its secret, asks the Consul at -http-addr what
/// it knows as a dialer, and reads the error that you saw. Then it names the likely causes, and what to do.
///
/// It sees the network from this host. The servers that dial may see otherwise: run it on one of them.
///
/// Exit codes: 0 nothing keeps the token from working, 1 something does, 2 it could not be looked at.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering diagnose @west.token -name west
  consul peering establish -name west -peering-token \"$TOKEN\" 2>&1 | peering diagnose @west.token -error -
  peering diagnose -error 'a new peering token must be generated: invalid peering establishment secret'
  peering diagnose @west.token -short -redact-addresses")]
pub struct Arguments {
    /// The token's text, @FILE, or - for standard input
    #[arg(value_name = "TOKEN", required_unless_present = "error")]
    peering_token: Option<String>,
    /// The dialer's local name of the peering
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What Consul printed when the establish failed: the text, @FILE, or - for standard input
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// How long each step may take, such as 5s
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = patience)]
    timeout: Duration,
    /// Ask nothing over the network
    #[arg(long)]
    offline: bool,
    /// How bad a cause must be for exit code 1
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    fail_on: Level,
    /// How to show it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: Format,
    /// Show the causes and the conclusion only, to paste into a ticket
    #[arg(long)]
    short: bool,
    /// Write ADDRESS-1, ADDRESS-2, … in place of the token's addresses
    #[arg(long)]
    redact_addresses: bool,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pretty,
    Json,
    Yaml,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Exit {
    if arguments.peering_token.as_deref() == Some("-") && arguments.error.as_deref() == Some("-") {
        eprint_line("Error: the token and -error cannot both be read from standard input");
        return Exit::Failed;
    }
    let (token, error) = match (read_token(arguments), read_error(arguments)) {
        (Ok(token), Ok(error)) => (token, error),
        (token, error) => {
            for message in [token.err(), error.err()].into_iter().flatten() {
                eprint_line(&message);
            }
            return Exit::Failed;
        }
    };
    let client = (!arguments.offline).then(|| arguments.http.client()).transpose();
    let client = match client {
        Ok(client) => client,
        Err(message) => {
            eprint_line(&format!("Error: {message}"));
            return Exit::Failed;
        }
    };
    let look = Look {
        name: arguments.name.as_deref(),
        given_as: arguments.peering_token.as_deref().filter(|given| given.starts_with('@')),
        http_addr: arguments.http.address(),
        patience: arguments.timeout,
        ledger: &arguments.ledger,
        client: client.as_ref(),
    };
    let diagnosis = diagnosis(&look, token.as_ref(), error.as_deref());
    let exit = if diagnosis.fails(arguments.fail_on.into()) { Exit::Findings } else { Exit::Done };
    let text = match arguments.format {
        Format::Pretty if arguments.short => pretty::short_diagnosis(&diagnosis, width()),
        Format::Pretty => pretty::diagnosis(&diagnosis, width()),
        Format::Json => json::render(&diagnosis),
        Format::Yaml => yaml::render(&diagnosis),
    };
    let addresses = token.as_ref().and_then(|given| given.token.as_ref());
    let text = if arguments.redact_addresses { look::redacted(&text, addresses) } else { text };
    exit.unless_unprinted(print(&text))
}

/// A token as it was given, and what could be read of it.
pub struct Given {
    text: Zeroizing<Vec<u8>>,
    token: Option<Token>,
    taken_out_of: Option<Repair>,
}

impl Given {
    /// A document that holds a token is not what an establish was tried with: the token alone is looked at.
    fn new(given: Zeroizing<Vec<u8>>, recovered: Recovered) -> Self {
        let taken_out_of = recovered.extracted_from();
        let text = if taken_out_of.is_some() { recovered.text.as_bytes().to_vec().into() } else { given };
        Self { text, token: Some(recovered.decoded.token), taken_out_of }
    }
}

impl From<&Secret> for Given {
    fn from(text: &Secret) -> Self {
        let text = Zeroizing::new(text.expose().as_bytes().to_vec());
        let token = recover(&text).ok().map(|recovered| recovered.decoded.token);
        Self { text, token, taken_out_of: None }
    }
}

/// Looks at everything, and tells what keeps the token from working.
pub fn diagnosis(look: &Look<'_>, given: Option<&Given>, error: Option<&str>) -> Diagnosis {
    let now = now();
    let token = given.and_then(|given| given.token.as_ref());
    let report = given.map(|given| judge(&given.text, now));
    let looks = wait_for(look::around(look, token));
    diagnose(Known {
        now,
        name: look.name,
        given_as: look.given_as,
        http_addr: look.http_addr,
        token,
        taken_out_of: given.and_then(|given| given.taken_out_of),
        report: report.as_ref(),
        reach: looks.reach,
        staleness: looks.staleness,
        dialer: looks.dialer,
        error: error.map(explain::explain),
    })
}

fn judge(text: &[u8], now: Timestamp) -> Report {
    let text = without_last_line_end(text);
    let decoded = decode(text);
    let facts =
        Context::gather(text, decoded.as_ref(), now, WARN_BEFORE, |entry| Arc::new(CaEntry::read(entry)));
    Report::of(&facts, &RuleSet::all())
}

/// The token; one that cannot be read at all is an error, unless there is an error text to look at.
fn read_token(arguments: &Arguments) -> Result<Option<Given>, String> {
    let Some(argument) = &arguments.peering_token else { return Ok(None) };
    let given = token::read(argument).map_err(|error| format!("Error: {error}"))?;
    match recover(&given.text) {
        Ok(recovered) => Ok(Some(Given::new(given.text, recovered))),
        Err((error, undone)) => {
            // Consul's word on it is a cause like another; what it resembles is told here.
            eprint_line(&token_error::describe(&given, &error, &undone));
            Ok(Some(Given { text: given.text, token: None, taken_out_of: None }))
        }
    }
}

fn error_text(arguments: &Arguments) -> Result<Option<String>, String> {
    match arguments.error.as_deref() {
        Some(argument) if argument == "-" || argument.starts_with('@') => {
            let given = token::read(argument).map_err(|error| format!("Error: -error: {error}"))?;
            Ok(Some(String::from_utf8_lossy(&given.text).into_owned()))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// What Consul printed; nothing at all is a mistake.
fn read_error(arguments: &Arguments) -> Result<Option<String>, String> {
    match error_text(arguments)? {
        Some(text) if text.trim().is_empty() => {
            Err("Error: -error is empty: what did Consul print? A pipe needs 2>&1 to hand over errors"
                .to_owned())
        }
        text => Ok(text),
    }
}

fn patience(text: &str) -> Result<Duration, String> {
    let duration = time::duration(text)?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_mins(10))
        .ok_or_else(|| "a timeout is more than nothing, and ten minutes at most".to_owned())
}
