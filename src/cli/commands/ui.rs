//! `peering ui`: the audit, both ends of a peering, a live diagnosis and the ledger in a browser. Read-only.
//!
//! It uses the HTTP server of the embedded acceptor rather than a web framework: eight fixed paths need no router, and that
//! server already limits slow clients and ends within two seconds, whatever is connected.

mod answers;
mod live;
mod session;
mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use clap::Args;

use super::audit::CollectOptions;
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{note, print_redacted};
use crate::cli::serve::until_interrupt;
use session::Session;
use state::State;

/// Show the audit and the ledger in a browser, on this machine
///
/// Prints a URL on a loopback address with a random port. Its pages show the report of the audit, both ends of each peering side
/// by side, a live diagnosis, the ledger, and the page of "peering page". The URL contains a token that works once, in one
/// browser. The pages can change nothing, and no ACL token and no secret reaches the browser.
///
/// -timeout is also the timeout of each step of a diagnosis.
///
/// It runs until Ctrl-C.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering ui
  peering ui -context east,west
  peering ui -inventory clusters.toml -label env=prod")]
pub struct Arguments {
    #[command(flatten)]
    collect: CollectOptions,
    /// Port to listen on at 127.0.0.1 (default: a free one)
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    #[command(flatten)]
    ledger: LedgerOptions,
}

/// Runs until it is interrupted.
pub fn run(arguments: Arguments) -> Result<Exit, CliError> {
    let contexts = arguments.collect.contexts()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    until_interrupt(address, |bound| {
        let (session, token) = Session::new(bound)?;
        let state = Arc::new(State::new(arguments.collect, arguments.ledger, contexts, session));
        print_redacted(&format!("Open http://{bound}/#{token}\n"))?;
        note("The address works once, in one browser. Press Ctrl-C to stop.");
        Ok(move |request| {
            let state = Arc::clone(&state);
            async move { Ok(answers::answer(&state, request).await) }
        })
    })
}
