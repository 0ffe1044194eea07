//! The error that a command ends with, and the one place that prints it.

use std::fmt;
use std::io;

use super::cluster::cluster_of;
use super::env::stderr_is_a_terminal;
use crate::gostd::os_error::os_error_text;

/// Why a command could not do its work: what happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    message: String,
    details: Vec<String>,
    remedy: Option<String>,
    is_consuls: bool,
}

impl CliError {
    /// An error of ours: what failed, the value and the cause. Lower case, no final period.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), details: Vec::new(), remedy: None, is_consuls: false }
    }

    /// An error of one of Consul's commands: printed exactly as Consul prints it.
    pub fn of_consul(message: impl fmt::Display) -> Self {
        Self { is_consuls: true, ..Self::new(message) }
    }

    /// An error of the system while a file or stream is used: `what` could not be done.
    pub fn of_io(what: impl fmt::Display, error: &io::Error) -> Self {
        Self::new(format_args!("{what}: {}", os_error_text(error)))
    }

    /// Puts what failed before the message.
    pub fn in_context(mut self, failed: impl fmt::Display) -> Self {
        self.message = format!("{failed}: {}", self.message);
        self
    }

    /// Adds a line of evidence. It is printed between the message and the remedy.
    pub fn with_detail(mut self, detail: impl fmt::Display) -> Self {
        self.details.push(detail.to_string());
        self
    }

    /// Adds what to do about it, in one line.
    pub fn with_remedy(mut self, remedy: impl fmt::Display) -> Self {
        self.remedy = Some(remedy.to_string());
        self
    }

    /// Adds which cluster a command of Consul asks, if the error is that nothing answers at its address. Only on a terminal:
    /// a script gets the same output as from Consul.
    pub fn with_cluster(self, command: &str) -> Self {
        let is_dead = self.is_consuls
            && self.remedy.is_none()
            && self.message.contains(": dial tcp ")
            && stderr_is_a_terminal();
        match cluster_of(command).filter(|_| is_dead) {
            Some(cluster) => self
                .with_remedy(format_args!("check that Consul runs at this address: -http-addr is {cluster}")),
            None => self,
        }
    }

    /// What happened, without the prefix.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn remedy(&self) -> Option<&str> {
        self.remedy.as_deref()
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_consuls {
            formatter.write_str("Error: ")?;
        }
        formatter.write_str(&self.message)?;
        for detail in &self.details {
            write!(formatter, "\n  {detail}")?;
        }
        match &self.remedy {
            Some(remedy) => write!(formatter, "\n  Fix: {remedy}"),
            None => Ok(()),
        }
    }
}

// Value parsers return it to clap.
impl std::error::Error for CliError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_what_happened_the_evidence_and_the_fix() {
        let error = CliError::new("cannot read x: no such file")
            .with_detail("a detail")
            .with_remedy("check the path");
        assert_eq!(
            error.to_string(),
            "Error: cannot read x: no such file\n  a detail\n  Fix: check the path"
        );
        assert_eq!(CliError::of_consul("Error reading peering: x").to_string(), "Error reading peering: x");
    }
}
