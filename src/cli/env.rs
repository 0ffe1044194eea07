//! The process environment: clock, variables, streams, user and directories.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // allowed here and in `output`

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use jiff::Timestamp;

use super::given_secrets;
use crate::platform;
use crate::token::redact::redact;

/// Whether the reader of standard output still exists. Always true for a file or a terminal.
pub fn stdout_is_open() -> bool {
    platform::stdout_is_open()
}

/// Returns the time, truncated to seconds.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Returns an environment variable, or `None` if it is unset or not valid UTF-8.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns all environment variables.
pub fn variables() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Whether standard output is a terminal.
pub fn stdout_is_a_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
pub fn stderr_is_a_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Returns the name of the user, without secrets: from a variable, or from the system.
pub fn user() -> String {
    let named =
        platform::USER_VARIABLES.into_iter().find_map(|name| variable(name).filter(|name| !name.is_empty()));
    let named = named.map(|name| given_secrets::hide(&redact(&name)).into_owned());
    named.unwrap_or_else(platform::user)
}

/// Returns the host name.
pub fn host() -> String {
    gethostname::gethostname().to_string_lossy().into_owned()
}

/// Returns the directory for temporary files.
pub fn temporary_directory() -> PathBuf {
    std::env::temp_dir()
}

/// Returns the directory for persistent state: `PEERING_STATE_DIR`, or `peering` in the user's state directory (XDG). On
/// Windows, that is the local application data, which stays on this machine. It may not exist.
pub fn state_directory() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if let Some(directory) = variable("PEERING_STATE_DIR").filter(|directory| !directory.is_empty()) {
        return Some(PathBuf::from(directory));
    }
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.cache_dir()).join("peering"))
}

/// Returns the user's home directory.
pub fn home_directory() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// Returns the configuration directory: `peering` in the user's configuration directory (XDG; on
/// Windows, the roaming application data).
pub fn config_directory() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("peering"))
}
