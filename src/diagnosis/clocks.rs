//! Clocks that differ. The dialer judges certificates by its own clock, and this tool by the clock of this host, so one of
//! them can take a valid certificate for one that has expired or is not valid yet.

use jiff::{SignedDuration, Timestamp};

use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::{DialerView, Inputs};
use crate::certificate::Certificate;
use crate::connectivity::{AddressTrace, Distrust, TlsFault};
use crate::explain::catalog;
use crate::lint::rules::certificates::validity::{CA_EXPIRED, CA_NOT_YET_VALID};
use crate::lint::{Report, Severity};
use crate::staleness::evidence::different_clock;
use crate::utc;

impl DialerView {
    /// Returns its time, if its clock differs from this host's.
    pub(super) fn different_time(&self, now: Timestamp) -> Option<Timestamp> {
        let offset = different_clock(self.clock_offset)?;
        now.checked_add(SignedDuration::from_secs(offset)).ok()
    }
}

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(view) = inputs.dialer.value() else { return };
    let Some(dialer_now) = view.different_time(inputs.now) else { return };
    let offset = view.clock_offset.unwrap_or_default();
    let direction = if offset > 0 { "ahead of" } else { "behind" };
    let message =
        format!("the clock of the Consul at {} is {} s {direction} this host's", view.address, offset.abs());
    let is_blamed = lower_faults_of_this_host(inputs, view, dialer_now, causes);
    let fault_there = fault_of_dialer(inputs, dialer_now);
    let (severity, weight) = if is_blamed || fault_there.is_some() {
        (Severity::Error, weight::OBSERVED)
    } else {
        (Severity::Warning, weight::NOT_BLOCKING)
    };
    let evidence = CauseEvidence::raises(CauseSource::Dialer, message);
    let cause = causes.add(&CauseText::from(&catalog::CLOCKS_DIFFER), severity, weight, evidence);
    if let Some(fault) = fault_there {
        cause.weigh(0, CauseEvidence::raises(CauseSource::Dialer, format!("by that clock, {fault}")));
    }
}

/// Lowers the causes that are true by this host's clock only. Returns whether there are any.
fn lower_faults_of_this_host(
    inputs: &Inputs<'_>,
    view: &DialerView,
    dialer_now: Timestamp,
    causes: &mut Causes,
) -> bool {
    let is_valid_there = |trace: &AddressTrace| match trace.tls.fault() {
        Some(TlsFault::Untrusted {
            reason: Distrust::Expired | Distrust::NotYetValid, presented, ..
        }) => presented.chain.iter().all(|certificate| certificate.is_valid_at(dialer_now)),
        _ => true,
    };
    let mut blamed = Vec::new();
    if traces(inputs).all(is_valid_there) {
        blamed.extend([catalog::CERTIFICATE_EXPIRED.name, catalog::CERTIFICATE_NOT_YET_VALID.name]);
    }
    let reports_there = |check: &str| inputs.dialer_report.as_ref().is_none_or(|report| has(report, check));
    blamed.extend(
        [CA_EXPIRED.check.name, CA_NOT_YET_VALID.check.name]
            .into_iter()
            .filter(|check| !reports_there(check)),
    );
    let message = format!("it is valid by the clock of the Consul at {}", view.address);
    let mut is_blamed = false;
    for name in blamed {
        if let Some(cause) = causes.find(name) {
            is_blamed |= cause.severity == Severity::Error;
            cause.lower(CauseEvidence::lowers(CauseSource::Dialer, message.clone()));
        }
    }
    is_blamed
}

/// Returns what is valid by this host's clock, and not by the dialer's.
fn fault_of_dialer(inputs: &Inputs<'_>, dialer_now: Timestamp) -> Option<String> {
    if let (Some(here), Some(there)) = (&inputs.report, &inputs.dialer_report) {
        let is_new = |name: &str| {
            [CA_EXPIRED.check.name, CA_NOT_YET_VALID.check.name].contains(&name) && !has(here, name)
        };
        if let Some(finding) = there.findings.iter().find(|finding| is_new(finding.check)) {
            let (first, _) = finding.message.split_once(", ").unwrap_or((&finding.message, ""));
            return Some(format!("{} is {first}", finding.path));
        }
    }
    let presented = traces(inputs).filter_map(|trace| trace.tls.value()).flat_map(|it| &it.chain);
    let invalid = |certificate: &&Certificate| !certificate.is_valid_at(dialer_now);
    presented.clone().find(invalid).map(|certificate| {
        if dialer_now < certificate.not_before {
            let from = utc::date_time(certificate.not_before);
            format!("the server's certificate is valid from {from}")
        } else {
            format!("the server's certificate expired on {}", utc::date_time(certificate.not_after))
        }
    })
}

fn traces<'a>(inputs: &'a Inputs<'_>) -> impl Iterator<Item = &'a AddressTrace> + Clone {
    inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses)
}

fn has(report: &Report, check: &str) -> bool {
    report.findings.iter().any(|finding| finding.check == check)
}
