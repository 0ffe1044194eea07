//! Reports as lines `FILE: SEVERITY: CHECK: MESSAGE`, which editors and `grep` read.

use super::pretty::printable;
use super::sarif::{REFUSAL, UNREADABLE};
use crate::lint::{UnreadableInput, ValidatedToken};

/// Returns one line for each finding, and for each token that Consul rejects.
pub fn render(tokens: &[Result<ValidatedToken, UnreadableInput>]) -> String {
    let mut text = String::new();
    let mut line = |file: &str, severity: &str, check: &str, message: &str| {
        text.extend([&*printable(file), ": ", severity, ": ", check, ": ", &*printable(message), "\n"]);
    };
    for token in tokens {
        match token {
            Ok(token) => {
                let file = token.file_name();
                // In a pipe, the place is the source.
                let place = token.place.as_ref().filter(|place| **place != token.source);
                let place = place.map_or_else(String::new, |place| format!(" ({place})"));
                if let Some(message) = &token.report.consul.message {
                    line(&file, "error", REFUSAL, &format!("Consul rejects this token: {message}{place}"));
                }
                for finding in &token.report.findings {
                    let message = format!("{}{place}", finding.message);
                    line(&file, finding.severity.name(), finding.check, &message);
                }
            }
            Err(input) => line(input.source.trim_start_matches('@'), "error", UNREADABLE, &input.reason),
        }
    }
    text
}
