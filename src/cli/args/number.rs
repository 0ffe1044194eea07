//! Numbers as flags take them.

use std::num::NonZero;

use crate::cli::error::CliError;

/// Parses a number of 1 or more.
pub fn jobs(text: &str) -> Result<NonZero<usize>, CliError> {
    text.parse().map_err(|_| CliError::new("not a number of 1 or more"))
}
