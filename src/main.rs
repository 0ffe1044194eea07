//! The `peering` command.

use std::process::ExitCode;

/// The exit code of a command that failed.
const FAILED: u8 = 2;

/// Static binaries would otherwise have musl's allocator, which slows down a batch.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    consul_peering::lint::isolate(consul_peering::cli::run).unwrap_or_else(|_| ExitCode::from(FAILED))
}
