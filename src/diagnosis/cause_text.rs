//! The texts of causes: those of what `explain` knows, and of checks.

use crate::explain::Entry;
use crate::lint::Check;
use crate::lint::rules;

/// How to look from where the dialing is done. The token goes over standard input, so that it is in no list of processes.
const ELSEWHERE: &str = "ssh DIALING_SERVER peering diagnose - < TOKEN_FILE";

/// What is said of a cause.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) name: &'static str,
    pub(super) summary: String,
    pub(super) why: Vec<String>,
    pub(super) remedy: String,
    pub(super) next: Option<String>,
}

impl Text {
    /// Of a check.
    pub(super) fn check(name: &str) -> Self {
        rules::find(name).map_or_else(|| Self::unknown(name), Self::from)
    }

    /// Of a known message.
    pub(super) fn of(entry: &'static Entry) -> Self {
        Self {
            name: entry.name,
            summary: entry.summary.to_owned(),
            why: entry.why.iter().map(|&why| why.to_owned()).collect(),
            remedy: entry.remedy.to_owned(),
            // This is what is running; what it sees where the dialing servers are is worth more.
            next: Some(
                if entry.next == "peering diagnose @token" { ELSEWHERE } else { entry.next }.to_owned(),
            ),
        }
    }

    fn unknown(name: &str) -> Self {
        debug_assert!(false, "no check is named {name}");
        Self {
            name: "unnamed",
            summary: "Something failed that has no name here.".to_owned(),
            why: Vec::new(),
            remedy: "Look at the evidence.".to_owned(),
            next: None,
        }
    }
}

impl From<&Check> for Text {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name,
            summary: check.summary.to_owned(),
            why: vec![check.reason.to_owned()],
            remedy: check.remedy.to_owned(),
            next: Some("peering inspect @token".to_owned()),
        }
    }
}
