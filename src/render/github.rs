//! Reports as workflow commands of GitHub Actions, which become annotations of files.

use super::sarif::{REFUSAL, UNREADABLE, with_slashes};
use crate::lint::{Severity, UnreadableInput, ValidatedToken, rules};

/// Returns one command for each finding, and for each token that Consul rejects.
pub fn render(tokens: &[Result<ValidatedToken, UnreadableInput>]) -> String {
    let mut text = String::new();
    let mut annotate = |severity: Severity, file: &str, title: &str, message: &str| {
        let (command, file) = (command(severity), property(&with_slashes(file)));
        text.extend([
            "::",
            command,
            " file=",
            &file,
            ",title=",
            &property(title),
            "::",
            &data(message),
            "\n",
        ]);
    };
    for token in tokens {
        match token {
            Ok(token) => {
                let file = token.file_name();
                // In a pipe, the place is the source.
                let place = token.place.as_ref().filter(|place| **place != token.source);
                let place = place.map_or_else(String::new, |place| format!("{place}: "));
                if let Some(message) = &token.report.consul.message {
                    let message = format!("{place}Consul rejects this token: {message}");
                    annotate(Severity::Error, &file, REFUSAL, &message);
                }
                for finding in &token.report.findings {
                    let remedy = rules::find(finding.check).map_or("", |check| check.remedy);
                    let message = format!("{place}{}. {remedy}", finding.message);
                    annotate(finding.severity, &file, finding.check, message.trim_end());
                }
            }
            Err(input) => {
                annotate(Severity::Error, input.source.trim_start_matches('@'), UNREADABLE, &input.reason);
            }
        }
    }
    text
}

fn command(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

/// Escapes the message of a workflow command.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
