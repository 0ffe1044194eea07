//! The texts of causes: those of the catalog's entries, and of checks.

use crate::explain::Entry;
use crate::lint::Check;

/// Runs the diagnosis on a dialing server. The token is passed over standard input, so that no list of processes shows it.
const ON_DIALING_SERVER: &str = "ssh DIALING_SERVER peering diagnose - < TOKEN_FILE";

/// The same for a diagnosis by name.
pub(super) const ON_DIALING_SERVER_BY_NAME: &str = "ssh DIALING_SERVER peering diagnose -name NAME";

/// What a diagnosis says about a cause.
#[derive(Debug, Clone)]
pub(super) struct CauseText {
    pub(super) name: &'static str,
    pub(super) summary: String,
    pub(super) why: Vec<String>,
    pub(super) remedy: String,
    pub(super) next: Option<String>,
}

impl From<&'static Entry> for CauseText {
    fn from(entry: &'static Entry) -> Self {
        let next = match entry.next {
            // That command is running already. On a dialing server it would show more.
            "peering diagnose @token" => ON_DIALING_SERVER,
            next => next,
        };
        Self {
            name: entry.name,
            summary: entry.summary.to_owned(),
            why: entry.causes.iter().map(|&cause| cause.to_owned()).collect(),
            remedy: entry.remedy.to_owned(),
            next: Some(next.to_owned()),
        }
    }
}

impl From<&Check> for CauseText {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name,
            summary: check.summary.to_owned(),
            why: vec![check.why.to_owned()],
            remedy: check.remedy.to_owned(),
            next: Some("peering inspect @token".to_owned()),
        }
    }
}
