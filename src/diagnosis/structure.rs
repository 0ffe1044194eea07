//! What the token's text and fields tell.

use super::Known;
use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use crate::explain::catalog;
use crate::lint::Severity;
use crate::lint::rules;

/// Where it was seen.
const SEEN_IN: &str = "the token";

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(report) = known.report else { return };
    let refusal = (!report.consul.accepted).then(|| report.consul.message.clone().unwrap_or_default());
    let mut explained = false;
    for finding in &report.findings {
        let Some(check) = rules::find(finding.check) else { continue };
        let at = match finding.severity {
            // What is wrong with its text says less than what was done to it.
            Severity::Error if matches!(check.name, "not-base64" | "not-json") => weight::DECIDES,
            Severity::Error => weight::DECIDES + 1,
            Severity::Warning => weight::MAY_HURT,
            Severity::Info => continue,
        };
        explained |= finding.severity == Severity::Error;
        let says = match &refusal {
            Some(message) if finding.severity == Severity::Error => {
                format!("{}: {} (Consul says: {message})", finding.path, finding.message)
            }
            _ => format!("{}: {}", finding.path, finding.message),
        };
        causes.add(&Text::from(check), finding.severity, at, Evidence::raises(SEEN_IN, says));
    }
    if let Some(message) = refusal
        && !explained
    {
        let text = Text::of(&catalog::TOKEN_REJECTED);
        causes.add(
            &text,
            Severity::Error,
            weight::DECIDES,
            Evidence::raises(SEEN_IN, format!("Consul says: {message}")),
        );
    }
}
