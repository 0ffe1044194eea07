//! `-format`: how a command writes its result.

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::output::{print, print_redacted};
use crate::cli::redaction::{aliases, in_json};
use crate::render::{json, yaml};

/// The formats of the commands that show one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Pretty,
    Json,
    Yaml,
}

impl OutputFormat {
    /// Prints a result that is JSON text already, as JSON or YAML.
    pub fn print_json(self, text: &str, value: &serde_json::Value) -> Result<(), CliError> {
        match self {
            Self::Pretty | Self::Json => print_redacted(text),
            Self::Yaml => print_redacted(&yaml::render(value)),
        }
    }

    /// Prints a value in this format. `-redact` learns from the value in each format.
    pub fn print(self, value: &impl Serialize, pretty: impl FnOnce() -> String) -> Result<(), CliError> {
        let redacted = aliases().map(|_| in_json(json::render(value)));
        match (self, redacted) {
            (Self::Pretty, _) => print(&pretty()),
            (Self::Json, redacted) => print_redacted(&redacted.unwrap_or_else(|| json::render(value))),
            (Self::Yaml, None) => print_redacted(&yaml::render(value)),
            (Self::Yaml, Some(json)) => {
                let value: serde_json::Value = serde_json::from_str(&json).map_err(CliError::new)?;
                print_redacted(&yaml::render(&value))
            }
        }
    }
}

/// The formats of the commands that also write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    Pretty,
    Json,
    Yaml,
    /// One HTML file, for a ticket
    Html,
}

impl DocumentFormat {
    /// Returns the format without HTML.
    pub fn without_html(self) -> Option<OutputFormat> {
        match self {
            Self::Pretty => Some(OutputFormat::Pretty),
            Self::Json => Some(OutputFormat::Json),
            Self::Yaml => Some(OutputFormat::Yaml),
            Self::Html => None,
        }
    }

    /// Prints a value in this format. `-redact` learns from the value in each format.
    pub fn print(
        self,
        value: &impl Serialize,
        pretty: impl FnOnce() -> String,
        html: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        if let Some(format) = self.without_html() {
            return format.print(value, pretty);
        }
        if aliases().is_some() {
            in_json(json::render(value));
        }
        // The renderer replaces names, so that the style stays as it is.
        print_redacted(&html())
    }
}

/// The formats of `validate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for people
    Pretty,
    /// One line for each finding: FILE: SEVERITY: CHECK: MESSAGE
    Line,
    /// Workflow annotations of GitHub Actions
    Github,
    /// One JSON document
    Json,
    /// One JSON object per token
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI
    Junit,
    /// One HTML file, for a ticket
    Html,
}
