//! The `peering` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    consul_peering::cli::run()
}
