//! A peering that is or was up needs no token. That comes before everything that is known about the token.

use super::Inputs;
use super::rank::{Cause, CauseEvidence, CauseSource, Causes};
use super::staleness::STALE_MESSAGES;
use super::stream::{is_gone, is_up, peering_in_use};
use super::trace::works as works_at;
use crate::connectivity::{CertificateOwner, Distrust, TlsFault};
use crate::explain::{self, Area, catalog};
use crate::lint::Severity;
use crate::staleness::evidence::{Entry, PeeringState};

/// The causes that a verdict about the token is.
const STALE_CAUSES: [&explain::Entry; 2] = [&catalog::TOKEN_SUPERSEDED, &catalog::TOKEN_SPENT];

/// Causes that remain although the peering works: they are about the name that an establish would use.
const NAME_CAUSES: [&explain::Entry; 2] = [&catalog::NAME_IN_USE, &catalog::NAME_TAKEN_BY_ACCEPTOR];

/// Ranks the peering's state before what is known about the token, and removes advice to replace the token.
pub(super) fn adjust(inputs: &Inputs<'_>, causes: &mut Causes) {
    let Some(entry) = peering_in_use(inputs) else { return };
    if is_gone(inputs) {
        causes.retain(|cause| !is_one_of(cause, &[&catalog::ALREADY_ESTABLISHED]));
        return;
    }
    let is_up = is_up(inputs, entry);
    // What the checks warn about matters for the next token.
    causes.retain(|cause| {
        cause.severity == Severity::Error || cause.evidence.iter().any(|it| it.source != CauseSource::Token)
    });
    let rejection = causes
        .iter_mut()
        .find(|cause| is_one_of(cause, &STALE_MESSAGES))
        .and_then(|cause| cause.evidence.iter().find(|it| it.source == CauseSource::ErrorMessage).cloned());
    causes.retain(|cause| {
        !is_one_of(cause, &STALE_CAUSES)
            && !is_one_of(cause, &STALE_MESSAGES)
            && !is_one_of(cause, &[&catalog::TOKEN_ORPHANED])
    });
    let state = match entry.state {
        PeeringState::Active if is_up => &catalog::ALREADY_ESTABLISHED,
        PeeringState::Active => &catalog::NO_HEARTBEAT,
        PeeringState::Failing => &catalog::STATE_FAILING,
        _ => &catalog::STATE_ESTABLISHING,
    };
    if is_up {
        works(entry, causes);
    } else {
        is_broken(inputs, entry, causes);
    }
    if let (Some(cause), Some(rejection)) = (causes.find(state.name), rejection) {
        // Consul rejects a second use of the token.
        cause.evidence.push(rejection);
    }
}

fn works(entry: &Entry, causes: &mut Causes) {
    let message = format!("the peering {:?} is {} and works despite it", entry.name, entry.state.name());
    for cause in causes.iter_mut() {
        if cause.name == catalog::ALREADY_ESTABLISHED.name {
            cause.put_first();
        } else if cause.severity == Severity::Error && !is_one_of(cause, &NAME_CAUSES) {
            cause.lower(CauseEvidence::lowers(CauseSource::Dialer, message.clone()));
        }
    }
}

/// The acceptor's own server presents a certificate that the dialer's CAs did not issue.
const CA_CHANGED: &str =
    "The acceptor's CA is not the one that this peering has: it was rotated while the stream was closed.";

/// Whether a server presents a certificate with the peering's server name, and of an unknown CA.
fn presents_expected_name(inputs: &Inputs<'_>) -> bool {
    let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
    traces.filter_map(|trace| trace.tls.fault()).any(|fault| match fault {
        TlsFault::Untrusted { reason: Distrust::UnknownAuthority, presented, .. } => {
            presented.owner == CertificateOwner::Expected
        }
        _ => false,
    })
}

/// The state of a peering whose acceptor is reachable again. The dialer waits longer after each failed attempt.
const ANSWERS_NOW: &str =
    "Its stream broke. The acceptor answers now, and the dialer has not connected again yet.";

/// Causes that a new address of the acceptor has too. The dialer learns of it only while its stream is open.
const MAY_BE_MOVED: [&explain::Entry; 4] =
    [&catalog::DIAL_REFUSED, &catalog::DIAL_TIMEOUT, &catalog::DIAL_NO_ROUTE, &catalog::NO_SUCH_HOST];

fn is_broken(inputs: &Inputs<'_>, entry: &Entry, causes: &mut Causes) {
    let remedy = format!(
        "You do not need a new token: the peering {:?} reconnects by itself when the dialing servers reach the acceptor \
         again.",
        entry.name
    );
    for cause in causes.iter_mut().filter(|cause| is_about_network(cause)) {
        // The dialer has its own copy of the addresses, so advice about tokens does not help.
        let sentences = cause.remedy.split_inclusive(". ");
        let mut kept: String = sentences.filter(|text| !text.to_lowercase().contains("token")).collect();
        if !kept.is_empty() && !kept.ends_with(' ') {
            kept.push(' ');
        }
        kept.push_str(&remedy);
        if is_one_of(cause, &MAY_BE_MOVED) {
            kept.push_str(
                " Only if the acceptor's address or port changed for good, establish here again under the same name, with another \
                 token.",
            );
        }
        cause.remedy = kept;
        if cause.next.as_deref().is_some_and(|next| next.contains("generate-token")) {
            cause.next = Some(catalog::STATE_FAILING.next.to_owned());
        }
    }
    if let Some(cause) = causes.find(catalog::CERTIFICATE_UNKNOWN_AUTHORITY.name)
        && presents_expected_name(inputs)
    {
        CA_CHANGED.clone_into(&mut cause.summary);
        cause.remedy = format!(
            "Generate a token on the acceptor, and establish with it here under the same name, {:?}: it contains the new CA.",
            entry.name
        );
        cause.next = Some("peering generate-token -name NAME -http-addr ACCEPTOR:8500".to_owned());
    }
    let is_blocked = causes.iter_mut().any(|cause| {
        cause.severity == Severity::Error
            && !is_one_of(cause, &[&catalog::STATE_FAILING, &catalog::STATE_ESTABLISHING])
    });
    let answers = inputs.connectivity.value().is_some_and(|it| it.addresses.iter().any(works_at));
    let first = match entry.state {
        PeeringState::Establishing if !is_blocked => {
            "Wait a few seconds, then run this command again. If the state is the same, run it on a dialing server."
        }
        PeeringState::Failing if !is_blocked && answers => {
            if let Some(cause) = causes.find(catalog::STATE_FAILING.name) {
                ANSWERS_NOW.clone_into(&mut cause.summary);
            }
            "Wait a minute, then run this command again. If the state is the same, run it on a dialing server."
        }
        _ => "Restore the connection between the clusters.",
    };
    let states = [&catalog::STATE_FAILING, &catalog::STATE_ESTABLISHING, &catalog::NO_HEARTBEAT];
    for cause in causes.iter_mut().filter(|cause| is_one_of(cause, &states)) {
        cause.remedy = format!("{first} {remedy}");
    }
}

/// Whether the cause is that the acceptor's servers cannot be reached or cannot answer.
fn is_about_network(cause: &Cause) -> bool {
    let servers = [&catalog::NO_LEADER, &catalog::SERVER_IS_FOLLOWER, &catalog::RATE_LIMITED];
    let others = [&catalog::UNRESPONSIVE_ADDRESS_FIRST, &catalog::SLOW_RESPONSE, &catalog::NO_MESH_GATEWAY];
    explain::entry(cause.name).is_some_and(|entry| entry.area == Area::Connectivity)
        || is_one_of(cause, &servers)
        || is_one_of(cause, &others)
}

fn is_one_of(cause: &Cause, entries: &[&explain::Entry]) -> bool {
    entries.iter().any(|entry| entry.name == cause.name)
}
