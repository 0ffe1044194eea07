//! A peering that is diagnosed by its local name, without a token.
//!
//! The dialer's peering contains what the token contained, except for the secret: addresses, server name and CAs. The
//! acceptor's peering contains only its state, because the dialer opens the connection.

use jiff::Timestamp;
use serde::Serialize;

use super::Inputs;
use super::cause_text::CauseText;
use super::rank::{CauseEvidence, CauseSource, Causes, weight};
use super::stream::{has_contact, is_up, peering_in_use};
use super::trace::works;
use crate::certificate::Certificate;
use crate::connectivity::Connectivity;
use crate::connectivity::probe_answer::PeeringAnswer;
use crate::explain::catalog;
use crate::lint::Severity;
use crate::staleness::evidence::{Entry, PeeringState};
use crate::utc;

/// How many names of other peerings are listed.
const MAX_NAMES: usize = 8;

/// Asks the dialer, which opens the connection.
const ASK_DIALER: &str = "peering diagnose -name DIALER_NAME -http-addr DIALING_CLUSTER:8500";

/// The peering that is diagnosed, as the Consul at `-http-addr` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiagnosedPeering {
    /// Its local name.
    pub name: String,
    /// This cluster's ID of the peering.
    pub id: String,
    /// The role of this cluster.
    pub role: PeeringRole,
    /// Its state, as Consul names it.
    pub state: String,
    /// When the last message of the peer arrived.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub last_heard_at: Option<Timestamp>,
    /// The datacenter of the peer, if it is known.
    pub peer_datacenter: Option<String>,
    /// The acceptor's ID of the peering; only on the dialer.
    pub peer_id: Option<String>,
    /// The TLS server name of the acceptor's servers; only on the dialer.
    pub server_name: Option<String>,
    /// The addresses of the acceptor's servers; only on the dialer.
    pub addresses: Vec<String>,
    /// The acceptor's CA certificates; only on the dialer.
    #[serde(skip)]
    pub cas: Vec<Certificate>,
}

/// The role of a cluster in a peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PeeringRole {
    /// It generated the token.
    Acceptor,
    /// It established the peering with the token, and opens the connection.
    Dialer,
}

impl DiagnosedPeering {
    /// Returns the conclusion if nothing blocks the peering.
    pub(super) fn conclusion(&self, inputs: &Inputs<'_>) -> String {
        let Self { name, state, .. } = self;
        if *state == PeeringState::Active.name() {
            return match silent_addresses(inputs.connectivity.value()) {
                None => format!("The peering {name:?} is {state} and works. No action is needed."),
                Some(failure) => format!(
                    "The peering {name:?} is {state}, but {failure}. If that is true for the dialing servers too, the peering \
                     fails within two minutes."
                ),
            };
        }
        match inputs.connectivity.value() {
            Some(connectivity) => format!(
                "The peering {name:?} is {state}. Found nothing from {} that prevents it from working.",
                connectivity.observed_from
            ),
            None => format!("The peering {name:?} is {state}. Its connection was not checked."),
        }
    }
}

impl Inputs<'_> {
    /// Whether a peering of the dialer is the one that is diagnosed: that of the token, or else that of the name.
    pub(super) fn is_about(&self, entry: &Entry) -> bool {
        match (self.token, &self.peering) {
            (Some(token), _) => entry.peer_id.as_deref() == Some(token.peer_id.as_str()),
            (None, Some(peering)) => peering.role == PeeringRole::Dialer && entry.id == peering.id,
            (None, None) => false,
        }
    }

    /// Whether the peering of a name is diagnosed, without a token.
    pub(super) fn is_about_name(&self) -> bool {
        self.token.is_none() && self.name.is_some()
    }
}

/// Adds the causes that only a diagnosis by name finds.
pub(super) fn add_causes(inputs: &Inputs<'_>, causes: &mut Causes) {
    if !inputs.is_about_name() {
        return;
    }
    match &inputs.peering {
        None => not_found(inputs, causes),
        Some(peering) if peering.role == PeeringRole::Acceptor => at_acceptor(inputs, peering, causes),
        Some(peering) => {
            unknown_to_acceptor(inputs, causes);
            old_ca(inputs, peering, causes);
        }
    }
}

/// The acceptor presents a certificate of one of several stored CAs only, and the stream is not open.
fn old_ca(inputs: &Inputs<'_>, peering: &DiagnosedPeering, causes: &mut Causes) {
    let is_open = peering_in_use(inputs).is_none_or(|entry| is_up(inputs, entry));
    if is_open || peering.cas.len() < 2 {
        return;
    }
    let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
    for trace in traces.filter(|trace| works(trace)) {
        let chain = trace.tls.value().map(|presented| presented.chain.as_slice()).unwrap_or_default();
        let (used, unused): (Vec<_>, Vec<_>) =
            peering.cas.iter().partition(|ca| chain.iter().any(|it| it.is_issued_by(ca)));
        let ([used, ..], [unused, ..]) = (used.as_slice(), unused.as_slice()) else { continue };
        let message = format!(
            "{} presents a certificate of the CA {}, and none of {}, which the dialer has stored too",
            trace.address, used.subject, unused.subject
        );
        let text = CauseText::from(&catalog::DIALER_USES_OLD_CA);
        let evidence = CauseEvidence::raises(CauseSource::Connectivity, message);
        causes.add(&text, Severity::Error, weight::OBSERVED, evidence);
    }
}

/// Returns that no address answers, and why the first one does not; `None` if one answers or none was tried.
pub fn silent_addresses(connectivity: Option<&Connectivity>) -> Option<String> {
    let connectivity = connectivity?;
    if connectivity.addresses.iter().any(works) {
        return None;
    }
    let first = connectivity.addresses.first()?;
    let (address, host) = (&first.address, &connectivity.observed_from);
    Some(match (connectivity.addresses.len(), first.failure()?) {
        (1, failure) => format!("its address does not work from {host}: {address}: {failure}"),
        (_, failure) => format!("none of its addresses works from {host}: {address}: {failure}"),
    })
}

fn not_found(inputs: &Inputs<'_>, causes: &mut Causes) {
    let (Some(view), Some(name)) = (inputs.dialer.value(), inputs.name) else { return };
    // An establish that failed early leaves no peering. Consul's error shows more.
    let (Some(peerings), None) = (&view.peerings, &inputs.error) else { return };
    let names: Vec<String> =
        peerings.iter().take(MAX_NAMES).map(|entry| format!("{:?}", entry.name)).collect();
    let others = match peerings.len().saturating_sub(MAX_NAMES) {
        _ if names.is_empty() => "no peering".to_owned(),
        0 => format!("only {}", names.join(", ")),
        more => format!("{} and {more} more", names.join(", ")),
    };
    let message = format!("the Consul at {} does not have {name:?}: it has {others}", view.address);
    let evidence = CauseEvidence::raises(CauseSource::Dialer, message);
    let text = CauseText {
        summary: format!("{} has no peering named {name:?}.", view.address),
        ..CauseText::from(&catalog::PEERING_NOT_FOUND)
    };
    causes.add(&text, Severity::Error, weight::DECISIVE, evidence);
}

/// The acceptor itself reports that it does not have the dialer's peering.
fn unknown_to_acceptor(inputs: &Inputs<'_>, causes: &mut Causes) {
    let traces = inputs.connectivity.value().into_iter().flat_map(|it| &it.addresses);
    for trace in traces {
        let Some(status) = trace.peering_exists.value() else { continue };
        let (entry, summary, remedy) = match status.peering_answer() {
            PeeringAnswer::Unknown => (
                &catalog::PEER_ID_UNKNOWN,
                "The acceptor does not have this peering.",
                "Delete the peering here. Then generate a token on the acceptor and establish again.",
            ),
            PeeringAnswer::MarkedDeleted => (
                &catalog::PEERING_DELETED,
                "The acceptor's peering is DELETING or TERMINATED.",
                "Delete the peering on both clusters. Then generate a token on the acceptor and establish again.",
            ),
            _ => continue,
        };
        let text = CauseText {
            summary: summary.to_owned(),
            remedy: remedy.to_owned(),
            next: Some("peering delete -name NAME".to_owned()),
            ..CauseText::from(entry)
        };
        let evidence = CauseEvidence::raises(CauseSource::Acceptor, format!("{}: {status}", trace.address));
        let cause = causes.add(&text, Severity::Error, weight::DECISIVE, evidence);
        cause.add_address(&trace.address);
        cause.set_local_name(inputs.name.unwrap_or_default());
    }
}

/// The acceptor does not open the connection, so it only knows the state.
fn at_acceptor(inputs: &Inputs<'_>, peering: &DiagnosedPeering, causes: &mut Causes) {
    let peerings = || inputs.dialer.value().into_iter().flat_map(|view| view.peerings.iter().flatten());
    let Some(entry) = peerings().find(|entry| entry.id == peering.id) else { return };
    let dialing_cluster = match &peering.peer_datacenter {
        Some(datacenter) => format!("the dialing cluster ({datacenter})"),
        None => "the dialing cluster".to_owned(),
    };
    let ask = format!(
        "You do not need a new token: {dialing_cluster} opens the connection and reconnects by itself. Run this command \
         there, with its own name for the peering, to find out why it does not."
    );
    let (cause, remedy, next) = match entry.state {
        PeeringState::Active if has_contact(inputs, entry) => return,
        PeeringState::Active => (&catalog::NO_HEARTBEAT, ask, ASK_DIALER),
        PeeringState::Failing => (&catalog::STATE_FAILING, ask, ASK_DIALER),
        // After a restart, the acceptor reports PENDING until the dialer has connected again.
        PeeringState::Pending if entry.has_remote => (&catalog::STATE_FAILING, ask, ASK_DIALER),
        PeeringState::Pending => (
            &catalog::STATE_PENDING,
            "Establish on the dialing cluster with the newest token of this peering. If it is lost, generate another one, \
             which invalidates it."
                .to_owned(),
            "peering diagnose FILE -http-addr DIALING_CLUSTER:8500",
        ),
        PeeringState::Terminated => (
            &catalog::STATE_TERMINATED,
            catalog::STATE_TERMINATED.remedy.to_owned(),
            catalog::STATE_TERMINATED.next,
        ),
        PeeringState::Deleting => {
            let deleting = &catalog::STATE_DELETING;
            (deleting, deleting.remedy.to_owned(), deleting.next)
        }
        PeeringState::Establishing | PeeringState::Other(_) => return,
    };
    let text = CauseText { remedy, next: Some(next.to_owned()), ..CauseText::from(cause) };
    let evidence = CauseEvidence::raises(CauseSource::Acceptor, state_at_acceptor(entry));
    let cause = causes.add(&text, Severity::Error, weight::DECISIVE, evidence);
    cause.set_local_name(&peering.name);
    if entry.state == PeeringState::Pending && !entry.has_remote {
        cause.weigh(0, newest_token(inputs));
    }
}

fn state_at_acceptor(entry: &Entry) -> String {
    let state = entry.state.name();
    match entry.state {
        PeeringState::Pending if entry.has_remote => {
            format!(
                "it is {state}: it was established, and the dialer has not connected since the restart here"
            )
        }
        PeeringState::Pending => format!("it is {state}: no dialer has used a token of it"),
        _ => format!("this cluster is the acceptor, and the peering is {state} here"),
    }
}

/// Returns what the ledger shows about the newest token of a peering without a dialer.
fn newest_token(inputs: &Inputs<'_>) -> CauseEvidence {
    let message = match inputs.newest_token.value() {
        Some(Some(at)) => {
            format!("the newest token in the ledger was recorded on {} and is unused", utc::date_time(*at))
        }
        Some(None) => "the ledger contains no token of this peering".to_owned(),
        None => format!("the ledger was not checked: {}", inputs.newest_token.reason().unwrap_or_default()),
    };
    CauseEvidence::raises(CauseSource::Ledger, message)
}
