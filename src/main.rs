//! The `peering` command.

use std::process::ExitCode;

/// Faster than the allocators of glibc and musl: a batch allocates some fifty times per token. That of musl also takes one lock
/// for all threads. Windows has its own.
#[cfg(not(windows))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a command that failed.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    consul_peering::lint::isolate(consul_peering::cli::run).unwrap_or_else(|_| ExitCode::from(FAILED))
}
