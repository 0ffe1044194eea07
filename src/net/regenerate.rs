//! Whether generating a token would invalidate an unused one: observations in, a decision out.
//!
//! At any time, a peering has at most one valid, unused establishment secret: that of the token generated last. Generating
//! again invalidates that token, and nobody who has it is notified. If it is unknown whether the token was used, it counts
//! as unused, because not generating can be undone and generating cannot.

use super::ledger::{NumberedRecord, Origin};
use crate::observed::Observed;
use crate::staleness::evidence::PeeringState;

/// The peering of a local name, as Consul reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedPeering {
    /// The acceptor's ID of the peering.
    pub id: String,
    /// Its state.
    pub state: PeeringState,
    /// Whether this cluster is its dialer, and another cluster generates its tokens.
    pub is_dialer: bool,
    /// Whether it contains the peer's datacenter or CA certificates. They are missing until a token is used.
    pub has_remote: bool,
}

impl ObservedPeering {
    /// Returns whether a token was used, and the acceptor waits for the dialer to connect again after a restart.
    fn waits_for_dialer(&self) -> bool {
        self.state == PeeringState::Pending && self.has_remote
    }
}

/// [`Observations::state_before`] of a peering that is PENDING again after a restart of the acceptor.
const PENDING_AGAIN: &str = "PENDING after use";

/// What is known before generating a token for a local name. `net::gather::regenerate` collects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observations {
    /// The answer to `GET /v1/peering/:name`; `None` if there is no peering of that name.
    pub peering: Observed<Option<ObservedPeering>>,
    /// The ledger's records of that peering, or of that name if the peering is unknown, oldest first.
    pub records: Observed<Vec<NumberedRecord>>,
    /// Whether the acceptor has an unused secret for the peering.
    pub unused_secret: Observed<bool>,
}

impl Observations {
    /// Returns the state of the peering as the ledger records it: `NONE` if there is no peering.
    pub fn state_before(&self) -> Option<String> {
        let peering = self.peering.value()?.as_ref();
        let state = match peering {
            None => "NONE",
            Some(peering) if peering.waits_for_dialer() => PENDING_AGAIN,
            Some(peering) => peering.state.name(),
        };
        Some(state.to_owned())
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Generate a token: no unused token is known.
    Generate,
    /// Don't generate a token: an unused token exists, or may exist.
    Unused {
        /// Whether it is certain to exist.
        certain: bool,
        /// Why it may exist.
        reason: &'static str,
        /// The newest record, if the ledger has one.
        newest: Option<Box<NumberedRecord>>,
    },
    /// Don't generate a token: Consul would generate one that can never be used.
    Unusable {
        /// The state of the peering.
        state: PeeringState,
    },
}

/// Decides by the strongest evidence: first a peering that is deleted on one side, then whether the acceptor has an unused
/// secret, then the state of the peering, then the ledger.
pub fn decide(observations: &Observations) -> Decision {
    let newest = observations.records.value().and_then(|records| records.last());
    let unused =
        |certain, reason| Decision::Unused { certain, reason, newest: newest.cloned().map(Box::new) };
    let peering = match observations.peering.value() {
        Some(None) => return Decision::Generate,
        Some(Some(peering)) if peering.state.is_deleted() => {
            return Decision::Unusable { state: peering.state.clone() };
        }
        Some(Some(peering)) => Some(peering),
        None => None,
    };
    match newest.map(|newest| newest.record.origin) {
        // The unused secret belongs to a token that Consul did not return, or that was discarded.
        Some(Origin::Failed | Origin::Revoked) => return Decision::Generate,
        Some(Origin::Unanswered) => {
            return unused(
                false,
                "the answer to the last request for a token was lost, so an earlier token may still work",
            );
        }
        _ => {}
    }
    match observations.unused_secret.value() {
        Some(true) => return unused(true, "the acceptor has an unused secret for this peering"),
        Some(false) => return Decision::Generate,
        None => {}
    }
    let waits_for_dialer = peering.is_some_and(ObservedPeering::waits_for_dialer);
    match peering.map(|peering| &peering.state) {
        Some(PeeringState::Pending) if !waits_for_dialer => {
            unused(false, "the peering is PENDING: it has not been established yet")
        }
        Some(PeeringState::Pending | PeeringState::Active | PeeringState::Failing) => {
            let records = observations.records.value().map(Vec::as_slice).unwrap_or_default();
            reason_for_established(records).map_or(Decision::Generate, |reason| unused(false, reason))
        }
        None if newest.is_some() => {
            unused(false, "the ledger has a token of this name, which may or may not have been used")
        }
        // Nothing is known, or this is the dialer's side or a new state, and Consul decides.
        _ => Decision::Generate,
    }
}

/// Returns why the newest token of an established peering may be unused, if it may.
fn reason_for_established(records: &[NumberedRecord]) -> Option<&'static str> {
    let records: Vec<&NumberedRecord> =
        records.iter().filter(|it| !it.record.origin.has_no_token()).collect();
    if records.is_empty() {
        return Some("the ledger has no token of this peering, so an unused one would be unknown");
    }
    let state_before = |numbered: &NumberedRecord| numbered.record.state_before.clone();
    let was_established = |record: &NumberedRecord| {
        matches!(state_before(record).as_deref(), Some("ACTIVE" | "FAILING" | PENDING_AGAIN))
    };
    if records.iter().any(|numbered| was_established(numbered)) {
        return Some("the newest token was generated after the peering was established");
    }
    match state_before(records.last()?) {
        // The newest token was generated before the peering was established and invalidated all others, so it was used.
        Some(_) => None,
        None if records.len() == 1 => None,
        None => Some("several tokens were generated, and it is unknown which one established the peering"),
    }
}
