//! Where the user and password for HTTP basic authentication at a context are, and how they are read.

use std::path::PathBuf;

use thiserror::Error;

use crate::net::consul::ConfigError;
use crate::net::consul::config::{BasicAuth, token_file};
use crate::token::Secret;

/// Where `user:password` is, for a proxy in front of Consul.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AuthSource {
    /// No HTTP basic authentication.
    #[default]
    None,
    /// `http_auth_file`
    File(PathBuf),
    /// `http_auth_env`: the name of an environment variable.
    Variable(String),
}

/// Why the user and password of a context cannot be read. No error contains them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthError {
    /// The variable is not set, or empty.
    #[error("the variable {0} (http_auth_env) is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("cannot read the user and password (http_auth_file): {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// The error, which names the file.
        reason: String,
    },
    /// There is no colon.
    #[error("{0} does not contain user:password")]
    NoPassword(String),
}

impl AuthError {
    /// Returns what to do.
    pub fn remedy(&self) -> String {
        match self {
            Self::NotSet(name) => format!("set {name} to user:password"),
            Self::File { path, .. } => {
                format!("check the path and the permissions of {}", path.display())
            }
            Self::NoPassword(_) => "write the user, a colon and the password".to_owned(),
        }
    }
}

impl AuthSource {
    /// Reads the user and the password. `variable` returns the value of a variable.
    pub fn read(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Option<BasicAuth>, AuthError> {
        let (text, place) = match self {
            Self::None => return Ok(None),
            Self::File(path) => {
                let text = token_file(path).map_err(|error| {
                    let reason = match error {
                        ConfigError::TokenFile { reason, .. } => reason,
                        other => other.to_string(),
                    };
                    AuthError::File { path: path.clone(), reason }
                })?;
                (text.unwrap_or_default(), format!("the file {} (http_auth_file)", path.display()))
            }
            Self::Variable(name) => {
                let value = variable(name).map(|value| Secret::from(value.trim()));
                let value = value.filter(|value| !value.is_empty());
                let text = value.ok_or_else(|| AuthError::NotSet(name.clone()))?;
                (text, format!("the variable {name} (http_auth_env)"))
            }
        };
        if !text.expose().contains(':') {
            return Err(AuthError::NoPassword(place));
        }
        Ok(Some(BasicAuth::parse(text.expose())))
    }
}
