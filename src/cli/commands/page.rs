//! `peering page`: a page for the browser that shows what is in a token.

use clap::Args;

use crate::cli::env::stdout_is_a_terminal;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::print_file;
use crate::page::HTML;

/// Write a page for the browser that shows what is in a token
///
/// Prints one HTML file. Open it in a browser, without a server and without a network, and paste a token, a document with
/// tokens, or a message from Consul. The page contains the same core as this command as WebAssembly. It shows the verdict
/// and findings of validate, the contents of inspect, the differences of diff and the explanations of explain. It has no
/// code that sends, and its content security policy stops the rest.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  peering page > peering.html")]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: &Arguments) -> Result<Exit, CliError> {
    if stdout_is_a_terminal() {
        return Err(CliError::new("the page is a file for the browser, and standard output is a terminal")
            .with_remedy("write it to a file: peering page > peering.html"));
    }
    print_file(HTML)?;
    Ok(Exit::Done)
}
