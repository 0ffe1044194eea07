//! Where the ACL token of a context is, and how it is read.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::token_command::{self, CommandError};
use crate::net::consul::ConfigError;
use crate::net::consul::config::token_file;
use crate::token::Secret;

/// Where the ACL token of a context is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TokenSource {
    /// No ACL token: requests are anonymous.
    #[default]
    None,
    /// `token_file`
    File(PathBuf),
    /// `token_env`: the name of an environment variable.
    Variable(String),
    /// `token_command`: a program and its arguments. It prints the token. It has at least one word.
    Command(Vec<String>),
}

/// Why the ACL token of a context cannot be read. A missing token is an error: a request without it would be answered as
/// an anonymous one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The variable is not set, or empty.
    #[error("the variable {0} (token_env) is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the ACL token (token_file): {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error, which names the file.
        reason: String,
    },
    /// The file is empty.
    #[error("the file {} (token_file) is empty", .0.display())]
    EmptyFile(PathBuf),
    /// The command did not print a token.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl TokenError {
    /// Returns what to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotSet(name) => format!("set {name} to the ACL token of this cluster"),
            Self::File { path, .. } => {
                format!("check the path and the permissions of {}", path.display())
            }
            Self::EmptyFile(path) => format!("write the ACL token of this cluster to {}", path.display()),
            Self::Command(error) => error.remedy().to_owned(),
        }
    }
}

impl TokenSource {
    /// How long a command may take to print the token.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// Reads the token. `variable` returns the value of a variable.
    pub fn read(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Secret>, TokenError> {
        match self {
            Self::None => Ok(None),
            Self::File(path) => {
                let token = token_file(path).map_err(|error| match error {
                    ConfigError::TokenFile { path, reason } => TokenError::File { path, reason },
                    other => TokenError::File { path: path.clone(), reason: other.to_string() },
                })?;
                token.map(Some).ok_or_else(|| TokenError::EmptyFile(path.clone()))
            }
            Self::Variable(name) => {
                let token = variable(name).map(|value| Secret::from(value.trim()));
                token
                    .filter(|token| !token.is_empty())
                    .map(Some)
                    .ok_or_else(|| TokenError::NotSet(name.clone()))
            }
            Self::Command(words) => Ok(Some(token_command::run(words, Self::TIMEOUT)?)),
        }
    }
}
