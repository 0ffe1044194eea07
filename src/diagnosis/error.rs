//! Causes in the error message that a person saw, compared with what is observed now.

use super::Inputs;
use super::cause_text::CauseText;
use super::gateway;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::staleness::{self, STALE_MESSAGES};
use super::trace::is_gateway_address;
use crate::connectivity::AddressTrace;
use crate::explain::{Area, Explanation, catalog};
use crate::lint::Severity;
use crate::staleness::{Certainty, Verdict};

pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(explanations) = &inputs.error else { return };
    let other_observed = causes.has_observed();
    for explanation in explanations {
        let evidence = CauseEvidence::raises(CauseSource::ErrorMessage, quoted(explanation));
        if superseded(inputs, explanation, causes) {
            continue;
        }
        if let Some(stale) = refined_by_verdict(inputs, explanation)
            && let Some(cause) = causes.find(stale)
        {
            cause.weigh(weight::REPORTED, evidence);
            continue;
        }
        let entry =
            if is_gateway_reset(explanation) { &catalog::GATEWAY_WITHOUT_ROUTE } else { explanation.entry };
        let mut text = gateway::text(entry, explanation.addresses.iter().map(String::as_str));
        if entry == explanation.entry && explanation.command != entry.next {
            text.next = Some(explanation.command.clone());
        }
        let confirmed = causes.find(entry.name).is_some();
        let cause = causes.add(&text, severity(explanation), weight::REPORTED, evidence);
        for address in &explanation.addresses {
            cause.add_address(address);
        }
        if confirmed {
            continue;
        }
        // Without a leader, no acceptor knows anything about its tokens.
        if explanation.entry == &catalog::NO_LEADER
            && !explanation.is_about_other_subsystem()
            && !leader_answers(inputs)
        {
            cause.put_first();
            continue;
        }
        if STALE_MESSAGES.contains(&explanation.entry) && is_current(inputs, Some(Certainty::Likely)) {
            let message = "no newer token is known, and the acceptor has an unused secret: either the error is about \
                           another token, or the ledger does not contain a newer one";
            cause.weigh(-weight::NOT_BLOCKING, CauseEvidence::lowers(CauseSource::Staleness, message));
        } else if let Some((source, message)) = contradiction(inputs, explanation) {
            cause.weigh(weight::CONTRADICTED, CauseEvidence::lowers(source, message));
        } else if entry == &catalog::GATEWAY_WITHOUT_ROUTE && explanations.len() > 1 {
            let message = "another address failed too, and the gateway may lead there";
            cause.weigh(-weight::NOT_BLOCKING, CauseEvidence::lowers(CauseSource::OtherCauses, message));
        } else if entry == &catalog::SERVER_NAME_UNRECOGNIZED && explanations.len() > 1 {
            let message = "other attempts got further: a server answers like this in its first 3 seconds";
            cause.weigh(-weight::NOT_BLOCKING, CauseEvidence::lowers(CauseSource::OtherCauses, message));
        } else if other_observed {
            let message = "another cause is observed now";
            cause.weigh(-weight::NOT_BLOCKING, CauseEvidence::lowers(CauseSource::OtherCauses, message));
        }
    }
}

/// If Consul rejected the secret although the acceptor has an unused one, that secret belongs to another token. Returns
/// whether this is so.
fn superseded(inputs: &Inputs<'_>, explanation: &Explanation, causes: &mut Causes) -> bool {
    let is_undetermined = inputs.staleness.as_ref().is_some_and(|it| it.verdict == Verdict::Undetermined);
    let has_unused_secret = || {
        let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
        traces.filter_map(|trace| trace.unused_secret.value()).any(|status| status.code == "PermissionDenied")
    };
    if explanation.entry != &catalog::SECRET_INVALID || !is_undetermined || !has_unused_secret() {
        return false;
    }
    let evidence = CauseEvidence::raises(CauseSource::ErrorMessage, quoted(explanation));
    let message = "it has an unused secret, so that secret is not this token's";
    causes
        .add(&CauseText::from(&catalog::TOKEN_SUPERSEDED), Severity::Error, weight::REPORTED, evidence)
        .weigh(weight::NOT_BLOCKING, CauseEvidence::raises(CauseSource::Acceptor, message));
    true
}

/// Returns the name of the verdict's cause if it is more specific than the error.
fn refined_by_verdict(inputs: &Inputs<'_>, explanation: &Explanation) -> Option<&'static str> {
    let verdict = inputs.staleness.as_ref()?.verdict;
    STALE_MESSAGES
        .contains(&explanation.entry)
        .then(|| staleness::cause(verdict))
        .flatten()
        .map(|entry| entry.name)
}

fn is_current(inputs: &Inputs<'_>, certainty: Option<Certainty>) -> bool {
    let staleness = inputs.staleness.as_ref();
    staleness.is_some_and(|it| it.verdict == Verdict::Current && it.certainty == certainty)
}

/// Returns what is observed now that contradicts the error.
fn contradiction(inputs: &Inputs<'_>, explanation: &Explanation) -> Option<(CauseSource, String)> {
    let entry = explanation.entry;
    if matches!(entry.area, Area::Text | Area::Token)
        && inputs.report.as_ref().is_some_and(|report| report.consul.accepted)
    {
        let message = "Consul accepts this token, so the error is about another text";
        return Some((CauseSource::Token, message.to_owned()));
    }
    if STALE_MESSAGES.contains(&entry) && is_current(inputs, Some(Certainty::Proven)) {
        let message = "this token is current, so the error is about another one";
        return Some((CauseSource::Staleness, message.to_owned()));
    }
    if !matches!(entry.area, Area::Connectivity | Area::Tls) || explanation.url.is_some() {
        return None;
    }
    let connectivity = inputs.connectivity.value()?;
    let dialed = || connectivity.addresses.iter().filter(|trace| trace.dialed);
    let is_meant = |address: &str| {
        explanation.addresses.is_empty() || explanation.addresses.iter().any(|it| it == address)
    };
    if !explanation.addresses.is_empty() && !dialed().any(|trace| is_meant(&trace.address)) {
        let gateways = inputs.dialer.value().map(|view| view.mesh_gateways.as_slice()).unwrap_or_default();
        let is_gateway = |address: &String| gateways.contains(address) || is_gateway_address(address);
        let message = if explanation.addresses.iter().all(is_gateway) {
            "the address is not in this token: it is the dialer's own mesh gateway"
        } else {
            "the error names an address that is not in this token"
        };
        return Some((CauseSource::Token, message.to_owned()));
    }
    let mut meant = dialed().filter(|trace| is_meant(&trace.address)).peekable();
    meant.peek()?;
    let host = &connectivity.observed_from;
    let message = format!("answers now, observed from {host}; the dialing servers may get other results");
    meant.all(|trace| trace.peering_exists.value().is_some()).then_some((CauseSource::Connectivity, message))
}

/// Harmless lines and other parts of Consul do not block the peering.
fn severity(explanation: &Explanation) -> Severity {
    match explanation.entry.area {
        Area::Harmless => Severity::Info,
        Area::OtherSubsystems => Severity::Warning,
        _ => Severity::Error,
    }
}

/// Whether a mesh gateway reset the handshake. If another address failed too, that is the cause: the gateway had no way
/// to it.
fn is_gateway_reset(explanation: &Explanation) -> bool {
    explanation.entry == &catalog::CONNECTION_RESET
        && !explanation.addresses.is_empty()
        && explanation.addresses.iter().all(|address| is_gateway_address(address))
}

/// Whether the acceptor's leader answers now.
fn leader_answers(inputs: &Inputs<'_>) -> bool {
    inputs.connectivity.value().is_some_and(|it| it.addresses.iter().any(AddressTrace::leader_answers))
}

fn quoted(explanation: &Explanation) -> String {
    match explanation.count {
        1 => explanation.message.clone(),
        count => format!("{} ({count} times)", explanation.message),
    }
}
