//! `peering context check`.

use std::time::Duration;

use clap::Args;

use super::selected;
use crate::cli::args::detail::DetailOptions;
use crate::cli::args::http_options::{client_of, wait_for};
use crate::cli::args::output_format::OutputFormat;
use crate::cli::commands::diagnose::timeout;
use crate::cli::env::{now, variable};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::screen;
use crate::net::gather::contexts::{CheckStatus, Checker, check_all};
use crate::render::pretty;

/// Check whether contexts can be used
///
/// Asks the cluster of each context, all at once: whether it can be reached, its version, datacenter and trust domain, what the
/// ACL token may do with peerings, and whether its clock differs from this host's. This changes nothing.
///
/// Exit codes: 0 all contexts can be used; 1 at least one has a problem; 2 there is no such context.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering context check
  peering context check east west -format json")]
pub(super) struct Arguments {
    /// Names of the contexts (default: all)
    #[arg(value_name = "NAME")]
    context_names: Vec<String>,
    /// Timeout of each request, such as 5s
    #[arg(long, env = "PEERING_TIMEOUT", value_name = "DURATION", default_value = "5s", value_parser = timeout)]
    timeout: Duration,
    /// Output format
    #[arg(long, env = "PEERING_FORMAT", value_enum, value_name = "FORMAT", default_value = "pretty")]
    format: OutputFormat,
    #[command(flatten)]
    detail: DetailOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    let contexts = selected(&arguments.context_names)?;
    let connect = |config| client_of(config).map_err(|error| error.message().to_owned());
    let checker = Checker { timeout: arguments.timeout, connect, ..Checker::new(now, variable) };
    let checks = wait_for(check_all(&contexts, checker));
    let screen = screen(arguments.detail.detail(), now());
    arguments.format.print(&checks, || pretty::context_checks(&checks, &screen))?;
    Ok(if checks.status == CheckStatus::Ok { Exit::Done } else { Exit::Findings })
}
