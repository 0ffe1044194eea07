//! `peering dev`: runs the embedded acceptor on this machine.

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;

use crate::acceptor;
use crate::acceptor::{Fault, Settings};
use crate::cli::args::http_options::embedded_acceptor;
use crate::cli::args::suggest::nearest;
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{eprint_line, print};
use crate::platform;

/// Run the embedded acceptor, to try peering without Consul
///
/// Serves the peering endpoints of Consul's HTTP API, and generates real tokens with its own CA. It is for development
/// only: it listens on loopback addresses and does not protect its state. It shares its state with
/// -http-addr=embedded, in PEERING_STATE_DIR or the user's state directory. Press Ctrl-C to stop it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  Run an acceptor on Consul's port until Ctrl-C:
    peering dev
  Use it from another terminal:
    peering generate-token -name west -out west.token
    consul peering list
  Simulate a fault and diagnose it:
    peering dev -fault plaintext-port
    peering diagnose @west.token")]
pub struct Arguments {
    /// Loopback address to serve HTTP on; port 0 selects a free port
    #[arg(long, env = "PEERING_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8500")]
    listen: SocketAddr,
    /// Loopback address to serve dialers on (gRPC over TLS); port 0 selects a free port
    #[arg(long, env = "PEERING_GRPC_LISTEN", value_name = "HOST:PORT", default_value = "127.0.0.1:8503")]
    grpc_listen: SocketAddr,
    /// Name of the datacenter
    #[arg(long, env = "PEERING_DATACENTER", value_name = "NAME", default_value = "dc1", value_parser = datacenter)]
    datacenter: String,
    /// Require this ACL token in every request, like a Consul that denies by default
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    acl_token: Option<String>,
    /// Simulate this fault; "list" prints all faults
    #[arg(long, value_name = "NAME", value_parser = fault)]
    fault: Option<FaultArgument>,
}

/// The value of -fault.
#[derive(Debug, Clone, Copy)]
enum FaultArgument {
    List,
    Fault(Fault),
}

fn fault(name: &str) -> Result<FaultArgument, CliError> {
    if name == "list" {
        return Ok(FaultArgument::List);
    }
    Fault::named(name).map(FaultArgument::Fault).ok_or_else(|| {
        let nearest = nearest(name, Fault::ALL.into_iter().map(|(_, name, _)| name));
        let hint = nearest.map_or_else(String::new, |name| format!("did you mean {name}? "));
        CliError::new("no such fault").with_remedy(hint + "-fault list shows all")
    })
}

/// Runs the command until it is interrupted.
pub fn run(arguments: &Arguments) -> Result<Exit, CliError> {
    if matches!(arguments.fault, Some(FaultArgument::List)) {
        let all = Fault::ALL.map(|(_, name, summary)| format!("{name:<19} {summary}\n"));
        print(&all.concat())?;
    } else {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::new(format_args!("cannot start: {error}")))?;
        let served = runtime.block_on(serve(arguments));
        // Dropping the runtime would wait for a peering that is being established.
        runtime.shutdown_background();
        served?;
    }
    Ok(Exit::Done)
}

async fn serve(arguments: &Arguments) -> Result<(), CliError> {
    let fault = match arguments.fault {
        Some(FaultArgument::Fault(fault)) => Some(fault),
        _ => None,
    };
    let listener = listen(arguments.listen, None).await?;
    let grpc_listener = listen(arguments.grpc_listen, fault).await?;
    let address = listener.local_addr().map_err(CliError::new)?;
    let grpc_address = grpc_listener.local_addr().map_err(CliError::new)?;
    let settings = Settings {
        datacenter: arguments.datacenter.clone(),
        acl_token: arguments.acl_token.as_deref().map(Into::into),
        grpc_address: grpc_address.to_string(),
        fault,
        ..Settings::new(now)
    };
    let acceptor = Arc::new(embedded_acceptor(settings)?);
    // Before the first output, because a script that reads it may interrupt.
    let mut interrupts = platform::interrupts()
        .map_err(|error| CliError::new(format_args!("cannot handle Ctrl-C: {error}")))?;
    // Scripts wait for this line and read the port from it.
    print(&format!("Listening on http://{address}\n"))?;
    eprint_line(&format!("Serving dialers on {grpc_address}"));
    for (_, name, summary) in Fault::ALL.iter().filter(|(simulated, ..)| Some(*simulated) == fault) {
        eprint_line(&format!("Simulated fault {name}: {summary}"));
    }
    eprint_line("This is an embedded acceptor for development, not Consul. Press Ctrl-C to stop it.");
    let (stopped, stop) = tokio::sync::watch::channel(());
    let until = |mut stop: tokio::sync::watch::Receiver<()>| async move {
        // The sender is dropped and sends nothing.
        let _ = stop.changed().await;
    };
    let interrupts = async move {
        interrupts.recv().await;
        drop(stopped);
        interrupts.recv().await;
    };
    let http = acceptor::serve(listener, Arc::clone(&acceptor), until(stop.clone()));
    let grpc = acceptor::serve_grpc(grpc_listener, acceptor, until(stop));
    tokio::select! {
        served = async { tokio::try_join!(http, grpc) } => served.map(drop).map_err(CliError::new),
        // The second interrupt ends it at once.
        () = interrupts => Ok(()),
    }
}

async fn listen(address: SocketAddr, fault: Option<Fault>) -> Result<TcpListener, CliError> {
    if !address.ip().is_loopback() {
        return Err(CliError::new(format_args!(
            "cannot listen on {address}: peering dev is not secure and listens on loopback only"
        ))
        .with_remedy("use an address such as 127.0.0.1:8500"));
    }
    acceptor::listen(address, fault)
        .await
        .map_err(|error| CliError::new(format_args!("cannot listen on {address}: {error}")))
}

/// Parses the name of a datacenter by Consul's rule.
fn datacenter(text: &str) -> Result<String, CliError> {
    let is_valid = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if text.is_empty() || !text.chars().all(is_valid) {
        return Err(CliError::new("not a datacenter name").with_remedy("use letters, digits, - and _"));
    }
    Ok(text.to_owned())
}
