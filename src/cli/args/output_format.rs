//! `-format`: how a command writes its result.

use clap::ValueEnum;
use serde::Serialize;

use crate::render::{json, yaml};

/// The formats of the commands that show one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Pretty,
    Json,
    Yaml,
}

impl OutputFormat {
    /// Writes a value in this format.
    pub fn render(self, value: &impl Serialize, pretty: impl FnOnce() -> String) -> String {
        match self {
            Self::Pretty => pretty(),
            Self::Json => json::render(value),
            Self::Yaml => yaml::render(value),
        }
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
}
