//! `peering diagnose`: why a peering can't be established.

mod bundle;

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::aliases::Scope;
use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::DocumentFormat;
use crate::cli::args::reference::reference;
use crate::cli::args::severity::Level;
use crate::cli::args::time;
use crate::cli::args::token::{Documents, TokenText, read_each, read_text};
use crate::cli::commands::explain;
use crate::cli::env::{host, now, stdout_is_a_terminal};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{collect_all, eprint_line, screen, shows_progress};
use crate::cli::progress_lines::ProgressLines;
use crate::cli::redaction;
use crate::diagnosis::{Diagnoses, Diagnosis, diagnose};
use crate::lint::Reference;
use crate::net::consul::Client;
use crate::net::gather::diagnosis::{Request, Sources, gather};
use crate::net::ledger::Ledger;
use crate::net::probe::Progress;
use crate::render::pretty::{self, Screen};
use crate::render::{html, json};
use bundle::{BundleOptions, Contents};

/// Find out why a peering does not work, without using a token
///
/// With neither, diagnoses every peering of the cluster. With -name and no token, diagnoses that peering: connects to the addresses that the dialing cluster has stored.
/// On the accepting cluster, reports the state and which cluster to ask.
///
/// With a token, finds out why it can't establish a peering.
/// Checks the token's text and certificates, connects to each of its addresses the way a dialer does (DNS, TCP, TLS, gRPC),
/// asks the acceptor whether the token is still usable without sending its secret, queries the dialing Consul at -http-addr,
/// and explains the error message that you saw. Reports the likely causes and what to do.
///
/// Connections start from this host. The dialing servers may get other results: run the command on one of them.
///
/// Exit codes: 0 nothing prevents the peering or token from working, 1 something does, 2 the command could not do its work.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering diagnose
  peering diagnose -name west
  peering diagnose @west.token -name west
  consul peering establish -name west -peering-token \"$TOKEN\" 2>&1 | peering diagnose @west.token -error -
  peering diagnose -error 'a new peering token must be generated: invalid peering establishment secret'
  peering diagnose @west.token -short -redact
  peering diagnose -name west -bundle report.tar.zst")]
pub struct Arguments {
    /// The token's text, a file, a directory, or - for standard input
    #[arg(value_name = "TOKEN")]
    peering_token: Option<String>,
    /// Local name of the peering; without a token, diagnose the peering itself
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The error message from Consul: the text, a file, or - for standard input
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Timeout of each step, such as 5s
    #[arg(long, env = "PEERING_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    timeout: Duration,
    /// Use no network
    #[arg(long, env = "PEERING_OFFLINE")]
    offline: bool,
    /// Exit with status 1 on causes of this severity or higher
    #[arg(long, env = "PEERING_FAIL_ON", value_enum, value_name = "LEVEL", default_value = "error")]
    fail_on: Level,
    /// Check the token as this Consul does (default: the dialer's version if it is known, otherwise 2.1)
    #[arg(long, env = "PEERING_REFERENCE", value_name = "VERSION", value_parser = reference())]
    reference: Option<Reference>,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: DocumentFormat,
    #[command(flatten)]
    detail: DetailOptions,
    /// Replace addresses only, with ADDRESS-1, ADDRESS-2, …
    #[arg(long, env = "PEERING_REDACT_ADDRESSES")]
    redact_addresses: bool,
    #[command(flatten)]
    bundle: BundleOptions,
    #[command(flatten)]
    ledger: LedgerOptions,
    #[command(flatten)]
    http: HttpOptions,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if let Some(file) = &arguments.bundle.from {
        return bundle::show(file, arguments.format, arguments.detail.detail());
    }
    if arguments.peering_token.as_deref() == Some("-") && arguments.error.as_deref() == Some("-") {
        return Err(CliError::new("the token and -error cannot both be read from standard input")
            .with_remedy("give one of them as a file"));
    }
    let is_by_name = arguments.peering_token.is_none() && arguments.error.is_none();
    if is_by_name && arguments.offline {
        return Err(CliError::new("a diagnosis without a token asks Consul, and -offline forbids that")
            .with_remedy("remove -offline, or pass the token"));
    }
    if arguments.redact_addresses {
        // The configuration file may ask for it.
        redaction::start(Scope::Addresses);
    }
    let bundle = arguments.bundle.prepare()?;
    let tokens = read_tokens(arguments)?;
    let error = read_error(arguments)?;
    let cluster_flags = arguments.http.cluster_flags();
    let client = (!arguments.offline).then(|| arguments.http.client()).transpose()?;
    let names = match &client {
        Some(client) if is_by_name && arguments.name.is_none() => names(client)?,
        _ => Vec::new(),
    };
    if is_by_name && arguments.name.is_none() && names.is_empty() {
        eprint_line(pretty::NO_PEERINGS);
    }
    let diagnose = |token: Option<TokenText>, name: Option<&str>| {
        let given_as = token.as_ref().and_then(TokenText::given_as);
        let source = token.as_ref().map(|token| token.source.clone());
        let source = source.or_else(|| name.map(str::to_owned)).unwrap_or_default();
        let token = token.map(TokenText::into_given);
        let request = Request {
            token: token.as_ref(),
            error: error.as_deref(),
            name,
            given_as: given_as.as_deref(),
            cluster_flags: cluster_flags.as_deref(),
            reference: arguments.reference,
        };
        let diagnosis = run_diagnosis(client.as_ref(), &arguments.ledger, arguments.timeout, request);
        DiagnosedToken { source, diagnosis }
    };
    let name = arguments.name.as_deref();
    let mut diagnosed: Vec<DiagnosedToken> =
        tokens.into_iter().map(|token| diagnose(Some(token), name)).collect();
    diagnosed.extend(names.iter().map(|name| diagnose(None, Some(name))));
    if diagnosed.is_empty() && (name.is_some() || error.is_some()) {
        diagnosed.push(diagnose(None, name));
    }
    let is_unknown =
        diagnosed.first().is_some_and(|it| it.diagnosis.error.as_ref().is_some_and(Vec::is_empty));
    if let Some(error) = error.as_deref().filter(|_| is_unknown) {
        explain::unknown_message(error).print();
    }
    let report = Report::of(arguments, &diagnosed);
    let is_on_screen = diagnosed.len() == 1 && shows_progress() && stdout_is_a_terminal();
    let screen = screen(arguments.detail.detail(), now());
    arguments.format.print(&report, || report.pretty(is_on_screen, &screen), || report.html(&screen))?;
    let exit = exit_of(arguments, &diagnosed, is_by_name);
    if let Some(bundle) = bundle {
        bundle.write(&Contents {
            report: json::render(&report),
            pretty: &|screen| report.pretty(false, screen),
            exit,
            client: client.as_ref(),
            http: &arguments.http,
            ledger: &arguments.ledger,
            timeout: arguments.timeout,
        })?;
    }
    Ok(exit)
}

fn exit_of(arguments: &Arguments, diagnosed: &[DiagnosedToken], is_by_name: bool) -> Exit {
    let threshold = arguments.fail_on.into();
    let is_unanswered = is_by_name && diagnosed.iter().any(|it| it.diagnosis.lacks_peerings());
    if is_unanswered {
        Exit::Failed
    } else if diagnosed.iter().any(|it| it.diagnosis.fails(threshold)) {
        Exit::Findings
    } else if diagnosed.iter().any(|it| it.diagnosis.checked_nothing()) {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// Returns the names of the cluster's peerings.
fn names(client: &Client) -> Result<Vec<String>, CliError> {
    let peerings = wait_for(client.list_peerings())
        .map_err(|error| CliError::new(format_args!("cannot list the peerings: {error}")))?;
    let mut names: Vec<String> = peerings.into_iter().map(|peering| peering.name).collect();
    names.sort();
    Ok(names)
}

/// A token or peering, and its diagnosis.
struct DiagnosedToken {
    source: String,
    diagnosis: Diagnosis,
}

/// The result: one diagnosis, or a list of several.
#[derive(Serialize)]
#[serde(untagged)]
enum Report<'a> {
    One(&'a Diagnosis),
    Several(Diagnoses<'a>),
    /// All peerings of a cluster.
    Overview(Diagnoses<'a>),
}

impl<'a> Report<'a> {
    fn of(arguments: &Arguments, diagnosed: &'a [DiagnosedToken]) -> Self {
        let is_overview =
            arguments.peering_token.is_none() && arguments.name.is_none() && arguments.error.is_none();
        let list = || Diagnoses::new(diagnosed.iter().map(|it| (it.source.as_str(), &it.diagnosis)));
        match diagnosed {
            _ if is_overview => Self::Overview(list()),
            [one] => Self::One(&one.diagnosis),
            _ => Self::Several(list()),
        }
    }

    /// Renders it. `is_on_screen`: the terminal already shows the steps above it.
    fn pretty(&self, is_on_screen: bool, screen: &Screen) -> String {
        match self {
            Self::One(diagnosis) => pretty::diagnosis(diagnosis, is_on_screen, screen),
            Self::Overview(all) => pretty::peerings(all.diagnoses.iter().map(|it| it.diagnosis), screen),
            Self::Several(all) => {
                let titled = all.diagnoses.iter().map(|it| {
                    let page = pretty::diagnosis(it.diagnosis, is_on_screen, screen);
                    format!("=== {} ===\n{page}", pretty::printable(it.source))
                });
                titled.collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn html(&self, screen: &Screen) -> String {
        match self {
            Self::One(diagnosis) => html::diagnosis(diagnosis, screen),
            Self::Overview(all) => html::peerings(all, screen),
            Self::Several(all) => html::diagnoses(all, screen),
        }
    }
}

/// Gathers the inputs and diagnoses them. On a terminal, shows the progress. Without a client, uses no network.
pub fn run_diagnosis(
    client: Option<&Client>,
    ledger: &LedgerOptions,
    timeout: Duration,
    request: Request<'_>,
) -> Diagnosis {
    let lines = (client.is_some() && shows_progress()).then(|| ProgressLines::new(timeout));
    let sources = Sources {
        ledger: open_ledger(ledger, client),
        timeout,
        progress: lines.as_ref().map_or_else(Progress::none, ProgressLines::progress),
        ..Sources::new(client, now, host())
    };
    let inputs = wait_for(gather(&sources, request));
    let is_shown = lines.as_ref().is_some_and(ProgressLines::is_shown);
    drop(lines);
    if is_shown {
        // Ends the last line, and separates it from the answer.
        eprint_line("\n");
    }
    diagnose(inputs)
}

fn open_ledger<'a>(options: &LedgerOptions, client: Option<&'a Client>) -> Result<Ledger<'a>, String> {
    let kind = options.kind().map_err(|error| error.message().to_owned())?;
    options.open(kind, client)
}

/// Reads the tokens. One that cannot be decoded is printed as an error, and diagnosed like any other.
fn read_tokens(arguments: &Arguments) -> Result<Vec<TokenText>, CliError> {
    let given = read_each(arguments.peering_token.as_slice(), Documents::Unwrap);
    let tokens = collect_all(given.into_iter().map(|given| given.map_err(|unread| unread.error)))?;
    for error in tokens.iter().filter_map(|token| token.recover().err()) {
        error.print();
    }
    Ok(tokens)
}

/// Reads the error message from Consul.
fn read_error(arguments: &Arguments) -> Result<Option<String>, CliError> {
    let text = arguments.error.as_deref().map(read_text).transpose()?;
    if text.as_ref().is_some_and(|text| text.trim().is_empty()) {
        return Err(CliError::new("the text of -error is empty")
            .with_remedy("pass Consul's error message; a pipe needs 2>&1 to pass errors"));
    }
    Ok(text)
}

/// Parses the timeout of a step.
pub fn timeout(text: &str) -> Result<Duration, CliError> {
    let duration = time::duration(text)?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_mins(10))
        .ok_or_else(|| CliError::new("a timeout is between 1ms and 10m"))
}
