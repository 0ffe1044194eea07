//! `peering diagnose`: from a failed establish to its cause.

pub(crate) mod live;
pub(crate) mod look;

use std::time::Duration;

use clap::Args;
use zeroize::Zeroizing;

use super::validate::without_last_line_end;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::OutputFormat;
use crate::cli::args::severity::Level;
use crate::cli::args::time;
use crate::cli::args::token::{TokenText, read_text};
use crate::cli::env::{now, print, width};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::diagnosis::{Diagnosis, Known, diagnose};
use crate::explain;
use crate::lint;
use crate::render::pretty;
use crate::token::recover::{Recovered, Repair, recover};
use crate::token::{Secret, Token};
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
    format: OutputFormat,
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

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if arguments.peering_token.as_deref() == Some("-") && arguments.error.as_deref() == Some("-") {
        return Err(CliError::new("the token and -error cannot both be read from standard input")
            .with_remedy("give one of them as @FILE"));
    }
    let token = read_token(arguments)?;
    let error = read_error(arguments)?;
    let client = (!arguments.offline).then(|| arguments.http.client()).transpose()?;
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
    let show = if arguments.short { pretty::short_diagnosis } else { pretty::diagnosis };
    let text = arguments.format.render(&diagnosis, || show(&diagnosis, width()));
    let addresses = token.as_ref().and_then(|given| given.token.as_ref());
    let text = if arguments.redact_addresses { look::redacted(&text, addresses) } else { text };
    print(&text)?;
    Ok(exit)
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
    let report = given.map(|given| lint::check(without_last_line_end(&given.text), &lint::Options::new(now)));
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

/// The token. One that cannot be decoded is printed as an error and diagnosed like any other.
fn read_token(arguments: &Arguments) -> Result<Option<Given>, CliError> {
    let Some(argument) = &arguments.peering_token else { return Ok(None) };
    let given = TokenText::read(argument)?;
    match given.recover() {
        Ok(recovered) => Ok(Some(Given::new(given.text, recovered))),
        Err(error) => {
            error.print();
            Ok(Some(Given { text: given.text, token: None, taken_out_of: None }))
        }
    }
}

/// The error that Consul printed.
fn read_error(arguments: &Arguments) -> Result<Option<String>, CliError> {
    let text = arguments.error.as_deref().map(read_text).transpose()?;
    if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return Err(CliError::new("the text of -error is empty")
            .with_remedy("give what Consul printed; a pipe needs 2>&1 to pass errors"));
    }
    Ok(text)
}

fn patience(text: &str) -> Result<Duration, CliError> {
    let duration = time::duration(text)?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_mins(10))
        .ok_or_else(|| CliError::new("a timeout is between 1ms and 10m"))
}
