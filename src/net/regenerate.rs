//! Would generating a token make an unused one worthless? From what could be found out to a decision.
//!
//! At any time a peering has at most one establishment secret that is unused and valid: that of the token that was
//! generated last. Generating again makes that token worthless, and whoever holds it is told nothing. Where it cannot be
//! known whether it was used, it is taken for unused: not generating can be undone, generating cannot.

use super::ledger::Entry;

/// What Consul says of the peering of a local name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeeringLook {
    /// There is none: the name was never seen, or its peering was deleted.
    Absent,
    /// There is one.
    Present {
        /// The acceptor's ID of it.
        id: String,
        /// Its state, in Consul's words.
        state: String,
    },
    /// It could not be found out, because.
    Unknown(String),
}

/// What the ledger says of the tokens of that peering, or of that name if the peering is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerLook {
    /// Its records, the oldest first; none, if it knows of none.
    Known(Vec<Entry>),
    /// It could not be found out, because.
    Unknown(String),
}

/// What an acceptor says when it is asked to exchange an empty secret: whether the peering has an unused one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretLook {
    /// There is an unused one.
    Unused,
    /// There is none: the last one was used.
    Spent,
    /// It was not asked, or did not say, because.
    NotAsked(String),
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// `GET /v1/peering/:name`
    pub peering: PeeringLook,
    /// The ledger.
    pub ledger: LedgerLook,
    /// Probe B.
    pub secret: SecretLook,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is known that would become worthless.
    Generate,
    /// An unused token exists, or may exist.
    Unused {
        /// Whether it is known, and not only possible.
        certain: bool,
        /// Why it is thought so.
        because: &'static str,
        /// Its record, if the ledger has it.
        newest: Option<Box<Entry>>,
    },
    /// A token could be generated, and could never work.
    Stillborn {
        /// The state of the peering.
        state: String,
    },
}

/// States in which Consul still answers with a token, whose secret it does not store.
pub fn is_stillborn(state: &str) -> bool {
    matches!(state, "TERMINATED" | "DELETING")
}

/// Decides. The strongest evidence wins: a peering that is gone or ended, then the acceptor's word on the secret, then
/// the state of the peering, then the ledger.
pub fn decide(looks: &Looks) -> Decision {
    let newest = match &looks.ledger {
        LedgerLook::Known(entries) => entries.last(),
        LedgerLook::Unknown(_) => None,
    };
    let unused =
        |certain, because| Decision::Unused { certain, because, newest: newest.cloned().map(Box::new) };
    match &looks.peering {
        PeeringLook::Absent => return Decision::Generate,
        PeeringLook::Present { state, .. } if is_stillborn(state) => {
            return Decision::Stillborn { state: state.clone() };
        }
        _ => {}
    }
    match looks.secret {
        SecretLook::Unused => return unused(true, "the acceptor says that it has an unused secret"),
        SecretLook::Spent => return Decision::Generate,
        SecretLook::NotAsked(_) => {}
    }
    match &looks.peering {
        PeeringLook::Present { state, .. } if state == "PENDING" => {
            unused(false, "the peering is PENDING: nobody has established it yet")
        }
        PeeringLook::Present { state, .. } if matches!(state.as_str(), "ACTIVE" | "FAILING") => {
            match &looks.ledger {
                LedgerLook::Known(entries) => of_an_established_peering(entries)
                    .map_or(Decision::Generate, |because| unused(false, because)),
                LedgerLook::Unknown(_) => Decision::Generate,
            }
        }
        PeeringLook::Unknown(_) if newest.is_some() => {
            unused(false, "the ledger knows a token of this name, and not whether it was used")
        }
        // Nothing is known; or it is the dialer's side, or a new state, and Consul has the word when it is asked.
        _ => Decision::Generate,
    }
}

/// Why the newest token of a peering that is established may be unused, if it may.
fn of_an_established_peering(entries: &[Entry]) -> Option<&'static str> {
    let state_before = |entry: &Entry| entry.record.state_before.clone();
    let established = |entry: &Entry| matches!(state_before(entry).as_deref(), Some("ACTIVE" | "FAILING"));
    if entries.iter().any(established) {
        return Some("the newest token was generated when the peering was established already");
    }
    match state_before(entries.last()?) {
        // It was generated before the peering was established, and made all earlier ones worthless: it was used.
        Some(_) => None,
        None if entries.len() == 1 => None,
        None => {
            Some("several tokens were generated, and it is not known which of them established the peering")
        }
    }
}
