//! Causes in the token's text and fields.

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use crate::explain::catalog;
use crate::lint::Severity;
use crate::lint::rules;

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(report) = &inputs.report else { return };
    let rejection = (!report.consul.accepted).then(|| report.consul.message.clone().unwrap_or_default());
    let mut explained = false;
    for finding in &report.findings {
        let Some(check) = rules::find(finding.check) else { continue };
        let weight = match finding.severity {
            Severity::Error => weight::DECISIVE,
            Severity::Warning => weight::NOT_BLOCKING,
            Severity::Info => continue,
        };
        explained |= finding.severity == Severity::Error;
        let message = match &rejection {
            Some(consul)
                if finding.severity == Severity::Error && !finding.message.contains(consul.as_str()) =>
            {
                format!("{}: {} (Consul's error: {consul})", finding.path, finding.message)
            }
            _ => format!("{}: {}", finding.path, finding.message),
        };
        let evidence = CauseEvidence::raises(CauseSource::Token, message);
        causes.add(&CauseText::from(check), finding.severity, weight, evidence);
    }
    if let Some(consul) = rejection
        && !explained
    {
        let evidence = CauseEvidence::raises(CauseSource::Token, format!("Consul's error: {consul}"));
        causes.add(&CauseText::from(&catalog::TOKEN_REJECTED), Severity::Error, weight::DECISIVE, evidence);
    }
}
